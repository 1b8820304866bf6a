/** Multipart queue: OpenFlow 1.3.5 §7.3.5.8. */
import { multipart, one, rows } from '../kind.js';
import { counter, struct, u32 } from '../struct.js';

export interface QueueStatsRequest {
  /** OFPP.ANY: all. */
  readonly port: number;
  /** 0xffffffff: all. */
  readonly queueId: number;
}

/** Counters of a queue; null: not counted. */
export interface QueueStats {
  readonly port: number;
  readonly queueId: number;
  readonly txBytes: number | null;
  readonly txPackets: number | null;
  readonly txErrors: number | null;
  readonly duration_s: number;
  readonly duration_ns: number;
}

export const queue = multipart(
  'queue',
  5,
  one(
    struct<QueueStatsRequest>([
      ['port', u32],
      ['queueId', u32],
    ]),
  ),
  rows(
    struct<QueueStats>([
      ['port', u32],
      ['queueId', u32],
      ['txBytes', counter],
      ['txPackets', counter],
      ['txErrors', counter],
      ['duration_s', u32],
      ['duration_ns', u32],
    ]),
  ),
);
