/** flow_removed: OpenFlow 1.3.5 §7.4.2. */
import type { Match } from '../../nxm/index.js';
import { message } from '../kind.js';
import { readMatch, writeMatch } from '../match.js';
import { enumeration, readCounter, u8, writeCounter } from '../struct.js';

/** OFPRR_* in the order of their numbers. */
export const FLOW_REMOVED_REASONS = ['idle_timeout', 'hard_timeout', 'delete', 'group_delete'] as const;
export type FlowRemovedReason = (typeof FLOW_REMOVED_REASONS)[number];

export interface FlowRemoved {
  readonly type: 'flow_removed';
  readonly xid: number;
  readonly cookie: bigint;
  readonly priority: number;
  readonly reason: FlowRemovedReason | number;
  readonly tableId: number;
  /** How long the flow was there: seconds, and nanoseconds beyond them. */
  readonly duration_s: number;
  readonly duration_ns: number;
  readonly idleTimeout_s: number;
  readonly hardTimeout_s: number;
  /** null: not counted. */
  readonly packets: number | null;
  readonly bytes: number | null;
  readonly match: Match;
}

const reasons = enumeration(u8, FLOW_REMOVED_REASONS);

export const flowRemoved = message<FlowRemoved>({
  type: 'flow_removed',
  number: 11,
  read: (r, c) => ({
    type: 'flow_removed',
    xid: c.xid,
    cookie: r.u64(),
    priority: r.u16(),
    reason: reasons.read(r),
    tableId: r.u8(),
    duration_s: r.u32(),
    duration_ns: r.u32(),
    idleTimeout_s: r.u16(),
    hardTimeout_s: r.u16(),
    packets: readCounter(r),
    bytes: readCounter(r),
    match: readMatch(r, c.lenient),
  }),
  write(m, w) {
    w.u64(m.cookie).u16(m.priority).u8(reasons.numberOf(m.reason)).u8(m.tableId);
    w.u32(m.duration_s).u32(m.duration_ns).u16(m.idleTimeout_s).u16(m.hardTimeout_s);
    writeCounter(w, m.packets);
    writeCounter(w, m.bytes);
    writeMatch(w, m.match);
  },
});
