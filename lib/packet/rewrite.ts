/**
 * Changes to a frame in place: masked writes of header words with incremental checksums (RFC 1624), VLAN tags in and
 * out. A unit is a word of the flow key and where its bytes stand in a frame, so that what the pipeline set is copied
 * byte by byte.
 *
 * What stays right: IPv4's header checksum; TCP, UDP and ICMPv6 over changed addresses; TCP, UDP, ICMP and SCTP over
 * their own fields. A UDP checksum of 0 stays 0 over IPv4. A later fragment has no L4 header and is left alone. A wrong
 * checksum stays wrong by the same amount.
 */
import { crc32c, fold, updateChecksum } from '../bytes/index.js';
import { isVlanTag } from './extract.js';
import { slots } from './key.js';
import type { Packet } from './packet.js';

/** What a unit's bytes are counted in. */
const SUM = { none: 0, ip: 1, address4: 2, address6: 3, tcp: 4, udp: 5, sctp: 6, icmp: 7, destination6: 8 } as const;
type Sum = (typeof SUM)[keyof typeof SUM];

/** Where offsets count from. */
const BASE = { frame: 0, l3: 1, l4: 2 } as const;

interface Row {
  /** Word of the key. */
  readonly word: number;
  readonly base: number;
  readonly offset: number;
  readonly sum: Sum;
}

const rows: Row[] = [];
/**
 * Declares units for `words` key words from a slot's place, at consecutive offsets. Returns the number of the first.
 */
function unit(at: number, words: number, base: number, offset: number, sum: Sum): number {
  const first = rows.length;
  for (let i = 0; i < words; i++) rows.push({ word: (at >> 2) + i, base, offset: offset + i * 4, sum });
  return first;
}

/** Units whose bytes stand together in key and frame; the others are written by functions of their own. */
export const UNIT = {
  eth: unit(slots.eth_dst.at, 3, BASE.frame, 0, SUM.none),
  ipv4Src: unit(slots.ipv4_src.at, 1, BASE.l3, 12, SUM.address4),
  ipv4Dst: unit(slots.ipv4_dst.at, 1, BASE.l3, 16, SUM.address4),
  ipv6Src: unit(slots.ipv6_src.at, 4, BASE.l3, 8, SUM.address6),
  ipv6Dst: unit(slots.ipv6_dst.at, 4, BASE.l3, 24, SUM.destination6),
  ipv6Label: unit(slots.ipv6_label.at, 1, BASE.l3, 0, SUM.none),
  tcpPorts: unit(slots.tp_src.at, 1, BASE.l4, 0, SUM.tcp),
  udpPorts: unit(slots.tp_src.at, 1, BASE.l4, 0, SUM.udp),
  sctpPorts: unit(slots.tp_src.at, 1, BASE.l4, 0, SUM.sctp),
  arpSpa: unit(slots.ipv4_src.at, 1, BASE.l3, 14, SUM.none),
  arpTpa: unit(slots.ipv4_dst.at, 1, BASE.l3, 24, SUM.none),
  mpls: unit(slots.mpls0.at, 1, BASE.l3, 0, SUM.none),
  ndTarget: unit(slots.nd_target.at, 4, BASE.l4, 8, SUM.icmp),
  ndReserved: unit(slots.nd_reserved.at, 1, BASE.l4, 4, SUM.icmp),
  nshContext: unit(slots.nsh_c1.at, 4, BASE.l3, 8, SUM.none),
} as const;

/** Units with a function of their own, numbered behind the plain ones. */
const PLAIN_UNITS = rows.length;
export const SPECIAL = {
  /** nw_tos and nw_ttl of IPv4 and of IPv6. */
  ipv4TosTtl: PLAIN_UNITS,
  ipv6TosTtl: PLAIN_UNITS + 1,
  icmp: PLAIN_UNITS + 2,
  vlanTci: PLAIN_UNITS + 3,
  arpOp: PLAIN_UNITS + 4,
  /** Three words: sha and tha, or an ND's link-layer addresses, by word. */
  arpHardware: PLAIN_UNITS + 5,
  ndHardware: PLAIN_UNITS + 8,
  ndOptionType: PLAIN_UNITS + 11,
  nshBase: PLAIN_UNITS + 12,
  nshSpi: PLAIN_UNITS + 13,
  nshSi: PLAIN_UNITS + 14,
  pbbIsid: PLAIN_UNITS + 15,
  pbbUca: PLAIN_UNITS + 16,
} as const;

