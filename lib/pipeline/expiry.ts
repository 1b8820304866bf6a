/** Idle and hard timeouts: flows wait in buckets of a second; a bucket that is due is looked at once. */
import type { Clock, Timer } from '../bytes/index.js';
import type { Flow } from './flow.js';
import type { RemovedReason } from './types.js';

const TICK_MS = 1000;

export interface ExpiryEvents {
  /** Brings `used_ms` of all flows up to date. */
  collect(): void;
  expired(flow: Flow, reason: RemovedReason): void;
}

export class Expiry {
  /** Second in which they are due → flows. */
  private readonly buckets = new Map<number, Flow[]>();
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly events: ExpiryEvents,
  ) {}

  /** Watches a flow that has a timeout. */
  watch(flow: Flow): void {
    const due = dueAt(flow);
    if (due === Number.POSITIVE_INFINITY) return;
    const second = Math.ceil(due / TICK_MS);
    const bucket = this.buckets.get(second);
    if (bucket) bucket.push(flow);
    else this.buckets.set(second, [flow]);
    this.arm();
  }

  private arm(): void {
    if (this.timer || this.buckets.size === 0) return;
    const now = this.clock.now();
    this.timer = this.clock.after((Math.floor(now / TICK_MS) + 1) * TICK_MS - now, () => {
      this.timer = null;
      this.tick();
      this.arm();
    });
  }

  private tick(): void {
    const now = this.clock.now();
    const due = [...this.buckets.keys()].filter((second) => second * TICK_MS <= now).sort((a, b) => a - b);
    if (due.length === 0) return;
    this.events.collect();
    for (const second of due) {
      const flows = this.buckets.get(second) as Flow[];
      this.buckets.delete(second);
      for (const flow of flows) this.look(flow, now);
    }
  }

  private look(flow: Flow, now: number): void {
    if (flow.removed) return;
    if (flow.hardTimeout_s && now >= flow.modified_ms + flow.hardTimeout_s * 1000)
      this.events.expired(flow, 'hard_timeout');
    else if (flow.idleTimeout_s && now >= flow.used_ms + flow.idleTimeout_s * 1000)
      this.events.expired(flow, 'idle_timeout');
    else this.watch(flow);
  }

  close(): void {
    this.timer?.cancel();
    this.timer = null;
    this.buckets.clear();
  }
}

function dueAt(flow: Flow): number {
  const hard = flow.hardTimeout_s ? flow.modified_ms + flow.hardTimeout_s * 1000 : Number.POSITIVE_INFINITY;
  const idle = flow.idleTimeout_s ? flow.used_ms + flow.idleTimeout_s * 1000 : Number.POSITIVE_INFINITY;
  return Math.min(hard, idle);
}
