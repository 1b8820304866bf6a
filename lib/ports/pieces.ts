/**
 * What a piece of a longer frame needs to be a frame of its own, once it has the headers and its part of the data:
 * IP's length, identification and checksum, TCP's number, flags and checksum, UDP's length and checksum. As network
 * cards and Linux cut: FIN and PSH are left to the last piece, CWR to the first (RFC 3168 §6.1.2).
 */
import { checksum } from '../bytes/index.js';
import { pseudoHeader } from './checksum-offload.js';
import type { IpPlace } from './ip-place.js';

const FIN_PSH = 0x09;
const CWR = 0x80;

/** Which piece of how many: the first and the last have flags that others don't. */
export interface Turn {
  /** From 0 on. */
  readonly nth: number;
  readonly last: boolean;
}

function get16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** Writes 16 bits in network order. */
export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Makes the IP header at `ip` that of a datagram that ends at `ip.end`, the `nth` that was cut from the whole. */
export function putIp(bytes: Uint8Array, ip: IpPlace, nth: number): void {
  const { l3, end } = ip;
  if (ip.version === 6) {
    put16(bytes, l3 + 4, end - l3 - 40);
    return;
  }
  put16(bytes, l3 + 2, end - l3);
  put16(bytes, l3 + 4, get16(bytes, l3 + 4) + nth);
  put16(bytes, l3 + 10, 0);
  put16(bytes, l3 + 10, checksum(bytes, l3, l3 + (bytes[l3] & 15) * 4));
}

/** Makes the TCP header at `ip.l4`, a copy of the whole's, that of the piece whose data begins `offset` bytes later. */
export function putTcp(bytes: Uint8Array, ip: IpPlace, offset: number, { nth, last }: Turn): void {
  const { l4 } = ip;
  const seq = ((get16(bytes, l4 + 4) << 16) | get16(bytes, l4 + 6)) + offset;
  put16(bytes, l4 + 4, seq >>> 16);
  put16(bytes, l4 + 6, seq);
  bytes[l4 + 13] &= ~(last ? 0 : FIN_PSH) & ~(nth > 0 ? CWR : 0);
  put16(bytes, l4 + 16, 0);
  put16(bytes, l4 + 16, checksum(bytes, l4, ip.end, pseudoHeader(bytes, ip)));
}

/** Makes the UDP header at `ip.l4` that of a datagram that ends at `ip.end`. */
export function putUdp(bytes: Uint8Array, ip: IpPlace): void {
  const { l4 } = ip;
  put16(bytes, l4 + 4, ip.end - l4);
  put16(bytes, l4 + 6, 0);
  put16(bytes, l4 + 6, checksum(bytes, l4, ip.end, pseudoHeader(bytes, ip)) || 0xffff);
}
