/**
 * Properties: type, length without padding, payload, padded to 8 bytes (OpenFlow 1.4 §7.2.1.2 in form; Nicira's
 * messages and actions have them in 1.3 already). What a payload says is the message's.
 */
import { OpenFlowError } from './openflow-error.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

const HEADER_BYTES = 4;
const UNIT = 8;

/**
 * A reader of each property's payload, to the reader's end. Throws BAD_PROPERTY_LEN (OFPTFFC_BAD_LEN, as Open vSwitch
 * names it in 1.3) where a length lies.
 */
export function* properties(r: Reader): Generator<readonly [type: number, payload: Reader]> {
  while (r.left > 0) {
    const at = r.at;
    if (r.left < HEADER_BYTES) throw r.error('OFPTFFC_BAD_LEN', `a property of ${r.left} bytes`);
    const type = r.u16();
    const length = r.u16();
    const padded = Math.ceil(length / UNIT) * UNIT;
    if (length < HEADER_BYTES || padded - HEADER_BYTES > r.left) {
      throw new OpenFlowError(
        'OFPTFFC_BAD_LEN',
        `property ${type} of length ${length}, ${r.left + 4} bytes are left`,
        at,
      );
    }
    const payload = r.sub(length - HEADER_BYTES, 'a property', 'OFPTFFC_BAD_LEN');
    r.skip(padded - length);
    yield [type, payload];
  }
}

/** The error for a type that isn't known. */
export function unknownProperty(r: Reader, what: string, type: number): OpenFlowError {
  return r.error('OFPTFFC_BAD_TYPE', `${what} has property ${type}`, HEADER_BYTES);
}

/** The number that a property is; 64-bit ones stand behind 4 bytes of padding. */
export function only32(payload: Reader): number {
  return nothingBehind(payload, payload.u32('a property of 32 bits'));
}

export function only64(payload: Reader): bigint {
  payload.skip(4);
  return nothingBehind(payload, payload.u64('a property of 64 bits'));
}

/** The number that a property begins with: what follows is let pass, as in Open vSwitch. */
export function first8(payload: Reader): number {
  return payload.u8('a property of 8 bits');
}

export function first16(payload: Reader): number {
  return payload.u16('a property of 16 bits');
}

function nothingBehind<T>(payload: Reader, value: T): T {
  if (payload.left > 0) throw payload.error('OFPTFFC_BAD_LEN', `${payload.left} bytes too many in a property`);
  return value;
}

/** The payload of a property that holds properties or actions: it begins at a multiple of 8. */
export function nested(payload: Reader): Reader {
  payload.skip(UNIT - HEADER_BYTES, 'the padding of a nested property');
  return payload;
}

/** Writes a property around what `payload` writes. */
export function writeProperty(w: Writer, type: number, payload: () => void): void {
  const start = w.at;
  w.u16(type).u16(0);
  payload();
  const length = w.at - start;
  if (length > 0xffff) throw new OpenFlowError('OFPBRC_BAD_LEN', `a property of ${length} bytes is too long`);
  w.u16At(start + 2, length).pad(UNIT, start);
}

/** Writes a property of 16 bits: as Open vSwitch does, with padding that counts. */
export function writeProperty16(w: Writer, type: number, value: number): void {
  writeProperty(w, type, () => w.u16(value).zeros(2));
}

/** The same where the payload holds properties or actions. */
export function writeNested(w: Writer, type: number, payload: () => void): void {
  writeProperty(w, type, () => {
    w.zeros(UNIT - HEADER_BYTES);
    payload();
  });
}
