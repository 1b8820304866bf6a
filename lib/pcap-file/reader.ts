/**
 * Reads capture files of either format from chunks of any size: `push` a chunk, then call `next` until it gives null.
 * The first four bytes decide on the format; classic.ts and pcapng.ts know the rest.
 */
import { CaptureError } from './capture-error.js';
import { ClassicReader, isClassic } from './classic.js';
import { isPcapng, PcapngReader } from './pcapng.js';
import { type CaptureRecord, ETHERNET } from './record.js';
import { Window } from './window.js';

/** Room to leave before a chunk in its array, in bytes, so that what the last chunk left over needs no new array. */
export const CHUNK_HEADROOM = 524_288;

export class CaptureReader {
  private readonly window = new Window();
  private format: ClassicReader | PcapngReader | null = null;
  private readonly record: CaptureRecord = {
    sec: 0,
    nsec: 0,
    bytes: this.window.bytes,
    start: 0,
    end: 0,
    linkType: ETHERNET,
    originalLength: 0,
  };

  /** `links`: the link types that the frames may have; Ethernet alone by default. */
  constructor(private readonly links: ReadonlySet<number> = new Set([ETHERNET])) {}

  /**
   * Takes the next bytes of the file, `bytes[start, end)`. The reader may write before `start` and points into `bytes`.
   */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.window.push(bytes, start, end);
  }

  /**
   * The next frame, in an object that is used again, or null: more bytes are needed, and the chunk is the caller's
   * again. Throws a CaptureError.
   */
  next(): CaptureRecord | null {
    this.format ??= this.begin();
    const record = this.format === null ? null : this.format.next(this.record);
    if (record === null) this.window.release();
    return record;
  }

  /** The file is at its end. Throws a CaptureError if that is inside a header or a record. */
  finish(): void {
    const { window } = this;
    if (this.format === null) throw new CaptureError('no capture file: it is too short', window.offset + window.left);
    if (window.left > 0 || window.owed > 0) throw new CaptureError('the file is cut off in a record', window.offset);
    if (window.offset < 24) throw new CaptureError('the file is cut off in its header', window.offset);
  }

  private begin(): ClassicReader | PcapngReader | null {
    if (this.window.left < 4) return null;
    const magic = this.window.u32(0);
    if (isClassic(magic)) return new ClassicReader(this.window, this.links);
    if (isPcapng(magic)) return new PcapngReader(this.window, this.links);
    const hex = magic.toString(16).padStart(8, '0');
    throw new CaptureError(`neither pcap nor pcapng: it begins with ${hex}`, this.window.offset);
  }
}
