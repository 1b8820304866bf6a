/**
 * Queues of a port (OpenFlow 1.3.5 §7.2.2): what is sent through one leaves at no more than its max rate, and, where
 * the port itself is held to a rate, at no less than its min rate while it has something to send; what the minima leave
 * of the port's rate is shared packet by packet. A frame that may leave at once does, without a copy; others wait, in
 * order, in a bounded queue, and a timer of the clock sends them. A port without queues has none of this in its way.
 */
import type { Clock, Timer } from '../bytes/index.js';
import type { TunnelOut } from '../packet/tunnel.js';
import { TokenBucket } from './token-bucket.js';

/** Frames that may wait in a queue; what comes on top is dropped and counted. */
export const QUEUE_FRAMES = 1000;
/** Most queues of a port. */
export const MAX_QUEUES = 64;
/** What a shaper may send at once: so much time of its rate, and one long frame at least. */
const BURST_MS = 10;
const LONG_FRAME_BITS = 1518 * 8;

/** Bits a second; left out or 0: no promise, no bound. */
export interface QueueRates {
  readonly min_rate_bps?: number;
  readonly max_rate_bps?: number;
}

/** Where frames go, and where lost ones are counted. */
export interface QueueOutput {
  send(bytes: Uint8Array, start: number, end: number, tunnel?: TunnelOut): void;
  lost(): void;
}

function bucket(bps: number | undefined, now_ms: number): TokenBucket | null {
  if (!bps) return null;
  const rate = bps / 1000;
  return new TokenBucket(rate, Math.max(rate * BURST_MS, LONG_FRAME_BITS), now_ms);
}

export class Queue {
  packets = 0;
  bytes = 0;
  /** Frames dropped because too many waited. */
  errors = 0;
  readonly waiting: { readonly frame: Uint8Array; readonly tunnel?: TunnelOut }[] = [];
  min: TokenBucket | null = null;
  max: TokenBucket | null = null;
  rates: QueueRates = {};

  constructor(
    readonly id: number,
    readonly since_ms: number,
  ) {}

  set(rates: QueueRates, now_ms: number): void {
    this.rates = rates;
    this.min = bucket(rates.min_rate_bps, now_ms);
    this.max = bucket(rates.max_rate_bps, now_ms);
  }

  fill(now_ms: number): void {
    this.min?.fill(now_ms);
    this.max?.fill(now_ms);
  }
}

/** The queue of frames that name none, or one that isn't there. */
const DEFAULT_QUEUE = 0;

