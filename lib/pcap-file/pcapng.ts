/**
 * The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks. Read are section headers (which may change the byte
 * order), interface descriptions (link type, time resolution and offset, FCS length), and the enhanced, simple and old
 * packet blocks. Every other block is stepped over without being kept, however long it is.
 */
import { CaptureError } from './capture-error.js';
import { type CaptureRecord, ETHERNET, fillFrame, MAX_RECORD, needLink } from './record.js';
import type { Window } from './window.js';

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length, and the length again at the end. */
const BLOCK_FRAME = 12;
/** Options of a block that is read whole; more is a bad file. */
const MAX_OPTIONS = 65_536;
/** Interfaces a section may describe. */
const MAX_INTERFACES = 4096;

/** Where a kind of packet block keeps what, as offsets from the block's start; -1: it doesn't say. */
const PACKETS: Readonly<
  Record<number, { interface: number; wide: boolean; time: number; captured: number; original: number; data: number }>
> = {
  [ENHANCED_PACKET]: { interface: 8, wide: true, time: 12, captured: 20, original: 24, data: 28 },
  [OLD_PACKET]: { interface: 8, wide: false, time: 12, captured: 20, original: 24, data: 28 },
  [SIMPLE_PACKET]: { interface: -1, wide: true, time: -1, captured: -1, original: 8, data: 12 },
};

interface Interface {
  linkType: number;
  snaplen: number;
  ticks_per_s: number;
  offset_s: number;
  fcs: number;
  /** Where it was described, for messages. */
  at: number;
}

/** Whether the first four bytes, read big-endian, begin a pcapng file. */
export function isPcapng(magic: number): boolean {
  return magic === SECTION;
}

/** Reads a pcapng file from a window: `next` gives a record, or null where more bytes are needed. */
export class PcapngReader {
  private interfaces: Interface[] = [];

  constructor(
    private readonly window: Window,
    private readonly links: ReadonlySet<number>,
  ) {}

  next(record: CaptureRecord): CaptureRecord | null {
    const { window } = this;
    for (;;) {
      if (window.owed > 0 || window.left < BLOCK_FRAME) return null;
      const type = window.u32(0);
      if (type === SECTION) this.byteOrder();
      const length = this.blockLength();
      const shape = PACKETS[type];
      if (shape === undefined && type !== SECTION && type !== INTERFACE) {
        window.skip(length);
        continue;
      }
      const limit = shape === undefined ? MAX_OPTIONS : MAX_RECORD + MAX_OPTIONS;
      if (length > limit) throw new CaptureError(`a block of ${length} bytes, more than ${limit}`, window.offset + 4);
      if (window.left < length) return null;
      if (window.u32(length - 4) !== length) {
        throw new CaptureError(`a block of ${length} bytes that ends with another length`, window.offset + length - 4);
      }
      if (type === SECTION) this.interfaces = [];
      else if (type === INTERFACE) this.describe(length);
      else this.packet(record, shape, length);
      window.skip(length);
      if (shape !== undefined) return record;
    }
  }

  private byteOrder(): void {
    const { window } = this;
    window.littleEndian = false;
    const magic = window.u32(8);
    if (magic === ORDER_MAGIC) return;
    window.littleEndian = true;
    if (window.u32(8) !== ORDER_MAGIC) throw new CaptureError('a section without a byte order', window.offset + 8);
  }

  private blockLength(): number {
    const { window } = this;
    const length = window.u32(4);
    if (length % 4 || length < BLOCK_FRAME) throw new CaptureError(`a block length of ${length}`, window.offset + 4);
    return length;
  }

