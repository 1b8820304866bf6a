/**
 * NXT_PACKET_IN (Nicira's subtype 17): OpenFlow 1.2's packet-in with a cookie, and its fields as NXM. Numbers:
 * Open vSwitch's nicira-ext.h.
 */
import { type FieldValue, writeNxmTlv } from '../../nxm/index.js';
import { extension, nxt } from '../kind.js';
import { readFields } from '../match.js';
import { enumeration, u8 } from '../struct.js';
import { PACKET_IN_REASONS, type PacketIn } from './packet-in.js';

export interface NxtPacketIn extends Omit<PacketIn, 'type'> {
  readonly type: 'nxt_packet_in';
}

const reasons = enumeration(u8, PACKET_IN_REASONS);

/** A packet-in in this form. The ingress port becomes the field of 16 bits. */
export const nxtPacketIn = extension<NxtPacketIn>(nxt(17), {
  type: 'nxt_packet_in',
  read(r, c) {
    const bufferId = r.u32('packet-in buffer');
    const totalLen = r.u16('packet-in length');
    const reason = reasons.read(r);
    const tableId = r.u8('packet-in table');
    const cookie = r.u64('packet-in cookie');
    const length = r.u16('packet-in match length');
    r.skip(6);
    const fields: FieldValue[] = readFields(r.sub(length, 'a match', 'OFPBMC_BAD_LEN'));
    r.skip(((length + 7) & ~7) - length);
    r.skip(2);
    return { type: 'nxt_packet_in', xid: c.xid, bufferId, totalLen, reason, tableId, cookie, fields, data: r.rest() };
  },
  write(m, w) {
    w.u32(m.bufferId).u16(m.totalLen);
    w.u8(reasons.numberOf(m.reason)).u8(m.tableId).u64(m.cookie);
    const at = w.at;
    w.u16(0).zeros(6);
    const start = w.at;
    for (const field of m.fields) writeNxmTlv(w, field);
    w.u16At(at, w.at - start)
      .pad(8, start)
      .zeros(2)
      .put(m.data);
  },
});
