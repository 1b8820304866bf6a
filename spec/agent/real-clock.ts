/** Real time, for specs with real programs at the other end. */
import type { Clock, Timer } from '../../lib/bytes/index.js';

export class RealClock implements Clock {
  now(): number {
    return performance.now();
  }
  wall(): number {
    return Date.now();
  }
  after(delay_ms: number, run: () => void): Timer {
    const timer = setTimeout(run, delay_ms).unref();
    return { cancel: () => clearTimeout(timer) };
  }
}
