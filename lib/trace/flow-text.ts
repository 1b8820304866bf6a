/**
 * A packet's flow in ovs-ofctl's words, as ofproto/trace prints it: every field that its kind of packet has, metadata
 * where it isn't zero. And what changed between two of them, field by field.
 */
import {
  ETH_TYPE,
  FIELDS,
  type Field,
  fieldNamed,
  formatValue,
  IP_PROTO,
  PLAIN_NAMES,
  slotOf,
  type TextNames,
} from '../nxm/index.js';
import { Key, type Slot, slots } from '../packet/index.js';
import { formatMasked } from '../text/index.js';

/** Told where they aren't zero, in the order of ovs-fields(7). */
const METADATA = FIELDS.filter(
  ({ name, slot }) =>
    slot !== null &&
    /^(pkt_mark|recirc_id|dp_hash|conj_id|ct_\w+|reg\d+|metadata|tun_\w+)$/.test(name) &&
    !/^tun_metadata/.test(name),
);

const named = (names: string): Field[] => names.split(' ').map((name) => fieldNamed(name) as Field);
const ALWAYS = named('in_port_oxm vlan_tci eth_src eth_dst eth_type');
const IP = named('nw_proto nw_tos nw_ecn nw_ttl ip_frag');
const IPV4 = [...named('ip_src ip_dst'), ...IP];
const IPV6 = [...named('ipv6_src ipv6_dst ipv6_label'), ...IP];
const ARP = named('arp_spa arp_tpa arp_op arp_sha arp_tha');
const MPLS = named('mpls_label mpls_tc mpls_ttl mpls_bos');
const NSH = named('nsh_flags nsh_ttl nsh_mdtype nsh_np nsh_spi nsh_si nsh_c1 nsh_c2 nsh_c3 nsh_c4');
const PBB = named('pbb_isid pbb_uca');
const L4: Readonly<Record<number, readonly Field[]>> = {
  [IP_PROTO.TCP]: named('tcp_src tcp_dst tcp_flags'),
  [IP_PROTO.UDP]: named('udp_src udp_dst'),
  [IP_PROTO.SCTP]: named('sctp_src sctp_dst'),
};
const ICMP = named('icmp_type icmp_code');
const ICMPV6 = named('icmpv6_type icmpv6_code');
const NEIGHBOUR = [...ICMPV6, ...named('nd_target nd_sll nd_tll')];

/** The fields that a packet has. */
export function fieldsOf(key: Key): readonly Field[] {
  const list: Field[] = [];
  for (const field of METADATA) if (!isZero(key, field)) list.push(field);
  return list.concat(ALWAYS, layer3(key));
}

function layer3(key: Key): readonly Field[] {
  switch (key.get(slots.eth_type)) {
    case ETH_TYPE.IP:
      return [...IPV4, ...layer4(key, IP_PROTO.ICMP)];
    case ETH_TYPE.IPV6:
      return [...IPV6, ...layer4(key, IP_PROTO.ICMPV6)];
    case ETH_TYPE.ARP:
    case ETH_TYPE.RARP:
      return ARP;
    case ETH_TYPE.MPLS:
    case ETH_TYPE.MPLS_MULTICAST:
      return MPLS;
    case ETH_TYPE.NSH:
      return NSH;
    case ETH_TYPE.PBB:
      return PBB;
    default:
      return [];
  }
}

function layer4(key: Key, icmp: number): readonly Field[] {
  const proto = key.get(slots.nw_proto);
  if (proto !== icmp) return L4[proto] ?? [];
  if (icmp === IP_PROTO.ICMP) return ICMP;
  const type = key.get(slots.tp_src);
  return type === 135 || type === 136 ? NEIGHBOUR : ICMPV6;
}

function isZero(key: Key, field: Field): boolean {
  const slot = slotOf(field);
  if (slot.size <= 4) return key.get(slot) === 0;
  for (let i = slot.at; i < slot.at + slot.size; i++) if (key.bytes[i] !== 0) return false;
  return true;
}

const wanted = new Key();
const ALL_ONES = new Uint8Array(16).fill(0xff);

/** The whole flow of a packet: "tcp,in_port=1,vlan_tci=0x0000,dl_src=…". */
export function formatFlowKey(key: Key, names: TextNames = PLAIN_NAMES): string {
  const mask = wanted;
  mask.clear();
  for (const field of fieldsOf(key)) {
    const slot = slotOf(field);
    if (slot.size > 4) mask.setBytes(slot, ALL_ONES);
    else mask.set(slot, field.port16 ? 0xffffffff : field.bits);
  }
  return formatMasked(key, mask, names);
}

/** A field that became another. */
export interface FieldChange {
  /** As ovs-ofctl prints it in a match, or the specification names it. */
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

/** Fields that differ between two keys of a packet, without what isn't shown. */
export function changes(before: Key, after: Key): FieldChange[] {
  if (before === after) return [];
  const list: FieldChange[] = [];
  const differing = new Set<Field>();
  for (const key of [before, after])
    for (const field of fieldsOf(key)) if (!agree(before, after, slotOf(field))) differing.add(field);
  for (const field of differing) {
    const [from, to] = [valueIn(before, field), valueIn(after, field)];
    if (from !== to) list.push({ field: field.name, from, to });
  }
  return list;
}

/** Are all bytes of a slot the same? */
function agree({ bytes: a }: Key, { bytes: b }: Key, { at, size }: Slot): boolean {
  for (let i = at; i < at + size; i++) if (a[i] !== b[i]) return false;
  return true;
}

function valueIn(key: Key, field: Field): string {
  const raw = key.getBytes(slotOf(field));
  if (slotOf(field).size > 4) return formatValue(field, raw.slice(-field.bytes), null);
  const number = key.get(slotOf(field));
  const bytes = Uint8Array.from({ length: field.bytes }, (_, i) => number >>> ((field.bytes - 1 - i) * 8));
  return formatValue(field, bytes, null);
}
