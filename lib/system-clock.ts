/** Real time: the clock of a switch that isn't given one. */
import type { Clock } from './bytes/index.js';

/** Real time: Node's timers and performance.now(). */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay_ms, run) {
    const timer = setTimeout(run, delay_ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
