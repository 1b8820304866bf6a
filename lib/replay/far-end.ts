/**
 * The end of a connection that plays a recorded side: HELLO and echo are the channel's, everything else is collected in
 * order for whoever compares. Waiting is for something to come, and ends when the peer is silent for too long.
 */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../bytes/index.js';
import { silent } from '../bytes/index.js';
import { Connection } from '../channel/connection.js';
import type { Message } from '../wire/index.js';
import { messageOf } from './session.js';

/** A message that came; null where it can't be read. */
export interface Came {
  readonly bytes: Uint8Array;
  readonly message: Message | null;
}

/** Messages that may wait to be compared; a peer that sends more is cut off. */
export const MAX_CAME = 1_000_000;

export class FarEnd {
  /** Why the connection is over; null while it stands. */
  broken: string | null = null;
  private readonly connection: Connection;
  private open = false;
  private count = 0;
  private wake: (() => void) | null = null;

  constructor(
    stream: Duplex,
    private readonly clock: Clock,
    private readonly timeout_ms: number,
    private readonly came: (came: Came) => void,
  ) {
    const take = (bytes: Uint8Array, message: Message | null): void => {
      if (++this.count > MAX_CAME) this.connection.close('too many messages');
      else this.came({ bytes, message });
      this.stir();
    };
    this.connection = new Connection(
      stream,
      {
        opened: () => {
          this.open = true;
          this.stir();
        },
        message: (message, bytes) => take(bytes.slice(), message),
        mistake: (_, bytes) => take(bytes.slice(), messageOf(bytes)),
        closed: (_, why) => {
          this.broken ??= why;
          this.stir();
        },
      },
      { clock, log: silent, name: 'replay', probe_ms: 0, helloTimeout_ms: timeout_ms },
    );
  }

  /** Waits for HELLOs. False: they didn't come. */
  async opened(): Promise<boolean> {
    return this.until(() => this.open);
  }

  send(bytes: Uint8Array): void {
    this.connection.send(bytes);
  }

  /** Waits until it is so; false where the connection ended, or nothing came for too long. */
  async until(isSo: () => boolean): Promise<boolean> {
    while (!isSo()) {
      if (this.broken !== null) return false;
      if (!(await this.something())) return isSo();
    }
    return true;
  }

  /** Lets time pass, or the connection end. */
  async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.clock.after(ms, resolve);
    });
  }

  async close(): Promise<void> {
    if (this.connection.state === 'closed') return;
    this.connection.close('the session is over');
    await this.until(() => this.connection.state === 'closed');
  }

  /** Waits for whatever comes next; false: nothing came in time. */
  private something(): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: Timer | null = null;
      const end = (came: boolean): void => {
        timer?.cancel();
        this.wake = null;
        resolve(came);
      };
      timer = this.clock.after(this.timeout_ms, () => end(false));
      this.wake = () => end(true);
    });
  }

  private stir(): void {
    this.wake?.();
  }
}