const SPECIAL_SLOTS: readonly (readonly [unit: number, at: number])[] = [
  [SPECIAL.ipv4TosTtl, slots.nw_tos.at],
  [SPECIAL.ipv6TosTtl, slots.nw_tos.at],
  [SPECIAL.icmp, slots.tp_src.at],
  [SPECIAL.vlanTci, slots.vlan_tci.at],
  [SPECIAL.arpOp, slots.arp_op.at],
  ...[0, 4, 8].map((i) => [SPECIAL.arpHardware + i / 4, slots.arp_sha.at + i] as const),
  ...[0, 4, 8].map((i) => [SPECIAL.ndHardware + i / 4, slots.arp_sha.at + i] as const),
  [SPECIAL.ndOptionType, slots.nd_options_type.at],
  [SPECIAL.nshBase, slots.nsh_flags.at],
  [SPECIAL.nshSpi, slots.nsh_spi.at],
  [SPECIAL.nshSi, slots.nsh_si.at],
  [SPECIAL.pbbIsid, slots.pbb_isid.at],
  [SPECIAL.pbbUca, slots.pbb_uca.at],
];
const specialWords = new Map(SPECIAL_SLOTS.map(([unit, at]) => [unit, at >> 2]));

/** The word of the key that a unit writes. */
export function wordOfUnit(u: number): number {
  return u < PLAIN_UNITS ? rows[u].word : (specialWords.get(u) ?? 0);
}

const unitBase = Uint8Array.from(rows, (row) => row.base);
const unitOffset = Uint8Array.from(rows, (row) => row.offset);
const unitSum = Uint8Array.from(rows, (row) => row.sum);

/** A word's bytes in network order, for reading value and mask byte by byte. */
const valueWord = new Uint32Array(1);
const maskWord = new Uint32Array(1);
const value = new Uint8Array(valueWord.buffer);
const mask = new Uint8Array(maskWord.buffer);

/**
 * Writes the masked bits of a unit; `v` and `m` are words as the key holds them. True if an IP address, a port, or
 * ICMP's type or code became another.
 */
export function rewrite(packet: Packet, u: number, v: number, m: number): boolean {
  valueWord[0] = v;
  maskWord[0] = m;
  if (u >= PLAIN_UNITS) {
    const kind = u === SPECIAL.icmp && packet.l4 >= 0 ? u16(packet.bytes, packet.l4) : -1;
    special(packet, u);
    return kind >= 0 && kind !== u16(packet.bytes, packet.l4);
  }
  const base = unitBase[u];
  const from = base === BASE.frame ? packet.start : base === BASE.l3 ? packet.l3 : packet.l4;
  if (from < 0) return false;
  const at = from + unitOffset[u];
  if (at + 4 > packet.end) return false;
  const sum = unitSum[u];
  const b = packet.bytes;
  const before1 = u16(b, at);
  const before2 = u16(b, at + 2);
  // A neighbour message that is cut off inside its target has no fields of its own.
  if (sum === SUM.icmp && packet.l4 + 24 > packet.l3End) return false;
  if (sum === SUM.tcp && !wholeTcp(packet)) return false;
  if (sum === SUM.sctp) sctpPorts(packet, at);
  else if (sum === SUM.none) put(b, at, 0, 4);
  else summed(packet, at, sum);
  return sum !== SUM.none && sum !== SUM.icmp && (before1 !== u16(b, at) || before2 !== u16(b, at + 2));
}

/** Is a TCP header as long as its data offset says (RFC 9293 §3.1)? */
function wholeTcp({ bytes, l4, l3End }: Packet): boolean {
  const length = (bytes[l4 + 12] >> 4) * 4;
  return length >= 20 && l4 + length <= l3End;
}

/** Writes bytes [i, i + n) of the word at `at`. */
function put(b: Uint8Array, at: number, i: number, n: number): void {
  for (let k = 0; k < n; k++) b[at + k] = (b[at + k] & ~mask[i + k]) | (value[i + k] & mask[i + k]);
}

function u16(b: Uint8Array, at: number): number {
  return (b[at] << 8) | b[at + 1];
}

/** Writes four bytes and carries the change into the checksums that count them. */
function summed(packet: Packet, at: number, sum: number): void {
  const b = packet.bytes;
  const before1 = u16(b, at);
  const before2 = u16(b, at + 2);
  put(b, at, 0, 4);
  const change = fold((~before1 & 0xffff) + (~before2 & 0xffff) + u16(b, at) + u16(b, at + 2));
  if (change === 0 || change === 0xffff) return;
  if (sum === SUM.address4) adjust(b, packet.l3 + 10, change, false);
  if (sum === SUM.address4 || sum === SUM.address6) {
    pseudoHeader(packet, change, sum === SUM.address6);
  } else if (sum === SUM.destination6) {
    // On its way along a route, a packet's checksum counts its last destination and not the next (RFC 8200 §8.1).
    if (!packet.routed) pseudoHeader(packet, change, true);
  } else if (sum === SUM.tcp) adjustWithin(packet, 16, change, false);
  else if (sum === SUM.udp) adjustWithin(packet, 6, change, true);
  else adjustWithin(packet, 2, change, false);
}

