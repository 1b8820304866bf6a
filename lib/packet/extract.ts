/**
 * Extraction: from a frame to a flow key, and the offsets of its layers. A bad packet never throws: extraction stops at
 * the last whole layer, and what is beyond it stays zero. IP headers whose lengths don't fit the frame count as not
 * there: they have no fields and are never rewritten. Tags: up to eight are stepped over, the outer two are kept.
 * Behind MPLS, PBB and NSH nothing more is read (the EtherType is theirs). Rules for fragments: ports are zero in all
 * but the first.
 */
import { DIRTY, ETH_TYPE_NONE, FRAG_ANY, FRAG_LATER, HOT_WORDS, type Key, slots, VLAN_CFI } from './key.js';
import type { Packet } from './packet.js';

/** How many VLAN tags are stepped over. */
const MAX_TAGS = 8;
const MAX_MPLS = 3;
const ETHERNET_HEADER = 14;

/** OFPIEH_* bits (OpenFlow 1.3.5 §7.2.3.8). */
const EXTHDR = { noNext: 1, esp: 2, auth: 4, dest: 8, frag: 16, router: 32, hop: 64, repeated: 128, order: 256 };
/** The order that RFC 8200 recommends, for OFPIEH_UNSEQ. */
const EXTHDR_ORDER = [EXTHDR.hop, EXTHDR.dest, EXTHDR.router, EXTHDR.frag, EXTHDR.auth, EXTHDR.esp];

/** Every port is a physical one. */
const IN_PORT = slots.in_port.at >> 2;
const IN_PHY_PORT = slots.in_phy_port.at >> 2;

const AT = {
  ethDst: slots.eth_dst.at,
  ethType: slots.eth_type.at,
  proto: slots.nw_proto.at,
  frag: slots.nw_frag.at,
  vlan: slots.vlan_tci.at,
  inner: slots.inner_vlan_tci.at,
  ipSrc: slots.ipv4_src.at,
  tpSrc: slots.tp_src.at,
  tpDst: slots.tp_dst.at,
  tos: slots.nw_tos.at,
  ttl: slots.nw_ttl.at,
  tcpFlags: slots.tcp_flags.at,
  ipv6Src: slots.ipv6_src.at,
  ipv6Label: slots.ipv6_label.at,
  exthdr: slots.ipv6_exthdr.at,
  sha: slots.arp_sha.at,
  tha: slots.arp_tha.at,
  arpOp: slots.arp_op.at,
  ndTarget: slots.nd_target.at,
  ndReserved: slots.nd_reserved.at,
  ndOption: slots.nd_options_type.at,
  mpls: slots.mpls0.at,
  isid: slots.pbb_isid.at,
  uca: slots.pbb_uca.at,
  more: slots.vlan_more.at,
  nsh: slots.nsh_flags.at,
} as const;

/**
 * Fills `key` from the frame, and the packet's layer offsets. Metadata is given: the ingress port and the recirculation
 * id; ct_* become zero, and so do cold groups that an earlier packet left dirty, except those in `keep`.
 */
export function extract(packet: Packet, key: Key, inPort: number, recircId = 0, keep = 0): void {
  const { words } = key;
  for (let i = 0; i < HOT_WORDS; i++) words[i] = 0;
  if (key.dirty !== 0) key.clearCold(keep);
  putU32(key.bytes, slots.in_port.at, inPort);
  words[IN_PHY_PORT] = words[IN_PORT];
  if (recircId !== 0) putU32(key.bytes, slots.recirc_id.at, recircId);
  packet.typeAt = -1;
  packet.l3 = -1;
  packet.l4 = -1;
  packet.protoAt = -1;
  packet.routed = false;
  packet.changed = false;
  packet.l3End = packet.end;
  if (packet.end - packet.start < ETHERNET_HEADER) return;
  const type = ethernet(packet, key);
  switch (type) {
    case 0x0800:
      ipv4(packet, key);
      break;
    case 0x86dd:
      ipv6(packet, key);
      break;
    case 0x0806:
    case 0x8035:
      arp(packet, key);
      break;
    case 0x8847:
    case 0x8848:
      mpls(packet, key);
      break;
    case 0x88e7:
      pbb(packet, key);
      break;
    case 0x894f:
      nsh(packet, key);
      break;
  }
}

