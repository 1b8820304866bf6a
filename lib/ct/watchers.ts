/** Those who listen to the stream of connections: while there are none the tracker makes nothing for it. */
import type { Log } from '../bytes/index.js';
import type { Tracker } from './tracker.js';
import type { CtEvent } from './tracker-options.js';

/** Hears of connections that come, change and end. */
export type CtListener = (event: CtEvent) => void;

/** All who listen to a tracker. */
export class Watchers {
  private readonly listeners = new Set<CtListener>();

  constructor(
    private readonly tracker: Tracker,
    private readonly log: Log,
  ) {}

  /** Calls `listener` with each event until what it returns is called. One that throws is taken off, and logged. */
  add(listener: CtListener): () => void {
    // One who listens twice hears twice.
    const own: CtListener = (event) => listener(event);
    this.listeners.add(own);
    if (this.listeners.size === 1) this.tracker.listen((event) => this.tell(event));
    return () => this.remove(own);
  }

  private remove(listener: CtListener): void {
    if (this.listeners.delete(listener) && this.listeners.size === 0) this.tracker.listen(null);
  }

  private tell(event: CtEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        this.remove(listener);
        this.log.error(`a listener to connections failed and is taken off: ${(error as Error)?.stack ?? error}`);
      }
    }
  }
}
