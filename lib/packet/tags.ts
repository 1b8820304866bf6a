/**
 * What is put in front of a datagram, or taken away: MPLS labels and PBB's backbone header, TTLs copied between levels,
 * and the EtherType (OpenFlow 1.3.5 §5.12). VLAN tags and masked writes are rewrite.ts's. The packet's offsets follow,
 * except behind a PBB header that was taken away: those are found by extracting again.
 */
import { updateChecksum } from '../bytes/index.js';
import type { Packet } from './packet.js';
import { rewriteProtocol } from './rewrite.js';

/** The kinds of change, as numbers of a program's step; with their arguments. */
export const TAG = {
  /** EtherType, label stack entry */
  pushMpls: 0,
  /** EtherType of what is behind */
  popMpls: 1,
  /** I-TAG's 32 bits */
  pushPbb: 2,
  popPbb: 3,
  copyTtlOut: 4,
  copyTtlIn: 5,
  /** EtherType */
  ethType: 6,
  /** IP protocol */
  ipProto: 7,
} as const;

const MPLS_BYTES = 4;
/** Addresses, EtherType and I-TAG. */
const PBB_BYTES = 18;
const ADDRESS_BYTES = 12;
/** From the length to the EtherType behind LLC and SNAP. */
const SNAP_BYTES = 8;
const ETH_TYPE_PBB = 0x88e7;
const MPLS_BOS = 1;

const saved = new Uint8Array(ADDRESS_BYTES);

/** Makes one change. A frame that is too short for it stays as it is. */
export function changeTags(packet: Packet, kind: number, a: number, b: number): void {
  if (packet.typeAt < 0 && kind !== TAG.pushPbb) return;
  switch (kind) {
    case TAG.pushMpls:
      pushMpls(packet, a, b);
      break;
    case TAG.popMpls:
      popMpls(packet, a);
      break;
    case TAG.pushPbb:
      pushPbb(packet, a);
      break;
    case TAG.popPbb:
      popPbb(packet);
      break;
    case TAG.copyTtlOut:
      copyTtl(packet, packet.typeAt + 5, innerTtl(packet));
      break;
    case TAG.copyTtlIn:
      copyTtl(packet, innerTtl(packet), packet.typeAt + 5);
      break;
    case TAG.ethType:
      put16(packet.bytes, packet.typeAt, a);
      break;
    case TAG.ipProto:
      rewriteProtocol(packet, a);
      break;
  }
}

function put16(b: Uint8Array, at: number, value: number): void {
  b[at] = value >> 8;
  b[at + 1] = value;
}

function put32(b: Uint8Array, at: number, value: number): void {
  put16(b, at, value >>> 16);
  put16(b, at + 2, value);
}

function pushMpls(packet: Packet, ethType: number, entry: number): void {
  packet.insert(packet.typeAt + 2, MPLS_BYTES);
  packet.typeAt -= MPLS_BYTES;
  packet.l3 = packet.typeAt + 2;
  grow(packet, MPLS_BYTES);
  put16(packet.bytes, packet.typeAt, ethType);
  put32(packet.bytes, packet.l3, entry);
}

/** IEEE 802.3's length, where the EtherType stands behind LLC and SNAP. */
function grow({ bytes, start, typeAt }: Packet, change: number): void {
  const at = typeAt - SNAP_BYTES;
  if (at < start + ADDRESS_BYTES || bytes[at] > 5 || bytes[at + 2] !== 0xaa) return;
  put16(bytes, at, ((bytes[at] << 8) | bytes[at + 1]) + change);
}

function popMpls(packet: Packet, ethType: number): void {
  const at = packet.typeAt + 2;
  if (packet.end - at < MPLS_BYTES) return;
  packet.remove(at, MPLS_BYTES);
  packet.typeAt += MPLS_BYTES;
  packet.l3 = packet.typeAt + 2;
  grow(packet, -MPLS_BYTES);
  put16(packet.bytes, packet.typeAt, ethType);
}

/** The whole frame is behind the new header; the outer addresses are the customer's at first. */
function pushPbb(packet: Packet, itag: number): void {
  packet.insert(packet.start, PBB_BYTES);
  const { bytes, start } = packet;
  bytes.copyWithin(start, start + PBB_BYTES, start + PBB_BYTES + ADDRESS_BYTES);
  packet.typeAt = start + ADDRESS_BYTES;
  packet.l3 = packet.typeAt + 2;
  packet.l4 = -1;
  put16(bytes, packet.typeAt, ETH_TYPE_PBB);
  put32(bytes, packet.l3, itag);
}

/** The customer's addresses come to the front; VLAN tags of the backbone stay, in front of the customer's. */
function popPbb(packet: Packet): void {
  const { bytes, start, typeAt } = packet;
  const behind = typeAt + 6 + ADDRESS_BYTES;
  if (packet.end - behind < 2) return;
  const shift = behind - typeAt;
  saved.set(bytes.subarray(behind - ADDRESS_BYTES, behind));
  bytes.copyWithin(start + ADDRESS_BYTES + shift, start + ADDRESS_BYTES, typeAt);
  bytes.set(saved, start + shift);
  packet.start = start + shift;
  packet.typeAt = -1;
  packet.l3 = -1;
  packet.l4 = -1;
}

/** Where the TTL behind the outer label is: the next label's, or IP's; -1 where there is neither. */
function innerTtl(packet: Packet): number {
  const { bytes, typeAt, end } = packet;
  const inner = typeAt + 2 + MPLS_BYTES;
  if (end - inner < MPLS_BYTES) return -1;
  if ((bytes[inner - 2] & MPLS_BOS) === 0) return inner + 3;
  const version = bytes[inner] >> 4;
  if (version === 4 && end - inner >= 20) return inner + 8;
  return version === 6 && end - inner >= 40 ? inner + 7 : -1;
}

function copyTtl(packet: Packet, to: number, from: number): void {
  if (to < 0 || from < 0) return;
  const b = packet.bytes;
  const ip = packet.typeAt + 2 + MPLS_BYTES;
  const before = (b[to] << 8) | b[to + 1];
  b[to] = b[from];
  // Of the three, IPv4's header alone has a checksum.
  if (to !== ip + 8) return;
  const sum = updateChecksum((b[ip + 10] << 8) | b[ip + 11], before, (b[to] << 8) | b[to + 1]);
  put16(b, ip + 10, sum);
}
