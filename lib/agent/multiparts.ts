/**
 * Multipart requests (OpenFlow 1.3.5 §7.3.5), one small function a kind. A kind that isn't here is answered with
 * BAD_STAT.
 */
import { OpenFlowError } from '../bytes/index.js';
import { OFPG, OFPP } from '../nxm/index.js';
import type { FlowFilter, FlowView, PipelineApi, PortView } from '../pipeline/types.js';
import {
  type AggregateStats,
  type FlowStats,
  type MessageOf,
  type MultipartName,
  type RequestBody,
  splitDuration,
} from '../wire/index.js';
import { type AgentContext, unknownExperimenter } from './context.js';
import {
  groupDescription,
  groupFeatures,
  groupStatistics,
  meterConfiguration,
  meterFeatures,
  meterStatistics,
  queueStatistics,
  queuesFor,
} from './group-rows.js';
import type { Peer } from './peer.js';
import { portDescription, portStatistics } from './port.js';

type Request = MessageOf<'multipart_request'>;
type Body<K extends MultipartName> = Extract<RequestBody, { kind: K }>;
type Handler<B> = (m: Request, body: B, peer: Peer, agent: AgentContext) => void;

const HANDLERS: { readonly [K in MultipartName]?: Handler<Body<K>> } = {
  desc(m, _, peer, { description }) {
    peer.reply(m, { type: 'multipart_reply', more: false, body: { kind: 'desc', ...description } });
  },

  flow: (m, filter, peer, { pipeline }) => peer.replyRows(m, 'flow', flowRows(pipeline, filter)),

  aggregate(m, filter, peer, { pipeline }) {
    const body = { kind: 'aggregate', ...aggregate(pipeline.flows(filter)) } as const;
    peer.reply(m, { type: 'multipart_reply', more: false, body });
  },

  table: (m, _, peer, { pipeline }) => peer.replyRows(m, 'table', pipeline.tables()),

  port_stats(m, { port }, peer, { pipeline }) {
    peer.replyRows(m, 'port_stats', portsFor(pipeline, port).map(portStatistics));
  },

  port_desc: (m, _, peer, { pipeline }) => peer.replyRows(m, 'port_desc', pipeline.ports().map(portDescription)),

  group: (m, { groupId }, peer, { pipeline }) =>
    peer.replyRows(m, 'group', pipeline.groups(groupId).map(groupStatistics)),

  group_desc: (m, _, peer, { pipeline }) =>
    peer.replyRows(m, 'group_desc', pipeline.groups(OFPG.ALL).map(groupDescription)),

  group_features(m, _, peer, { pipeline }) {
    const body = { kind: 'group_features', ...groupFeatures(pipeline) } as const;
    peer.reply(m, { type: 'multipart_reply', more: false, body });
  },

  meter: (m, { meterId }, peer, { pipeline }) =>
    peer.replyRows(m, 'meter', pipeline.meters(meterId).map(meterStatistics)),

  meter_config: (m, { meterId }, peer, { pipeline }) =>
    peer.replyRows(m, 'meter_config', pipeline.meters(meterId).map(meterConfiguration)),

  meter_features(m, _, peer, { pipeline }) {
    const body = { kind: 'meter_features', ...meterFeatures(pipeline.meterFeatures) } as const;
    peer.reply(m, { type: 'multipart_reply', more: false, body });
  },

  queue: (m, { port, queueId }, peer, { pipeline }) =>
    peer.replyRows(m, 'queue', queuesFor(pipeline, port, queueId).map(queueStatistics)),

  /** Rows ask for a change; the answer is what the tables are then (§7.3.5.5). */
  table_features(m, { rows }, peer, { tables }) {
    if (rows.length > 0) {
      if (peer.role === 'slave') throw new OpenFlowError('OFPBRC_IS_SLAVE', 'a slave may not change the switch');
      tables.set(rows, peer.profile);
    }
    peer.connection.sendAll(withXid(tables.replies(peer.profile), m.xid));
  },

  flow_monitor: (m, { rows }, peer, { monitors }) => monitors.begin(m, rows, peer),

  experimenter(_, { experimenter, expType }) {
    throw unknownExperimenter(experimenter, expType, 16);
  },
};

/** Answers a multipart request, or keeps a part of it. Throws OpenFlowError. */
export function answerMultipart(part: Request, peer: Peer, agent: AgentContext, bytes: Uint8Array): void {
  const m = peer.partial.add(part, bytes);
  if (!m) return;
  const handler = HANDLERS[m.body.kind] as Handler<RequestBody> | undefined;
  if (!handler) throw new OpenFlowError('OFPBRC_BAD_STAT', `multipart ${m.body.kind} is not supported`, 8);
  handler(m, m.body, peer, agent);
}

function* flowRows(pipeline: PipelineApi, filter: FlowFilter): Generator<FlowStats> {
  for (const flow of pipeline.flows(filter)) yield flowRow(flow);
}

function flowRow(flow: FlowView): FlowStats {
  const { tableId, priority, idleTimeout_s, hardTimeout_s, flags, cookie, packets, bytes, match, instructions } = flow;
  return {
    tableId,
    ...splitDuration(flow.duration_ms),
    priority,
    idleTimeout_s,
    hardTimeout_s,
    flags,
    cookie,
    packets,
    bytes,
    match,
    instructions,
  };
}

function aggregate(flows: Iterable<FlowView>): AggregateStats {
  const sum = { packets: 0, bytes: 0, flows: 0 };
  for (const flow of flows) {
    sum.packets += flow.packets;
    sum.bytes += flow.bytes;
    sum.flows++;
  }
  return sum;
}

/** All ports, or the one that is asked for. */
function portsFor(pipeline: PipelineApi, number: number): PortView[] {
  if (number === OFPP.ANY) return pipeline.ports();
  const port = pipeline.port(number);
  if (!port) throw new OpenFlowError('OFPBRC_BAD_PORT', `there is no port ${number}`, 16);
  return [port];
}

/** Copies of messages with another xid. */
function* withXid(messages: Iterable<Uint8Array>, xid: number): Generator<Uint8Array> {
  for (const message of messages) {
    const copy = message.slice();
    new DataView(copy.buffer).setUint32(4, xid);
    yield copy;
  }
}
