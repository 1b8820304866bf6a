/**
 * What a pcap port and its capture process say to each other through two pipes: messages with a word before them, the
 * length in its low 24 bits and the kind in its high 8, little-endian.
 */
import { Window } from '../../pcap-file/window.js';

export const KIND = {
  /** Both ways: a whole frame. */
  frame: 0,
  /** From the process: the interface is open. */
  ready: 1,
  /** From the process, which then ends: why it can't go on; a word of `Failure`, a blank, and text. */
  failed: 2,
  /** From the process: three counts of 32 bits since the last time: lost by the kernel, cut off, not sent. */
  counts: 3,
} as const;

/**
 * Why a capture process ended: npm's pcap is missing or doesn't load, no rights, the interface is off or gone, or else.
 */
export type Failure = 'missing' | 'rights' | 'down' | 'other';

/** Bytes of the word before a message. */
export const WORD = 4;
const MAX_LENGTH = 0xff_ffff;

/** Writes the word before a message. */
export function putWord(out: Uint8Array, at: number, kind: number, length: number): void {
  out[at] = length;
  out[at + 1] = length >>> 8;
  out[at + 2] = length >>> 16;
  out[at + 3] = kind;
}

/** A message in an array of its own. */
export function message(kind: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(WORD + Math.min(body.length, MAX_LENGTH));
  putWord(out, 0, kind, out.length - WORD);
  out.set(body.subarray(0, MAX_LENGTH), WORD);
  return out;
}

/** Collects messages of frames, to write many at once. */
export class Batch {
  private bytes: Uint8Array;
  length = 0;

  constructor(private readonly capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Whether a frame of `length` bytes fits. */
  fits(length: number): boolean {
    return this.length + WORD + length <= this.capacity;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    putWord(this.bytes, this.length, KIND.frame, end - start);
    let to = this.length + WORD;
    for (let from = start; from < end; from++, to++) this.bytes[to] = bytes[from];
    this.length = to;
  }

  /** What was collected, in an array that stays as it is; the batch is empty then. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }

  /** What was collected, until the next append; the batch is empty then. */
  view(): Uint8Array {
    const view = this.bytes.subarray(0, this.length);
    this.length = 0;
    return view;
  }
}

/** Takes a stream apart into messages. `next` moves on; then `kind`, and the body `bytes[start, end)`, are valid. */
export class Messages {
  kind = 0;
  start = 0;
  end = 0;
  private readonly window = new Window();

  constructor() {
    this.window.littleEndian = true;
  }

  get bytes(): Uint8Array {
    return this.window.bytes;
  }

  push(bytes: Uint8Array, end = bytes.length): void {
    this.window.push(bytes, 0, end);
  }

  /** Lets go of the bytes in hand, keeping a copy of a message that has begun. */
  release(): void {
    this.window.release();
  }

  /** Moves on to the next message; false where more bytes are needed. */
  next(): boolean {
    const { window } = this;
    if (window.left < WORD) return false;
    const word = window.u32(0);
    const length = word & MAX_LENGTH;
    if (window.left < WORD + length) return false;
    this.kind = word >>> 24;
    this.start = window.at + WORD;
    this.end = this.start + length;
    window.skip(WORD + length);
    return true;
  }
}
