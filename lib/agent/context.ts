/** What the functions that answer messages know of their agent, and an error that several of them give. */
import { NX, ONF, OpenFlowError } from '../bytes/index.js';
import type { PipelineApi } from '../pipeline/types.js';
import type { Desc, MessageOf } from '../wire/index.js';
import type { FlowMonitors } from './flow-monitors.js';
import type { Peer } from './peer.js';
import type { Roles } from './role.js';
import type { Tables } from './tables.js';

/** The switch as handlers see it. */
export interface AgentContext {
  readonly pipeline: PipelineApi;
  readonly datapathId: bigint;
  /** Stands in what paused packets come back with. */
  readonly origin: Uint8Array;
  readonly description: Desc;
  readonly roles: Roles;
  readonly tables: Tables;
  readonly monitors: FlowMonitors;
  peers(): Iterable<Peer>;
  /** A peer told of an error. */
  heardError(peer: Peer, error: MessageOf<'error'>): void;
}

/** What a message does; `bytes` are all of it. */
export type Handler<M> = (m: M, peer: Peer, agent: AgentContext, bytes: Uint8Array) => void;

/** The error for an experimenter's message or multipart: as Open vSwitch, which knows Nicira and ONF. */
export function unknownExperimenter(experimenter: number, type: number, at: number): OpenFlowError {
  const id = `0x${experimenter.toString(16).padStart(8, '0')}`;
  return experimenter === NX || experimenter === ONF
    ? new OpenFlowError('OFPBRC_BAD_SUBTYPE', `type ${type} of experimenter ${id} is not supported`, at + 4)
    : new OpenFlowError('OFPBRC_BAD_VENDOR', `experimenter ${id} is not known`, at);
}
