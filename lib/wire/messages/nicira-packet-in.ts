/**
 * Nicira's packet-in with properties (NXT_PACKET_IN2, experimenter 0x2320, type 30), and the message that asks for it
 * (NXT_SET_PACKET_IN_FORMAT, type 16). A property is type, length without padding, payload, padded to 8 bytes.
 * Numbers: Open vSwitch's nicira-ext.h. Both are experimenter messages; here is what their data say.
 */

import { Reader, Writer } from '../../bytes/index.js';
import { type FieldValue, writeTlv } from '../../nxm/index.js';
import type { Experimenter } from './experimenter.js';
import { PACKET_IN_REASONS, type PacketIn } from './packet-in.js';

export const NICIRA = 0x2320;
/** Types of Nicira's messages. */
export const NXT = { SET_PACKET_IN_FORMAT: 16, SET_CONTROLLER_ID: 20, PACKET_IN2: 30 } as const;
/** What SET_PACKET_IN_FORMAT may ask for. 1 is OpenFlow 1.0's; in 1.3 Open vSwitch takes it for 0. */
export const PACKET_IN_FORMATS = ['standard', 'nxt', 'nxt2'] as const;
export type PacketInFormat = (typeof PACKET_IN_FORMATS)[number];

const NXPINT = { PACKET: 0, FULL_LEN: 1, TABLE_ID: 3, COOKIE: 4, REASON: 5, METADATA: 6 } as const;
const NO_COOKIE = 0xffffffffffffffffn;

/** The data of a SET_PACKET_IN_FORMAT. Throws OpenFlowError. */
export function readPacketInFormat(data: Uint8Array): PacketInFormat {
  const r = new Reader(data);
  const format = PACKET_IN_FORMATS[r.u32('a packet-in format')];
  if (r.left > 0) throw r.error('OFPBRC_BAD_LEN', `${r.left} bytes behind the packet-in format`);
  if (format === undefined) throw r.error('OFPBRC_EPERM', 'no such packet-in format', 4);
  return format;
}

/** The data of a SET_CONTROLLER_ID. Throws OpenFlowError. */
export function readControllerId(data: Uint8Array): number {
  const r = new Reader(data);
  if (r.u16() !== 0 || r.u32() !== 0) throw r.error('NXBRC_MUST_BE_ZERO', 'padding of a controller id', 6);
  const id = r.u16('a controller id');
  if (r.left > 0) throw r.error('OFPBRC_BAD_LEN', `${r.left} bytes behind the controller id`);
  return id;
}

/** A packet-in as NXT_PACKET_IN2. */
export function packetIn2(p: PacketIn): Experimenter {
  const w = new Writer(128 + p.data.length);
  property(w, NXPINT.PACKET, () => w.put(p.data));
  if (p.totalLen !== p.data.length) property(w, NXPINT.FULL_LEN, () => w.u32(p.totalLen));
  property(w, NXPINT.TABLE_ID, () => w.u8(p.tableId));
  if (p.cookie !== NO_COOKIE) property(w, NXPINT.COOKIE, () => w.zeros(4).u64(p.cookie));
  const reason = typeof p.reason === 'number' ? p.reason : PACKET_IN_REASONS.indexOf(p.reason);
  property(w, NXPINT.REASON, () => w.u8(reason));
  property(w, NXPINT.METADATA, () => writeFields(w, p.fields));
  return { type: 'experimenter', xid: p.xid, experimenter: NICIRA, expType: NXT.PACKET_IN2, data: w.done() };
}

function property(w: Writer, type: number, payload: () => void): void {
  const start = w.at;
  w.u16(type).u16(0);
  payload();
  w.u16At(start + 2, w.at - start).pad(8, start);
}

function writeFields(w: Writer, fields: readonly FieldValue[]): void {
  for (const field of fields) writeTlv(w, field);
}
