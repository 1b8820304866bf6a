/**
 * Which MAC address belongs to which neighbour, for ARP and ND alike: a cache whose entries expire, and datagrams that
 * wait for an answer. How a neighbour is asked for is left to arp.ts and nd.ts.
 */
import type { Timer } from '../../bytes/index.js';
import { formatIp } from './address.js';
import type { Stack } from './stack.js';

/** How long an answer is believed, in milliseconds. */
export const NEIGHBOUR_TIMEOUT_MS = 60_000;
/** Time between questions and how many are asked (RFC 4861 §10: RETRANS_TIMER, MAX_MULTICAST_SOLICIT). */
export const ASK_INTERVAL_MS = 1000;
export const ASK_TRIES = 3;
/** Neighbours remembered; the one that was learnt first goes. */
export const MAX_NEIGHBOURS = 1024;
/** Neighbours asked for at a time, and datagrams that wait for each; the rest is undelivered. */
export const MAX_ASKED = 64;
export const MAX_WAITING = 64;

interface Asked {
  waiting: Uint8Array[];
  tries: number;
  timer: Timer | null;
}

export class Neighbours {
  private readonly known = new Map<string, { mac: Uint8Array; until: number }>();
  private readonly asked = new Map<string, Asked>();

  constructor(
    private readonly stack: Stack,
    /** Sends a question for an address. */
    private readonly ask: (address: Uint8Array) => void,
    /** Sends a datagram to a MAC address. */
    private readonly deliver: (datagram: Uint8Array, mac: Uint8Array) => void,
  ) {}

  /** Sends the datagram to the neighbour, now or when it has answered. */
  send(address: Uint8Array, datagram: Uint8Array): void {
    const key = formatIp(address);
    const entry = this.known.get(key);
    if (entry !== undefined && entry.until > this.stack.clock.now()) {
      this.deliver(datagram, entry.mac);
      return;
    }
    this.known.delete(key);
    const asked = this.asked.get(key);
    if (asked !== undefined) {
      if (asked.waiting.length < MAX_WAITING) asked.waiting.push(datagram);
      else this.stack.undelivered(datagram);
    } else if (this.asked.size >= MAX_ASKED) {
      this.stack.undelivered(datagram);
    } else {
      const fresh: Asked = { waiting: [datagram], tries: 0, timer: null };
      this.asked.set(key, fresh);
      this.question(key, address.slice(), fresh);
    }
  }

  /** A neighbour told its MAC address. Unless `always`, only one that is known or asked for is listened to. */
  learn(address: Uint8Array, mac: Uint8Array, always: boolean): void {
    const key = formatIp(address);
    const asked = this.asked.get(key);
    if (!always && asked === undefined && !this.known.has(key)) return;
    this.known.delete(key);
    if (this.known.size >= MAX_NEIGHBOURS) this.known.delete(this.known.keys().next().value as string);
    this.known.set(key, { mac: mac.slice(), until: this.stack.clock.now() + NEIGHBOUR_TIMEOUT_MS });
    if (asked === undefined) return;
    this.asked.delete(key);
    asked.timer?.cancel();
    for (const datagram of asked.waiting) this.deliver(datagram, mac);
  }

  /** The neighbours that are known and not expired, as address → MAC address. */
  entries(): Map<string, Uint8Array> {
    const now = this.stack.clock.now();
    return new Map([...this.known].filter(([, { until }]) => until > now).map(([key, { mac }]) => [key, mac]));
  }

  /** Forgets everything; what waits is dropped. */
  clear(): void {
    for (const { timer } of this.asked.values()) timer?.cancel();
    this.asked.clear();
    this.known.clear();
  }

  private question(key: string, address: Uint8Array, asked: Asked): void {
    if (asked.tries++ < ASK_TRIES) {
      asked.timer = this.stack.clock.after(ASK_INTERVAL_MS, () => this.question(key, address, asked));
      this.ask(address);
      return;
    }
    this.asked.delete(key);
    for (const datagram of asked.waiting) this.stack.undelivered(datagram);
  }
}
