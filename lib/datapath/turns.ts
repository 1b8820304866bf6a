/**
 * One frame at a time: what arrives while one is in hand (a virtual host's answer, a packet-out from a listener) waits
 * its turn, and has it before whoever brought the first one goes on.
 */
import type { DatapathCounters } from './upcalls.js';

/** Frames that may wait while another one is in hand; more are dropped and counted. */
export const MAX_WAITING = 8192;

export class Turns {
  /** Is a frame in hand? */
  busy = false;
  private readonly waiting: (() => void)[] = [];

  /** `atRest` is called when no frame is in hand any more. */
  constructor(
    private readonly counters: Pick<DatapathCounters, 'waitingDropped'>,
    private readonly atRest: () => void,
  ) {}

  /** Runs a job now, or after the frame in hand and those before it. */
  take(job: () => void): void {
    if (this.busy) {
      if (this.waiting.length >= MAX_WAITING) this.counters.waitingDropped++;
      else this.waiting.push(job);
      return;
    }
    this.busy = true;
    try {
      job();
      this.others();
    } finally {
      this.rest();
    }
  }

  /** Runs what came meanwhile, in order. */
  others(): void {
    for (let i = 0; i < this.waiting.length; i++) this.waiting[i]();
  }

  /** No frame is in hand any more. */
  rest(): void {
    if (this.waiting.length > 0) this.waiting.length = 0;
    this.busy = false;
    this.atRest();
  }
}
