/**
 * What a packet program asks of the tracker, and what it learns: plain objects, made once and used for every packet.
 */

import type { Piece } from './fragments.js';

/** How the connection that is committed is to be translated. */
export interface NatRequest {
  /** Source or destination of the original direction; null: only by what the connection was stored with. */
  readonly kind: 'src' | 'dst' | null;
  /** Family of the range; 0: no range, translated only where tuples would collide. */
  readonly family: 0 | 4 | 6;
  /** First and last address: signed 32-bit numbers, one of IPv4, four of IPv6. */
  readonly min: Int32Array;
  readonly max: Int32Array;
  /** First and last port or ICMP id; 0: no range. */
  readonly portMin: number;
  readonly portMax: number;
  /** Address and first port by chance instead of by a hash of the tuple. */
  readonly random: boolean;
  /** The address by a hash of the source address alone, the same in every run. */
  readonly persistent: boolean;
}

/** nat without arguments. */
export const BARE_NAT: NatRequest = {
  kind: null,
  family: 0,
  min: new Int32Array(4),
  max: new Int32Array(4),
  portMin: 0,
  portMax: 0,
  random: false,
  persistent: false,
};

/** One ct action. */
export interface CtRequest {
  zone: number;
  /** Store the connection. */
  commit: boolean;
  /** With commit: end a stored connection whose original direction is the other one. */
  force: boolean;
  /** Bits of markMask that are set to those of markValue in the stored connection's mark, in either direction. */
  markValue: number;
  markMask: number;
  /** The same for the label; four words with the bytes in network order, as in the flow key. Null: nothing. */
  labelValue: Uint32Array | null;
  labelMask: Uint32Array | null;
  /** Null: the packet isn't translated. */
  nat: NatRequest | null;
  /** With commit: the protocol that is read for connections it announces. */
  helper: 'ftp' | 'tftp' | null;
}

/** A request that only looks the packet up. */
export function lookupRequest(zone = 0): CtRequest {
  return {
    zone,
    commit: false,
    force: false,
    markValue: 0,
    markMask: 0,
    labelValue: null,
    labelMask: null,
    nat: null,
    helper: null,
  };
}

/** What becomes of the packet itself behind a ct action. */
export const FATE = {
  /** It goes on. */
  on: 0,
  /** It is dropped. */
  drop: 1,
  /** A fragment: the tracker keeps a copy until the datagram is whole. */
  held: 2,
  /** The fragment made its datagram whole: the pieces in the tracker's `released` go on in its place. */
  pieces: 3,
} as const;

/** Fragments that go on, in order, and the result of tracking their datagram, which is the same for all. */
export interface Released {
  readonly pieces: readonly Piece[];
  readonly result: CtResult;
}

/** What one packet's ct fields become. The tracker has one of it and overwrites it with every packet. */
export class CtResult {
  /** Bits of ct_state. */
  state = 0;
  zone = 0;
  mark = 0;
  readonly label = new Uint32Array(4);
  /** The original tuple's family: 4, 6, or 0 where there is none (invalid packets); then the rest of it is zero. */
  family = 0;
  proto = 0;
  /** Addresses in network order; 4 or 16 bytes count. */
  readonly src = new Uint8Array(16);
  readonly dst = new Uint8Array(16);
  /** The same memory by words. */
  readonly srcWords = new Uint32Array(this.src.buffer);
  readonly dstWords = new Uint32Array(this.dst.buffer);
  /** Ports; ICMP's type and code. */
  tp_src = 0;
  tp_dst = 0;
  /** The stored connection, or -1, and its serial number. */
  connection = -1;
  serial = 0;
  /** A packet of the connection's reply direction was accepted, this one included. */
  replied = false;
  /** The packet runs against the connection's original direction. */
  reply = false;
  /** Translation was asked for, or addresses or ports were set: the next ct action tracks the packet anew. */
  anew = false;
  /** A number of `why`. */
  why = 0;
  /** A number of `FATE`. */
  fate: number = FATE.on;

  /** The same in an object of its own. */
  copy(from: CtResult): this {
    this.state = from.state;
    this.zone = from.zone;
    this.mark = from.mark;
    this.label.set(from.label);
    this.family = from.family;
    this.proto = from.proto;
    this.src.set(from.src);
    this.dst.set(from.dst);
    this.tp_src = from.tp_src;
    this.tp_dst = from.tp_dst;
    this.connection = from.connection;
    this.serial = from.serial;
    this.replied = from.replied;
    this.reply = from.reply;
    this.anew = from.anew;
    this.why = from.why;
    this.fate = from.fate;
    return this;
  }
}

/**
 * What the last ct action found out about a packet. Whoever carries the packet on keeps one of these with it, hands
 * it in with the next ct action, and clears it with ct_clear.
 */
export class Prior {
  state = 0;
  zone = 0;
  connection = -1;
  serial = 0;
  reply = false;
  anew = false;

  /** Forgets it. */
  clear(): void {
    this.state = 0;
    this.zone = 0;
    this.connection = -1;
    this.serial = 0;
    this.reply = false;
    this.anew = false;
  }

  /** Takes it over. */
  keep(from: Prior | CtResult): void {
    this.state = from.state;
    this.zone = from.zone;
    this.connection = from.connection;
    this.serial = from.serial;
    this.reply = from.reply;
    this.anew = from.anew;
  }
}
