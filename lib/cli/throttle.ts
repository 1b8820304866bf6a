/**
 * Keeps a flood of events from filling the screen: a few lines at once, one a second in the long run, the rest is
 * counted.
 */
import type { Clock, Timer } from '../bytes/index.js';

/** Lines at once, how long one takes to come back, and how often it is told what was left out. */
export const BURST = 6;
export const REFILL_MS = 1000;
export const TELL_MS = 5000;

export class Throttle {
  private tokens = BURST;
  private filled_ms: number;
  private readonly untold = new Map<string, number>();
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    /** Told "1234 more packet-ins". */
    private readonly say: (text: string) => void,
  ) {
    this.filled_ms = clock.now();
  }

  /** May a line be written? Otherwise it is counted under `what`, a word in the plural. */
  allows(what: string): boolean {
    const now = this.clock.now();
    const gained = Math.floor((now - this.filled_ms) / REFILL_MS);
    this.filled_ms += gained * REFILL_MS;
    this.tokens = Math.min(BURST, this.tokens + gained);
    if (this.tokens > 0) {
      this.tokens--;
      return true;
    }
    this.untold.set(what, (this.untold.get(what) ?? 0) + 1);
    this.timer ??= this.clock.after(TELL_MS, () => this.tell());
    return false;
  }

  close(): void {
    this.timer?.cancel();
  }

  private tell(): void {
    this.timer = null;
    for (const [what, count] of this.untold) this.say(`… and ${count} more ${what}`);
    this.untold.clear();
  }
}
