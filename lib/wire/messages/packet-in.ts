/**
 * packet_in: OpenFlow 1.3.5 §7.4.1. Written by hand: a switch without flows sends one for every packet. The metadata
 * are a plain list of fields; which of them a controller gets is the agent's choice.
 */
import type { FieldValue, PacketInReason } from '../../nxm/index.js';
import { message } from '../kind.js';
import { readFieldList, writeFieldList } from '../match.js';
import { enumeration, u8 } from '../struct.js';

/** OFPR_* in the order of their numbers. */
export const PACKET_IN_REASONS: readonly PacketInReason[] = ['no_match', 'action', 'invalid_ttl'];

export interface PacketIn {
  readonly type: 'packet_in';
  readonly xid: number;
  /** Where the switch keeps the packet; 0xffffffff nowhere. */
  readonly bufferId: number;
  /** Bytes of the whole frame, of which `data` may be the beginning. */
  readonly totalLen: number;
  readonly reason: PacketInReason | number;
  readonly tableId: number;
  /** Of the flow that sent it; all ones where there is none. */
  readonly cookie: bigint;
  readonly fields: readonly FieldValue[];
  readonly data: Uint8Array;
}

const reasons = enumeration(u8, PACKET_IN_REASONS);

export const packetIn = message<PacketIn>({
  type: 'packet_in',
  number: 10,
  read(r, c) {
    const bufferId = r.u32('packet-in buffer');
    const totalLen = r.u16('packet-in length');
    const reason = reasons.read(r);
    const tableId = r.u8('packet-in table');
    const cookie = r.u64('packet-in cookie');
    const fields = readFieldList(r);
    r.skip(2);
    return { type: 'packet_in', xid: c.xid, bufferId, totalLen, reason, tableId, cookie, fields, data: r.rest() };
  },
  write(m, w) {
    w.u32(m.bufferId).u16(m.totalLen);
    w.u8(reasons.numberOf(m.reason)).u8(m.tableId).u64(m.cookie);
    writeFieldList(w, m.fields);
    w.zeros(2).put(m.data);
  },
});
