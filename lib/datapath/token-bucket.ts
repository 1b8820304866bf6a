/**
 * A token bucket: what meters and queues count with. It fills at a rate up to its capacity, by the time it is told;
 * what costs more than it holds is refused. Over any time, what passed is what it held, plus rate × time, within one
 * packet.
 */
/** What sums of rates may be off by, in tokens. */
const ROUNDING = 1e-6;

export class TokenBucket {
  /** Tokens at the time of the last call; below zero where one packet cost more than the bucket can hold. */
  tokens: number;
  private last_ms: number;

  constructor(
    /** Tokens a millisecond. */
    readonly rate: number,
    readonly capacity: number,
    now_ms: number,
  ) {
    this.tokens = capacity;
    this.last_ms = now_ms;
  }

  copy(): TokenBucket {
    const copy = new TokenBucket(this.rate, this.capacity, this.last_ms);
    copy.tokens = this.tokens;
    return copy;
  }

  /**
   * Adds what came since the last call; `slack` tokens above the capacity are kept: part of a packet that isn't whole
   * yet.
   */
  fill(now_ms: number, slack = 0): void {
    const passed_ms = now_ms - this.last_ms;
    if (passed_ms <= 0) return;
    this.last_ms = now_ms;
    this.tokens += passed_ms * this.rate;
    if (this.tokens > this.capacity + slack) this.tokens = this.capacity + slack;
  }

  /** Is there enough for `cost`? A cost above the capacity needs a full bucket, which then owes the rest. */
  has(cost: number): boolean {
    return this.tokens >= Math.min(cost, this.capacity) - ROUNDING;
  }

  /** Takes what `has` said is there. */
  take(cost: number): void {
    this.tokens -= cost;
  }

  /** Milliseconds from the last call until there is enough; Infinity for a bucket that doesn't fill. */
  wait_ms(cost: number): number {
    const missing = Math.min(cost, this.capacity) - this.tokens;
    return missing <= 0 ? 0 : missing / this.rate;
  }
}
