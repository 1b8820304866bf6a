/**
 * The classic capture format (draft-ietf-opsawg-pcap): a header of 24 bytes, then records of 16 bytes and a frame, in
 * the byte order of the machine that wrote them.
 */
import { CaptureError } from './capture-error.js';
import { type CaptureRecord, ETHERNET, fillFrame, MAX_RECORD, needLink } from './record.js';
import type { Window } from './window.js';

const HEADER = 24;
const RECORD_HEADER = 16;
/** Magic numbers, read big-endian → byte order and nanoseconds a tick. */
const MAGIC: Readonly<Record<number, { littleEndian: boolean; tick_ns: number }>> = {
  2712847316: { littleEndian: false, tick_ns: 1000 },
  3569595041: { littleEndian: true, tick_ns: 1000 },
  2712812621: { littleEndian: false, tick_ns: 1 },
  1295823521: { littleEndian: true, tick_ns: 1 },
};

/** Whether the first four bytes, read big-endian, begin a classic file. */
export function isClassic(magic: number): boolean {
  return magic in MAGIC;
}

/** Reads a classic file from a window: `next` gives a record, or null where more bytes are needed. */
export class ClassicReader {
  private tick_ns = 0;
  private fcs = 0;
  private linkType = ETHERNET;

  constructor(
    private readonly window: Window,
    private readonly links: ReadonlySet<number>,
  ) {}

  next(record: CaptureRecord): CaptureRecord | null {
    const { window } = this;
    if (this.tick_ns === 0 && !this.header()) return null;
    if (window.left < RECORD_HEADER) return null;
    const captured = window.u32(8);
    if (captured > MAX_RECORD) {
      throw new CaptureError(`a frame of ${captured} bytes, more than ${MAX_RECORD}`, window.offset + 8);
    }
    if (window.left < RECORD_HEADER + captured) return null;
    const fraction = window.u32(4) * this.tick_ns;
    record.sec = window.u32(0) + Math.floor(fraction / 1e9);
    record.nsec = fraction % 1e9;
    record.linkType = this.linkType;
    fillFrame(record, window.bytes, window.at + RECORD_HEADER, captured, window.u32(12), this.fcs);
    window.skip(RECORD_HEADER + captured);
    return record;
  }

  private header(): boolean {
    const { window } = this;
    if (window.left < HEADER) return false;
    const { littleEndian, tick_ns } = MAGIC[window.u32(0)];
    window.littleEndian = littleEndian;
    const version = `${window.u16(4)}.${window.u16(6)}`;
    if (version !== '2.4' && version !== '2.3') {
      throw new CaptureError(`version ${version} of the capture format, but 2.4 is read`, window.offset + 4);
    }
    const network = window.u32(20);
    this.linkType = network & 0xffff;
    needLink(this.links, this.linkType, window.offset + 20);
    if (network & 0x0400_0000) this.fcs = (network >>> 28) * 2;
    this.tick_ns = tick_ns;
    window.skip(HEADER);
    return true;
  }
}
