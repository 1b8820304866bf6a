/**
 * Keeps a connection to an active address: connects, and again after a pause that doubles from 100 ms to 8 s while it
 * fails. A session that lasted longer than the pause before it starts over at 100 ms.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../bytes/index.js';
import { type ActiveAddress, formatAddress } from './address.js';
import { connectedEvent, connectText, openStream } from './stream.js';

/** The first pause between two attempts. */
export const MIN_BACKOFF_MS = 100;
/** The longest pause between two attempts. */
export const MAX_BACKOFF_MS = 8_000;
/** How long a connection may take to come about, with TLS's handshake. */
export const CONNECT_TIMEOUT_MS = 8_000;

/** Whose dialer it is. */
export interface DialerUser {
  /** A stream stands; the user tells the dialer when its session opens and ends. */
  connected(stream: Socket, name: string): void;
  /** No connection came about. `delay_ms`: when the next attempt follows. */
  failed(why: string, delay_ms: number): void;
}

/** What a dialer does now. */
export type DialerState = 'idle' | 'connecting' | 'connected' | 'waiting';

/** Dials an address until it answers, and again when the connection ends. */
export class Dialer {
  readonly name: string;
  private current: DialerState = 'idle';
  private backoff_ms = MIN_BACKOFF_MS;
  private opened_ms: number | null = null;
  private timer: Timer | null = null;
  private stream: Socket | null = null;

  /** `open` makes the socket: a spec's own may stand in for Node's. */
  constructor(
    readonly address: ActiveAddress,
    private readonly clock: Clock,
    private readonly user: DialerUser,
    private readonly open: (address: ActiveAddress) => Socket = openStream,
  ) {
    this.name = formatAddress(address);
  }

  get state(): DialerState {
    return this.current;
  }

  /** Makes an attempt now. */
  start(): void {
    if (this.current === 'connecting' || this.current === 'connected') return;
    this.timer?.cancel();
    this.current = 'connecting';
    const stream = this.open(this.address);
    this.stream = stream;
    const failed = (error: Error): void => this.failed(connectText(error));
    stream.once('error', failed);
    stream.once(connectedEvent(this.address), () => {
      if (this.current !== 'connecting') return;
      stream.off('error', failed);
      this.timer?.cancel();
      this.current = 'connected';
      this.opened_ms = null;
      this.user.connected(stream, this.name);
    });
    this.timer = this.clock.after(CONNECT_TIMEOUT_MS, () => {
      this.failed(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`);
      stream.destroy();
    });
  }

  /** The session on the last stream has opened: HELLOs were exchanged. */
  sessionOpened(): void {
    this.opened_ms = this.clock.now();
  }

  /** The session on the last stream is over: the next attempt follows. Returns the pause before it. */
  sessionClosed(): number {
    if (this.current !== 'connected') return 0;
    if (this.opened_ms !== null && this.clock.now() - this.opened_ms >= this.backoff_ms)
      this.backoff_ms = MIN_BACKOFF_MS;
    return this.wait();
  }

  /** Makes no more attempts, and gives up one that is under way. A stream that stands is its user's to close. */
  close(): void {
    this.timer?.cancel();
    if (this.current === 'connecting') this.stream?.destroy();
    this.current = 'idle';
  }

  private failed(why: string): void {
    if (this.current !== 'connecting') return;
    this.timer?.cancel();
    this.user.failed(why, this.wait());
  }

  private wait(): number {
    const delay_ms = this.backoff_ms;
    this.backoff_ms = Math.min(MAX_BACKOFF_MS, this.backoff_ms * 2);
    this.current = 'waiting';
    this.timer = this.clock.after(delay_ms, () => this.start());
    return delay_ms;
  }
}
