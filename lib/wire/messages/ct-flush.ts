/**
 * NXT_CT_FLUSH_ZONE (Nicira's subtype 29) and NXT_CT_FLUSH (32): which tracked connections end. The second has
 * properties: tuples of both directions, a zone, and, as Open vSwitch sends them since 3.3, mark and label with masks.
 * Addresses stand in 16 bytes, IPv4's as IPv6's mapped ones.
 */
import {
  first8,
  first16,
  nested,
  only32,
  properties,
  type Reader,
  type Writer,
  writeNested,
  writeProperty,
  writeProperty16,
} from '../../bytes/index.js';
import { extension, nxt, structMessage } from '../kind.js';
import { struct } from '../struct.js';
import { behindSixZeros } from './nicira-settings.js';

export interface CtFlushZone {
  readonly type: 'nxt_ct_flush_zone';
  readonly xid: number;
  readonly zone: number;
}

export const ctFlushZone = structMessage<CtFlushZone>('nxt_ct_flush_zone', nxt(29), struct([['zone', behindSixZeros]]));

/** One direction of a connection; what is left out doesn't matter. */
export interface FlushTuple {
  /** 16 bytes; all zeros don't matter. */
  readonly src?: Uint8Array;
  readonly dst?: Uint8Array;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly icmpId?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
}

export interface CtFlush {
  readonly type: 'nxt_ct_flush';
  readonly xid: number;
  /** IP protocol; 0: any. */
  readonly ipProto: number;
  readonly orig: FlushTuple | null;
  readonly reply: FlushTuple | null;
  readonly zone: number | null;
  readonly mark: number | null;
  readonly markMask: number | null;
  /** 16 bytes. */
  readonly label: Uint8Array | null;
  readonly labelMask: Uint8Array | null;
}

const NXT_CT = { ORIG: 0, REPLY: 1, ZONE: 2, MARK: 3, MARK_MASK: 4, LABELS: 5, LABELS_MASK: 6 } as const;
const TUPLE = [
  ['src', 'address'],
  ['dst', 'address'],
  ['srcPort', 'u16'],
  ['dstPort', 'u16'],
  ['icmpId', 'u16'],
  ['icmpType', 'u8'],
  ['icmpCode', 'u8'],
] as const;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readTuple(payload: Reader): FlushTuple {
  const tuple: Mutable<FlushTuple> = {};
  for (const [type, inner] of properties(nested(payload))) {
    const row = TUPLE[type];
    if (row === undefined) continue;
    if (row[1] === 'address') tuple[row[0]] = inner.take(16, 'an address');
    else tuple[row[0]] = row[1] === 'u16' ? first16(inner) : first8(inner);
  }
  return tuple;
}

function writeTuple(w: Writer, type: number, tuple: FlushTuple): void {
  writeNested(w, type, () => {
    TUPLE.forEach(([member, form], inner) => {
      const value = tuple[member];
      if (value === undefined) return;
      if (typeof value !== 'number') writeProperty(w, inner, () => w.put(value));
      else if (form === 'u16') writeProperty16(w, inner, value);
      else writeProperty(w, inner, () => w.u8(value));
    });
  });
}

/** 128 bits, which stand behind 4 bytes of padding. */
function readLabel(payload: Reader): Uint8Array {
  payload.skip(4);
  return payload.take(16, 'a label');
}

export const ctFlush = extension<CtFlush>(nxt(32), {
  type: 'nxt_ct_flush',
  read(r, c) {
    const ipProto = r.u8('an IP protocol');
    if (r.take(7, 'padding').some((byte) => byte !== 0)) throw r.error('NXBRC_MUST_BE_ZERO', 'padding of ct_flush', 7);
    const m: Mutable<CtFlush> = {
      type: 'nxt_ct_flush',
      xid: c.xid,
      ipProto,
      orig: null,
      reply: null,
      zone: null,
      mark: null,
      markMask: null,
      label: null,
      labelMask: null,
    };
    for (const [type, payload] of properties(r)) {
      if (type === NXT_CT.ORIG) m.orig = readTuple(payload);
      else if (type === NXT_CT.REPLY) m.reply = readTuple(payload);
      else if (type === NXT_CT.ZONE) m.zone = first16(payload);
      else if (type === NXT_CT.MARK) m.mark = only32(payload);
      else if (type === NXT_CT.MARK_MASK) m.markMask = only32(payload);
      else if (type === NXT_CT.LABELS) m.label = readLabel(payload);
      else if (type === NXT_CT.LABELS_MASK) m.labelMask = readLabel(payload);
      else throw payload.error('OFPTFFC_BAD_TYPE', `ct_flush has property ${type}`, 4);
    }
    return m;
  },
  write(m, w) {
    const { zone, mark, markMask, label, labelMask } = m;
    w.u8(m.ipProto).zeros(7);
    if (m.orig) writeTuple(w, NXT_CT.ORIG, m.orig);
    if (m.reply) writeTuple(w, NXT_CT.REPLY, m.reply);
    if (zone !== null) writeProperty16(w, NXT_CT.ZONE, zone);
    if (mark !== null) writeProperty(w, NXT_CT.MARK, () => w.u32(mark));
    if (markMask !== null) writeProperty(w, NXT_CT.MARK_MASK, () => w.u32(markMask));
    if (label) writeProperty(w, NXT_CT.LABELS, () => w.zeros(4).put(label));
    if (labelMask) writeProperty(w, NXT_CT.LABELS_MASK, () => w.zeros(4).put(labelMask));
  },
});
