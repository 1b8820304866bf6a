/**
 * What a packet program asks of the tracker, and what it learns: plain objects, made once and used for every packet.
 */

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
  /** Translation is not asked for. */
  nat: null;
  /** No application helper. */
  helper: null;
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
  /** Ports; ICMP's type and code. */
  tp_src = 0;
  tp_dst = 0;
  /** The stored connection, or -1, and its serial number. */
  connection = -1;
  serial = 0;
  /** A number of `why`. */
  why = 0;
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

  clear(): void {
    this.state = 0;
    this.zone = 0;
    this.connection = -1;
    this.serial = 0;
  }

  keep(from: Prior | CtResult): void {
    this.state = from.state;
    this.zone = from.zone;
    this.connection = from.connection;
    this.serial = from.serial;
  }
}
