/**
 * One OpenFlow session over a byte stream, either end of it: HELLO and the version (OpenFlow 1.3.5 §6.3.1), echo
 * (§6.4), a probe after silence, framing, back-pressure. What messages mean is the user's; so is the answer to what
 * can't be decoded. Finding and accepting streams is dialer.ts's and listener.ts's.
 */
import type { Duplex } from 'node:stream';
import { type Clock, type Log, OpenFlowError, type Timer } from '../bytes/index.js';
import { decode, encode, type Hello, type Message, OFP13_VERSION, peekXid } from '../wire/index.js';
import { Framer, FramingError } from './framer.js';
import { helloFailed, offeredVersions, offerText, ourHello, TYPE } from './hello.js';
import { linger, SOON_MS } from './linger.js';
import { Output, PACKET_IN_BYTES, PAUSE_BYTES } from './output.js';
import { codeOf } from './stream.js';
import { tlsText } from './tls-text.js';

/** How long a peer may take to say HELLO. */
export const HELLO_TIMEOUT_MS = 10_000;
/**
 * Silence after which a peer is asked whether it is there, and again the time it has for the answer (Open vSwitch's
 * default).
 */
export const PROBE_MS = 5_000;
/** How long a connection may take to send what waits when this end closes it, and when the peer does. */
const CLOSE_TIMEOUT_MS = 1_000;
const PEER_CLOSE_TIMEOUT_MS = 10_000;

/** The first bytes of TLS: a record of the handshake, and the version's first half. */
const TLS_HANDSHAKE = 22;
const TLS_MAJOR = 3;

/** Why a connection ended: by whom, or by what. */
export type CloseCause = 'peer' | 'self' | 'hello' | 'framing' | 'silence' | 'overflow' | 'error';

/** Whose connection it is. Nothing is called after `closed`. */
export interface ConnectionUser {
  /** HELLOs have been exchanged: messages may be sent. */
  opened(): void;
  /** A message came. An OpenFlowError thrown here goes to `mistake`. */
  message(message: Message, bytes: Uint8Array): void;
  /** A message was refused, by decoding or by `message`. */
  mistake(error: OpenFlowError, bytes: Uint8Array): void;
  /** The peer has taken all that waited for it, after more waited than fits on its way. */
  drained?(): void;
  /** The connection is over. Called once, also when it never opened. */
  closed(cause: CloseCause, why: string): void;
}

/** What a connection is made with. */
export interface ConnectionOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The peer's name in logs. */
  readonly name: string;
  /** Silence before a probe; 0: never. */
  readonly probe_ms?: number;
  readonly helloTimeout_ms?: number;
  /** Sees every message's bytes; they must not be changed. */
  readonly tap?: (direction: 'in' | 'out', bytes: Uint8Array) => void;
}

/** How far a connection has come. */
export type ConnectionState = 'hello' | 'open' | 'closing' | 'closed';

/** One end of an OpenFlow connection: messages in and out, hello, keep-alive. */
export class Connection {
  readonly name: string;
  /** Packet-ins that were dropped because the peer reads too slowly. */
  droppedPacketIns = 0;
  private current: ConnectionState = 'hello';
  private readonly framer = new Framer();
  private readonly output: Output;
  /** Answers that are being made, in their order; the first one is sent from. */
  private readonly sources: Iterator<Uint8Array>[] = [];
  private nextXid = 1;
  private paused = false;
  private pumping = false;
  private heard_ms: number;
  private probed_ms: number | null = null;
  private probeXid: number | null = null;
  private timer: Timer | null = null;
  private cause: CloseCause = 'peer';
  private why = 'closed by the peer';

  constructor(
    private readonly stream: Duplex,
    private readonly user: ConnectionUser,
    private readonly options: ConnectionOptions,
  ) {
    this.name = options.name;
    this.output = new Output(stream);
    this.heard_ms = options.clock.now();
    stream.once('data', (chunk: Uint8Array) => this.begun(chunk));
    stream.on('data', (chunk: Uint8Array) => this.received(chunk));
    stream.on('drain', () => this.drained());
    stream.on('error', (error) => this.end('error', tlsText(codeOf(error)) ?? error.message));
    stream.on('end', () => this.ended());
    stream.on('close', () => this.over());
    this.send(ourHello(this.xid()));
    this.output.flush();
    const { helloTimeout_ms = HELLO_TIMEOUT_MS } = options;
    this.timer = options.clock.after(helloTimeout_ms, () => {
      this.abort('hello', `no HELLO within ${helloTimeout_ms / 1000} s`);
    });
  }

