/**
 * NXT_FLOW_REMOVED (Nicira's subtype 14): OpenFlow 1.0's flow-removed with a match of TLVs. Read and written for tools;
 * a switch of OpenFlow 1.3 sends flow_removed.
 */
import { Match } from '../../nxm/index.js';
import { extension, nxt } from '../kind.js';
import { readMatchTlvs } from '../match.js';
import { enumeration, readCounter, u8, writeCounter } from '../struct.js';
import { FLOW_REMOVED_REASONS, type FlowRemoved } from './flow-removed.js';

export interface NxtFlowRemoved extends Omit<FlowRemoved, 'type' | 'tableId' | 'hardTimeout_s'> {
  readonly type: 'nxt_flow_removed';
  /** null: unknown. */
  readonly tableId: number | null;
}

const reasons = enumeration(u8, FLOW_REMOVED_REASONS);

export const nxtFlowRemoved = extension<NxtFlowRemoved>(nxt(14), {
  type: 'nxt_flow_removed',
  read(r, c) {
    const cookie = r.u64('a cookie');
    const priority = r.u16('a priority');
    const reason = reasons.read(r);
    const table = r.u8('a table');
    const duration_s = r.u32('a duration');
    const duration_ns = r.u32('a duration');
    const idleTimeout_s = r.u16('a timeout');
    const length = r.u16('a match length');
    const packets = readCounter(r);
    const bytes = readCounter(r);
    const tlvs = r.sub(length, 'a match', 'OFPBMC_BAD_LEN');
    const match = length === 0 ? Match.all : readMatchTlvs(tlvs, c.lenient);
    r.skip(((length + 7) & ~7) - length);
    return {
      type: 'nxt_flow_removed',
      xid: c.xid,
      cookie,
      priority,
      reason,
      tableId: table === 0 ? null : table - 1,
      duration_s,
      duration_ns,
      idleTimeout_s,
      packets,
      bytes,
      match,
    };
  },
  write(m, w) {
    w.u64(m.cookie).u16(m.priority).u8(reasons.numberOf(m.reason));
    w.u8(m.tableId === null ? 0 : m.tableId + 1);
    w.u32(m.duration_s).u32(m.duration_ns).u16(m.idleTimeout_s).u16(m.match.length);
    writeCounter(w, m.packets);
    writeCounter(w, m.bytes);
    const start = w.at;
    m.match.write(w);
    w.pad(8, start);
  },
});
