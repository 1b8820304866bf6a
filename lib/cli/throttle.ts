/**
 * Keeps a flood of events from filling the screen: of each kind a few lines at once, one a second in the long run, the
 * rest is counted.
 */
import type { Clock, Timer } from '../bytes/index.js';

/** Lines at once, how long one takes to come back, and how often it is told what was left out. */
export const BURST = 6;
export const REFILL_MS = 1000;
export const TELL_MS = 5000;

/** Lines that a kind of event may still have, and since when it has them. */
interface Bucket {
  tokens: number;
  filled_ms: number;
  /** Events without a line that were not told of yet. */
  untold: number;
}

export class Throttle {
  private readonly buckets = new Map<string, Bucket>();
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    /** Told "1234 more packet-ins". */
    private readonly say: (text: string) => void,
  ) {}

  /** May a line be written about `what`, a kind of event in the plural? Otherwise it is counted. */
  allows(what: string): boolean {
    const bucket = this.bucketOf(what);
    const gained = Math.floor((this.clock.now() - bucket.filled_ms) / REFILL_MS);
    bucket.filled_ms += gained * REFILL_MS;
    bucket.tokens = Math.min(BURST, bucket.tokens + gained);
    if (bucket.tokens > 0) {
      bucket.tokens--;
      return true;
    }
    bucket.untold++;
    this.timer ??= this.clock.after(TELL_MS, () => this.tell());
    return false;
  }

  close(): void {
    this.timer?.cancel();
  }

  private bucketOf(what: string): Bucket {
    const known = this.buckets.get(what);
    if (known !== undefined) return known;
    const bucket = { tokens: BURST, filled_ms: this.clock.now(), untold: 0 };
    this.buckets.set(what, bucket);
    return bucket;
  }

  private tell(): void {
    this.timer = null;
    for (const [what, bucket] of this.buckets) {
      if (bucket.untold > 0) this.say(`… and ${bucket.untold} more ${what}`);
      bucket.untold = 0;
    }
  }
}
