/**
 * One direction of a captured TCP connection, put in order and cut into OpenFlow messages. Segments may come late,
 * twice, or not at all: what is missing is skipped once it can't come any more, and reading goes on at the next segment
 * that begins with a message of OpenFlow. Bounded: at most MAX_WAITING_BYTES wait for something that is missing.
 */
import { Framer, FramingError } from '../channel/framer.js';
import { HEADER_BYTES, OFP13_VERSION, peekLength, peekType, peekVersion } from '../wire/index.js';
import type { Segment } from './segment.js';
import { FIN, RST, SYN } from './segment.js';

/** Bytes that may wait for what is missing before them; then it counts as lost. */
export const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** The highest number of a message type in OpenFlow 1.3. */
const LAST_TYPE = 29;

/** A whole message, with the frame of the capture that ended it, counted from 1 as Wireshark does. */
export interface Cut {
  readonly bytes: Uint8Array;
  readonly frame: number;
}

interface Waiting {
  readonly seq: number;
  readonly payload: Uint8Array;
  readonly frame: number;
}

export class HalfStream {
  /** What was lost or is no OpenFlow, a line each. */
  readonly losses: string[] = [];
  closed = false;
  /** Sequence number of the next byte; null before anything came. */
  private next: number | null = null;
  private framer = new Framer();
  /** Reading stands at a message's beginning, as far as is known. */
  private inStep = true;
  private readonly waiting: Waiting[] = [];
  private waiting_bytes = 0;

  constructor(private readonly name: string) {}

  /** Did this side begin anew: the SYN of another connection between the same ports? */
  isAnother({ flags, seq }: Segment): boolean {
    return (flags & SYN) !== 0 && this.next !== null && (this.closed || (seq + 1) >>> 0 !== this.next);
  }

  /** Takes a segment; gives the messages that are whole with it. */
  take({ seq, flags, payload, cut }: Segment, frame: number): Cut[] {
    if (flags & SYN) {
      this.next ??= (seq + 1) >>> 0;
      return [];
    }
    if (this.next === null) {
      // The capture began later than the connection.
      this.next = seq;
      this.inStep = false;
    }
    if (flags & (FIN | RST)) this.closed = true;
    if (payload.length > 0) this.wait({ seq, payload: payload.slice(), frame });
    if (cut > 0)
      this.losses.push(`${this.name}: frame ${frame} lacks ${cut} bytes: captured with too short a snapshot length`);
    const messages = this.inOrder();
    while (this.waiting_bytes > MAX_WAITING_BYTES) messages.push(...this.skip());
    return messages;
  }

  /** The capture is over: nothing that is missing comes any more. */
  finish(): Cut[] {
    const messages: Cut[] = [];
    while (this.waiting.length > 0) messages.push(...this.skip());
    if (this.framer.isInside) this.losses.push(`${this.name}: the last message is cut off`);
    return messages;
  }

  private wait(segment: Waiting): void {
    let place = this.waiting.length;
    while (place > 0 && distance(this.waiting[place - 1].seq, segment.seq) < 0) place--;
    this.waiting.splice(place, 0, segment);
    this.waiting_bytes += segment.payload.length;
  }

  /** What follows on what was read. */
  private inOrder(): Cut[] {
    const messages: Cut[] = [];
    while (this.waiting.length > 0 && this.next !== null) {
      const [{ seq, payload, frame }] = this.waiting;
      const known = distance(seq, this.next);
      if (known < 0) break;
      this.waiting.shift();
      this.waiting_bytes -= payload.length;
      if (known >= payload.length) continue;
      this.next = (this.next + payload.length - known) >>> 0;
      messages.push(...this.read(payload.subarray(known), frame));
    }
    return messages;
  }

  /** Gives up what is missing before the first segment that waits. */
  private skip(): Cut[] {
    const [{ seq, frame }] = this.waiting;
    const missing = distance(this.next ?? seq, seq);
    this.losses.push(`${this.name}: ${missing} bytes before frame ${frame} are not in the capture`);
    this.next = seq;
    this.outOfStep();
    return this.inOrder();
  }

  private outOfStep(): void {
    this.inStep = false;
    this.framer = new Framer();
  }

  private read(bytes: Uint8Array, frame: number): Cut[] {
    if (!this.inStep && !beginsWithMessage(bytes)) return [];
    this.inStep = true;
    this.framer.push(bytes);
    const messages: Cut[] = [];
    try {
      for (let m = this.framer.next(); m !== null; m = this.framer.next()) messages.push({ bytes: m, frame });
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.losses.push(`${this.name}: frame ${frame}: ${error.message}`);
      this.outOfStep();
    }
    return messages;
  }
}

/** How far `to` is behind `from`, as a signed number (RFC 9293 §3.4). */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}

function beginsWithMessage(bytes: Uint8Array): boolean {
  return (
    bytes.length >= HEADER_BYTES &&
    peekVersion(bytes) === OFP13_VERSION &&
    peekType(bytes) <= LAST_TYPE &&
    peekLength(bytes) >= HEADER_BYTES
  );
}
