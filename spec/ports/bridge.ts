/** A tiny learning bridge for specs of ports: what a switch does with NORMAL, with a record of all frames. */
import { type Clock, formatMac, type ManualClock, silent } from '../../lib/bytes/index.js';
import type { Port, PortHost } from '../../lib/ports/port.js';

export class Bridge<C extends Clock = ManualClock> {
  /** Every frame that was forwarded, oldest first. */
  readonly seen: Uint8Array[] = [];
  /** What ports said of their links and of losses. */
  readonly said: string[] = [];
  /** Decides whether a frame is lost on the way. */
  drop: (frame: Uint8Array) => boolean = () => false;
  private readonly macs = new Map<string, Port>();
  private readonly ports: Port[] = [];
  private readonly waiting: [Port, Uint8Array][] = [];
  private busy = false;

  constructor(readonly clock: C) {}

  /** Starts a port whose start needs no waiting. */
  add<P extends Port>(port: P): P {
    void this.start(port);
    return port;
  }

  /** Starts a port and joins it to the others. */
  async start<P extends Port>(port: P): Promise<P> {
    const host: PortHost = {
      clock: this.clock,
      log: silent,
      receive: (bytes, start, end) => this.receive(port, bytes.slice(start, end)),
      link: (up, gone) => this.said.push(`${port.name} ${gone ? 'gone' : up ? 'up' : 'down'}`),
      lost: (direction, kind, count) => this.said.push(`${port.name} ${direction} ${kind} ${count}`),
    };
    this.ports.push(port);
    await port.start(host);
    return port;
  }

  private receive(from: Port, frame: Uint8Array): void {
    this.waiting.push([from, frame]);
    if (this.busy) return;
    this.busy = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) this.forward(...next);
    this.busy = false;
  }

  private forward(from: Port, frame: Uint8Array): void {
    this.macs.set(formatMac(frame, 6), from);
    this.seen.push(frame);
    if (this.drop(frame)) return;
    const to = this.macs.get(formatMac(frame, 0));
    for (const port of to === undefined ? this.ports : [to]) if (port !== from) port.send(frame, 0, frame.length);
  }
}

/** Time as it goes, for ports that live outside the process. */
export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (delay_ms, run) => {
    const timer = setTimeout(run, delay_ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Waits until something has come true; fails after `limit_ms`. */
export async function until(what: string, check: () => boolean, limit_ms = 10_000): Promise<void> {
  const end = performance.now() + limit_ms;
  while (!check()) {
    if (performance.now() > end) throw new Error(`waited ${limit_ms} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Advances the clock in steps until the promise has settled, at most `limit_ms`. */
export async function settle<T>(clock: ManualClock, promise: Promise<T>, limit_ms = 100_000): Promise<T> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  promise.then(done, done);
  for (let waited = 0; !settled && waited < limit_ms; waited += 100) {
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    if (!settled) clock.advance(100);
  }
  return promise;
}
