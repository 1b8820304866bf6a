/**
 * Lines of FTP that a segment began and didn't end: kept by connection and direction until the next segment in order
 * brings the rest. Bounded in length and in number; who is pushed out is the oldest, whose command then announces
 * nothing.
 */
import { distance, plus } from '../tcp/sequence.js';

/** The longest line that is waited for: a longer one is no announcement. */
export const MAX_UNFINISHED = 256;
/** Connections and directions with an unfinished line. */
export const MAX_WAITING_LINES = 4096;

export interface UnfinishedCounters {
  /** Lines that were joined; that made way for others; whose rest never came in order. */
  joined: number;
  crowded: number;
  abandoned: number;
}

interface Line {
  /** The sender's sequence number of its first byte. */
  readonly seq: number;
  readonly text: Uint8Array;
}

const NONE = new Uint8Array(0);

export class UnfinishedLines {
  readonly counters: UnfinishedCounters = { joined: 0, crowded: 0, abandoned: 0 };
  /** By record * 2 + direction; the oldest first. */
  private readonly lines = new Map<number, Line>();

  /**
   * The bytes that stand in front of a segment which begins at `seq`; empty where nothing does. What it repeats, or
   * what lies before it, is forgotten; a segment out of order leaves it.
   */
  take(slot: number, reply: boolean, seq: number): Uint8Array {
    const key = slot * 2 + (reply ? 1 : 0);
    const line = this.lines.get(key);
    if (line === undefined) return NONE;
    const missing = distance(seq, plus(line.seq, line.text.length));
    if (missing > 0) return NONE;
    this.lines.delete(key);
    if (missing === 0) {
      this.counters.joined++;
      return line.text;
    }
    this.counters.abandoned++;
    return NONE;
  }

  /** Keeps a line whose first byte has the sequence number `seq`. */
  keep(slot: number, reply: boolean, seq: number, text: Uint8Array): void {
    const key = slot * 2 + (reply ? 1 : 0);
    this.lines.delete(key);
    if (this.lines.size >= MAX_WAITING_LINES) {
      const [oldest] = this.lines.keys();
      this.lines.delete(oldest);
      this.counters.crowded++;
    }
    this.lines.set(key, { seq, text });
  }

  /** The connection ended. */
  end(slot: number): void {
    if (this.lines.size === 0) return;
    this.lines.delete(slot * 2);
    this.lines.delete(slot * 2 + 1);
  }

  /** Takes over what another table holds for `slot`, as `own`. */
  adopt(from: UnfinishedLines, slot: number, own: number): void {
    for (const direction of [0, 1]) {
      const line = from.lines.get(slot * 2 + direction);
      if (line !== undefined) this.lines.set(own * 2 + direction, line);
    }
  }
}
