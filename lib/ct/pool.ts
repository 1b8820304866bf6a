/**
 * Records of 32-bit words in chunks of 16,384, so that growing never copies (but the first chunk, which begins small:
 * who holds its words looks them up again behind `take`). A record is a number; its words are
 * `chunks[record >> CHUNK_BITS]` from `(record & CHUNK_MASK) * stride` on. Released records are taken again first,
 * last released first. What a record means is left to its owner; word 0 of a released one holds the link of the free
 * list.
 */

/** Records of a chunk are numbered by this many low bits. */
export const CHUNK_BITS = 14;
export const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

/** Records that the first chunk has room for at first; it doubles until it is whole. */
const FEW_RECORDS = 64;

export class Pool {
  readonly chunks: Int32Array[] = [];
  /** The same memory as 64-bit numbers. */
  readonly doubles: Float64Array[] = [];
  /** Records ever taken, and those before `first`: every record is below this. */
  top: number;
  /** Records in use. */
  used = 0;
  private free = -1;

  /**
   * @param stride words a record, even
   * @param first the lowest record: 1 where 0 means none
   */
  constructor(
    readonly stride: number,
    first: 0 | 1 = 0,
  ) {
    this.top = first;
  }

  /** A record; its words hold what was there before (zero the first time), word 0 is zero. */
  take(): number {
    this.used++;
    const record = this.free;
    if (record >= 0) {
      const words = this.chunks[record >> CHUNK_BITS];
      const at = (record & CHUNK_MASK) * this.stride;
      this.free = words[at];
      words[at] = 0;
      return record;
    }
    const { top } = this;
    if (top >> CHUNK_BITS === this.chunks.length) this.grow(top >> CHUNK_BITS === 0 ? FEW_RECORDS : 1 << CHUNK_BITS);
    else if (top < 1 << CHUNK_BITS && top * this.stride === this.chunks[0].length) this.grow(top * 2);
    return this.top++;
  }

  /** Adds a chunk, or makes the first one longer, for so many records. */
  private grow(records: number): void {
    const chunk = new Int32Array(this.stride * records);
    const at = this.top >> CHUNK_BITS;
    if (at < this.chunks.length) chunk.set(this.chunks[at]);
    this.chunks[at] = chunk;
    this.doubles[at] = new Float64Array(chunk.buffer);
  }

  /** Gives a record back. */
  release(record: number): void {
    this.used--;
    this.chunks[record >> CHUNK_BITS][(record & CHUNK_MASK) * this.stride] = this.free;
    this.free = record;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }
}
