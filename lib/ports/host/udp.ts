/**
 * UDP of a virtual host (RFC 768): sends a datagram and waits for the answer, and echoes what comes to its open ports.
 */
import { checksum, type Timer } from '../../bytes/index.js';
import { formatIp, groupMac } from './address.js';
import { get16, put16 } from './ethernet.js';
import { pseudoHeaderSum } from './ip-header.js';
import { type Datagram, PROTOCOL, type Stack } from './stack.js';

const HEADER = 8;
/** Ports that the host itself uses (RFC 6335 §6). */
export const EPHEMERAL = { first: 49_152, count: 16_384 };
/** The most data in a datagram, in bytes: it must fit a frame of 1500, since a host does not fragment. */
export const MAX_UDP_DATA = 1452;

/** What became of a datagram. */
export interface UdpResult {
  /** 'unreachable': an ICMP error came (a closed port, mostly), or the neighbour did not answer ARP or ND. */
  outcome: 'reply' | 'timeout' | 'unreachable';
  /** The data that came back. */
  reply?: Uint8Array;
  rtt_ms?: number;
}

interface Waiting {
  sent_ms: number;
  timer: Timer;
  done(result: UdpResult): void;
}

export class Udp {
  private readonly waiting = new Map<string, Waiting>();
  private nextPort: number;

  constructor(
    private readonly stack: Stack,
    /** Ports that echo. */
    readonly open: Set<number>,
    private readonly unreachable: (datagram: Datagram) => void,
  ) {
    this.nextPort = stack.random.below(EPHEMERAL.count);
  }

  /**
   * Sends data and waits for a datagram from that address and port. Throws a RangeError for more than MAX_UDP_DATA
   * bytes.
   */
  request(to: Uint8Array, port: number, data: Uint8Array, timeout_ms: number): Promise<UdpResult> {
    if (data.length > MAX_UDP_DATA)
      throw new RangeError(`${data.length} bytes in a datagram, more than ${MAX_UDP_DATA}`);
    const own = EPHEMERAL.first + (this.nextPort++ % EPHEMERAL.count);
    return new Promise((done) => {
      const key = `${formatIp(to)} ${port} ${own}`;
      const timer = this.stack.clock.after(timeout_ms, () => this.finish(key, 'timeout'));
      this.waiting.set(key, { sent_ms: this.stack.clock.now(), timer, done });
      this.say(to, this.stack.source(to), own, port, data);
    });
  }

  receive(datagram: Datagram): void {
    const { from, to, payload } = datagram;
    const length = get16(payload, 4);
    if (payload.length < HEADER || length < HEADER || length > payload.length) return;
    const sum = pseudoHeaderSum(from, to, PROTOCOL.udp, length);
    const summed = from.length === 16 || get16(payload, 6) !== 0;
    if (summed && checksum(payload, 0, length, sum) !== 0) return;
    const [source, destination] = [get16(payload, 0), get16(payload, 2)];
    const data = payload.slice(HEADER, length);
    if (this.finish(`${formatIp(from)} ${source} ${destination}`, 'reply', data)) return;
    const own = groupMac(to) === null ? to : this.stack.source(from);
    if (this.open.has(destination)) this.say(from, own, destination, source, data);
    else this.unreachable(datagram);
  }

  /** A datagram of ours could not be delivered. */
  undelivered({ to, payload }: Datagram): void {
    this.finish(`${formatIp(to)} ${get16(payload, 2)} ${get16(payload, 0)}`, 'unreachable');
  }

  /** Gives up on what is waited for. */
  close(): void {
    for (const key of [...this.waiting.keys()]) this.finish(key, 'timeout');
  }

  private say(to: Uint8Array, from: Uint8Array | null, source: number, destination: number, data: Uint8Array): void {
    if (from === null) return;
    const bytes = new Uint8Array(HEADER + data.length);
    put16(bytes, 0, source);
    put16(bytes, 2, destination);
    put16(bytes, 4, bytes.length);
    bytes.set(data, HEADER);
    const sum = checksum(bytes, 0, bytes.length, pseudoHeaderSum(from, to, PROTOCOL.udp, bytes.length));
    put16(bytes, 6, sum === 0 ? 0xffff : sum);
    this.stack.send(to, PROTOCOL.udp, bytes, { from });
  }

  private finish(key: string, outcome: UdpResult['outcome'], reply?: Uint8Array): boolean {
    const waiting = this.waiting.get(key);
    if (waiting === undefined) return false;
    this.waiting.delete(key);
    waiting.timer.cancel();
    waiting.done(
      reply === undefined ? { outcome } : { outcome, reply, rtt_ms: this.stack.clock.now() - waiting.sent_ms },
    );
    return true;
  }
}