/** Adds a change to the checksum at `at`. `udp`: 0 means "none" and stays; a result of 0 is written as 0xffff. */
function adjust(b: Uint8Array, at: number, change: number, udp: boolean): void {
  const old = u16(b, at);
  if (udp && old === 0) return;
  let sum = ~fold((~old & 0xffff) + change) & 0xffff;
  if (udp && sum === 0) sum = 0xffff;
  b[at] = sum >> 8;
  b[at + 1] = sum;
}

function adjustWithin(packet: Packet, offset: number, change: number, udp: boolean): void {
  if (packet.l4 + offset + 2 <= packet.l3End) adjust(packet.bytes, packet.l4 + offset, change, udp);
}

/** An address changed: TCP, UDP and ICMPv6 count it in their pseudo-header. */
function pseudoHeader(packet: Packet, change: number, ipv6: boolean): void {
  if (packet.l4 < 0) return;
  const proto = ipv6 ? packet.proto6 : packet.bytes[packet.l3 + 9];
  if (proto === 6) adjustWithin(packet, 16, change, false);
  else if (proto === 17) adjustWithin(packet, 6, change, true);
  else if (proto === 58 && ipv6) adjustWithin(packet, 2, change, false);
}

/** SCTP's CRC covers header and data; what it was off by before, it stays off by. */
function sctpPorts(packet: Packet, at: number): void {
  const b = packet.bytes;
  const sum = packet.l4 + 8;
  const off = crcAt(b, sum) ^ crc32c(b, packet.l4, packet.l3End, sum);
  put(b, at, 0, 4);
  const crc = off ^ crc32c(b, packet.l4, packet.l3End, sum);
  for (let i = 0; i < 4; i++) b[sum + i] = crc >>> (8 * i);
}

/** CRC32c stands least significant byte first. */
function crcAt(b: Uint8Array, at: number): number {
  return b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24);
}

/** Writes one or two bytes of the word and carries the change into a checksum at `sumAt` (-1: none). */
function putSummed(packet: Packet, at: number, i: number, n: number, sumAt: number): void {
  const b = packet.bytes;
  const even = packet.l3 + ((at - packet.l3) & ~1);
  const before = u16(b, even);
  put(b, at, i, n);
  if (sumAt < 0) return;
  const sum = updateChecksum(u16(b, sumAt), before, u16(b, even));
  b[sumAt] = sum >> 8;
  b[sumAt + 1] = sum;
}

function special(packet: Packet, u: number): void {
  const b = packet.bytes;
  const { l3, l4 } = packet;
  if (u === SPECIAL.vlanTci) {
    // A part of the TCI may have been set where no tag is, or is no more: it has no place in the frame.
    if (!isVlanTag((b[packet.start + 12] << 8) | b[packet.start + 13])) return;
    // The CFI bit of the key says that there is a tag; on the wire that bit is the tag's own.
    mask[0] &= 0xef;
    put(b, packet.start + 14, 0, 2);
    return;
  }
  if (l3 < 0) return;
  if (u === SPECIAL.ipv4TosTtl) {
    putSummed(packet, l3 + 1, 0, 1, l3 + 10);
    putSummed(packet, l3 + 8, 1, 1, l3 + 10);
  } else if (u === SPECIAL.ipv6TosTtl) {
    const tos = ((b[l3] & 0x0f) << 4) | (b[l3 + 1] >> 4);
    const next = (tos & ~mask[0]) | (value[0] & mask[0]);
    b[l3] = (b[l3] & 0xf0) | (next >> 4);
    b[l3 + 1] = (b[l3 + 1] & 0x0f) | ((next & 0x0f) << 4);
    put(b, l3 + 7, 1, 1);
  } else if (u === SPECIAL.icmp) {
    // Type and code stand in the low bytes of tp_src and tp_dst.
    if (l4 < 0 || l4 + 4 > packet.l3End) return;
    putIcmp(packet, l4, 1);
    putIcmp(packet, l4 + 1, 3);
  } else if (u === SPECIAL.arpOp) {
    put(b, l3 + 6, 0, 2);
  } else if (u >= SPECIAL.arpHardware && u < SPECIAL.arpHardware + 3) {
    arpHardware(b, l3, u - SPECIAL.arpHardware);
  } else if (u >= SPECIAL.ndHardware && u <= SPECIAL.ndOptionType) {
    neighbourOption(packet, u);
  } else {
    serviceTags(packet, u);
  }
}

