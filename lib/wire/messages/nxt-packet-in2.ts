/**
 * Nicira's packet-in with properties (NXT_PACKET_IN2, subtype 30), and NXT_RESUME (28), which gives a paused packet
 * back to the switch and has the same properties. What stands in a continuation is the switch's own (continuation.ts).
 * Numbers: Open vSwitch's nicira-ext.h.
 */
import {
  first8,
  nested,
  only32,
  only64,
  properties,
  type Reader,
  unknownProperty,
  type Writer,
  writeNested,
  writeProperty,
} from '../../bytes/index.js';
import { type FieldValue, type PacketInReason, writeTlv } from '../../nxm/index.js';
import { type Context, extension, type MessageKind, nxt } from '../kind.js';
import { readFields } from '../match.js';
import { enumeration, u8 } from '../struct.js';
import { PACKET_IN_REASONS } from './packet-in.js';

/** What both messages say. */
interface Packet<T extends string> {
  readonly type: T;
  readonly xid: number;
  /** 0xffffffff: kept nowhere. */
  readonly bufferId: number;
  /** Bytes of the whole frame, of which `data` may be the beginning. */
  readonly totalLen: number;
  readonly tableId: number;
  /** Of the flow that sent it; all ones where there is none. */
  readonly cookie: bigint;
  readonly reason: PacketInReason | number;
  readonly fields: readonly FieldValue[];
  /** What the controller action said; null: nothing. */
  readonly userdata: Uint8Array | null;
  /** Properties that only the switch knows; null: the packet isn't paused. */
  readonly continuation: Uint8Array | null;
  readonly data: Uint8Array;
}
export type NxtPacketIn2 = Packet<'nxt_packet_in2'>;
export type NxtResume = Packet<'nxt_resume'>;

const NXPINT = {
  PACKET: 0,
  FULL_LEN: 1,
  BUFFER_ID: 2,
  TABLE_ID: 3,
  COOKIE: 4,
  REASON: 5,
  METADATA: 6,
  USERDATA: 7,
  CONTINUATION: 8,
} as const;
const NO_COOKIE = 0xffffffffffffffffn;
const NO_BUFFER = 0xffffffff;

const reasons = enumeration(u8, PACKET_IN_REASONS);

interface Parts {
  data: Uint8Array | null;
  totalLen: number;
  bufferId: number;
  tableId: number;
  cookie: bigint;
  reason: PacketInReason | number;
  fields: readonly FieldValue[];
  userdata: Uint8Array | null;
  continuation: Uint8Array | null;
}

const READERS: { readonly [type: number]: (parts: Parts, payload: Reader) => void } = {
  [NXPINT.PACKET]: (m, p) => {
    m.data = p.rest();
  },
  [NXPINT.FULL_LEN]: (m, p) => {
    m.totalLen = only32(p);
  },
  [NXPINT.BUFFER_ID]: (m, p) => {
    m.bufferId = only32(p);
  },
  [NXPINT.TABLE_ID]: (m, p) => {
    m.tableId = first8(p);
  },
  [NXPINT.COOKIE]: (m, p) => {
    m.cookie = only64(p);
  },
  [NXPINT.REASON]: (m, p) => {
    m.reason = reasons.nameOf(first8(p));
  },
  [NXPINT.METADATA]: (m, p) => {
    m.fields = readFields(p);
  },
  [NXPINT.USERDATA]: (m, p) => {
    m.userdata = p.rest();
  },
  [NXPINT.CONTINUATION]: (m, p) => {
    m.continuation = nested(p).rest();
  },
};

function readPacket<T extends string>(type: T, r: Reader, c: Context): Packet<T> {
  const parts: Parts = {
    data: null,
    totalLen: 0,
    bufferId: NO_BUFFER,
    tableId: 0,
    cookie: NO_COOKIE,
    reason: reasons.nameOf(0),
    fields: [],
    userdata: null,
    continuation: null,
  };
  for (const [number, payload] of properties(r)) {
    const read = READERS[number];
    if (read) read(parts, payload);
    else if (!c.lenient) throw unknownProperty(payload, type, number);
  }
  const { data } = parts;
  if (data === null || data.length === 0) throw r.error('OFPBRC_BAD_LEN', `${type} without a packet`);
  const totalLen = parts.totalLen || data.length;
  if (totalLen < data.length) {
    throw r.error('OFPBRC_BAD_LEN', `${type} has ${data.length} bytes of a frame of ${totalLen}`);
  }
  return { type, xid: c.xid, ...parts, totalLen, data };
}

function writePacket<T extends string>(m: Packet<T>, w: Writer): void {
  writeProperty(w, NXPINT.PACKET, () => w.put(m.data));
  if (m.totalLen !== m.data.length) writeProperty(w, NXPINT.FULL_LEN, () => w.u32(m.totalLen));
  if (m.bufferId !== NO_BUFFER) writeProperty(w, NXPINT.BUFFER_ID, () => w.u32(m.bufferId));
  writeProperty(w, NXPINT.TABLE_ID, () => w.u8(m.tableId));
  if (m.cookie !== NO_COOKIE) writeProperty(w, NXPINT.COOKIE, () => w.zeros(4).u64(m.cookie));
  writeProperty(w, NXPINT.REASON, () => w.u8(reasons.numberOf(m.reason)));
  writeProperty(w, NXPINT.METADATA, () => {
    for (const field of m.fields) writeTlv(w, field);
  });
  const { continuation, userdata } = m;
  if (continuation) writeNested(w, NXPINT.CONTINUATION, () => w.put(continuation));
  if (userdata) writeProperty(w, NXPINT.USERDATA, () => w.put(userdata));
}

function packet<T extends string>(type: T, expType: number): MessageKind<Packet<T>> {
  return extension<Packet<T>>(nxt(expType), { type, read: (r, c) => readPacket(type, r, c), write: writePacket });
}

export const nxtPacketIn2 = packet('nxt_packet_in2', 30);
export const nxtResume = packet('nxt_resume', 28);
