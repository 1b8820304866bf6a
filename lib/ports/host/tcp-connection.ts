/**
 * One end of a TCP connection of a virtual host (RFC 9293 §3.3.2, §3.10): handshake, data in both directions, close,
 * and retransmission with a doubling timer, going back to the first byte that isn't acknowledged. Segments out of order
 * are not kept, there is no window scaling, congestion control or delayed acknowledgement.
 */
import type { Timer } from '../../bytes/index.js';
import { ByteQueue } from './byte-queue.js';
import { PROTOCOL, type Stack } from './stack.js';
import {
  ACK,
  advance,
  distance,
  FIN,
  PSH,
  RST,
  type Segment,
  SYN,
  sequenceLength,
  writeSegment,
} from './tcp-segment.js';

/** First retransmission after, in milliseconds (RFC 6298 §2.1), and how often before giving up. */
export const RETRANSMIT_MS = 1000;
export const RETRANSMIT_TRIES = 6;
/** How long a closed connection still answers, in milliseconds. */
export const TIME_WAIT_MS = 2000;
/** Bytes on the way at a time, and bytes that an echo keeps before its window closes. */
export const MAX_WINDOW = 65_535;
/** The most data in a segment, in bytes: frames of 1500 with IPv6. */
export const MAX_SEGMENT = 1440;
/** Where a peer names none (RFC 9293 §3.7.1). */
const DEFAULT_SEGMENT = 536;

export type TcpState = 'syn-sent' | 'syn-received' | 'open' | 'time-wait' | 'closed';
/** Why a connection ended. 'refused': reset before it was open. */
export type TcpEnd = 'closed' | 'refused' | 'reset' | 'timeout' | 'unreachable';

export interface Ends {
  readonly local: Uint8Array;
  readonly remote: Uint8Array;
  readonly localPort: number;
  readonly remotePort: number;
}

/** What a connection tells its owner. */
export interface Events {
  /** What comes goes out again, so what isn't out yet closes the window. */
  readonly echoes: boolean;
  opened?(): void;
  data(bytes: Uint8Array): void;
  /** The peer sends no more. */
  finished(): void;
  ended(why: TcpEnd): void;
  /** The connection and its ports are free again. */
  freed(): void;
}

export class TcpConnection {
  state: TcpState;
  private readonly out = new ByteQueue();
  private unacked: number;
  private next: number;
  private highest: number;
  private expected = 0;
  private saidAck = 0;
  private saidWindow = MAX_WINDOW;
  private peerWindow = MAX_WINDOW;
  private segment = DEFAULT_SEGMENT;
  private closing = false;
  private finAcked = false;
  private peerDone = false;
  private told = false;
  private timer: Timer | null = null;
  private tries = 0;

  /** With `syn`, the answer to that segment; else the side that opens. */
  constructor(
    private readonly stack: Stack,
    private readonly ends: Ends,
    private readonly events: Events,
    syn: Segment | null,
  ) {
    this.unacked = stack.random.u32();
    this.next = this.unacked;
    this.highest = this.unacked;
    this.state = syn === null ? 'syn-sent' : 'syn-received';
    if (syn !== null) this.meet(syn);
  }

  /** Sends the first segment. Answers may come before this returns. */
  start(): void {
    this.transmit();
  }

  /** Appends data to what is to be sent. */
  write(data: Uint8Array): void {
    this.out.append(data);
    this.transmit();
  }

  /** Sends no more once everything is out. */
  close(): void {
    this.closing = true;
    this.transmit();
  }

  /** Ends at once; the peer is told by a reset. */
  abort(why: TcpEnd): void {
    if (this.state === 'closed') return;
    if (this.state !== 'syn-sent') this.say(this.next, RST | ACK);
    this.end(why);
  }

  receive(segment: Segment): void {
    if (this.state === 'closed') return;
    if (this.state === 'syn-sent') {
      this.receiveInSynSent(segment);
      return;
    }
    const ahead = distance(segment.seq, this.expected);
    if (segment.flags & RST) {
      if (ahead >= 0 && ahead < MAX_WINDOW) this.end(this.state === 'syn-received' ? 'refused' : 'reset');
      return;
    }
    if (segment.flags & SYN) {
      this.say(
        this.state === 'syn-received' ? this.unacked : this.next,
        this.state === 'syn-received' ? SYN | ACK : ACK,
      );
      return;
    }
    if (!(segment.flags & ACK)) return;
    this.acknowledge(segment);
    this.take(segment, ahead);
  }

  private receiveInSynSent(segment: Segment): void {
    const acked = segment.flags & ACK && segment.ack === this.highest && this.highest !== this.unacked;
    if (segment.flags & RST) {
      if (acked) this.end('refused');
      return;
    }
    if (!(segment.flags & SYN) || !acked) return;
    this.meet(segment);
    this.advanceTo(segment.ack);
    this.say(this.next, ACK);
    this.transmit();
  }

  /** Takes over what a peer's SYN says. */
  private meet(syn: Segment): void {
    this.expected = advance(syn.seq, 1);
    this.peerWindow = syn.window;
    this.segment = Math.min(MAX_SEGMENT, syn.mss === 0 ? DEFAULT_SEGMENT : syn.mss);
  }

