/** features_reply: OpenFlow 1.3.5 §7.3.1. */
import { structMessage } from '../kind.js';
import { struct, u8, u32, u64 } from '../struct.js';

/** OFPC_* bits. */
export const OFPC = {
  FLOW_STATS: 1,
  TABLE_STATS: 2,
  PORT_STATS: 4,
  GROUP_STATS: 8,
  IP_REASM: 32,
  QUEUE_STATS: 64,
  PORT_BLOCKED: 256,
} as const;

export interface FeaturesReply {
  readonly type: 'features_reply';
  readonly xid: number;
  readonly datapathId: bigint;
  /** Packets that can be buffered. */
  readonly buffers: number;
  readonly tables: number;
  /** 0: the main connection. */
  readonly auxiliaryId: number;
  /** OFPC.* bits. */
  readonly capabilities: number;
  readonly reserved: number;
}

export const featuresReply = structMessage<FeaturesReply>(
  'features_reply',
  6,
  struct([
    ['datapathId', u64],
    ['buffers', u32],
    ['tables', u8],
    ['auxiliaryId', u8],
    2,
    ['capabilities', u32],
    ['reserved', u32],
  ]),
);
