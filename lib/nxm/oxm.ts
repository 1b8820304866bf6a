/**
 * TLVs of matches and set_field: header, value, mask (OpenFlow 1.3.5 §7.2.3.2; Nicira's NXM has the same shape).
 * Reading checks what belongs to one TLV alone; what depends on its neighbours (prerequisites, duplicates) is
 * match.ts's.
 */
import { type ErrorName, OpenFlowError, type Reader, type Writer } from '../bytes/index.js';
import { type Field, isUnmapped, type OxmHeader } from './field.js';
import { fieldOf } from './fields.js';

/**
 * A field with a value and, unless all bits count, a mask: bytes in network order, `field.bytes` long; of a Geneve
 * option that isn't mapped, maybe only the low ones.
 */
export interface FieldValue {
  readonly field: Field;
  readonly value: Uint8Array;
  readonly mask: Uint8Array | null;
}

/** A TLV header as it stands on the wire. */
export interface RawHeader {
  readonly oxmClass: number;
  readonly number: number;
  readonly experimenter: number;
  readonly hasMask: boolean;
  /** Payload in bytes, mask included, experimenter id not. */
  readonly length: number;
}

/** The class whose headers carry an experimenter id. */
const EXPERIMENTER_CLASS = 0xffff;

/** The errors that a place where TLVs stand gives. */
export interface OxmErrors {
  readonly unknown: ErrorName;
  readonly length: ErrorName;
  readonly mask: ErrorName;
  readonly value: ErrorName;
  readonly wildcards: ErrorName;
}

/** A match's errors. */
export const MATCH_ERRORS: OxmErrors = {
  unknown: 'OFPBMC_BAD_FIELD',
  length: 'OFPBMC_BAD_LEN',
  mask: 'OFPBMC_BAD_MASK',
  value: 'OFPBMC_BAD_VALUE',
  wildcards: 'OFPBMC_BAD_WILDCARDS',
};

/** set_field's errors. */
export const SET_ERRORS: OxmErrors = {
  unknown: 'OFPBAC_BAD_SET_TYPE',
  length: 'OFPBAC_BAD_SET_LEN',
  mask: 'OFPBAC_BAD_SET_MASK',
  value: 'OFPBAC_BAD_SET_ARGUMENT',
  wildcards: 'OFPBAC_BAD_SET_ARGUMENT',
};

/** Reads a header of 4 bytes, or 8 with an experimenter id. */
export function readHeader(r: Reader): RawHeader {
  const oxmClass = r.u16('an OXM header');
  const second = r.u8('an OXM header');
  const length = r.u8('an OXM header');
  const hasMask = (second & 1) !== 0;
  if (oxmClass !== EXPERIMENTER_CLASS) return { oxmClass, number: second >> 1, experimenter: 0, hasMask, length };
  if (length < 4) throw r.error(r.short, `experimenter OXM of length ${length}`, 1);
  return { oxmClass, number: second >> 1, experimenter: r.u32('an OXM experimenter id'), hasMask, length: length - 4 };
}

/** The field that a header names; `errors.unknown` where there is none. */
export function knownField(h: RawHeader, r: Reader, errors: OxmErrors): Field {
  const field = fieldOf(h.oxmClass, h.number, h.experimenter);
  if (!field) {
    const what = `0x${h.oxmClass.toString(16)}, field ${h.number}`;
    throw r.error(errors.unknown, `unknown OXM class ${what}`, h.experimenter ? 8 : 4);
  }
  return field;
}

/** Does a value of at most 4 bytes keep to the field's bits? */
function keepsToBits(field: Field, value: Uint8Array): boolean {
  if (field.bits === 0 || value.length > 4) return true;
  let number = 0;
  for (const byte of value) number = number * 256 + byte;
  return (number & ~field.bits) >>> 0 === 0;
}

/**
 * Reads one TLV and checks it by itself. A mask of all ones is dropped; one of all zeros stays, for the caller to see.
 */
export function readTlv(r: Reader, errors: OxmErrors = MATCH_ERRORS): FieldValue {
  const at = r.at;
  const h = readHeader(r);
  const field = knownField(h, r, errors);
  const size = h.hasMask ? h.length / 2 : h.length;
  const fits = isUnmapped(field) ? Number.isInteger(size) && size <= field.bytes : size === field.bytes;
  if (!fits) {
    const wanted = h.hasMask ? field.bytes * 2 : field.bytes;
    throw new OpenFlowError(errors.length, `${field.name} has ${h.length} bytes instead of ${wanted}`, at);
  }
  const value = r.take(size, field.name);
  const mask = h.hasMask ? r.take(size, `the mask of ${field.name}`) : null;
  return checkValue(field, value, mask, at, errors);
}

/** Checks a value and mask of the right size; returns them with a mask of all ones made null. */
export function checkValue(
  field: Field,
  value: Uint8Array,
  mask: Uint8Array | null,
  at: number | undefined,
  errors: OxmErrors = MATCH_ERRORS,
): FieldValue {
  // A mask of few bytes may be one of the low bytes of a longer option.
  if (!isUnmapped(field) && mask?.every((byte) => byte === 0xff)) mask = null;
  if (!keepsToBits(field, value)) {
    throw new OpenFlowError(errors.value, `${field.name} can't have this value`, at);
  }
  if (mask === null) return { field, value, mask };
  if (!field.maskable && mask.some((byte) => byte !== 0)) {
    throw new OpenFlowError(errors.mask, `${field.name} can't be masked`, at);
  }
  for (let i = 0; i < value.length; i++) {
    if (value[i] & ~mask[i]) throw new OpenFlowError(errors.wildcards, `${field.name} has bits outside its mask`, at);
  }
  return { field, value, mask };
}

/** The header that OpenFlow 1.3 messages are written with. Throws where a field has none (tun_ttl, dl_vlan …). */
export function headerOf(field: Field): OxmHeader {
  const h = field.headers.at(-1);
  if (!h) throw new OpenFlowError('OFPBMC_BAD_FIELD', `${field.name} has no number on the wire`);
  return h;
}

/** Writes a header for a payload of `length` bytes. */
export function writeHeader(w: Writer, h: OxmHeader, length: number, hasMask: boolean): void {
  w.u16(h.oxmClass).u8((h.number << 1) | (hasMask ? 1 : 0));
  if (h.experimenter) w.u8(length + 4).u32(h.experimenter);
  else w.u8(length);
}

/** Writes header, value and mask. */
export function writeTlv(w: Writer, value: FieldValue): void {
  writeTlvAs(w, headerOf(value.field), value);
}

/** The same with Nicira's own header, where the field has one. */
export function writeNxmTlv(w: Writer, value: FieldValue): void {
  writeTlvAs(w, value.field.headers[0] ?? headerOf(value.field), value);
}

function writeTlvAs(w: Writer, header: OxmHeader, { value, mask }: FieldValue): void {
  writeHeader(w, header, mask ? value.length * 2 : value.length, mask !== null);
  w.put(value);
  if (mask) w.put(mask);
}
