/**
 * Translation of a frame in place: one address and the ports (or the id of a query) become those of a tuple, and every
 * checksum that counts them follows by the change alone (RFC 1624), so that UDP's 0 stays 0. An ICMP error is
 * translated outside and in the packet that it quotes; its own checksum is then made anew. Which tuple is left to the
 * tracker.
 */
import { crc32c, fold, sumBytes } from '../bytes/checksum.js';
import type { Packet } from '../packet/packet.js';
import type { Parsed } from './parse.js';
import { PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from './states.js';
import { isQuery, type Tuple } from './tuple.js';

/** The change so far: what the one's complement sum of the bytes grew by. */
let change = 0;

function put16(bytes: Uint8Array, at: number, value: number): void {
  change += (~((bytes[at] << 8) | bytes[at + 1]) & 0xffff) + value;
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16);
  put16(bytes, at + 2, value & 0xffff);
}

/**
 * Carries the change into the checksum at `at`. In UDP 0 means none and stays, and a sum of 0 is written as all ones.
 */
function adjust(bytes: Uint8Array, at: number, udp: boolean): void {
  const old = (bytes[at] << 8) | bytes[at + 1];
  if (udp && old === 0) return;
  let sum = ~fold((~old & 0xffff) + change) & 0xffff;
  if (udp && sum === 0) sum = 0xffff;
  bytes[at] = sum >>> 8;
  bytes[at + 1] = sum;
}

/** Writes an address of the IP header at `l3`. */
function putAddress(bytes: Uint8Array, l3: number, source: boolean, target: Tuple): void {
  if (target.family === 4) {
    put32(bytes, l3 + (source ? 12 : 16), source ? target.src : target.dst);
    adjust(bytes, l3 + 10, false);
    return;
  }
  const words = source ? target.src6 : target.dst6;
  for (let i = 0; i < 4; i++) put32(bytes, l3 + (source ? 8 : 24) + i * 4, words[i]);
}

/** Where a protocol's checksum stands in its header; -1: it has none that counts these bytes. */
function checksumAt(proto: number): number {
  switch (proto) {
    case PROTO_TCP:
      return 16;
    case PROTO_UDP:
      return 6;
    case PROTO_ICMP:
    case PROTO_ICMPV6:
      return 2;
    default:
      return -1;
  }
}

/**
 * Makes a datagram's source (or destination) address and its ports those of `target`. The datagram may be cut off at
 * `end`, as quoted ones are: a checksum that isn't there isn't written.
 */
function translateDatagram(b: Uint8Array, l3: number, l4: number, end: number, source: boolean, target: Tuple): void {
  const { family, proto, ports } = target;
  change = 0;
  putAddress(b, l3, source, target);
  // ICMP's checksum doesn't count addresses, ICMPv6's does.
  if (family === 4 && proto === PROTO_ICMP) change = 0;
  if (isQuery(family, proto)) put16(b, l4 + 4, ports & 0xffff);
  else if (proto === PROTO_TCP || proto === PROTO_UDP || proto === PROTO_SCTP) put32(b, l4, ports);
  const sum = isQuery(family, proto) || hasChecksum(family, proto) ? checksumAt(proto) : -1;
  if (sum >= 0 && l4 + sum + 2 <= end) adjust(b, l4 + sum, proto === PROTO_UDP);
}

/** ICMP in IPv6 and ICMPv6 in IPv4 are strangers. */
function hasChecksum(family: number, proto: number): boolean {
  return proto === PROTO_TCP || proto === PROTO_UDP || proto === (family === 4 ? PROTO_ICMP : PROTO_ICMPV6);
}

/**
 * Makes the packet's source (or destination) that of `target`, which runs in the packet's direction; of an ICMP error,
 * the outer address, and the other side of the packet that it quotes.
 */
export function translate(packet: Packet, parsed: Parsed, source: boolean, target: Tuple, reverse: Tuple): void {
  const { bytes, l3 } = packet;
  if (!parsed.related) {
    translateDatagram(bytes, l3, parsed.l4, parsed.end, source, target);
    if (target.proto === PROTO_SCTP) putCrc(bytes, parsed.l4, parsed.end);
    return;
  }
  reverse.copy(target);
  reverse.reverse();
  change = 0;
  putAddress(bytes, l3, source, target);
  translateDatagram(bytes, parsed.quote, parsed.l4, parsed.end, !source, reverse);
  putIcmpChecksum(bytes, l3, parsed.outer, parsed.end, target.family);
}

/** SCTP's CRC32c over header and chunks, least significant byte first (RFC 9260 §6.8). */
function putCrc(bytes: Uint8Array, l4: number, end: number): void {
  const crc = crc32c(bytes, l4, end, l4 + 8);
  for (let i = 0; i < 4; i++) bytes[l4 + 8 + i] = crc >>> (8 * i);
}

function putIcmpChecksum(bytes: Uint8Array, l3: number, l4: number, end: number, family: number): void {
  bytes[l4 + 2] = 0;
  bytes[l4 + 3] = 0;
  const pseudo = family === 6 ? sumBytes(bytes, l3 + 8, l3 + 40) + PROTO_ICMPV6 + end - l4 : 0;
  const sum = ~fold(sumBytes(bytes, l4, end, pseudo)) & 0xffff;
  bytes[l4 + 2] = sum >>> 8;
  bytes[l4 + 3] = sum;
}

/** Makes TCP's checksum anew over header and payload, after bytes of it moved. */
export function putTcpChecksum(bytes: Uint8Array, l3: number, l4: number, end: number, family: number): void {
  bytes[l4 + 16] = 0;
  bytes[l4 + 17] = 0;
  const addresses = family === 4 ? sumBytes(bytes, l3 + 12, l3 + 20) : sumBytes(bytes, l3 + 8, l3 + 40);
  const sum = ~fold(sumBytes(bytes, l4, end, addresses + PROTO_TCP + end - l4)) & 0xffff;
  bytes[l4 + 16] = sum >>> 8;
  bytes[l4 + 17] = sum;
}
