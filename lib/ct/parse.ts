/**
 * From a frame to its tuple: the checks that make a packet invalid before any connection is asked, in the order IP,
 * L4, ICMP. Read from the frame itself, not from the flow key, since an earlier translation may have changed the
 * frame. What a packet means for a connection is left to the verdict; TCP's own header to tcp/segment.ts. IPv6
 * extension headers: RFC 8200 §4.
 */
import { crc32c, fold, sumBytes } from '../bytes/checksum.js';
import type { Packet } from '../packet/packet.js';
import { why } from './reasons.js';
import { PROTO_ICMP, PROTO_ICMPV6, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from './states.js';
import { icmpCounterpart, Tuple } from './tuple.js';

const ETH_TYPE_IPV4 = 0x0800;
const ETH_TYPE_IPV6 = 0x86dd;

// IPv6 extension headers.
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION = 60;

/** What was read of one packet; one reused object. */
export class Parsed {
  /** `why.none` if the packet may belong to a connection, else why it is invalid. */
  why: number = why.none;
  /**
   * The packet's own tuple; for an ICMP error that of the quoted packet, reversed, so that it runs as the error does.
   */
  readonly tuple = new Tuple();
  /** An ICMP error: the packet is about the tuple's connection, not of it. */
  related = false;
  /** Whether a packet of this kind may begin a connection as far as ICMP is concerned; TCP has its own rule. */
  begins = true;
  /** Offsets of the L4 header and of the datagram's end. */
  l4 = 0;
  end = 0;
  /**
   * Of an ICMP error: its own L4 header, and the L3 header that it quotes; `l4` and `end` are then the quoted packet's.
   */
  outer = 0;
  quote = 0;
}

/** Reads `packet` into `out`. Never throws; `out.tuple` means nothing where `out.why` isn't `none`. */
export function parse(packet: Packet, zone: number, out: Parsed): void {
  out.related = false;
  out.begins = true;
  out.tuple.zone = zone;
  out.why = readIp(packet, out);
}

/** True for a piece of a datagram; which of its headers are wrong is told later. */
export function isFragment(packet: Packet): boolean {
  const { bytes, l3, end } = packet;
  if (l3 < 2 || l3 + 20 > end) return false;
  const type = u16(bytes, l3 - 2);
  if (type === ETH_TYPE_IPV4) return (u16(bytes, l3 + 6) & 0x3fff) !== 0;
  if (type !== ETH_TYPE_IPV6 || l3 + 48 > end) return false;
  let next = bytes[l3 + 6];
  for (let at = l3 + 40; at + 8 <= end; at += (bytes[at + 1] + 1) * 8) {
    if (next === FRAGMENT) return (u16(bytes, at + 2) & 0xfff9) !== 0;
    if (next !== HOP_BY_HOP && next !== ROUTING && next !== DESTINATION) return false;
    next = bytes[at];
  }
  return false;
}

function readIp(packet: Packet, out: Parsed): number {
  const { bytes, l3 } = packet;
  if (l3 < 2) {
    // Extraction found no header that fits the frame.
    const named = packet.typeAt < 0 ? 0 : u16(bytes, packet.typeAt);
    return named === ETH_TYPE_IPV4 || named === ETH_TYPE_IPV6 ? why.truncated : why.not_ip;
  }
  // The EtherType stands right before the header that it names, behind tags and in SNAP too.
  const type = u16(bytes, l3 - 2);
  if (type === ETH_TYPE_IPV4) {
    const bad = readIpv4(bytes, l3, packet.end, true, out);
    if (bad !== why.none) return bad;
    // Padding behind the datagram is no part of it.
    out.end = l3 + u16(bytes, l3 + 2);
    if (out.end > packet.end || out.end < out.l4) return why.truncated;
    return readL4(bytes, l3, out);
  }
  if (type === ETH_TYPE_IPV6) {
    const end = l3 + 40 + u16(bytes, l3 + 4);
    if (l3 + 40 > packet.end || end > packet.end) return why.truncated;
    const bad = readIpv6(bytes, l3, end, out);
    return bad === why.none ? readL4(bytes, l3, out) : bad;
  }
  return why.not_ip;
}

/** An IPv4 header that must lie before `end`. Sets addresses, protocol, `l4` and `end`. */
function readIpv4(bytes: Uint8Array, l3: number, end: number, verify: boolean, out: Parsed): number {
  if (l3 + 20 > end || bytes[l3] >> 4 !== 4) return why.truncated;
  const length = (bytes[l3] & 15) * 4;
  if (length < 20 || l3 + length > end) return why.truncated;
  if ((u16(bytes, l3 + 6) & 0x3fff) !== 0) return why.fragment;
  if (verify && !headerVerifies(bytes, l3, length)) return why.ip_checksum;
  const { tuple } = out;
  tuple.family = 4;
  tuple.src = i32(bytes, l3 + 12);
  tuple.dst = i32(bytes, l3 + 16);
  tuple.proto = bytes[l3 + 9];
  out.l4 = l3 + length;
  out.end = end;
  return why.none;
}

/** The header checksum; a header without options, as most are, in one expression. */
function headerVerifies(b: Uint8Array, at: number, length: number): boolean {
  const high =
    b[at] + b[at + 2] + b[at + 4] + b[at + 6] + b[at + 8] + b[at + 10] + b[at + 12] + b[at + 14] + b[at + 16];
  const low = b[at + 1] + b[at + 3] + b[at + 5] + b[at + 7] + b[at + 9] + b[at + 11] + b[at + 13] + b[at + 15];
  const sum = ((high + b[at + 18]) << 8) + low + b[at + 17] + b[at + 19];
  return fold(length === 20 ? sum : sumBytes(b, at + 20, at + length, sum)) === 0xffff;
}

/** An IPv6 header and its extension headers, all before `end`. */
function readIpv6(bytes: Uint8Array, l3: number, end: number, out: Parsed): number {
  if (l3 + 40 > end || bytes[l3] >> 4 !== 6) return why.truncated;
  let next = bytes[l3 + 6];
  let at = l3 + 40;
  while (
    next === HOP_BY_HOP ||
    next === ROUTING ||
    next === DESTINATION ||
    next === AUTHENTICATION ||
    next === FRAGMENT
  ) {
    if (at + 8 > end) return why.truncated;
    // A fragment header that says "all of it" (RFC 6946) is no fragment.
    if (next === FRAGMENT && (u16(bytes, at + 2) & 0xfff9) !== 0) return why.fragment;
    const size = next === AUTHENTICATION ? (bytes[at + 1] + 2) * 4 : next === FRAGMENT ? 8 : (bytes[at + 1] + 1) * 8;
    next = bytes[at];
    at += size;
    if (at > end) return why.truncated;
  }
  const { tuple } = out;
  tuple.family = 6;
  tuple.src = 0;
  tuple.dst = 0;
  for (let i = 0; i < 4; i++) {
    tuple.src6[i] = i32(bytes, l3 + 8 + i * 4);
    tuple.dst6[i] = i32(bytes, l3 + 24 + i * 4);
  }
  tuple.proto = next;
  out.l4 = at;
  out.end = end;
  return why.none;
}

/** The L4 header of a datagram whose L3 header stands at `l3`: checks and ports. */
function readL4(bytes: Uint8Array, l3: number, out: Parsed): number {
  const { tuple, l4, end } = out;
  const size = end - l4;
  switch (tuple.proto) {
    case PROTO_TCP: {
      if (size < 20) return why.truncated;
      const length = (bytes[l4 + 12] >> 4) * 4;
      if (length < 20 || length > size) return why.l4_length;
      if (!verifies(bytes, l3, tuple, l4, end)) return why.l4_checksum;
      return readPorts(bytes, l4, tuple);
    }
    case PROTO_UDP: {
      if (size < 8) return why.truncated;
      const length = u16(bytes, l4 + 4);
      if (length < 8 || length > size) return why.l4_length;
      const unsummed = tuple.family === 4 && u16(bytes, l4 + 6) === 0;
      if (!unsummed && !verifies(bytes, l3, tuple, l4, end)) return why.l4_checksum;
      return readPorts(bytes, l4, tuple);
    }
    case PROTO_SCTP:
      if (size < 16) return why.truncated;
      if (!chunksFit(bytes, l4 + 12, end)) return why.l4_length;
      if (crcAt(bytes, l4 + 8) !== crc32c(bytes, l4, end, l4 + 8)) return why.l4_checksum;
      return readPorts(bytes, l4, tuple);
    case PROTO_ICMP:
      if (tuple.family !== 4) return why.icmp_family;
      if (fold(sumBytes(bytes, l4, end)) !== 0xffff) return why.l4_checksum;
      return readIcmp(bytes, out);
    case PROTO_ICMPV6:
      if (tuple.family !== 6) return why.icmp_family;
      if (!verifies(bytes, l3, tuple, l4, end)) return why.l4_checksum;
      return readIcmp(bytes, out);
  }
  tuple.setPorts(0, 0);
  return why.none;
}

/** SCTP's chunks fill the packet, each at least its header; padding to 4 bytes may lack behind the last. */
function chunksFit(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from;
  while (at < end) {
    if (at + 4 > end) return false;
    const length = u16(bytes, at + 2);
    if (length < 4 || at + length > end) return false;
    at += (length + 3) & ~3;
  }
  return true;
}

/** CRC32c stands least significant byte first. */
function crcAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

function readPorts(bytes: Uint8Array, l4: number, tuple: Tuple): number {
  const src = u16(bytes, l4);
  const dst = u16(bytes, l4 + 2);
  tuple.setPorts(src, dst);
  return src === 0 || dst === 0 ? why.port_zero : why.none;
}

/**
 * True if the sum over the pseudo-header and all of the datagram's payload is right (RFC 768, RFC 9293 §3.1, RFC 8200
 * §8.1).
 */
function verifies(bytes: Uint8Array, l3: number, tuple: Tuple, l4: number, end: number): boolean {
  const { src, dst } = tuple;
  const addresses =
    tuple.family === 4
      ? (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff)
      : sumBytes(bytes, l3 + 8, l3 + 40);
  return fold(sumBytes(bytes, l4, end, addresses + tuple.proto + end - l4)) === 0xffff;
}

function isError(family: number, type: number): boolean {
  if (family === 6) return type >= 1 && type <= 4;
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
}

/** An ICMP query by its id, or an error by what it quotes. */
function readIcmp(bytes: Uint8Array, out: Parsed): number {
  const { tuple, l4 } = out;
  if (out.end - l4 < 8) return why.truncated;
  const type = bytes[l4];
  if (isError(tuple.family, type)) return readQuote(bytes, out);
  return readQuery(bytes, out);
}

function readQuery(bytes: Uint8Array, out: Parsed): number {
  const { tuple, l4 } = out;
  const type = bytes[l4];
  if (icmpCounterpart(tuple.family, type) === 0xff || bytes[l4 + 1] !== 0) return why.icmp_type;
  tuple.setQuery(type, u16(bytes, l4 + 4));
  out.begins = tuple.family === 4 ? type === 8 || type === 13 || type === 15 : type === 128;
  return why.none;
}

/** The receiver of an ICMPv6 error, while its quote is read over the same tuple. */
const receiver6 = new Int32Array(4);

/**
 * The packet that an ICMP error quotes; its checksums aren't looked at. The receiver of the error must have sent it.
 */
function readQuote(bytes: Uint8Array, out: Parsed): number {
  const { tuple, end } = out;
  const { dst, family } = tuple;
  const l3 = out.l4 + 8;
  out.outer = out.l4;
  out.quote = l3;
  if (family === 4) {
    if (readIpv4(bytes, l3, end, false, out) !== why.none || tuple.src !== dst) return why.icmp_quote;
  } else {
    receiver6.set(tuple.dst6);
    if (readIpv6(bytes, l3, end, out) !== why.none) return why.icmp_quote;
    for (let i = 0; i < 4; i++) if (tuple.src6[i] !== receiver6[i]) return why.icmp_quote;
  }
  if (!readQuotedL4(bytes, out)) return why.icmp_quote;
  tuple.reverse();
  out.related = true;
  return why.none;
}

/**
 * Ports or id of a quoted packet. IPv4 errors quote at least 8 bytes of it (RFC 792); of TCP in IPv6 a whole header
 * is asked.
 */
function readQuotedL4(bytes: Uint8Array, out: Parsed): boolean {
  const { tuple, l4, end } = out;
  const { family, proto } = tuple;
  const icmp = family === 4 ? PROTO_ICMP : PROTO_ICMPV6;
  if (proto !== PROTO_TCP && proto !== PROTO_UDP && proto !== PROTO_SCTP && proto !== icmp) {
    tuple.setPorts(0, 0);
    return true;
  }
  if (end - l4 < (proto === PROTO_TCP && family === 6 ? 20 : 8)) return false;
  return (proto === icmp ? readQuery(bytes, out) : readPorts(bytes, l4, tuple)) === why.none;
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}
function i32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
