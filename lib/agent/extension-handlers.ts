/**
 * What Nicira's messages and ONF's extensions to OpenFlow 1.3 do, one small function a message, as handlers.ts for
 * OpenFlow's own. What only a switch sends isn't here, and is answered with BAD_TYPE.
 */
import { OpenFlowError } from '../bytes/index.js';
import { MAX_OPTION_SPACE, MAX_TLV_FIELDS } from '../nxm/index.js';
import { type Change, ChangeError, type FlushedTuple } from '../pipeline/types.js';
import {
  BUNDLE_ADD_BYTES,
  type BundleCommand,
  decodeContinuation,
  type FlushTuple,
  type MessageOf,
  type MessageType,
} from '../wire/index.js';
import { masksOf, masksWith } from './async.js';
import { checkChange } from './change-check.js';
import type { AgentContext, Handler } from './context.js';
import type { Peer } from './peer.js';
import { asDone, forwardRequest, tellOfRole } from './tell-others.js';

type BundleRequest = MessageOf<'onf_bundle_control'>;

/** What a bundle command does, and what answers it. */
const BUNDLE_COMMANDS: {
  readonly [C in BundleCommand]?: { readonly run: Handler<BundleRequest>; readonly reply: BundleCommand };
} = {
  open_request: { run: (m, { bundles }, _, bytes) => bundles.open(m.bundleId, m.flags, bytes), reply: 'open_reply' },
  close_request: { run: (m, { bundles }) => bundles.close(m.bundleId, m.flags), reply: 'close_reply' },
  commit_request: { run: commitBundle, reply: 'commit_reply' },
  discard_request: { run: (m, { bundles }) => bundles.discard(m.bundleId), reply: 'discard_reply' },
};

/**
 * Makes a bundle's changes, or none: then an error names the message that can't be done, and another one the commit.
 */
function commitBundle(m: BundleRequest, peer: Peer, agent: AgentContext): void {
  const { pipeline, monitors } = agent;
  const messages = peer.bundles.take(m.bundleId, m.flags);
  const groups: MessageOf<'group_mod'>[] = [];
  function* changes(): Generator<Change> {
    for (const { message } of messages.messages() as Generator<MessageOf<'onf_bundle_add'>>) {
      monitors.on({ peer, xid: message.xid });
      if (message.type === 'group_mod') groups.push(asDone(message, pipeline));
      yield message;
    }
  }
  try {
    pipeline.applyAll(changes());
  } catch (error) {
    if (!(error instanceof ChangeError)) throw error;
    monitors.drop();
    peer.mistake(error.cause, messages.at(error.index) ?? new Uint8Array(0));
    throw new OpenFlowError('OFPBFC_MSG_FAILED', `message ${error.index + 1} of bundle ${m.bundleId} failed`, 16);
  }
  monitors.flush();
  for (const group of groups) forwardRequest(group, peer, agent);
}

const EVERY_CONNECTION = {
  zone: null,
  proto: 0,
  orig: null,
  reply: null,
  mark: null,
  markMask: null,
  label: null,
  labelMask: null,
};

/** An address in 16 bytes: IPv4's are mapped ones, all zeros don't matter. */
function address(bytes: Uint8Array | undefined): Uint8Array | null {
  if (!bytes || bytes.every((byte) => byte === 0)) return null;
  const mapped = bytes.subarray(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 0xff));
  return mapped ? bytes.slice(12) : bytes;
}

function flushedTuple({ src, dst, srcPort = 0, dstPort = 0, icmpType = 0, icmpId = 0 }: FlushTuple): FlushedTuple {
  const tuple = { src: address(src), dst: address(dst), srcPort, dstPort, icmpType, icmpId };
  if (tuple.src && tuple.dst && tuple.src.length !== tuple.dst.length) {
    throw new OpenFlowError('OFPTFFC_BAD_ARGUMENT', 'addresses of both families in one tuple');
  }
  return tuple;
}

export const EXTENSION_HANDLERS: { readonly [T in MessageType]?: Handler<MessageOf<T>> } = {
  nxt_set_packet_in_format(m, peer) {
    peer.format = m.format;
  },

  nxt_set_controller_id(m, peer) {
    peer.controllerId = m.controllerId;
  },

  /** Flow-mods of OpenFlow 1.3 name their table anyway, and idle and hard age stand in no message of 1.3. */
  nxt_flow_mod_table_id() {},
  nxt_flow_age() {},

  nxt_set_async_config(m, peer) {
    peer.masks = masksOf(m);
  },
  nxt_set_async_config2(m, peer) {
    peer.masks = masksWith(peer.masks, m.changes);
  },

  nxt_role_request(m, peer, agent) {
    tellOfRole(agent.roles.take(peer, m.role, agent.peers()), agent);
    peer.reply(m, { type: 'nxt_role_reply', role: peer.role });
  },

  onf_bundle_control(m, peer, agent, bytes) {
    const command = BUNDLE_COMMANDS[m.command];
    if (!command) throw new OpenFlowError('OFPBFC_BAD_TYPE', `a switch sends ${m.command}, and gets none`, 20);
    command.run(m, peer, agent, bytes);
    peer.reply(m, { type: 'onf_bundle_control', bundleId: m.bundleId, command: command.reply, flags: 0 });
  },
  onf_bundle_add(m, peer, { pipeline }, bytes) {
    checkChange(m.message, bytes.length - BUNDLE_ADD_BYTES);
    pipeline.precheck(m.message);
    peer.bundles.add(m, bytes);
  },

  onf_flow_monitor_cancel: (m, peer, { monitors }) => monitors.cancel(m.monitorId, peer),

  nxt_resume(m, _, { pipeline, origin }) {
    const { origin: whose, what } = decodeContinuation(m.continuation ?? new Uint8Array(0));
    if (whose.length !== origin.length || !whose.every((byte, i) => byte === origin[i])) {
      throw new OpenFlowError('NXR_STALE', 'the packet waits for another switch, or an earlier run of this one');
    }
    pipeline.resume({ frame: m.data, fields: m.fields, continuation: what });
  },

  nxt_ct_flush_zone({ zone }, _, { pipeline }) {
    pipeline.connections.flush({ ...EVERY_CONNECTION, zone });
  },
  nxt_ct_flush(m, _, { pipeline }) {
    const { ipProto: proto, zone, mark, markMask, label, labelMask } = m;
    const [orig, reply] = [m.orig, m.reply].map((tuple) => tuple && flushedTuple(tuple));
    try {
      pipeline.connections.flush({ zone, proto, orig, reply, mark, markMask, label, labelMask });
    } catch (error) {
      // So many flushes by mark wait for a sweep that no more are taken.
      if (error instanceof RangeError) throw new OpenFlowError('OFPBRC_EPERM', error.message);
      throw error;
    }
  },

  nxt_tlv_table_mod: (m, _, { pipeline }) => pipeline.tlvTable.apply(m),
  nxt_tlv_table_request(m, peer, { pipeline }) {
    peer.reply(m, {
      type: 'nxt_tlv_table_reply',
      maxOptionSpace: MAX_OPTION_SPACE,
      maxFields: MAX_TLV_FIELDS,
      mappings: pipeline.tlvTable.list(),
    });
  },
};