  private acknowledge(segment: Segment): void {
    this.peerWindow = segment.window;
    const fresh = distance(segment.ack, this.unacked) > 0 && distance(segment.ack, this.highest) <= 0;
    if (fresh) this.advanceTo(segment.ack);
    this.transmit();
    if (this.saidWindow < MAX_SEGMENT && this.window >= MAX_WINDOW / 2) this.say(this.next, ACK);
    this.settle();
  }

  /** The peer has everything before `ack`. */
  private advanceTo(ack: number): void {
    let acked = distance(ack, this.unacked);
    this.unacked = ack;
    if (distance(this.next, ack) < 0) this.next = ack;
    this.tries = 0;
    this.timer?.cancel();
    this.timer = null;
    if (this.state === 'syn-sent' || this.state === 'syn-received') {
      acked--;
      this.state = 'open';
      this.events.opened?.();
    }
    if (acked > this.out.length) this.finAcked = true;
    this.out.drop(acked);
  }

  /** Bytes that the peer may send. */
  private get window(): number {
    return this.events.echoes ? Math.max(0, MAX_WINDOW - this.out.length) : MAX_WINDOW;
  }

  /** Takes data and FIN that begin at what is expected, or before it. */
  private take(segment: Segment, ahead: number): void {
    if (sequenceLength(segment) === 0 || this.state === 'closed') return;
    const fresh = segment.data.subarray(Math.min(Math.max(0, -ahead), segment.data.length));
    if (ahead <= 0 && !this.peerDone) {
      if (fresh.length > 0) {
        this.expected = advance(this.expected, fresh.length);
        this.events.data(fresh);
      }
      const end = advance(segment.seq, segment.data.length);
      if (segment.flags & FIN && end === this.expected) {
        this.expected = advance(this.expected, 1);
        this.peerDone = true;
        this.events.finished();
      }
    }
    if (ahead !== 0 || this.saidAck !== this.expected) this.say(this.next, ACK);
    this.settle();
  }

  /** Everything is said and acknowledged by both: stays a while, for a FIN that comes again. */
  private settle(): void {
    if (!this.finAcked || !this.peerDone || this.state !== 'open') return;
    this.timer?.cancel();
    this.state = 'time-wait';
    this.tell('closed');
    this.timer = this.stack.clock.after(TIME_WAIT_MS, () => this.end('closed'));
  }

  /** Sends what the peer's window has room for, and sets the timer. */
  private transmit(): void {
    if (this.state === 'closed' || this.state === 'time-wait') return;
    if (this.state === 'syn-sent' || this.state === 'syn-received') {
      if (this.next === this.unacked) {
        this.say(this.moved(1), this.state === 'syn-sent' ? SYN : SYN | ACK);
      }
    } else {
      this.transmitData();
    }
    if (this.timer === null && this.unacked !== this.highest) {
      this.timer = this.stack.clock.after(RETRANSMIT_MS * 2 ** this.tries, () => this.retransmit());
    }
  }

  private transmitData(): void {
    const window = Math.max(1, Math.min(this.peerWindow, MAX_WINDOW));
    for (;;) {
      const flying = distance(this.next, this.unacked);
      const rest = this.out.length - flying;
      const size = Math.min(this.segment, rest, window - flying);
      if (size > 0 && (size === this.segment || size === rest || flying === 0)) {
        const last = flying + size === this.out.length;
        const data = this.out.copy(flying, size);
        this.say(this.moved(size), last ? ACK | PSH : ACK, data);
      } else if (this.closing && flying === this.out.length && !this.finAcked) {
        this.say(this.moved(1), ACK | FIN);
      } else {
        return;
      }
    }
  }

  /**
   * Moves on before the segment is said, since its acknowledgement may come while it is; gives where the segment
   * begins.
   */
  private moved(by: number): number {
    const seq = this.next;
    this.next = advance(seq, by);
    if (distance(this.next, this.highest) > 0) this.highest = this.next;
    return seq;
  }

  private retransmit(): void {
    this.timer = null;
    if (++this.tries > RETRANSMIT_TRIES) {
      this.abort('timeout');
      return;
    }
    this.next = this.unacked;
    this.transmit();
  }

  private say(seq: number, flags: number, data?: Uint8Array): void {
    const { local, remote, localPort, remotePort } = this.ends;
    this.saidAck = this.expected;
    this.saidWindow = this.window;
    const segment = {
      source: localPort,
      destination: remotePort,
      seq,
      flags,
      ack: flags & ACK ? this.expected : 0,
      window: this.saidWindow,
      mss: flags & SYN ? MAX_SEGMENT : 0,
      data,
    };
    this.stack.send(remote, PROTOCOL.tcp, writeSegment(local, remote, segment), { from: local });
  }

  private tell(why: TcpEnd): void {
    if (this.told) return;
    this.told = true;
    this.events.ended(why);
  }

  private end(why: TcpEnd): void {
    this.timer?.cancel();
    this.timer = null;
    this.state = 'closed';
    this.tell(why);
    this.events.freed();
  }
}
