/**
 * Records of 32-bit words in chunks of 16,384, so that growing never copies. A record is a number; its words are
 * `chunks[record >> CHUNK_BITS]` from `(record & CHUNK_MASK) * stride` on. Released records are taken again first,
 * last released first. What a record means is left to its owner; word 0 of a released one holds the link of the free
 * list.
 */

/** Records of a chunk are numbered by this many low bits. */
export const CHUNK_BITS = 14;
export const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

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
    if (this.top >> CHUNK_BITS === this.chunks.length) {
      const chunk = new Int32Array(this.stride << CHUNK_BITS);
      this.chunks.push(chunk);
      this.doubles.push(new Float64Array(chunk.buffer));
    }
    return this.top++;
  }

  /** Gives a record back. */
  release(record: number): void {
    this.used--;
    this.chunks[record >> CHUNK_BITS][(record & CHUNK_MASK) * this.stride] = this.free;
    this.free = record;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.chunks.length * (this.stride << CHUNK_BITS) * 4;
  }
}