  get state(): ConnectionState {
    return this.current;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.output.bytes;
  }

  /** An xid for a message of this end's own. */
  xid(): number {
    const xid = this.nextXid;
    this.nextXid = this.nextXid === 0xffffffff ? 1 : this.nextXid + 1;
    return xid;
  }

  /**
   * Sends a reply or a request. It goes out with what else this turn sends. Ignored once the connection is closing.
   */
  send(bytes: Uint8Array): void {
    if (!this.live()) return;
    this.output.put(bytes);
    this.options.tap?.('out', bytes);
  }

  /** Sends a message that isn't bytes yet. */
  write(message: Message): void {
    if (!this.live()) return;
    if (this.options.tap) this.send(encode(message));
    else this.output.write(message);
  }

  /**
   * Sends messages as they come, the first one now and the rest no faster than the peer takes them; its next requests
   * wait until the last one is out. Each message's bytes are taken before the next one is asked for. Throws what making
   * the first one throws.
   */
  sendAll(messages: Iterable<Uint8Array>): void {
    if (!this.live()) return;
    const iterator = messages[Symbol.iterator]();
    if (this.sources.length > 0 || this.sendNext(iterator)) this.sources.push(iterator);
    this.pump();
  }

  /** False: there are no more. */
  private sendNext(messages: Iterator<Uint8Array>): boolean {
    const { done, value } = messages.next();
    if (!done) this.send(this.options.tap ? value.slice() : value);
    return !done;
  }

  /** Sends what the peer didn't ask for but must not miss. One that is too far behind is disconnected instead. */
  sendUnasked(bytes: Uint8Array): void {
    if (!this.live()) return;
    if (this.output.putUnasked(bytes)) this.options.tap?.('out', bytes);
    else this.abort('overflow', 'it does not read: too many messages wait for it');
  }

  /** Sends a packet-in, or drops it and counts it where the peer is behind. Returns whether it was sent. */
  sendPacketIn(bytes: Uint8Array): boolean {
    if (!this.live()) return false;
    if (this.output.bytes + bytes.length > PACKET_IN_BYTES) {
      this.droppedPacketIns++;
      return false;
    }
    this.send(bytes);
    // A controller that knows what to do answers at once.
    linger();
    return true;
  }

  /** Sends what waits, then closes. A peer that doesn't read has a second. */
  close(why = 'closed by this end'): void {
    this.finish('self', why);
    this.stream.once('finish', () => this.stream.destroy());
  }

  private live(): boolean {
    return this.current === 'hello' || this.current === 'open';
  }

  /** Who speaks TLS begins with a handshake record (RFC 8446 §5.1), which makes no OpenFlow message. */
  private begun(chunk: Uint8Array): void {
    if (chunk[0] !== TLS_HANDSHAKE || chunk[1] !== TLS_MAJOR) return;
    this.finish('hello', 'it speaks TLS, and this is an address without (use ssl: or pssl: at both ends)');
  }

  private received(chunk: Uint8Array): void {
    if (!this.live()) return;
    this.heard();
    // A plain view: slices of Node's Buffers share their bytes, those of a Uint8Array are copies.
    this.framer.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    this.pump();
  }