/** Is the first byte of a word in memory its lowest? */
const LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Words of the key that a frame fills whole. */
const WORD = {
  eth: slots.eth_dst.at >> 2,
  ipSrc: slots.ipv4_src.at >> 2,
  tpSrc: slots.tp_src.at >> 2,
  ipv6Src: slots.ipv6_src.at >> 2,
} as const;

/** Four bytes as they stand in a word of the key. */
function load(b: Uint8Array, at: number): number {
  return LITTLE
    ? b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)
    : (b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3];
}

function putU32(to: Uint8Array, at: number, value: number): void {
  to[at] = value >>> 24;
  to[at + 1] = value >>> 16;
  to[at + 2] = value >>> 8;
  to[at + 3] = value;
}

function copy(from: Uint8Array, at: number, to: Uint8Array, toAt: number, n: number): void {
  for (let i = 0; i < n; i++) to[toAt + i] = from[at + i];
}

/** Addresses, tags and EtherType; returns the type, and sets typeAt and l3. */
function ethernet(packet: Packet, key: Key): number {
  const b = packet.bytes;
  const k = key.bytes;
  let at = packet.start;
  const { words } = key;
  words[WORD.eth] = load(b, at);
  words[WORD.eth + 1] = load(b, at + 4);
  words[WORD.eth + 2] = load(b, at + 8);
  at += 12;
  let type = (b[at] << 8) | b[at + 1];
  for (let tags = 0; isVlanTag(type) && tags < MAX_TAGS; tags++) {
    if (packet.end - at < 6) break;
    if (tags < 2) tag(key, tags === 0 ? AT.vlan : AT.inner, type, (b[at + 2] << 8) | b[at + 3]);
    else k[AT.more]++;
    at += 4;
    type = (b[at] << 8) | b[at + 1];
  }
  packet.typeAt = at;
  at += 2;
  if (type < 0x600) {
    const snap = b[at] === 0xaa && b[at + 1] === 0xaa && b[at + 2] === 3 && b[at + 3] + b[at + 4] + b[at + 5] === 0;
    const snapType = snap && packet.end - at >= 8 ? (b[at + 6] << 8) | b[at + 7] : 0;
    if (snapType >= 0x600) {
      type = snapType;
      at += 8;
      packet.typeAt = at - 2;
    } else {
      type = ETH_TYPE_NONE;
      packet.typeAt = -1;
    }
  }
  packet.l3 = at;
  k[AT.ethType] = type >> 8;
  k[AT.ethType + 1] = type;
  return type;
}

/** Is an EtherType that of a VLAN tag? (IEEE 802.1Q §9.5) */
export function isVlanTag(type: number): boolean {
  return type === 0x8100 || type === 0x88a8;
}

function tag(key: Key, at: number, tpid: number, tci: number): void {
  const k = key.bytes;
  k[at] = (tci | VLAN_CFI) >> 8;
  k[at + 1] = tci;
  k[at + 2] = tpid >> 8;
  k[at + 3] = tpid;
  if (at === AT.inner) key.dirty |= DIRTY.tags;
}

function ipv4(packet: Packet, key: Key): void {
  const b = packet.bytes;
  const k = key.bytes;
  const at = packet.l3;
  const size = packet.end - at;
  packet.l3 = -1;
  if (size < 20) return;
  const headerLength = (b[at] & 15) * 4;
  const total = (b[at + 2] << 8) | b[at + 3];
  if (headerLength < 20 || headerLength > total || total > size) return;
  packet.l3 = at;
  packet.l3End = at + total;
  key.words[WORD.ipSrc] = load(b, at + 12);
  key.words[WORD.ipSrc + 1] = load(b, at + 16);
  k[AT.tos] = b[at + 1];
  k[AT.ttl] = b[at + 8];
  k[AT.proto] = b[at + 9];
  packet.protoAt = at + 9;
  const offset = ((b[at + 6] << 8) | b[at + 7]) & 0x3fff;
  if (offset !== 0) {
    k[AT.frag] = offset & 0x1fff ? FRAG_ANY | FRAG_LATER : FRAG_ANY;
    if (offset & 0x1fff) return;
  }
  transport(packet, key, at + headerLength, b[at + 9]);
}

