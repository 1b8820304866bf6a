/**
 * The part of a file that a reader has in hand: a window that slides over the chunks it is given. What a chunk leaves
 * over is kept and copied in front of the next one, into room that the caller left there or else into a new array. So a
 * record is always in one piece, a chunk can be filled again, and memory stays bounded by a chunk and a record.
 * Integers are read in the byte order that the file announced.
 */
export class Window {
  bytes: Uint8Array = new Uint8Array(0);
  /** Offset in `bytes` of the next byte. */
  at = 0;
  /** Offset in `bytes` behind the last byte in hand. */
  end = 0;
  littleEndian = false;
  /** Offset in the file of `bytes[0]`; may be negative. */
  private base = 0;
  private skipping = 0;
  private kept: Uint8Array = new Uint8Array(4096);

  /** Offset in the file of the next byte. */
  get offset(): number {
    return this.base + this.at;
  }

  /** Bytes in hand. */
  get left(): number {
    return this.end - this.at;
  }

  /** Bytes that are to be skipped and haven't come yet. */
  get owed(): number {
    return this.skipping;
  }

  /** Takes `bytes[start, end)`; what stands before `start` may be overwritten. Earlier records are void after this. */
  push(bytes: Uint8Array, start: number, end: number): void {
    this.release();
    const left = this.left;
    const offset = this.offset;
    if (left <= start) {
      bytes.set(this.bytes.subarray(this.at, this.end), start - left);
      this.bytes = bytes;
      this.at = start - left;
      this.end = end;
    } else {
      this.bytes = new Uint8Array(left + end - start);
      this.bytes.set(this.kept.subarray(0, left));
      this.bytes.set(bytes.subarray(start, end), left);
      this.at = 0;
      this.end = this.bytes.length;
    }
    this.base = offset - this.at;
    if (this.skipping > 0) this.skip(0);
  }

  /** Lets go of the chunk in hand, keeping a copy of what is left of it. */
  release(): void {
    const left = this.left;
    if (this.bytes === this.kept && this.at === 0) return;
    const offset = this.offset;
    if (this.kept.length < left) this.kept = new Uint8Array(Math.max(left, 2 * this.kept.length));
    this.kept.set(this.bytes.subarray(this.at, this.end));
    this.bytes = this.kept;
    this.at = 0;
    this.end = left;
    this.base = offset;
  }

  /** Steps over `n` bytes, also those that haven't come yet. */
  skip(n: number): void {
    const owed = this.skipping + n;
    const now = Math.min(owed, this.left);
    this.at += now;
    this.skipping = owed - now;
  }

  /** The unsigned 16-bit number `ahead` bytes on. */
  u16(ahead: number): number {
    const at = this.at + ahead;
    const bytes = this.bytes;
    return this.littleEndian ? bytes[at] | (bytes[at + 1] << 8) : (bytes[at] << 8) | bytes[at + 1];
  }

  /** The unsigned 32-bit number `ahead` bytes on. */
  u32(ahead: number): number {
    const at = this.at + ahead;
    const b = this.bytes;
    return this.littleEndian
      ? (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0
      : ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
  }
}
