/**
 * ICMP and ICMPv6 of a virtual host (RFC 792, RFC 4443): answers echo requests, pings, tells senders of closed UDP
 * ports, and hands errors that quote the host's own datagrams to whoever sent them.
 */
import type { Timer } from '../../bytes/index.js';
import { formatIp, groupMac } from './address.js';
import { get16, put16 } from './ethernet.js';
import { icmpIsSound, icmpv4, icmpv6 } from './icmp-message.js';
import { type Datagram, PROTOCOL, type Stack } from './stack.js';

/** ICMP's types by family. */
const TYPES = {
  4: { request: 8, reply: 0, unreachable: 3, port: 3, quoted: 548 },
  16: { request: 128, reply: 129, unreachable: 1, port: 4, quoted: 1232 },
} as const;
function types(address: Uint8Array) {
  return TYPES[address.length as 4 | 16];
}

/** How a host pings. */
export interface PingOptions {
  /** Probes, 4 unless told. */
  count?: number;
  /** Between probes, in milliseconds; 1000 unless told. */
  interval_ms?: number;
  /** How long each answer is waited for, in milliseconds; 1000 unless told. */
  timeout_ms?: number;
  /** Bytes behind the echo header, 56 unless told. */
  size?: number;
}

/** What became of one probe. */
export interface Probe {
  /** 1 for the first. */
  sequence: number;
  /** 'unreachable': an ICMP error came, or the neighbour did not answer ARP or ND. */
  outcome: 'reply' | 'timeout' | 'unreachable';
  /** From the request to the reply, in milliseconds, where there was one. */
  rtt_ms?: number;
}

interface Waiting {
  sent_ms: number;
  timer: Timer;
  done(outcome: Probe['outcome'], rtt_ms?: number): void;
}

export class Icmp {
  private readonly waiting = new Map<string, Waiting>();
  private id: number;

  constructor(private readonly stack: Stack) {
    this.id = stack.random.below(0x10000);
  }

  receive(datagram: Datagram): void {
    const { from, to, payload } = datagram;
    if (!icmpIsSound(from, to, payload)) return;
    const type = types(from);
    if (payload[0] === type.request) this.answer(datagram);
    else if (payload[0] === type.reply) this.finish(this.key(from, payload), 'reply');
    else if (payload[0] === type.unreachable) this.stack.undelivered(payload.subarray(8));
  }

  /** Sends echo requests and tells what became of each. */
  ping(to: Uint8Array, options: PingOptions = {}): Promise<Probe[]> {
    const { count = 4, interval_ms = 1000, timeout_ms = 1000, size = 56 } = options;
    this.id = (this.id + 1) & 0xffff;
    const probes: Promise<Probe>[] = [];
    for (let sequence = 1; sequence <= count; sequence++) {
      const body = echoBody(this.id, sequence, size);
      probes.push(this.probe(to, sequence, body, (sequence - 1) * interval_ms, timeout_ms));
    }
    return Promise.all(probes);
  }

  /** A datagram came for a UDP port that is closed: tells its sender, unless it was sent to many. */
  portUnreachable({ from, to, whole }: Datagram): void {
    if (groupMac(to) !== null) return;
    const type = types(from);
    const quoted = whole.subarray(0, type.quoted);
    const body = new Uint8Array(4 + quoted.length);
    body.set(quoted, 4);
    this.say(from, to, type.unreachable, type.port, body);
  }

  /** A message of ours could not be delivered. */
  undelivered({ to, payload }: Datagram): void {
    this.finish(this.key(to, payload), 'unreachable');
  }

  /** Gives up on what is waited for. */
  close(): void {
    for (const key of [...this.waiting.keys()]) this.finish(key, 'timeout');
  }

  private probe(
    to: Uint8Array,
    sequence: number,
    body: Uint8Array,
    delay_ms: number,
    timeout_ms: number,
  ): Promise<Probe> {
    const { clock } = this.stack;
    return new Promise((resolve) => {
      const key = `${formatIp(to)} ${get16(body, 0)} ${get16(body, 2)}`;
      const probe: Waiting = {
        sent_ms: clock.now(),
        timer: clock.after(delay_ms, () => {
          probe.sent_ms = clock.now();
          probe.timer = clock.after(timeout_ms, () => this.finish(key, 'timeout'));
          this.say(to, this.stack.source(to), types(to).request, 0, body);
        }),
        done: (outcome, rtt_ms) =>
          resolve(rtt_ms === undefined ? { sequence, outcome } : { sequence, outcome, rtt_ms }),
      };
      this.waiting.set(key, probe);
    });
  }

  private answer({ from, to, payload }: Datagram): void {
    const own = groupMac(to) === null ? to : this.stack.source(from);
    this.say(from, own, types(from).reply, 0, payload.subarray(4));
  }

  private say(to: Uint8Array, from: Uint8Array | null, type: number, code: number, body: Uint8Array): void {
    if (from === null) return;
    const four = to.length === 4;
    const bytes = four ? icmpv4(type, code, body) : icmpv6(from, to, type, code, body);
    this.stack.send(to, four ? PROTOCOL.icmp : PROTOCOL.icmpv6, bytes, { from });
  }

  private key(address: Uint8Array, payload: Uint8Array): string {
    return `${formatIp(address)} ${get16(payload, 4)} ${get16(payload, 6)}`;
  }

  private finish(key: string, outcome: Probe['outcome']): void {
    const waiting = this.waiting.get(key);
    if (waiting === undefined) return;
    this.waiting.delete(key);
    waiting.timer.cancel();
    waiting.done(outcome, outcome === 'reply' ? this.stack.clock.now() - waiting.sent_ms : undefined);
  }
}

/** What stands behind the checksum of an echo request: identifier, sequence number, and bytes that count up. */
function echoBody(id: number, sequence: number, size: number): Uint8Array {
  const body = new Uint8Array(4 + size);
  put16(body, 0, id);
  put16(body, 2, sequence);
  for (let i = 4; i < body.length; i++) body[i] = i;
  return body;
}