  /** Handles the messages that are there, as long as their replies find room; then writes all replies at once. */
  private pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    while (this.live() && this.hasRoom()) {
      if (this.sources.length > 0) {
        this.goOn(this.sources[0]);
        continue;
      }
      const message = this.nextMessage();
      if (!message) break;
      this.options.tap?.('in', message);
      if (this.current === 'hello') this.hello(message);
      else this.handle(message);
    }
    this.output.flush();
    this.pumping = false;
  }

  /** Sends the next part of an answer. One that can't be made ends the connection: its peer would wait for it. */
  private goOn(source: Iterator<Uint8Array>): void {
    try {
      if (!this.sendNext(source)) this.sources.shift();
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      this.finish('error', `a reply could not be made: ${error.message}`);
    }
  }

  private hasRoom(): boolean {
    if (this.output.bytes > PAUSE_BYTES) this.output.flush();
    if (this.output.bytes <= PAUSE_BYTES) return true;
    this.paused = true;
    this.stream.pause();
    return false;
  }

  private nextMessage(): Uint8Array | null {
    try {
      return this.framer.next();
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.finish('framing', error.message);
      return null;
    }
  }

  private hello(bytes: Uint8Array): void {
    if (bytes[1] === TYPE.error) {
      this.finish('hello', `it refuses our HELLO: ${printable(bytes.subarray(12))}`);
      return;
    }
    if (bytes[1] !== TYPE.hello) {
      this.finish('hello', `its first message is of type ${bytes[1]}, not HELLO`);
      return;
    }
    const offered = offeredVersions(decode(bytes) as Hello);
    if (!offered.includes(OFP13_VERSION)) {
      this.send(helloFailed(offered, this.xid()));
      this.finish('hello', `it offers ${offerText(offered)}, and 1.3 is spoken here (ovs-ofctl needs -O OpenFlow13)`);
      return;
    }
    this.current = 'open';
    this.timer?.cancel();
    this.watch();
    this.user.opened();
  }

  private handle(bytes: Uint8Array): void {
    try {
      if (bytes[1] === TYPE.hello) return;
      if (bytes[0] === OFP13_VERSION && bytes[1] === TYPE.echo_request) this.echo(bytes);
      else if (!this.answersProbe(bytes)) this.user.message(decode(bytes), bytes);
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      this.user.mistake(error, bytes);
    }
  }

  /** The reply has the request's xid and data. */
  private echo(request: Uint8Array): void {
    const reply = request.slice();
    reply[1] = TYPE.echo_reply;
    this.send(reply);
  }

  /** Any data, or none, is an answer: only the xid counts. */
  private answersProbe(bytes: Uint8Array): boolean {
    if (bytes[1] !== TYPE.echo_reply || this.probeXid === null) return false;
    if (peekXid(bytes) !== this.probeXid) return false;
    this.probeXid = null;
    return true;
  }

  private heard(): void {
    const now_ms = this.options.clock.now();
    if (now_ms - this.heard_ms < SOON_MS) linger();
    this.heard_ms = now_ms;
    this.probed_ms = null;
  }

  /** Looks again when silence may have lasted long enough. */
  private watch(): void {
    const { clock, probe_ms = PROBE_MS } = this.options;
    if (probe_ms <= 0) return;
    const since_ms = clock.now() - (this.probed_ms ?? this.heard_ms);
    this.timer = clock.after(Math.max(1, probe_ms - since_ms), () => {
      const waited_ms = clock.now() - (this.probed_ms ?? this.heard_ms);
      if (waited_ms >= probe_ms) {
        if (this.probed_ms !== null) {
          this.abort('silence', `no answer to a probe within ${probe_ms / 1000} s`);
          return;
        }
        this.probe();
      }
      this.watch();
    });
  }

  private probe(): void {
    this.probed_ms = this.options.clock.now();
    this.probeXid = this.xid();
    this.send(encode({ type: 'echo_request', xid: this.probeXid, data: new Uint8Array(0) }));
  }

  /** The peer took what waited: requests may be read again. */
  private drained(): void {
    if (this.live()) this.user.drained?.();
    if (!this.paused) return;
    this.paused = false;
    this.heard();
    this.pump();
    if (!this.paused) this.stream.resume();
  }

  /** The peer sends no more. What was asked has been answered; the answers still go out. */
  private ended(): void {
    // With TLS 1.3 the end that dialled is through with the handshake before the other one looks at its certificate.
    const unheard = this.current === 'hello' && this.name.startsWith('ssl:');
    const why = unheard ? "closed by the peer before its HELLO: does it trust this end's certificate?" : this.why;
    this.finish('peer', why, PEER_CLOSE_TIMEOUT_MS);
  }

  /** Remembers the first cause. */
  private end(cause: CloseCause, why: string): void {
    if (!this.live()) return;
    this.cause = cause;
    this.why = why;
    this.current = 'closing';
    this.timer?.cancel();
    this.timer = null;
  }

  /** Sends what waits, and gives the peer a moment to take it. */
  private finish(cause: CloseCause, why: string, timeout_ms = CLOSE_TIMEOUT_MS): void {
    if (!this.live()) return;
    this.output.flush();
    this.end(cause, why);
    this.stream.end();
    this.stream.resume();
    this.timer = this.options.clock.after(timeout_ms, () => this.stream.destroy());
  }

  private abort(cause: CloseCause, why: string): void {
    this.end(cause, why);
    this.stream.destroy();
  }

  private over(): void {
    if (this.current === 'closed') return;
    this.end(this.cause, this.why);
    this.timer?.cancel();
    this.current = 'closed';
    this.user.closed(this.cause, this.why);
  }
}

/** Text for a log out of bytes that a peer sent. */
function printable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 200)).replace(/[^\x20-\x7e]+/g, ' ');
  return text.trim() || 'no text';
}
