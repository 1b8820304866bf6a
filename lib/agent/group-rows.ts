/** Groups, meters and queues as OpenFlow describes and counts them (OpenFlow 1.3.5 §7.3.5.8 to §7.3.5.14, §7.3.6). */
import { OpenFlowError } from '../bytes/index.js';
import { ACTION_KINDS, GROUP_TYPES, OFPP, VENDOR } from '../nxm/index.js';
import type { GroupView, MeterFeaturesView, MeterView, PipelineApi, QueueView } from '../pipeline/types.js';
import {
  type GroupDesc,
  type GroupFeatures,
  type GroupStats,
  type MeterConfig,
  type MeterFeatures,
  type MeterStats,
  OFPGFC,
  type Queue,
  type QueueProperty,
  type QueueStats,
  splitDuration,
} from '../wire/index.js';

/** OFPQ_ALL. */
const ALL_QUEUES = 0xffffffff;
/** Rates of queues are told in tenths of a percent of the port's; above: none is set. */
const WHOLE_RATE = 1000;
const NO_RATE = 0xffff;

export function groupStatistics({ groupId, references, packets, bytes, buckets, duration_ms }: GroupView): GroupStats {
  return { groupId, references, packets, bytes, ...splitDuration(duration_ms), buckets };
}

export function groupDescription({ groupId, groupType, buckets }: GroupView): GroupDesc {
  return { groupType, groupId, buckets };
}

/** Every type can do the same. */
export function groupFeatures({ maxGroups }: PipelineApi): GroupFeatures {
  const numbers = ACTION_KINDS.flatMap(({ ids }) => ids.filter(({ vendor }) => vendor === VENDOR.standard));
  const actions = numbers.reduce((bits, { number }) => (bits | (1 << number)) >>> 0, 0);
  return {
    types: (1 << GROUP_TYPES.length) - 1,
    capabilities: OFPGFC.SELECT_WEIGHT | OFPGFC.SELECT_LIVENESS | OFPGFC.CHAINING | OFPGFC.CHAINING_CHECKS,
    maxGroups: GROUP_TYPES.map(() => maxGroups),
    actions: GROUP_TYPES.map(() => actions),
  };
}

export function meterStatistics({ meterId, flows, packets, bytes, bands, duration_ms }: MeterView): MeterStats {
  return { meterId, flows, packetsIn: packets, bytesIn: bytes, ...splitDuration(duration_ms), bands };
}

export function meterConfiguration({ meterId, flags, bands }: MeterView): MeterConfig {
  return { meterId, flags, bands: bands.map(({ settings }) => settings) };
}

export function meterFeatures({ maxMeters: maxMeter, ...features }: MeterFeaturesView): MeterFeatures {
  return { maxMeter, ...features };
}

/** The queues that a request means. Throws OpenFlowError for a port or queue that isn't there. */
export function queuesFor(pipeline: PipelineApi, port: number, queueId = ALL_QUEUES): QueueView[] {
  if (port !== OFPP.ANY && !pipeline.port(port)) {
    throw new OpenFlowError('OFPQOFC_BAD_PORT', `there is no port ${port}`);
  }
  const queues = pipeline.queues(port === OFPP.ANY ? undefined : port);
  if (queueId === ALL_QUEUES) return queues;
  const wanted = queues.filter((queue) => queue.queueId === queueId);
  if (wanted.length === 0) throw new OpenFlowError('OFPQOFC_BAD_QUEUE', `there is no queue ${queueId}`);
  return wanted;
}

export function queueStatistics({ port, queueId, packets, bytes, errors, duration_ms }: QueueView): QueueStats {
  return {
    port,
    queueId,
    txBytes: bytes,
    txPackets: packets,
    txErrors: errors,
    ...splitDuration(duration_ms),
  };
}

export function queueDescription({ port, queueId, min_rate_bps, max_rate_bps, port_rate_bps }: QueueView): Queue {
  const share = (rate_bps: number) =>
    port_rate_bps > 0 ? Math.min(WHOLE_RATE, Math.round((rate_bps / port_rate_bps) * WHOLE_RATE)) : NO_RATE;
  const properties: QueueProperty[] = [];
  if (min_rate_bps) properties.push({ type: 'min_rate', rate: share(min_rate_bps) });
  if (max_rate_bps) properties.push({ type: 'max_rate', rate: share(max_rate_bps) });
  return { queueId, port, properties };
}
