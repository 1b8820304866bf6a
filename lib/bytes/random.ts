/** One seeded generator with a named stream a purpose, so that a new use of chance doesn't disturb the others. */

/** A stream of pseudo-random numbers (the sfc32 generator). */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(
    private readonly seed: number,
    private readonly purpose = '',
  ) {
    let hash = 0x811c9dc5;
    for (const char of purpose) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    this.a = seed | 0;
    this.b = hash;
    this.c = Math.floor(seed / 2 ** 32) | 0;
    for (let i = 0; i < 12; i++) this.u32();
  }

  /** A stream of its own for `purpose`; the same name gives the same numbers. */
  stream(purpose: string): Random {
    return new Random(this.seed, `${this.purpose}/${purpose}`);
  }

  /** A stream that goes on with the same numbers as this one would. */
  copy(): Random {
    return Object.assign(new Random(this.seed, this.purpose), {
      a: this.a,
      b: this.b,
      c: this.c,
      counter: this.counter,
    });
  }

  /** 32 random bits. */
  u32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  /** A whole number, 0 ≤ n < bound (bound ≤ 2^32). */
  below(bound: number): number {
    return Math.floor((this.u32() / 2 ** 32) * bound);
  }
}
