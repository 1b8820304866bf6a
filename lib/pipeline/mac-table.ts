/**
 * NORMAL's table of addresses: VLAN and MAC → port, as Open vSwitch's bridge learns them. A hash table in typed arrays
 * with open addressing, because every packet of a learning switch touches it. Bounded: when it is full, the address of
 * a few that was unused longest goes. What changes what is known is told, so that cached programs that relied on it are
 * made again.
 */
import { finish, mix } from '../packet/shape.js';

/** Most addresses, and how long one stays unused: Open vSwitch's mac-table-size and mac-aging-time. */
export const MAX_MACS = 8192;
export const MAC_AGING_MS = 300_000;
const SLOTS = MAX_MACS * 2;
const MASK = SLOTS - 1;
/** Candidates that are looked at when one must go. */
const EVICTION_SAMPLE = 16;

export interface MacEntry {
  /** 0: no VLAN. */
  readonly vlan: number;
  readonly mac: Uint8Array;
  readonly port: number;
  /** Since the last frame, ms. */
  readonly age_ms: number;
}

/** What is known changed for a VLAN and the MAC in six bytes at `at`. */
export type MacChanged = (vlan: number, bytes: Uint8Array, at: number) => void;

export class MacTable {
  private readonly macs = new Uint8Array(SLOTS * 6);
  private readonly vlans = new Uint16Array(SLOTS);
  private readonly ports = new Uint32Array(SLOTS);
  private readonly used_ms = new Float64Array(SLOTS);
  /** 1 where an address stands. */
  private readonly taken = new Uint8Array(SLOTS);
  private hand = 0;
  size = 0;

  constructor(private readonly changed: MacChanged) {}

  /** The port of the address at `bytes[at]`, or -1. */
  find(vlan: number, bytes: Uint8Array, at: number): number {
    const i = this.place(vlan, bytes, at);
    return this.taken[i] ? this.ports[i] : -1;
  }

  /** A frame from the address at `bytes[at]` came in at `port`. Group addresses aren't learned. */
  learn(vlan: number, bytes: Uint8Array, at: number, port: number, now_ms: number): void {
    if (bytes[at] & 1) return;
    let i = this.place(vlan, bytes, at);
    if (this.taken[i]) {
      this.used_ms[i] = now_ms;
      if (this.ports[i] === port) return;
      this.ports[i] = port;
    } else {
      if (this.size >= MAX_MACS) {
        this.evict();
        i = this.place(vlan, bytes, at);
      }
      this.taken[i] = 1;
      this.vlans[i] = vlan;
      this.ports[i] = port;
      this.used_ms[i] = now_ms;
      for (let k = 0; k < 6; k++) this.macs[i * 6 + k] = bytes[at + k];
      this.size++;
    }
    this.changed(vlan, bytes, at);
  }

  /** Forgets what wasn't used for too long; until it is called, an address stays known. */
  age(now_ms: number): void {
    this.forget((i) => now_ms - this.used_ms[i] >= MAC_AGING_MS);
  }

  /** Forgets all addresses, or those of a port. */
  flush(port?: number): void {
    this.forget((i) => port === undefined || this.ports[i] === port);
  }

  list(now_ms: number): MacEntry[] {
    const entries: MacEntry[] = [];
    for (let i = 0; i < SLOTS; i++) {
      if (!this.taken[i]) continue;
      const mac = this.macs.slice(i * 6, i * 6 + 6);
      entries.push({ vlan: this.vlans[i], mac, port: this.ports[i], age_ms: now_ms - this.used_ms[i] });
    }
    return entries;
  }

  /** Where an address stands, or the free slot where it would. */
  private place(vlan: number, bytes: Uint8Array, at: number): number {
    let i = hash(vlan, bytes, at);
    while (this.taken[i] && !(this.vlans[i] === vlan && this.equals(i, bytes, at))) i = (i + 1) & MASK;
    return i;
  }

  private equals(i: number, bytes: Uint8Array, at: number): boolean {
    for (let k = 0; k < 6; k++) if (this.macs[i * 6 + k] !== bytes[at + k]) return false;
    return true;
  }

  private forget(which: (i: number) => boolean): void {
    for (let i = 0; i < SLOTS; ) {
      if (this.taken[i] && which(i)) this.remove(i);
      else i++;
    }
  }

  private evict(): void {
    let oldest = -1;
    for (let seen = 0; seen < EVICTION_SAMPLE; ) {
      this.hand = (this.hand + 1) & MASK;
      if (!this.taken[this.hand]) continue;
      seen++;
      if (oldest < 0 || this.used_ms[this.hand] < this.used_ms[oldest]) oldest = this.hand;
    }
    this.remove(oldest);
  }

  /** Takes one out and closes the gap. */
  private remove(i: number): void {
    const gone = this.macs.slice(i * 6, i * 6 + 6);
    const vlan = this.vlans[i];
    this.size--;
    this.taken[i] = 0;
    let gap = i;
    for (let j = (i + 1) & MASK; this.taken[j]; j = (j + 1) & MASK) {
      const home = hash(this.vlans[j], this.macs, j * 6);
      if (((j - home) & MASK) < ((j - gap) & MASK)) continue;
      this.macs.copyWithin(gap * 6, j * 6, j * 6 + 6);
      this.vlans[gap] = this.vlans[j];
      this.ports[gap] = this.ports[j];
      this.used_ms[gap] = this.used_ms[j];
      this.taken[gap] = 1;
      this.taken[j] = 0;
      gap = j;
    }
    this.changed(vlan, gone, 0);
  }
}

function hash(vlan: number, b: Uint8Array, at: number): number {
  const low = (b[at + 2] << 24) | (b[at + 3] << 16) | (b[at + 4] << 8) | b[at + 5];
  return finish(mix(mix(vlan, (b[at] << 8) | b[at + 1]), low)) & MASK;
}
