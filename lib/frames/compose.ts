/**
 * A frame out of a match: what the match leaves open has a default, so that the tracker finds nothing to object to.
 * Bytes are made by lib/packet; changes of what there is go through Frame.
 */
import { fromBigInt, parseIpv4, parseIpv6, toBigInt } from '../bytes/index.js';
import { ETH_TYPE, type FieldValue, IP_PROTO, type Match } from '../nxm/index.js';
import { composeFrame, icmpTypeSlot, Key, type Slot, slots } from '../packet/index.js';
import { Frame } from './frame.js';

/** Whose addresses frames have, unless said: six bytes each. */
export interface Addresses {
  readonly source: bigint;
  readonly destination: bigint;
}

const v4 = (text: string): Uint8Array => parseIpv4(text) as Uint8Array;
const v6 = (text: string): Uint8Array => parseIpv6(text) as Uint8Array;
const byte = (value: number): Uint8Array => Uint8Array.of(value);
const port = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);

interface Default {
  readonly types: readonly number[];
  readonly protocols?: readonly number[];
  readonly slot: Slot;
  readonly value: Uint8Array;
}
const IP = [ETH_TYPE.IP, ETH_TYPE.IPV6];
const WITH_PORTS = [IP_PROTO.TCP, IP_PROTO.UDP, IP_PROTO.SCTP];
/** For a frame without a type: IEEE's for experiments. */
const ETH_TYPE_LOCAL = 0x88b5;
/** For a datagram without a protocol: RFC 3692's for experiments. */
const PROTOCOL_LOCAL = 253;

/** By EtherType, and by protocol. A port of 0 would be invalid. */
const DEFAULTS: readonly Default[] = [
  { types: IP, slot: slots.nw_proto, value: byte(PROTOCOL_LOCAL) },
  { types: IP, slot: slots.nw_ttl, value: byte(64) },
  { types: [ETH_TYPE.IP, ETH_TYPE.ARP], slot: slots.ipv4_src, value: v4('10.0.0.1') },
  { types: [ETH_TYPE.IP, ETH_TYPE.ARP], slot: slots.ipv4_dst, value: v4('10.0.0.2') },
  { types: [ETH_TYPE.IPV6], slot: slots.ipv6_src, value: v6('2001:db8::1') },
  { types: [ETH_TYPE.IPV6], slot: slots.ipv6_dst, value: v6('2001:db8::2') },
  { types: IP, protocols: WITH_PORTS, slot: slots.tp_src, value: port(1000) },
  { types: IP, protocols: WITH_PORTS, slot: slots.tp_dst, value: port(80) },
  { types: [ETH_TYPE.IP], protocols: [IP_PROTO.ICMP], slot: icmpTypeSlot, value: byte(8) },
  { types: [ETH_TYPE.IPV6], protocols: [IP_PROTO.ICMPV6], slot: icmpTypeSlot, value: byte(128) },
  { types: [ETH_TYPE.ARP], slot: slots.arp_op, value: port(1) },
];

/** Builds a frame of a match without masks. Lengths and checksums are right. */
export function compose(match: Match, macs: Addresses): Frame {
  const [key, said] = [new Key(), new Key()];
  match.expand(key, said);
  const fill = (slot: Slot, value: Uint8Array) => {
    if (isOpen(said, slot)) put(key, slot, value);
  };
  fill(slots.eth_type, port(ETH_TYPE_LOCAL));
  fill(slots.eth_src, fromBigInt(macs.source, 6));
  fill(slots.eth_dst, fromBigInt(macs.destination, 6));
  for (const { types, protocols, slot, value } of DEFAULTS) {
    if (!types.includes(key.get(slots.eth_type))) continue;
    if (!protocols || protocols.includes(key.get(slots.nw_proto))) fill(slot, value);
  }
  if (key.get(slots.eth_type) === ETH_TYPE.ARP) fill(slots.arp_sha, key.getBytes(slots.eth_src));
  return new Frame(composeFrame(key, { icmp_id: 1, icmp_seq: 1 }));
}

function isOpen(said: Key, slot: Slot): boolean {
  return slot.size > 4 ? said.getBytes(slot).every((each) => each === 0) : said.get(slot) === 0;
}

function put(key: Key, slot: Slot, value: Uint8Array): void {
  if (slot.size > 4) key.setBytes(slot, value);
  else key.set(slot, Number(toBigInt(value)));
}

/** Fields that say what a packet is. */
const STRUCTURE = new Set(['eth_type', 'nw_proto', 'packet_type']);

/**
 * Puts values into a frame; lengths and checksums are the caller's. Throws a RangeError for one that the frame has no
 * place for.
 */
export function apply(frame: Frame, fields: readonly FieldValue[]): void {
  for (const { field, value } of fields) {
    const number = toBigInt(value);
    if (field.name === 'vlan_vid') frame.setVlan(number === 0n ? null : Number(number & 0xfffn));
    else if (field.name === 'vlan_pcp') {
      if (!frame.tagged) frame.setVlan(0);
      frame.set('vlan_pcp', number);
    } else if (!STRUCTURE.has(field.name) && !frame.set(field.name, number)) {
      throw new RangeError(`${field.name} can't be written into this packet: give it as hex`);
    }
  }
}

/** What no frame shows. */
const BESIDE = /^(in_port|in_phy_port|ct_|x*reg|metadata|tun_|pkt_mark|conj_id|recirc_id|dp_hash|actset)/;

/** Values of a packet, which leaves no bit open. Throws a RangeError for others. */
export function exact(fields: readonly FieldValue[]): readonly FieldValue[] {
  const beside = fields.find(({ field }) => BESIDE.test(field.name));
  if (beside) throw new RangeError(`${beside.field.name} is no part of a packet`);
  const open = fields.find(({ field, mask }) => mask !== null && field.name !== 'vlan_vid');
  if (!open) return fields;
  const hint = open.field.text === 'tcp_flags' ? ': write them as syn|ack' : '';
  throw new RangeError(`a packet has one ${open.field.name}, not some of its bits${hint}`);
}
