/** What the parts of a virtual host see of each other: its addresses, time, chance, and the way down. */
import type { Clock, Random } from '../../bytes/index.js';

/** Protocol numbers that a host speaks (IANA). */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/** A datagram that came in; the arrays are copies or views that stay as they are. */
export interface Datagram {
  /** Four or sixteen bytes each. */
  from: Uint8Array;
  to: Uint8Array;
  protocol: number;
  /** Hop limit or TTL as it came in. */
  ttl: number;
  /** What the IP header carries. */
  payload: Uint8Array;
  /** All of it, from the IP header on, for the errors that quote it. */
  whole: Uint8Array;
}

/** How a datagram is to be sent, where the usual isn't right. */
export interface SendOptions {
  /** Source address; the host's own of the same family unless told. */
  from?: Uint8Array;
  /** TTL or hop limit, 64 unless told. */
  ttl?: number;
}

export interface Stack {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly ipv4: Uint8Array | null;
  readonly ipv6: Uint8Array | null;
  /** fe80::/64 with the interface identifier of the MAC address (RFC 4291 Appendix A). */
  readonly linkLocal: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether the address is one of the host's own unicast addresses. */
  owns(address: Uint8Array): boolean;
  /** Hands a whole frame to the switch. */
  transmit(frame: Uint8Array): void;
  /** Sends a datagram, asking for the neighbour's MAC address first where it isn't known. */
  send(to: Uint8Array, protocol: number, payload: Uint8Array, options?: SendOptions): void;
  /** The source address that `send` uses towards `to`; null where the host has none of that family. */
  source(to: Uint8Array): Uint8Array | null;
  /** A datagram of ours could not be delivered: its neighbour didn't answer, or an ICMP error quotes it, maybe cut. */
  undelivered(whole: Uint8Array): void;
}