export class PortQueues {
  private readonly byId = new Map<number, Queue>();
  /** For frames that go through no configured queue while the port is held to a rate. */
  private readonly rest: Queue;
  /** All queues, `rest` last; served in turn. */
  private order: Queue[] = [];
  private turn = 0;
  private shaper: TokenBucket | null = null;
  private timer: Timer | null = null;
  /** Frames that wait in any queue. */
  private backlog = 0;
  /** Bits a second of the port; undefined: not held to any. */
  rate_bps: number | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly out: QueueOutput,
  ) {
    this.rest = new Queue(DEFAULT_QUEUE, clock.now());
    this.order = [this.rest];
  }

  /** The configured queues by id. */
  list(): Queue[] {
    return [...this.byId.values()].sort((a, b) => a.id - b.id);
  }

  /**
   * Adds a queue, changes its rates, or takes it away with what waits in it. Throws a RangeError beyond MAX_QUEUES, and
   * where more is promised than the port has.
   */
  set(id: number, rates: QueueRates | null): void {
    const known = this.byId.get(id);
    if (rates !== null) this.checkPromises(id, rates.min_rate_bps ?? 0, this.rate_bps);
    if (rates === null) {
      this.byId.delete(id);
      this.backlog -= known?.waiting.length ?? 0;
    } else if (known) {
      known.set(rates, this.clock.now());
    } else {
      if (this.byId.size >= MAX_QUEUES) throw new RangeError(`a port has at most ${MAX_QUEUES} queues`);
      const queue = new Queue(id, this.clock.now());
      queue.set(rates, this.clock.now());
      this.byId.set(id, queue);
    }
    this.order = [...this.list(), this.rest];
    this.serve();
  }

  private checkPromises(id: number, min_rate_bps: number, rate_bps: number | undefined): void {
    let sum = min_rate_bps;
    for (const queue of this.byId.values()) if (queue.id !== id) sum += queue.rates.min_rate_bps ?? 0;
    if (rate_bps && sum > rate_bps) throw new RangeError(`min rates of ${sum} b/s in a port of ${rate_bps} b/s`);
  }

  /** Holds the whole port to a rate, or frees it (undefined). Throws a RangeError where more than that is promised. */
  setRate(bps: number | undefined): void {
    this.checkPromises(-1, 0, bps);
    this.rate_bps = bps;
    this.shaper = bucket(bps, this.clock.now());
    this.serve();
  }

  /** Sends a frame through a queue, -1: none that was named. The bytes are the caller's again when this returns. */
  send(id: number, bytes: Uint8Array, start: number, end: number, tunnel?: TunnelOut): void {
    const queue = this.byId.get(id < 0 ? DEFAULT_QUEUE : id) ?? this.byId.get(DEFAULT_QUEUE) ?? this.rest;
    const now_ms = this.clock.now();
    this.fill(now_ms);
    if (this.mayPass(queue, (end - start) * 8)) {
      this.transmit(queue, bytes, start, end, tunnel);
      return;
    }
    if (queue.waiting.length >= QUEUE_FRAMES) {
      queue.errors++;
      this.out.lost();
      return;
    }
    queue.waiting.push({ frame: bytes.slice(start, end), tunnel });
    this.backlog++;
    this.serve();
  }

  /** May a frame leave before those that wait in other queues? */
  private mayPass(queue: Queue, bits: number): boolean {
    if (queue.waiting.length > 0 || !this.mayLeave(queue, bits)) return false;
    return this.backlog === 0 || this.shaper === null || (queue.min?.has(bits) ?? false);
  }

  private fill(now_ms: number): void {
    this.shaper?.fill(now_ms);
    for (const queue of this.order) queue.fill(now_ms);
  }

  /** Its max rate holds; within its min rate that is all, above it the port must have something left. */
  private mayLeave(queue: Queue, bits: number): boolean {
    if (queue.max !== null && !queue.max.has(bits)) return false;
    if (this.shaper === null || queue.min?.has(bits)) return true;
    return this.shaper.has(bits);
  }

  private transmit(queue: Queue, bytes: Uint8Array, start: number, end: number, tunnel?: TunnelOut): void {
    const bits = (end - start) * 8;
    queue.max?.take(bits);
    if (queue.min?.has(bits)) queue.min.take(bits);
    this.shaper?.take(bits);
    queue.packets++;
    queue.bytes += end - start;
    this.out.send(bytes, start, end, tunnel);
  }

  /** Sends what may leave now, and sets the timer for what may leave next. */
  private serve(): void {
    this.fill(this.clock.now());
    while (this.serveOne(true) || this.serveOne(false));
    this.timer?.cancel();
    this.timer = null;
    const wait_ms = this.nextWait_ms();
    if (wait_ms === Number.POSITIVE_INFINITY) return;
    this.timer = this.clock.after(wait_ms, () => {
      this.timer = null;
      this.serve();
    });
  }

  /** Sends the first frame, from the queue whose turn it is on, that its min rate, or else the port's, lets go. */
  private serveOne(promised: boolean): boolean {
    const { order } = this;
    for (let i = 0; i < order.length; i++) {
      const at = (this.turn + i) % order.length;
      const queue = order[at];
      if (queue.waiting.length === 0) continue;
      const bits = queue.waiting[0].frame.length * 8;
      if (promised && !queue.min?.has(bits)) continue;
      if (!this.mayLeave(queue, bits)) continue;
      const { frame, tunnel } = queue.waiting.shift() as Queue['waiting'][number];
      this.backlog--;
      this.turn = (at + 1) % order.length;
      this.transmit(queue, frame, 0, frame.length, tunnel);
      return true;
    }
    return false;
  }

  private nextWait_ms(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { waiting, min, max } of this.order) {
      if (waiting.length === 0) continue;
      const bits = waiting[0].frame.length * 8;
      const port = Math.min(this.shaper?.wait_ms(bits) ?? 0, min?.wait_ms(bits) ?? Number.POSITIVE_INFINITY);
      least = Math.min(least, Math.max(max?.wait_ms(bits) ?? 0, port));
    }
    // A step of a microsecond at least: a shorter one may be none at all, by rounding.
    return Math.ceil(least * 1000 + 1) / 1000;
  }

  close(): void {
    this.timer?.cancel();
    this.timer = null;
    for (const queue of this.order) queue.waiting.length = 0;
    this.backlog = 0;
  }
}
