/** Copies short frames by words where they stand at a multiple of four, as they do in a ring. */

/** Up to so many bytes a loop copies faster than a view of them is made. */
const COPIED_BY_LOOP = 256;

export class FrameCopier {
  /** Where the last short frame stood, and the same as words. */
  private source: Uint8Array;
  private sourceWords: Uint32Array;
  private aligned = true;

  /** @param bytes where frames are copied to, at multiples of four; `words` is the same memory */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly words: Uint32Array,
  ) {
    this.source = bytes;
    this.sourceWords = words;
  }

  /** Copies `bytes[start, end)` to `at`. */
  copy(bytes: Uint8Array, start: number, end: number, at: number): void {
    const { bytes: own, words } = this;
    if (end - start > COPIED_BY_LOOP) {
      own.set(bytes.subarray(start, end), at);
      return;
    }
    if (bytes !== this.source) {
      this.source = bytes;
      this.aligned = (bytes.byteOffset & 3) === 0;
      const count = bytes.byteLength >>> 2;
      this.sourceWords = this.aligned ? new Uint32Array(bytes.buffer, bytes.byteOffset, count) : words;
    }
    let [from, to] = [start, at];
    if (this.aligned && (start & 3) === 0) {
      const { sourceWords } = this;
      const last = end >>> 2;
      for (let word = from >>> 2, into = to >>> 2; word < last; word++, into++) words[into] = sourceWords[word];
      from = last << 2;
      to += from - start;
    }
    for (; from < end; from++, to++) own[to] = bytes[from];
  }
}