function putIcmp(packet: Packet, at: number, i: number): void {
  const even = packet.l4;
  const b = packet.bytes;
  const before = u16(b, even);
  put(b, at, i, 1);
  const sum = updateChecksum(u16(b, even + 2), before, u16(b, even));
  b[even + 2] = sum >> 8;
  b[even + 3] = sum;
}

/** Words of sha (6 bytes) and tha (6 bytes); in an ARP the sender's IPv4 address stands between them. */
function arpHardware(b: Uint8Array, l3: number, word: number): void {
  for (let i = 0; i < 4; i++) {
    const n = word * 4 + i;
    put(b, l3 + (n < 6 ? 8 + n : 18 + n - 6), i, 1);
  }
}

/** The link-layer address option of an ND message: its type, or words of sll (type 1) and tll (type 2). */
function neighbourOption(packet: Packet, u: number): void {
  const b = packet.bytes;
  for (let at = packet.l4 + 24; at + 8 <= packet.l3End && b[at + 1] !== 0; at += b[at + 1] * 8) {
    const type = b[at];
    if ((type !== 1 && type !== 2) || b[at + 1] !== 1) continue;
    if (u === SPECIAL.ndOptionType) {
      putOption(packet, at, 2);
      return;
    }
    for (let i = 0; i < 4; i++) {
      const n = (u - SPECIAL.ndHardware) * 4 + i;
      if (n < 6 === (type === 1)) putOption(packet, at + 2 + (n < 6 ? n : n - 6), i);
    }
  }
}

function putOption(packet: Packet, at: number, i: number): void {
  const even = packet.l4 + ((at - packet.l4) & ~1);
  const b = packet.bytes;
  const before = u16(b, even);
  put(b, at, i, 1);
  const sumAt = packet.l4 + 2;
  const sum = updateChecksum(u16(b, sumAt), before, u16(b, even));
  b[sumAt] = sum >> 8;
  b[sumAt + 1] = sum;
}

/** NSH's flags, TTL, path and index; PBB's service id and customer-address bit. */
function serviceTags(packet: Packet, u: number): void {
  const b = packet.bytes;
  const { l3 } = packet;
  if (u === SPECIAL.nshBase) {
    const first = u16(b, l3);
    const flags = (((first >> 12) & 3 & ~mask[0]) | (value[0] & mask[0])) & 3;
    const ttl = (((first >> 6) & 0x3f & ~mask[1]) | (value[1] & mask[1])) & 0x3f;
    const next = (first & 0xc03f) | (flags << 12) | (ttl << 6);
    b[l3] = next >> 8;
    b[l3 + 1] = next;
  } else if (u === SPECIAL.nshSpi) {
    put(b, l3 + 4, 1, 3);
  } else if (u === SPECIAL.nshSi) {
    put(b, l3 + 7, 0, 1);
  } else if (u === SPECIAL.pbbIsid) {
    put(b, l3 + 1, 1, 3);
  } else if (u === SPECIAL.pbbUca) {
    const bit = mask[0] & 1 ? value[0] & 1 : (b[l3] >> 3) & 1;
    b[l3] = (b[l3] & 0xf7) | (bit << 3);
  }
}

/**
 * Writes the byte that names the protocol behind IP's headers; IP's checksum and the old protocol's, which counts it,
 * follow.
 */
export function rewriteProtocol(packet: Packet, proto: number): void {
  const at = packet.protoAt;
  if (at < 0) return;
  const b = packet.bytes;
  const ipv6 = b[packet.l3] >> 4 === 6;
  const old = b[at];
  if (old === proto) return;
  pseudoHeader(packet, fold((~old & 0xffff) + proto), ipv6);
  b[at] = proto;
  if (ipv6) packet.proto6 = proto;
  else adjust(b, packet.l3 + 10, fold((~old & 0xffff) + proto), false);
}

/** Puts a tag behind the addresses. */
export function pushVlan(packet: Packet, tpid: number, tci: number): void {
  packet.insert(packet.start + 12, 4);
  const at = packet.start + 12;
  const b = packet.bytes;
  b[at] = tpid >> 8;
  b[at + 1] = tpid;
  b[at + 2] = (tci >> 8) & 0xef;
  b[at + 3] = tci;
}

/** Takes the outer tag out, if there is one. */
export function popVlan(packet: Packet): void {
  if (packet.end - packet.start < 18) return;
  packet.remove(packet.start + 12, 4);
}
