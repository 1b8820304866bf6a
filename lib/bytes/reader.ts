/**
 * A cursor over bytes that carries its own end. A nested structure gets a reader of its own (`sub`), so a length that
 * lies can't reach into what follows. All integers are big-endian. Reading past the end throws the reader's own
 * OpenFlow error with the offset, so a truncated action says BAD_ACTION and a truncated match BAD_MATCH.
 */
import { type ErrorName, OpenFlowError } from './openflow-error.js';

export class Reader {
  /** The bytes under the cursor. */
  readonly bytes: Uint8Array;
  /** Offset of the next byte, from the start of `bytes`. */
  at: number;
  /** Offset behind the last byte that may be read. */
  readonly end: number;
  /** The error that reading past the end throws. */
  readonly short: ErrorName;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length, short: ErrorName = 'OFPBRC_BAD_LEN') {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.short = short;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }

  private need(n: number, what: string): number {
    const at = this.at;
    if (n > this.end - at)
      throw new OpenFlowError(this.short, `${what} needs ${n} bytes, ${this.end - at} are left`, at);
    this.at = at + n;
    return at;
  }

  /** 16 and 32 bits at an offset; a DataView would cost more to make than most messages to read. */
  private get16(at: number): number {
    const { bytes } = this;
    return (bytes[at] << 8) | bytes[at + 1];
  }

  private get32(at: number): number {
    const { bytes } = this;
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  }

  u8(what = 'a byte'): number {
    return this.bytes[this.need(1, what)];
  }

  u16(what = 'a 16-bit number'): number {
    return this.get16(this.need(2, what));
  }

  u32(what = 'a 32-bit number'): number {
    return this.get32(this.need(4, what));
  }

  u64(what = 'a 64-bit number'): bigint {
    const at = this.need(8, what);
    const high = this.get32(at);
    const low = this.get32(at + 4);
    // Most cookies and masks are zero: one number for all of them.
    if (high === 0) return low === 0 ? 0n : BigInt(low);
    return (BigInt(high) << 32n) | BigInt(low);
  }

  /** A copy of the next `n` bytes. */
  take(n: number, what = 'bytes'): Uint8Array {
    const at = this.need(n, what);
    return this.bytes.slice(at, at + n);
  }

  /** A copy of all that is left. */
  rest(): Uint8Array {
    return this.take(this.left);
  }

  skip(n: number, what = 'padding'): void {
    this.need(n, what);
  }

  /** Looks at a 16-bit number `ahead` bytes on, without moving. */
  peek16(ahead = 0, what = 'a 16-bit number'): number {
    if (ahead + 2 > this.left) throw new OpenFlowError(this.short, `${what} is cut off`, this.at);
    return this.get16(this.at + ahead);
  }

  /** Looks at a 32-bit number `ahead` bytes on, without moving. */
  peek32(ahead = 0, what = 'a 32-bit number'): number {
    if (ahead + 4 > this.left) throw new OpenFlowError(this.short, `${what} is cut off`, this.at);
    return this.get32(this.at + ahead);
  }

  /** A reader of the next `n` bytes, which this one steps over. */
  sub(n: number, what = 'a structure', short: ErrorName = this.short): Reader {
    if (n > this.left || n < 0) throw new OpenFlowError(short, `${what} of ${n} bytes, ${this.left} are left`, this.at);
    const reader = new Reader(this.bytes, this.at, this.at + n, short);
    this.at += n;
    return reader;
  }

  /** A mistake at the cursor's place, or `back` bytes before it. */
  error(error: ErrorName, why: string, back = 0): OpenFlowError {
    return new OpenFlowError(error, why, this.at - back);
  }
}