  /** An interface description of `length` bytes is in hand. */
  private describe(length: number): void {
    const { window } = this;
    if (length < 20) throw new CaptureError(`an interface description of ${length} bytes`, window.offset + 4);
    if (this.interfaces.length >= MAX_INTERFACES) {
      throw new CaptureError(`more than ${MAX_INTERFACES} interfaces`, window.offset);
    }
    const described: Interface = {
      linkType: window.u16(8),
      snaplen: window.u32(12),
      ticks_per_s: 1e6,
      offset_s: 0,
      fcs: 0,
      at: window.offset + 8,
    };
    for (let at = 16; at + 4 <= length - 4; ) {
      const code = window.u16(at);
      const size = window.u16(at + 2);
      if (code === 0) break;
      if (at + 4 + size > length - 4) throw new CaptureError('an option longer than its block', window.offset + at);
      if (code === 9 && size === 1) described.ticks_per_s = resolution(window.bytes[window.at + at + 4]);
      if (code === 13 && size === 1) described.fcs = window.bytes[window.at + at + 4];
      if (code === 14 && size === 8) described.offset_s = this.signed64(at + 4);
      at += 4 + size + ((4 - (size % 4)) % 4);
    }
    this.interfaces.push(described);
  }

  private packet(record: CaptureRecord, shape: (typeof PACKETS)[number], length: number): void {
    const { window } = this;
    if (length < shape.data + 4) throw new CaptureError(`a packet block of ${length} bytes`, window.offset + 4);
    const id = shape.interface < 0 ? 0 : shape.wide ? window.u32(shape.interface) : window.u16(shape.interface);
    const from = this.interfaces[id];
    if (from === undefined) {
      throw new CaptureError(`a packet of interface ${id}, which was not described`, window.offset + 8);
    }
    if (from.linkType !== ETHERNET) needLink(this.links, from.linkType, from.at);
    record.linkType = from.linkType;
    const original = window.u32(shape.original);
    const room = length - 4 - shape.data;
    const snaplen = from.snaplen === 0 ? original : from.snaplen;
    const captured = shape.captured < 0 ? Math.min(original, snaplen, room) : window.u32(shape.captured);
    if (captured > room || captured > MAX_RECORD) {
      throw new CaptureError(
        `a frame of ${captured} bytes in a block that has ${room}`,
        window.offset + shape.captured,
      );
    }
    record.sec = 0;
    record.nsec = 0;
    if (shape.time >= 0) setTime(record, window.u32(shape.time), window.u32(shape.time + 4), from);
    fillFrame(record, window.bytes, window.at + shape.data, captured, original, from.fcs);
  }

  /** A signed 64-bit number of seconds; beyond 2^53 it is rounded. */
  private signed64(ahead: number): number {
    const { window } = this;
    const [high, low] = window.littleEndian ? [ahead + 4, ahead] : [ahead, ahead + 4];
    return (window.u32(high) | 0) * 2 ** 32 + window.u32(low);
  }
}

/** Ticks a second for an if_tsresol: a power of two where the high bit is set, else of ten. */
function resolution(code: number): number {
  return code & 0x80 ? 2 ** (code & 0x7f) : 10 ** code;
}

/** Ticks a second up to which the division below is exact in doubles: its remainders times 2^16 stay under 2^53. */
const EXACT_TICKS = 2 ** 37;

/** Splits a time stamp of 64 bits into seconds and nanoseconds. */
function setTime(record: CaptureRecord, high: number, low: number, from: Interface): void {
  const ticks = from.ticks_per_s;
  if (ticks > EXACT_TICKS) {
    const whole = (BigInt(high) << 32n) | BigInt(low);
    record.sec = Number(whole / BigInt(ticks)) + from.offset_s;
    record.nsec = Number(((whole % BigInt(ticks)) * 1_000_000_000n) / BigInt(ticks));
    return;
  }
  let seconds = Math.floor(high / ticks);
  let rest = high % ticks;
  for (const half of [low >>> 16, low & 0xffff]) {
    const value = rest * 65536 + half;
    seconds = seconds * 65536 + Math.floor(value / ticks);
    rest = value % ticks;
  }
  record.sec = seconds + from.offset_s;
  record.nsec = Math.min(
    999_999_999,
    ticks <= 1e9 ? Math.floor(rest * (1e9 / ticks)) : Math.floor(rest / (ticks / 1e9)),
  );
}