function ipv6(packet: Packet, key: Key): void {
  const b = packet.bytes;
  const k = key.bytes;
  const at = packet.l3;
  const size = packet.end - at;
  packet.l3 = -1;
  if (size < 40) return;
  const payload = (b[at + 4] << 8) | b[at + 5];
  if (payload + 40 > size) return;
  packet.l3 = at;
  key.dirty |= DIRTY.ipv6;
  packet.l3End = at + 40 + payload;
  for (let i = 0; i < 8; i++) key.words[WORD.ipv6Src + i] = load(b, at + 8 + i * 4);
  k[AT.ipv6Label + 1] = b[at + 1] & 0x0f;
  k[AT.ipv6Label + 2] = b[at + 2];
  k[AT.ipv6Label + 3] = b[at + 3];
  k[AT.tos] = ((b[at] & 0x0f) << 4) | (b[at + 1] >> 4);
  k[AT.ttl] = b[at + 7];
  const l4 = extensionHeaders(packet, key, at + 40, b[at + 6]);
  packet.proto6 = k[AT.proto];
  if (l4 >= 0) transport(packet, key, l4, packet.proto6);
}

/**
 * Steps over IPv6 extension headers; sets nw_proto, nw_frag and ipv6_exthdr. Returns where the L4 header begins, or -1:
 * a later fragment, or headers that are cut off.
 */
function extensionHeaders(packet: Packet, key: Key, from: number, first: number): number {
  const b = packet.bytes;
  const k = key.bytes;
  let at = from;
  let proto = first;
  let seen = 0;
  let last = -1;
  let options = 0;
  packet.protoAt = packet.l3 + 6;
  for (;;) {
    const bit = extensionBit(proto);
    if (bit === 0) break;
    // Destination options may come twice (RFC 8200 §4.1), all others once.
    if (bit === EXTHDR.dest ? ++options > 2 : bit & seen) seen |= EXTHDR.repeated;
    const place = EXTHDR_ORDER.indexOf(bit);
    if (place >= 0 && place < last && bit !== EXTHDR.dest) seen |= EXTHDR.order;
    last = Math.max(last, place);
    seen |= bit;
    if (bit === EXTHDR.noNext || bit === EXTHDR.esp) break;
    const length = proto === 44 ? 8 : proto === 51 ? (b[at + 1] + 2) * 4 : (b[at + 1] + 1) * 8;
    if (packet.l3End - at < 8 || packet.l3End - at < length) {
      k[AT.proto] = proto;
      putExthdr(k, seen);
      packet.protoAt = -1;
      return -1;
    }
    const fragment = proto === 44 ? ((b[at + 2] << 8) | b[at + 3]) & 0xfff9 : 0;
    if (fragment !== 0) {
      k[AT.frag] = fragment & 0xfff8 ? FRAG_ANY | FRAG_LATER : FRAG_ANY;
      if (fragment & 0xfff8) {
        k[AT.proto] = 44;
        putExthdr(k, seen);
        packet.protoAt = -1;
        return -1;
      }
    }
    if (bit === EXTHDR.router && b[at + 3] > 0) packet.routed = true;
    proto = b[at];
    packet.protoAt = at;
    at += length;
  }
  k[AT.proto] = proto;
  putExthdr(k, seen);
  return at;
}

function putExthdr(k: Uint8Array, seen: number): void {
  k[AT.exthdr] = seen >> 8;
  k[AT.exthdr + 1] = seen;
}

function extensionBit(proto: number): number {
  switch (proto) {
    case 0:
      return EXTHDR.hop;
    case 43:
      return EXTHDR.router;
    case 44:
      return EXTHDR.frag;
    case 50:
      return EXTHDR.esp;
    case 51:
      return EXTHDR.auth;
    case 59:
      return EXTHDR.noNext;
    case 60:
      return EXTHDR.dest;
    default:
      return 0;
  }
}

/**
 * The shortest header of a protocol, in bytes: what is shorter isn't there. ICMPv6's checksum is kept right from 4 on.
 */
const WHOLE_L4 = new Uint8Array(256);
for (const [proto, bytes] of [
  [1, 8],
  [6, 20],
  [17, 8],
  [58, 4],
  [132, 12],
]) {
  WHOLE_L4[proto] = bytes;
}

/** Ports, flags, ICMP type and code. */
function transport(packet: Packet, key: Key, at: number, proto: number): void {
  const b = packet.bytes;
  const k = key.bytes;
  const size = packet.l3End - at;
  if (size < WHOLE_L4[proto]) return;
  packet.l4 = at;
  switch (proto) {
    case 6:
      k[AT.tcpFlags] = b[at + 12] & 0x0f;
      k[AT.tcpFlags + 1] = b[at + 13];
      break;
    case 17:
    case 132:
      break;
    case 1:
      if (k[AT.ethType] !== 0x08) return;
      k[AT.tpSrc + 1] = b[at];
      k[AT.tpDst + 1] = b[at + 1];
      return;
    case 58:
      if (size < 8 || k[AT.ethType] !== 0x86) return;
      k[AT.tpSrc + 1] = b[at];
      k[AT.tpDst + 1] = b[at + 1];
      if ((b[at] === 135 || b[at] === 136) && b[at + 1] === 0) neighbourDiscovery(packet, key, at);
      return;
    default:
      return;
  }
  key.words[WORD.tpSrc] = load(b, at);
}

