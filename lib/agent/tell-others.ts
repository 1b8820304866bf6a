/**
 * What one controller's request makes others hear, if they asked for it by NXT_SET_ASYNC_CONFIG2: role status and
 * requestforward, ONF's extensions to OpenFlow 1.3 (EXT-191, EXT-235).
 */
import type { PipelineApi } from '../pipeline/types.js';
import { encode, type MessageOf, ROLE_STATUS_REASONS } from '../wire/index.js';
import type { AgentContext } from './context.js';
import type { Peer } from './peer.js';

/** OFPRFR_*. */
const FORWARD_REASONS = { group_mod: 0, meter_mod: 1 } as const;
const MASTER_REQUEST = ROLE_STATUS_REASONS.indexOf('master_request');

/** Tells controllers that another one became master, and they slaves. */
export function tellOfRole(changed: readonly Peer[], { roles }: AgentContext): void {
  const { generationId } = roles;
  for (const peer of changed) {
    if (!peer.wants('roleStatus', MASTER_REQUEST)) continue;
    const message = {
      type: 'onf_role_status',
      xid: 0,
      role: peer.role,
      reason: 'master_request',
      generationId,
    } as const;
    peer.connection.sendUnasked(encode(message));
  }
}

/** A group-mod that is about to be done, as others are told of it: adding or changing is one of the two by then. */
export function asDone(request: MessageOf<'group_mod'>, pipeline: PipelineApi): MessageOf<'group_mod'> {
  const { change } = request;
  if (change.command !== 'add_or_mod') return request;
  const command = pipeline.groups(change.groupId).length > 0 ? 'modify' : 'add';
  return { ...request, change: { ...change, command } };
}

/** Tells the other controllers of a group-mod or meter-mod that was done. */
export function forwardRequest(
  request: MessageOf<'group_mod' | 'meter_mod'>,
  from: Peer,
  { peers }: Pick<AgentContext, 'peers'>,
): void {
  let bytes: Uint8Array | null = null;
  for (const peer of peers()) {
    if (peer === from || !peer.wants('requestForward', FORWARD_REASONS[request.type])) continue;
    bytes ??= encode({ type: 'onf_requestforward', xid: 0, request });
    peer.connection.sendUnasked(bytes);
  }
}
