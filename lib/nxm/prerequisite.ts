/**
 * What a packet must be before a field exists in it (OpenFlow 1.3.5 §7.2.3.6, ovs-fields(7)). A match meets a
 * prerequisite when its own values say so exactly; a packet's key is asked with a mask of all ones.
 */
import { FRAG_LATER, type Key, slots, VLAN_CFI } from '../packet/key.js';

export type Prerequisite =
  | 'none'
  | 'in_port'
  | 'vlan'
  | 'arp'
  | 'mpls'
  | 'ipv4'
  | 'ipv6'
  | 'ip'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmp'
  | 'icmp6'
  | 'nd'
  | 'nd_solicit'
  | 'nd_advert'
  | 'nsh'
  | 'pbb'
  | 'ct'
  | 'ct_ipv4'
  | 'ct_ipv6';

export const ETH_TYPE = {
  IP: 0x0800,
  ARP: 0x0806,
  RARP: 0x8035,
  IPV6: 0x86dd,
  VLAN: 0x8100,
  QINQ: 0x88a8,
  MPLS: 0x8847,
  MPLS_MULTICAST: 0x8848,
  PBB: 0x88e7,
  NSH: 0x894f,
} as const;

export const IP_PROTO = { ICMP: 1, IGMP: 2, TCP: 6, UDP: 17, ICMPV6: 58, SCTP: 132 } as const;

/** Bits of ct_state (ovs-fields(7)). */
export const CT_STATE = {
  new: 0x01,
  est: 0x02,
  rel: 0x04,
  rpl: 0x08,
  inv: 0x10,
  trk: 0x20,
  snat: 0x40,
  dnat: 0x80,
} as const;

/** A condition on one slot: exactly one of these values. */
type Row = readonly [slot: keyof typeof slots, ...values: number[]];

const IPV4: Row = ['eth_type', ETH_TYPE.IP];
const IPV6: Row = ['eth_type', ETH_TYPE.IPV6];
const IP: Row = ['eth_type', ETH_TYPE.IP, ETH_TYPE.IPV6];

type OfRows = Exclude<Prerequisite, 'none' | 'in_port' | 'vlan'>;

const ROWS: Record<OfRows, readonly Row[]> = {
  arp: [['eth_type', ETH_TYPE.ARP, ETH_TYPE.RARP]],
  mpls: [['eth_type', ETH_TYPE.MPLS, ETH_TYPE.MPLS_MULTICAST]],
  ipv4: [IPV4],
  ipv6: [IPV6],
  ip: [IP],
  tcp: [IP, ['nw_proto', IP_PROTO.TCP]],
  udp: [IP, ['nw_proto', IP_PROTO.UDP]],
  sctp: [IP, ['nw_proto', IP_PROTO.SCTP]],
  icmp: [IPV4, ['nw_proto', IP_PROTO.ICMP]],
  icmp6: [IPV6, ['nw_proto', IP_PROTO.ICMPV6]],
  nd: [IPV6, ['nw_proto', IP_PROTO.ICMPV6], ['tp_src', 135, 136]],
  nd_solicit: [IPV6, ['nw_proto', IP_PROTO.ICMPV6], ['tp_src', 135]],
  nd_advert: [IPV6, ['nw_proto', IP_PROTO.ICMPV6], ['tp_src', 136]],
  nsh: [['eth_type', ETH_TYPE.NSH]],
  pbb: [['eth_type', ETH_TYPE.PBB]],
  ct: [IP],
  ct_ipv4: [IPV4],
  ct_ipv6: [IPV6],
};

/** Fields of a connection's original tuple: besides, the packet must have been tracked. */
const TUPLE = new Set<Prerequisite>(['ct', 'ct_ipv4', 'ct_ipv6']);
const L4 = new Set<Prerequisite>(['tcp', 'udp', 'sctp']);
/** Neighbour discovery has code 0; a match may leave the code out. */
const ND = new Set<Prerequisite>(['nd', 'nd_solicit', 'nd_advert']);

function exactly(row: Row, value: Key, mask: Key): boolean {
  const name = row[0];
  // A packet without an Ethernet header has the EtherType in its packet type.
  const type = value.get(slots.packet_type);
  if (name === 'eth_type' && type >>> 16 === 1 && mask.get(slots.packet_type) === 0xffffffff) {
    return row.indexOf(type & 0xffff, 1) > 0;
  }
  const slot = slots[name];
  const ones = 2 ** slot.width - 1;
  // ICMP's type and code are one byte in a two-byte container.
  const wanted = slot.size === 2 && (name === 'tp_src' || name === 'tp_dst') ? 0xff : ones;
  if ((mask.get(slot) & wanted) !== wanted) return false;
  const number = value.get(slot);
  for (let i = 1; i < row.length; i++) if (row[i] === number) return true;
  return false;
}

/** Does a match on `value`/`mask` make sure of a prerequisite? */
export function meets(needs: Prerequisite, value: Key, mask: Key): boolean {
  if (needs === 'none') return true;
  if (needs === 'in_port') return mask.get(slots.in_port) === 0xffffffff;
  if (needs === 'vlan') return (mask.get(slots.vlan_tci) & value.get(slots.vlan_tci) & VLAN_CFI) !== 0;
  if (TUPLE.has(needs) && !tracked(value.get(slots.ct_state), mask.get(slots.ct_state))) return false;
  if (L4.has(needs) && value.get(slots.nw_frag) & mask.get(slots.nw_frag) & FRAG_LATER) return false;
  if (ND.has(needs) && value.get(slots.tp_dst) !== 0) return false;
  return ROWS[needs].every((row) => exactly(row, value, mask));
}

const KNOWN = CT_STATE.new | CT_STATE.est | CT_STATE.rel | CT_STATE.rpl | CT_STATE.snat | CT_STATE.dnat;

/** A connection's tuple is there: a state that only valid packets have, or +trk-inv. */
function tracked(state: number, mask: number): boolean {
  if (state & mask & KNOWN) return true;
  return (state & mask & CT_STATE.trk) !== 0 && (mask & ~state & CT_STATE.inv) !== 0;
}

/**
 * The conditions that make a prerequisite true, to complete a text such as "tcp" or "icmp6"; the first value of each.
 */
export function implied(needs: Prerequisite): readonly (readonly [slot: keyof typeof slots, value: number])[] {
  if (needs === 'none' || needs === 'in_port' || needs === 'vlan' || TUPLE.has(needs)) return [];
  return ROWS[needs].map(([slot, first]) => [slot, first] as const);
}
