/** Bytes that go in at the back and out at the front, in one array that grows. */
export class ByteQueue {
  private bytes = new Uint8Array(0);
  private start = 0;
  private end = 0;

  get length(): number {
    return this.end - this.start;
  }

  append(more: Uint8Array): void {
    if (this.end + more.length > this.bytes.length) {
      const fits = this.length + more.length <= this.bytes.length / 2;
      const target = fits ? this.bytes : new Uint8Array(2 * (this.length + more.length));
      target.set(this.bytes.subarray(this.start, this.end));
      this.bytes = target;
      this.end = this.length;
      this.start = 0;
    }
    this.bytes.set(more, this.end);
    this.end += more.length;
  }

  /** Takes `n` bytes off the front. */
  drop(n: number): void {
    this.start += Math.min(n, this.length);
  }

  /** A copy of at most `n` bytes from `at`, counted from the front. */
  copy(at: number, n: number): Uint8Array {
    return this.bytes.slice(this.start + at, Math.min(this.start + at + n, this.end));
  }
}
