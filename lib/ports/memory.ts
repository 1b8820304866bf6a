/**
 * A port in memory, for tests, `simulate` and the library's users: frames are put in by `inject` and taken out by
 * `taken`.
 */
import type { Port, PortHost } from './port.js';

/** Frames kept for `taken`; what is sent beyond is lost and counted, until someone takes. */
export const MEMORY_QUEUE_FRAMES = 65_536;

/** What a port in memory is made with. */
export interface MemoryOptions {
  /** Name shown by OpenFlow; `memory` unless told. */
  name?: string;
  /** Hardware address; the switch makes one unless told. */
  mac?: Uint8Array;
  /** Frames kept for `taken`, MEMORY_QUEUE_FRAMES unless told. */
  queue_frames?: number;
}

/** A port in memory: frames are put in by inject, and taken out by taken. */
export class MemoryPort implements Port {
  readonly kind = 'memory';
  readonly name: string;
  readonly mac?: Uint8Array;
  /** Frames that were sent while the queue was full. */
  overflowed = 0;
  private readonly limit: number;
  private queue: Uint8Array[] = [];
  private host: PortHost | null = null;
  private up = true;

  constructor(options: MemoryOptions = {}) {
    this.name = options.name ?? 'memory';
    this.mac = options.mac;
    this.limit = options.queue_frames ?? MEMORY_QUEUE_FRAMES;
  }

  start(host: PortHost): void {
    this.host = host;
  }

  /**
   * A frame comes in. The switch gets a copy, and where it isn't busy with another frame, it is done with this one when
   * `inject` returns. Nothing happens before `start`, after `close` and while the link is down.
   */
  inject(frame: Uint8Array): void {
    if (this.host !== null && this.up) this.host.receive(frame.slice(), 0, frame.length);
  }

  /** The frames sent since the last call, oldest first; they are the caller's. */
  taken(): Uint8Array[] {
    const frames = this.queue;
    this.queue = [];
    return frames;
  }

  /** Takes the link up or down, as if a cable were pulled. */
  link(up: boolean): void {
    if (this.up === up) return;
    this.up = up;
    this.host?.link(up);
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    if (this.host === null || !this.up) {
      this.host?.lost('tx', 'dropped', 1);
    } else if (this.queue.length >= this.limit) {
      this.overflowed++;
      this.host.lost('tx', 'dropped', 1);
    } else {
      this.queue.push(bytes.slice(start, end));
    }
  }

  close(): void {
    this.host = null;
  }
}

/** A port in memory. */
export function memory(options: MemoryOptions = {}): MemoryPort {
  return new MemoryPort(options);
}
