/**
 * The hashes of a packet's headers that multipath and bundle choose by (ovs-actions(7)), bit for bit those of Open
 * vSwitch: Bob Jenkins' lookup3 (public domain) over a record of the fields, or murmur3's rounds for the l3l4 ones.
 * Words are read little-endian, as its usual hosts do. What is hashed is marked, and nothing else.
 */
import { ETH_TYPE, type HashFields, IP_PROTO } from '../nxm/index.js';
import { FRAG_ANY, type Slot, slots } from '../packet/key.js';
import { finish, mix } from '../packet/shape.js';
import type { Headers } from './headers.js';

/** A tag's id, and above it the bit that says that there is one. */
const VID_BITS = 0x0fff;

/** A record's bytes in the making. */
class Bytes {
  readonly bytes: Uint8Array;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  u16(at: number, value: number): void {
    this.bytes[at] = value >>> 8;
    this.bytes[at + 1] = value & 0xff;
  }

  /** 32 bits, little-endian; zeros behind the end. */
  word(at: number): number {
    const { bytes } = this;
    return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
  }

  /** The exclusive or of two slots. */
  xor(at: number, a: Slot, b: Slot, headers: Headers): void {
    headers.lookAt(a);
    headers.lookAt(b);
    const { bytes } = headers.flow;
    for (let i = 0; i < a.size; i++) this.bytes[at + i] = bytes[a.at + i] ^ bytes[b.at + i];
  }

  copy(slot: Slot, headers: Headers): this {
    headers.lookAt(slot);
    this.bytes.set(headers.flow.bytes.subarray(slot.at, slot.at + slot.size));
    return this;
  }
}

const rotate = (x: number, k: number) => (x << k) | (x >>> (32 - k));

/** lookup3 over a record whose size is known to both sides. */
function lookup3(record: Bytes, basis: number): number {
  const size = record.bytes.length;
  let a = (0xdeadbeef + size + basis) | 0;
  let b = a;
  let c = a;
  let at = 0;
  for (; size - at >= 12; at += 12) {
    a = (a + record.word(at)) | 0;
    b = (b + record.word(at + 4)) | 0;
    c = (c + record.word(at + 8)) | 0;
    a = ((a - c) ^ rotate(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ rotate(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 4)) | 0;
    b = (b + a) | 0;
  }
  if (at === size) return c >>> 0;
  a = (a + record.word(at)) | 0;
  b = (b + record.word(at + 4)) | 0;
  c = (c + record.word(at + 8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

/** The exclusive or of the ids of both tags. */
function vlans(headers: Headers): number {
  const tag = (slot: Slot) => headers.read({ at: slot.at, size: 2, shift: 0, width: 13 }) & VID_BITS;
  return tag(slots.vlan_tci) ^ tag(slots.inner_vlan_tci);
}

const isIp = (type: number) => type === ETH_TYPE.IP || type === ETH_TYPE.IPV6;
const hasPorts = (proto: number, udp: boolean) =>
  proto === IP_PROTO.TCP || proto === IP_PROTO.SCTP || (udp && proto === IP_PROTO.UDP);

/** Addresses, exclusive or, at the beginning of a record. */
function addresses(record: Bytes, type: number, headers: Headers): void {
  if (type === ETH_TYPE.IP) record.xor(0, slots.ipv4_src, slots.ipv4_dst, headers);
  else if (type === ETH_TYPE.IPV6) record.xor(0, slots.ipv6_src, slots.ipv6_dst, headers);
}

/** Address 16, type 2, VLAN 2, port 2, MAC 6, protocol 1, and 3 unused. */
function symmetricL4(headers: Headers, basis: number): number {
  const record = new Bytes(32);
  const type = headers.ethType();
  addresses(record, type, headers);
  record.u16(16, type);
  record.u16(18, vlans(headers));
  if (isIp(type)) {
    const proto = headers.proto();
    if (hasPorts(proto, false)) record.xor(20, slots.tp_src, slots.tp_dst, headers);
    record.bytes[28] = proto;
  }
  record.xor(22, slots.eth_src, slots.eth_dst, headers);
  return lookup3(record, basis);
}

/** Address 16, type 2, and 2 unused. */
function symmetricL3(headers: Headers, basis: number): number {
  const record = new Bytes(20);
  const type = headers.ethType();
  addresses(record, type, headers);
  record.u16(16, type);
  return lookup3(record, basis);
}

/** Type 2, VLAN 2, MAC 6, and 2 unused; 0 for a packet without an Ethernet header. */
function symmetricL2(headers: Headers, basis: number): number {
  if (headers.read(slots.packet_type) !== 0) return 0;
  const record = new Bytes(12);
  record.u16(0, headers.ethType());
  record.u16(2, vlans(headers));
  record.xor(4, slots.eth_src, slots.eth_dst, headers);
  let hash = basis;
  for (let at = 0; at < 12; at += 4) hash = mix(hash, record.word(at));
  return finish(hash ^ basis) >>> 0;
}

function symmetricL3L4(headers: Headers, basis: number, udp: boolean): number {
  const type = headers.ethType();
  if (!isIp(type)) return symmetricL2(headers, basis);
  const record = new Bytes(16);
  addresses(record, type, headers);
  let hash = basis;
  for (let at = 0; at < (type === ETH_TYPE.IP ? 4 : 16); at += 4) hash = mix(hash, record.word(at));
  const proto = headers.proto();
  hash = mix(hash, proto);
  if (hasPorts(proto, udp) && !(headers.read(slots.nw_frag) & FRAG_ANY)) {
    const ports = new Bytes(4);
    ports.xor(0, slots.tp_src, slots.tp_dst, headers);
    hash = mix(hash, ports.word(0) & 0xffff);
  }
  return finish(hash ^ basis) >>> 0;
}

/** The address of one side; the basis alone for what is not IP. */
function address(v4: Slot, v6: Slot, headers: Headers, basis: number): number {
  const type = headers.ethType();
  if (!isIp(type)) return basis;
  const slot = type === ETH_TYPE.IP ? v4 : v6;
  return lookup3(new Bytes(slot.size).copy(slot, headers), basis);
}

const HASHES: Readonly<Record<HashFields, (headers: Headers, basis: number) => number>> = {
  eth_src: (headers, basis) => lookup3(new Bytes(6).copy(slots.eth_src, headers), basis),
  symmetric_l4: symmetricL4,
  symmetric_l3l4: (headers, basis) => symmetricL3L4(headers, basis, false),
  'symmetric_l3l4+udp': (headers, basis) => symmetricL3L4(headers, basis, true),
  nw_src: (headers, basis) => address(slots.ipv4_src, slots.ipv6_src, headers, basis),
  nw_dst: (headers, basis) => address(slots.ipv4_dst, slots.ipv6_dst, headers, basis),
  symmetric_l3: symmetricL3,
};

/** A hash, 32 bits, of what `fields` names. */
export function hashFields(fields: HashFields, basis: number, headers: Headers): number {
  return HASHES[fields](headers, basis);
}
