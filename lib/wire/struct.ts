/**
 * Fixed layouts as tables: a struct is a list of [member, part] and numbers of padding bytes, in the order of the
 * bytes. For bodies off the packet path; flow-mods, packet-ins and flow statistics are written by hand.
 */
import { OpenFlowError, type Reader, type Writer } from '../bytes/index.js';

/** A value that always takes the same number of bytes. */
export interface Part<T> {
  readonly bytes: number;
  read(r: Reader): T;
  write(w: Writer, value: T): void;
}

export const u8: Part<number> = { bytes: 1, read: (r) => r.u8(), write: (w, v) => w.u8(v) };
export const u16: Part<number> = { bytes: 2, read: (r) => r.u16(), write: (w, v) => w.u16(v) };
export const u32: Part<number> = { bytes: 4, read: (r) => r.u32(), write: (w, v) => w.u32(v) };
export const u64: Part<bigint> = { bytes: 8, read: (r) => r.u64(), write: (w, v) => w.u64(v) };

/** An Ethernet address: six bytes. */
export const mac: Part<Uint8Array> = { bytes: 6, read: (r) => r.take(6), write: (w, v) => w.put(v) };

const TWO_32 = 2 ** 32;

/**
 * Reads a 64-bit counter as a number: exact up to 2^53, the nearest double above. All ones is null, which says "not
 * counted" (§7.3.5.6).
 */
export function readCounter(r: Reader): number | null {
  const high = r.u32('a counter');
  const low = r.u32('a counter');
  return high === 0xffffffff && low === 0xffffffff ? null : high * TWO_32 + low;
}

/** Writes a counter; null becomes all ones. */
export function writeCounter(w: Writer, value: number | null): void {
  if (value === null) w.u32(0xffffffff).u32(0xffffffff);
  else w.u32(Math.floor(value / TWO_32)).u32(value % TWO_32);
}

export const counter: Part<number | null> = { bytes: 8, read: readCounter, write: writeCounter };

const utf8 = new TextDecoder();

/** UTF-8 text in exactly `bytes` bytes, padded with zeros; the last byte is always zero (OpenFlow's C strings). */
export function text(bytes: number): Part<string> {
  return {
    bytes,
    read(r) {
      const all = r.take(bytes);
      const end = all.indexOf(0);
      return utf8.decode(end < 0 ? all : all.subarray(0, end));
    },
    write: (w, value) => w.text(value, bytes),
  };
}

/** Exactly `count` 32-bit numbers. */
export function numbers(count: number): Part<readonly number[]> {
  return {
    bytes: 4 * count,
    read: (r) => Array.from({ length: count }, () => r.u32()),
    write(w, values) {
      if (values.length !== count) throw new RangeError(`${values.length} numbers instead of ${count}`);
      for (const value of values) w.u32(value);
    },
  };
}

/** A number by its name where it has one, so that what a newer peer sends survives. */
export interface Enumeration<N extends string> extends Part<N | number> {
  readonly names: readonly N[];
  nameOf(number: number): N | number;
  numberOf(name: N | number): number;
}

/** Names of 0, 1, 2 … in as many bytes as `part` takes. */
export function enumeration<N extends string>(part: Part<number>, names: readonly N[]): Enumeration<N> {
  const nameOf = (number: number): N | number => names[number] ?? number;
  const numberOf = (name: N | number): number => (typeof name === 'number' ? name : names.indexOf(name));
  return {
    bytes: part.bytes,
    names,
    nameOf,
    numberOf,
    read: (r) => nameOf(part.read(r)),
    write: (w, name) => part.write(w, numberOf(name)),
  };
}

/** A member of a struct with its part, or a number of padding bytes. */
export type Row<T> = number | { [K in keyof T]-?: readonly [K, Part<T[K]>] }[keyof T];

/** A part out of a table. Padding is written as zeros and not looked at. */
export function struct<T>(rows: readonly Row<T>[]): Part<T> {
  let bytes = 0;
  for (const row of rows) bytes += typeof row === 'number' ? row : row[1].bytes;
  return {
    bytes,
    read(r) {
      const value: Partial<T> = {};
      for (const row of rows) {
        if (typeof row === 'number') r.skip(row);
        else value[row[0]] = row[1].read(r);
      }
      return value as T;
    },
    write(w, value) {
      for (const row of rows) {
        if (typeof row === 'number') w.zeros(row);
        else row[1].write(w, value[row[0]]);
      }
    },
  };
}

/** A reader of a structure that begins with its own length in 16 bits; the cursor is moved behind it. */
export function readSized(r: Reader, least: number, what: string): Reader {
  const length = r.peek16(0, what);
  if (length < least || length > r.left) {
    throw new OpenFlowError('OFPBRC_BAD_LEN', `${what} of length ${length}, ${r.left} bytes are left`, r.at);
  }
  return r.sub(length, what);
}

/** Fills in the length of a structure that began at `start` with 16 bits of room for it. */
export function writeSize(w: Writer, start: number, at = start): void {
  const length = w.at - start;
  if (length > 0xffff) throw new OpenFlowError('OFPBRC_BAD_LEN', `a structure of ${length} bytes is too long`);
  w.u16At(at, length);
}
