/**
 * When packet sockets are read and written. Node's event loop waits for all of them together, with everything else that
 * the process waits for. A socket that has frames leaves that wait and is looked at in every round of the loop: at most
 * FRAMES_A_TURN frames a round, so that controllers, timers and other ports get theirs. When nothing has come for a
 * moment, it waits again. Without that moment, traffic that is a little slower than the switch would cost its sender a
 * wake-up a frame.
 *
 * What is sent in a round leaves at its end, or when a batch is full; what is sent outside of one, when the running
 * callback is done.
 */

/** Something that frames come from. */
export interface Taker {
  /** Handles at most FRAMES_A_TURN frames and gives their number. */
  turn(): number;
  /** Waits for its descriptor again: there will be no more turns. */
  rest(): void;
}

/** Something that holds frames back until the end of a round. */
export interface Holder {
  flush(): void;
}

/** How long a socket that had frames is looked at without any, in milliseconds. */
export const LINGER_MS = 0.03;

export class Turns {
  private readonly busy: { readonly taker: Taker; until_ms: number }[] = [];
  private readonly holders: Holder[] = [];
  private running = false;
  private scheduled = false;
  private readonly round = (): void => this.run();
  private readonly flushAll = (): void => this.flush();

  /** The taker has frames; its first turn is now. It's up to it to wait no more. */
  wake(taker: Taker): void {
    this.busy.push({ taker, until_ms: 0 });
    if (!this.running && !this.scheduled) this.run();
  }

  /** The taker is closed. */
  forget(taker: Taker): void {
    const at = this.busy.findIndex((each) => each.taker === taker);
    if (at >= 0) this.busy.splice(at, 1);
  }

  /** The holder has begun to hold frames. */
  hold(holder: Holder): void {
    this.holders.push(holder);
    if (!this.running && this.holders.length === 1) queueMicrotask(this.flushAll);
  }

  private run(): void {
    this.scheduled = false;
    this.running = true;
    const now_ms = performance.now();
    try {
      for (let i = 0; i < this.busy.length; ) {
        const each = this.busy[i];
        if (each.taker.turn() > 0) each.until_ms = now_ms + LINGER_MS;
        if (each !== this.busy[i]) continue;
        if (now_ms <= each.until_ms) {
          i++;
        } else {
          this.busy.splice(i, 1);
          each.taker.rest();
        }
      }
    } finally {
      this.running = false;
      this.flush();
      this.scheduled = this.busy.length > 0;
      if (this.scheduled) setImmediate(this.round);
    }
  }

  private flush(): void {
    for (const holder of this.holders) holder.flush();
    this.holders.length = 0;
  }
}

/** The rounds of this thread, which all packet sockets share. */
export const turns = new Turns();
