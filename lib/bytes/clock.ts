/**
 * Time, handed in at the top. Everything below reads `now()` and asks for timers here, so a run with a ManualClock is
 * the same each time. Only `lib/cli` and `Switch`'s default make a real one.
 */

/** A timer that was asked for; `cancel` may be called more than once. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds; a fraction is allowed. */
  now(): number;
  /** Milliseconds since 1970, for logs and capture files. */
  wall(): number;
  /** Calls `run` once, `delay_ms` from now. It never keeps a process alive. */
  after(delay_ms: number, run: () => void): Timer;
}

interface Pending {
  at: number;
  order: number;
  run: () => void;
}

/** A clock that stands still until it is advanced. Timers run in order of time, then of asking. */
export class ManualClock implements Clock {
  private pending: Pending[] = [];
  private order = 0;

  constructor(
    private time_ms = 0,
    private readonly wallStart_ms = 0,
  ) {}

  now(): number {
    return this.time_ms;
  }

  wall(): number {
    return this.wallStart_ms + this.time_ms;
  }

  after(delay_ms: number, run: () => void): Timer {
    const entry: Pending = { at: this.time_ms + Math.max(0, delay_ms), order: this.order++, run };
    let low = 0;
    let high = this.pending.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.pending[middle].at <= entry.at) low = middle + 1;
      else high = middle;
    }
    this.pending.splice(low, 0, entry);
    return {
      cancel: () => {
        const index = this.pending.indexOf(entry);
        if (index >= 0) this.pending.splice(index, 1);
      },
    };
  }

  /**
   * Moves time on, running the timers that fall due, each at its own time; a timer may advance it, too. Throws a
   * RangeError for what is no time to come.
   */
  advance(by_ms: number): void {
    if (!(by_ms >= 0 && by_ms < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`time advances by milliseconds from 0 on, not by ${by_ms}`);
    }
    const until = this.time_ms + by_ms;
    while (this.pending.length > 0 && this.pending[0].at <= until) {
      const next = this.pending.shift() as Pending;
      this.time_ms = Math.max(this.time_ms, next.at);
      next.run();
    }
    this.time_ms = Math.max(this.time_ms, until);
  }
}
