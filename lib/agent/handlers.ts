/**
 * What each message from a controller does (OpenFlow 1.3.5 §7.3), one small function a message. A message that isn't
 * here is answered with BAD_TYPE. An OpenFlowError thrown here becomes OFPT_ERROR with the request's xid and bytes;
 * everything is checked before anything changes. Hello and echo are the channel's, multiparts are multiparts.ts's.
 */
import { OpenFlowError } from '../bytes/index.js';
import type { FragmentHandling } from '../pipeline/types.js';
import { type Message, type MessageOf, type MessageType, OFPC } from '../wire/index.js';
import { masksOf } from './async.js';
import { checkChange } from './change-check.js';
import { type AgentContext, type Handler, unknownExperimenter } from './context.js';
import { EXTENSION_HANDLERS } from './extension-handlers.js';
import { queueDescription, queuesFor } from './group-rows.js';
import { answerMultipart } from './multiparts.js';
import type { Peer } from './peer.js';
import { asDone, forwardRequest, tellOfRole } from './tell-others.js';

const CAPABILITIES = OFPC.FLOW_STATS | OFPC.TABLE_STATS | OFPC.PORT_STATS | OFPC.GROUP_STATS | OFPC.QUEUE_STATS;
/** OFPC_FRAG_*: fragments aren't put together. */
const FRAGMENTS: readonly FragmentHandling[] = ['normal', 'drop'];

/** Messages that change state, which a slave may not send (§6.3.5). */
const CHANGES: ReadonlySet<MessageType> = new Set([
  'packet_out',
  'flow_mod',
  'group_mod',
  'port_mod',
  'table_mod',
  'meter_mod',
  'onf_bundle_control',
  'onf_bundle_add',
  'nxt_resume',
  'nxt_tlv_table_mod',
  'nxt_ct_flush',
  'nxt_ct_flush_zone',
]);

const HANDLERS: { readonly [T in MessageType]?: Handler<MessageOf<T>> } = {
  hello() {},
  echo_reply() {},
  error: (m, peer, agent) => agent.heardError(peer, m),

  features_request(m, peer, { pipeline, datapathId }) {
    peer.reply(m, {
      type: 'features_reply',
      datapathId,
      buffers: 0,
      tables: pipeline.tableCount,
      auxiliaryId: 0,
      capabilities: CAPABILITIES,
      reserved: 0,
    });
  },

  get_config_request(m, peer, { pipeline }) {
    peer.reply(m, {
      type: 'get_config_reply',
      flags: FRAGMENTS.indexOf(pipeline.fragments),
      missSendLen: peer.missSendLen,
    });
  },

  /** What becomes of fragments holds for the switch: a slave's word on it doesn't count. The length is the peer's. */
  set_config(m, peer, { pipeline }) {
    const fragments = FRAGMENTS[m.flags];
    if (fragments === undefined) {
      throw new OpenFlowError(
        'OFPSCFC_BAD_FLAGS',
        `fragments can be treated as normal or dropped, flags are 0x${m.flags.toString(16)}`,
        8,
      );
    }
    if (peer.role !== 'slave') pipeline.fragments = fragments;
    peer.missSendLen = m.missSendLen;
  },

  flow_mod(m, _, { pipeline }, bytes) {
    checkChange(m, bytes.length);
    pipeline.apply(m.change);
  },

  group_mod(m, peer, agent) {
    const told = asDone(m, agent.pipeline);
    agent.pipeline.applyGroup(m.change);
    forwardRequest(told, peer, agent);
  },
  meter_mod(m, peer, agent) {
    agent.pipeline.applyMeter(m.change);
    forwardRequest(m, peer, agent);
  },

  queue_get_config_request(m, peer, { pipeline }) {
    const queues = queuesFor(pipeline, m.port).map(queueDescription);
    peer.reply(m, { type: 'queue_get_config_reply', port: m.port, queues });
  },

  packet_out(m, _, { pipeline }) {
    checkChange(m, 0);
    pipeline.packetOut({ inPort: m.inPort, actions: m.actions, frame: m.data });
  },

  port_mod: (m, _, { pipeline }) => pipeline.modifyPort(m),
  table_mod: ({ tableId, config }, _, { tables }) => tables.modify(tableId, config),

  /** Every change is in force when its handler returns, so what came before the barrier is too (§6.2). */
  barrier_request: (m, peer) => peer.reply(m, { type: 'barrier_reply' }),

  role_request(m, peer, agent) {
    tellOfRole(agent.roles.request(peer, m, agent.peers()), agent);
    peer.reply(m, { type: 'role_reply', role: peer.role, generationId: agent.roles.generationId });
  },

  get_async_request(m, peer) {
    const { packetIn, portStatus, flowRemoved } = peer.masks;
    peer.reply(m, { type: 'get_async_reply', packetIn, portStatus, flowRemoved });
  },
  set_async(m, peer) {
    peer.masks = masksOf(m);
  },

  multipart_request: answerMultipart,

  ...EXTENSION_HANDLERS,

  experimenter(m) {
    throw unknownExperimenter(m.experimenter, m.expType, 8);
  },
};

/** Does what a message asks. Throws OpenFlowError where it can't be done; then nothing has changed. */
export function handle(m: Message, peer: Peer, agent: AgentContext, bytes: Uint8Array): void {
  if (peer.role === 'slave' && CHANGES.has(m.type)) {
    throw new OpenFlowError('OFPBRC_IS_SLAVE', 'a slave may not change the switch');
  }
  const handler = HANDLERS[m.type] as Handler<Message> | undefined;
  if (!handler) throw new OpenFlowError('OFPBRC_BAD_TYPE', `${m.type} is not supported`, 1);
  const { monitors } = agent;
  monitors.on({ peer, xid: m.xid });
  try {
    handler(m, peer, agent, bytes);
  } finally {
    monitors.on(null);
    monitors.flush();
  }
}