/** Target and link-layer address options; an option that comes twice makes all of them count as absent. */
function neighbourDiscovery(packet: Packet, key: Key, l4: number): void {
  const b = packet.bytes;
  const k = key.bytes;
  key.dirty |= DIRTY.neighbour;
  copy(b, l4 + 4, k, AT.ndReserved, 4);
  let at = l4 + 24;
  if (at > packet.l3End) return;
  copy(b, l4 + 8, k, AT.ndTarget, 16);
  let seen = 0;
  while (packet.l3End - at >= 8) {
    const type = b[at];
    const length = b[at + 1] * 8;
    if (length === 0 || length > packet.l3End - at) return;
    if (length === 8 && (type === 1 || type === 2)) {
      if (seen & type) {
        k.fill(0, AT.ndTarget, AT.ndTarget + 16);
        k.fill(0, AT.sha, AT.sha + 12);
        return;
      }
      if (seen === 0) k[AT.ndOption] = type;
      seen |= type;
      copy(b, at + 2, k, type === 1 ? AT.sha : AT.tha, 6);
    }
    at += length;
  }
}

/** ARP and RARP over Ethernet and IPv4. */
function arp(packet: Packet, key: Key): void {
  const b = packet.bytes;
  const at = packet.l3;
  packet.l3 = -1;
  if (packet.end - at < 28) return;
  if (b[at] !== 0 || b[at + 1] !== 1 || b[at + 2] !== 8 || b[at + 3] !== 0 || b[at + 4] !== 6 || b[at + 5] !== 4)
    return;
  packet.l3 = at;
  const k = key.bytes;
  key.dirty |= DIRTY.neighbour;
  k[AT.arpOp] = b[at + 6];
  k[AT.arpOp + 1] = b[at + 7];
  copy(b, at + 8, k, AT.sha, 6);
  copy(b, at + 14, k, AT.ipSrc, 4);
  copy(b, at + 18, k, AT.tha, 6);
  copy(b, at + 24, k, AT.ipSrc + 4, 4);
}

function mpls(packet: Packet, key: Key): void {
  const b = packet.bytes;
  let at = packet.l3;
  key.dirty |= DIRTY.tags;
  for (let i = 0; i < MAX_MPLS && packet.end - at >= 4; i++, at += 4) {
    copy(b, at, key.bytes, AT.mpls + i * 4, 4);
    if (b[at + 2] & 1) return;
  }
}

/** The I-TAG's service id and "use customer address" bit (IEEE 802.1ah). */
function pbb(packet: Packet, key: Key): void {
  const b = packet.bytes;
  const at = packet.l3;
  if (packet.end - at < 4) return;
  key.dirty |= DIRTY.tags;
  key.bytes[AT.uca] = (b[at] >> 3) & 1;
  copy(b, at + 1, key.bytes, AT.isid + 1, 3);
}

/** NSH base, service path and, for MD type 1, the four context words (RFC 8300). */
function nsh(packet: Packet, key: Key): void {
  const b = packet.bytes;
  const at = packet.l3;
  const k = key.bytes;
  if (packet.end - at < 8) return;
  const first = (b[at] << 8) | b[at + 1];
  const length = (first & 0x3f) * 4;
  const mdtype = b[at + 2] & 0x0f;
  if (first >> 14 !== 0 || length < 8 || length > packet.end - at || (mdtype === 1 && length !== 24)) return;
  key.dirty |= DIRTY.nsh;
  k[AT.nsh] = (first >> 12) & 3;
  k[AT.nsh + 1] = (first >> 6) & 0x3f;
  k[AT.nsh + 2] = mdtype;
  k[AT.nsh + 3] = b[at + 3];
  copy(b, at + 4, k, slots.nsh_spi.at + 1, 3);
  k[slots.nsh_si.at] = b[at + 7];
  if (mdtype === 1) copy(b, at + 8, k, slots.nsh_c1.at, 16);
}
