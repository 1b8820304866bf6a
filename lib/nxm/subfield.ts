/**
 * A run of bits of a field, "NXM_NX_REG0[0..15]": what move, load, ct's zone and others name. Numbers count from the
 * low end.
 */
import { OpenFlowError, Reader, type Writer } from '../bytes/index.js';
import type { Key, Slot } from '../packet/key.js';
import { type Field, MAX_OPTION_BYTES } from './field.js';
import { slotOf } from './fields.js';
import { headerOf, knownField, MATCH_ERRORS, readHeader, writeHeader } from './oxm.js';

export interface Subfield {
  readonly field: Field;
  /** Lowest bit. */
  readonly start: number;
  /** Number of bits, at least 1. */
  readonly bits: number;
}

/** Fields whose top bits no action may name: vlan_vid's "present" bit, and tunnel flags that are the datapath's own. */
const NAMEABLE_BITS = new Map([
  ['vlan_vid', 12],
  ['tun_flags', 1],
]);

/** Bits of a field that a subfield may name. */
export function fieldBits(field: Field): number {
  const nameable = NAMEABLE_BITS.get(field.name);
  if (nameable !== undefined) return nameable;
  return field.slot === null ? field.bytes * 8 : field.port16 ? 16 : field.width;
}

/** The whole field. */
export function whole(field: Field): Subfield {
  return { field, start: 0, bits: fieldBits(field) };
}

/** Checks that the bits are inside the field: BAD_SET_LEN where they aren't. */
export function checkSubfield(s: Subfield): void {
  const width = fieldBits(s.field);
  if (s.bits < 1 || s.start + s.bits > width) {
    throw new OpenFlowError(
      'OFPBAC_BAD_SET_LEN',
      `bits ${s.start} to ${s.start + s.bits - 1} of ${s.field.name}, which has ${width}`,
    );
  }
}

/**
 * Reads a 4-byte header (8 with an experimenter) that names a field without a value. Its errors are a match's, as Open
 * vSwitch's are.
 */
export function readFieldHeader(r: Reader): Field {
  const h = readHeader(r);
  if (h.hasMask) throw r.error('OFPBMC_BAD_MASK', 'a field header with a mask bit where only a name belongs', 4);
  return knownField(h, r, MATCH_ERRORS);
}

/** Nicira's actions name a field by the NXM header where it has one. */
export function writeFieldHeader(w: Writer, field: Field): void {
  const h = field.headers[0] ?? headerOf(field);
  writeHeader(w, h, field.option === undefined ? field.bytes : MAX_OPTION_BYTES, false);
}

/** The 32 bits that name a field in Nicira's fixed structures, e.g. for a zone taken from a field. */
export function fieldFrom32(bits: number, at: number): Field {
  const bytes = Uint8Array.of(bits >>> 24, (bits >>> 16) & 0xff, (bits >>> 8) & 0xff, bits & 0xff);
  try {
    return readFieldHeader(new Reader(bytes, 0, 4, 'OFPBAC_BAD_SET_TYPE'));
  } catch (error) {
    throw error instanceof OpenFlowError ? new OpenFlowError('OFPBAC_BAD_SET_TYPE', error.why, at) : error;
  }
}

/** A bit of a slot: byte offset in the key and mask inside that byte. */
function byteOf(slot: Slot, bit: number): number {
  return slot.at + slot.size - 1 - ((bit + slot.shift) >> 3);
}
function maskOf(slot: Slot, bit: number): number {
  return 1 << ((bit + slot.shift) & 7);
}

/** Does a field have this bit? nw_tos keeps the ECN bits in its low end out: they are nw_ecn's. */
function has(field: Field, bit: number): boolean {
  return bit >= 32 || field.bits === 0 || ((field.bits >>> bit) & 1) !== 0;
}

/** Copies bits between two places of (maybe different) keys. */
export function copyBits(from: Key, source: Subfield, to: Key, target: Subfield): void {
  const a = slotOf(source.field);
  const b = slotOf(target.field);
  const set = new Uint8Array(source.bits);
  for (let i = 0; i < source.bits; i++) {
    set[i] =
      from.bytes[byteOf(a, source.start + i)] & maskOf(a, source.start + i) && has(source.field, source.start + i)
        ? 1
        : 0;
  }
  for (let i = 0; i < source.bits; i++) {
    if (!has(target.field, target.start + i)) continue;
    const at = byteOf(b, target.start + i);
    const mask = maskOf(b, target.start + i);
    to.bytes[at] = set[i] ? to.bytes[at] | mask : to.bytes[at] & ~mask;
  }
  to.touched(b.at >> 2);
}

/** Sets the bits of a subfield in a mask key. */
export function markBits(mask: Key, s: Subfield): void {
  const slot = slotOf(s.field);
  for (let i = 0; i < s.bits; i++) {
    if (has(s.field, s.start + i)) mask.bytes[byteOf(slot, s.start + i)] |= maskOf(slot, s.start + i);
  }
  mask.touched(slot.at >> 2);
}

/** Writes an unsigned number into a subfield's bits. */
export function writeBits(key: Key, s: Subfield, value: bigint): void {
  const slot = slotOf(s.field);
  for (let i = 0; i < s.bits; i++) {
    if (!has(s.field, s.start + i)) continue;
    const at = byteOf(slot, s.start + i);
    const mask = maskOf(slot, s.start + i);
    key.bytes[at] = (value >> BigInt(i)) & 1n ? key.bytes[at] | mask : key.bytes[at] & ~mask;
  }
  key.touched(slot.at >> 2);
}

/** The number in a subfield of any width. */
export function readNumber(key: Key, s: Subfield): bigint {
  const slot = slotOf(s.field);
  let number = 0n;
  for (let i = s.bits - 1; i >= 0; i--) {
    const set = key.bytes[byteOf(slot, s.start + i)] & maskOf(slot, s.start + i) && has(s.field, s.start + i);
    number = (number << 1n) | (set ? 1n : 0n);
  }
  return number;
}

/** The number in a subfield of at most 32 bits. */
export function readBits(key: Key, s: Subfield): number {
  const slot = slotOf(s.field);
  let number = 0;
  for (let i = s.bits - 1; i >= 0; i--) {
    const set = key.bytes[byteOf(slot, s.start + i)] & maskOf(slot, s.start + i) && has(s.field, s.start + i);
    number = number * 2 + (set ? 1 : 0);
  }
  return number;
}
