/**
 * Matches as text, in the order and form of ovs-ofctl 3.1:
 * "priority=5,ct_state=+trk,tcp,in_port=1,nw_src=10.0.0.0/8,tp_dst=80". Works from the flow key, so it doesn't matter
 * how the match was sent. ovs-ofctl leaves out masks of some tunnel fields, and fields that Open vSwitch doesn't have;
 * here they are printed in the same style.
 */

import { toBigInt } from '../bytes/index.js';
import {
  CT_STATE_NAMES,
  DEFAULT_PRIORITY,
  ETH_TYPE,
  FIELDS,
  type Field,
  fieldMask,
  fields,
  formatFlags,
  formatValue,
  IP_PROTO,
  type Match,
  meets,
  PLAIN_NAMES,
  slotOf,
  TCP_FLAG_NAMES,
  type TextNames,
  TUNNEL_FLAG_NAMES,
} from '../nxm/index.js';
import { Key, type Slot, slots, VLAN_CFI } from '../packet/key.js';
import { protocolWord } from './protocols.js';

/** printf's "%#x": 0 has no prefix. */
export function hexadecimal(number: bigint | number): string {
  return number ? `0x${number.toString(16)}` : '0';
}

const padded = (number: number, digits: number) => `0x${number.toString(16).padStart(digits, '0')}`;

/** How a number is printed with all its bits, and how value and mask are where some are missing. */
interface NumberForm {
  readonly whole: (n: number) => string;
  readonly part: (n: number) => string;
}
const DECIMAL: NumberForm = { whole: String, part: (n) => `0x${n.toString(16)}` };
const DECIMAL_8: NumberForm = { whole: String, part: (n) => padded(n, 2) };
const DECIMAL_32: NumberForm = { whole: String, part: (n) => padded(n, 8) };
const HEX: NumberForm = { whole: hexadecimal, part: hexadecimal };
const HEX_PREFIX: NumberForm = { whole: (n) => `0x${n.toString(16)}`, part: (n) => `0x${n.toString(16)}` };
const HEX_4: NumberForm = { whole: (n) => padded(n, 4), part: (n) => padded(n, 4) };
const HEX_5: NumberForm = { whole: (n) => padded(n, 5), part: (n) => padded(n, 5) };

/**
 * All bits of these flags of a tunnel; the printed form never counts as whole, as Open vSwitch has more of them inside.
 */
const TUNNEL_FLAGS = 0xffff;

const REGISTERS = FIELDS.filter(({ name }) => /^reg\d+$/.test(name));

/** What a match looks at, while it is printed; the same for all of them. */
const VALUE = new Key();
const MASK = new Key();

/** All bits of fields as bytes, made when one is first printed. */
const ALL_BITS = new WeakMap<Field, Uint8Array>();

function allBits(field: Field): Uint8Array {
  let bits = ALL_BITS.get(field);
  if (bits === undefined) {
    bits = fieldMask(field);
    ALL_BITS.set(field, bits);
  }
  return bits;
}

class Printer {
  readonly parts: string[] = [];
  readonly ethType: number;
  readonly nwProto: number;

  constructor(
    readonly value: Key,
    readonly mask: Key,
    readonly options: Match['options'],
    readonly names: TextNames,
  ) {
    const type = this.value.get(slots.packet_type);
    // A packet without an Ethernet header has the EtherType in its packet type.
    const bare = this.mask.get(slots.packet_type) && type >>> 16 === 1 ? type & 0xffff : 0;
    this.ethType = this.mask.get(slots.eth_type) ? this.value.get(slots.eth_type) : bare;
    this.nwProto = this.mask.get(slots.nw_proto) ? this.value.get(slots.nw_proto) : 0;
  }

  say(text: string): void {
    this.parts.push(text);
  }

  /** Does any bit of it count? */
  private looksAt({ at, size }: Slot): boolean {
    const { bytes } = this.mask;
    for (let i = at; i < at + size; i++) if (bytes[i] !== 0) return true;
    return false;
  }

  /** Do all these bits count? */
  private isWhole({ at }: Slot, bits: Uint8Array): boolean {
    const { bytes } = this.mask;
    for (let i = 0; i < bits.length; i++) if (bytes[at + i] !== bits[i]) return false;
    return true;
  }

  /** A field's number of at most 32 bits. */
  number(name: string, field: Field, form: NumberForm): void {
    const slot = slotOf(field);
    const mask = (this.mask.get(slot) & field.bits) >>> 0;
    if (mask === 0) return;
    const value = (this.value.get(slot) & mask) >>> 0;
    this.say(`${name}=${mask === field.bits ? form.whole(value) : `${form.part(value)}/${form.part(mask)}`}`);
  }

  /** A number of 64 or 128 bits. */
  wide(name: string, slot: Slot): void {
    if (!this.looksAt(slot)) return;
    const mask = toBigInt(this.mask.getBytes(slot));
    const whole = mask === (1n << BigInt(slot.size * 8)) - 1n;
    this.say(`${name}=${hexadecimal(toBigInt(this.value.getBytes(slot)))}${whole ? '' : `/${hexadecimal(mask)}`}`);
  }

  /** A field as set_field prints it: addresses. */
  address(name: string, field: Field): void {
    const slot = slotOf(field);
    if (!this.looksAt(slot)) return;
    const whole = this.isWhole(slot, allBits(field));
    const value = this.value.getBytes(slot);
    this.say(`${name}=${formatValue(field, value, whole ? null : this.mask.getBytes(slot))}`);
  }

  port(name: string, field: Field): void {
    if (this.mask.get(slotOf(field))) this.say(`${name}=${this.names.port(this.value.get(slotOf(field)))}`);
  }

  flags(name: string, field: Field, known: readonly string[], all: number): void {
    const mask = this.mask.get(slotOf(field));
    if (mask) this.say(`${name}=${formatFlags(known, this.value.get(slotOf(field)), mask, all)}`);
  }
}

function metadata(p: Printer): void {
  p.number('pkt_mark', fields.pkt_mark, HEX);
  p.number('recirc_id', fields.recirc_id, HEX);
  p.number('dp_hash', fields.dp_hash, HEX);
  p.number('conj_id', fields.conj_id, DECIMAL);
  p.number('skb_priority', fields.skb_priority, HEX_PREFIX);
  p.port('actset_output', fields.actset_output);
  p.flags('ct_state', fields.ct_state, CT_STATE_NAMES, 0xff);
  p.number('ct_zone', fields.ct_zone, DECIMAL);
  p.number('ct_mark', fields.ct_mark, HEX);
  p.wide('ct_label', slots.ct_label);
  p.address('ct_nw_src', fields.ct_nw_src);
  p.address('ct_ipv6_src', fields.ct_ipv6_src);
  p.address('ct_nw_dst', fields.ct_nw_dst);
  p.address('ct_ipv6_dst', fields.ct_ipv6_dst);
  p.number('ct_nw_proto', fields.ct_nw_proto, DECIMAL);
  p.number('ct_tp_src', fields.ct_tp_src, DECIMAL);
  p.number('ct_tp_dst', fields.ct_tp_dst, DECIMAL);
  const type = slots.packet_type;
  if (p.mask.get(type) && p.value.get(type)) {
    p.say(`packet_type=${formatValue(fields.packet_type, p.value.getBytes(type), null)}`);
  }
}

/** "tcp", "arp", …; says whether the word covers the Ethernet type and the IP protocol. */
function protocol(p: Printer): { type: boolean; proto: boolean } {
  if (!p.mask.get(slots.eth_type)) return { type: false, proto: false };
  const both = p.mask.get(slots.nw_proto) && p.nwProto ? protocolWord(p.ethType, p.nwProto) : undefined;
  const word = both ?? protocolWord(p.ethType, 0);
  if (word) p.say(word);
  return { type: word !== undefined, proto: both !== undefined };
}

function tunnel(p: Printer): void {
  p.wide('tun_id', slots.tun_id);
  p.address('tun_src', fields.tun_src);
  p.address('tun_dst', fields.tun_dst);
  p.address('tun_ipv6_src', fields.tun_ipv6_src);
  p.address('tun_ipv6_dst', fields.tun_ipv6_dst);
  p.number('tun_gbp_id', fields.tun_gbp_id, DECIMAL);
  p.number('tun_gbp_flags', fields.tun_gbp_flags, HEX);
  p.number('tun_erspan_ver', fields.tun_erspan_ver, DECIMAL);
  p.number('tun_erspan_idx', fields.tun_erspan_idx, HEX);
  p.number('tun_erspan_dir', fields.tun_erspan_dir, DECIMAL);
  p.number('tun_erspan_hwid', fields.tun_erspan_hwid, HEX);
  p.number('gtpu_flags', fields.tun_gtpu_flags, HEX);
  p.number('gtpu_msgtype', fields.tun_gtpu_msgtype, DECIMAL);
  p.flags('tun_flags', fields.tun_flags, TUNNEL_FLAG_NAMES, TUNNEL_FLAGS);
  geneve(p);
}

/** Geneve options, by number: a name alone where the option is just to be there. */
function geneve({ options, parts }: Printer): void {
  if (options.length === 0) return;
  for (const { field, value, mask } of options.toSorted((a, b) => (a.field.option ?? 0) - (b.field.option ?? 0))) {
    const anything = mask?.every((byte) => byte === 0);
    const whole = mask?.every((byte) => byte === 0xff);
    parts.push(anything ? field.name : `${field.name}=${formatValue(field, value, whole ? null : mask)}`);
  }
}

const VID = 0x0fff;
const PCP = 0xe000;

function vlan(p: Printer): void {
  const mask = p.mask.get(slots.vlan_tci);
  if (mask === 0) return;
  const tci = p.value.get(slots.vlan_tci);
  const [vid, pcp] = [mask & VID, mask & PCP];
  const whole = (vid === 0 || vid === VID) && (pcp === 0 || pcp === PCP) && mask !== VLAN_CFI;
  if (mask & tci & VLAN_CFI && whole) {
    if (vid) p.say(`dl_vlan=${tci & VID}`);
    if (pcp) p.say(`dl_vlan_pcp=${tci >>> 13}`);
  } else {
    p.number('vlan_tci', fields.vlan_tci, HEX_4);
  }
}

function layer3(p: Printer): void {
  if (p.ethType === ETH_TYPE.IPV6) {
    p.address('ipv6_src', fields.ipv6_src);
    p.address('ipv6_dst', fields.ipv6_dst);
    p.number('ipv6_label', fields.ipv6_label, HEX_5);
    p.number('ipv6_exthdr', fields.ipv6_exthdr, HEX);
  } else if (p.ethType === ETH_TYPE.ARP || p.ethType === ETH_TYPE.RARP) {
    p.address('arp_spa', fields.arp_spa);
    p.address('arp_tpa', fields.arp_tpa);
    p.number('arp_op', fields.arp_op, DECIMAL);
    p.address('arp_sha', fields.arp_sha);
    p.address('arp_tha', fields.arp_tha);
  } else if (p.ethType === ETH_TYPE.NSH) {
    nsh(p);
  } else {
    p.address('nw_src', fields.ip_src);
    p.address('nw_dst', fields.ip_dst);
  }
  p.number('pbb_isid', fields.pbb_isid, HEX_PREFIX);
  p.number('pbb_uca', fields.pbb_uca, DECIMAL);
}

function nsh(p: Printer): void {
  p.number('nsh_flags', fields.nsh_flags, DECIMAL_8);
  p.number('nsh_ttl', fields.nsh_ttl, DECIMAL_8);
  p.number('nsh_mdtype', fields.nsh_mdtype, DECIMAL_8);
  p.number('nsh_np', fields.nsh_np, DECIMAL_8);
  p.number('nsh_spi', fields.nsh_spi, HEX_PREFIX);
  p.number('nsh_si', fields.nsh_si, DECIMAL_8);
  p.number('nsh_c1', fields.nsh_c1, HEX_PREFIX);
  p.number('nsh_c2', fields.nsh_c2, HEX_PREFIX);
  p.number('nsh_c3', fields.nsh_c3, HEX_PREFIX);
  p.number('nsh_c4', fields.nsh_c4, HEX_PREFIX);
}

function ipAndMpls(p: Printer, skipProto: boolean): void {
  if (!skipProto) p.number('nw_proto', fields.nw_proto, DECIMAL);
  p.number('nw_tos', fields.nw_tos, DECIMAL);
  p.number('nw_ecn', fields.nw_ecn, DECIMAL);
  p.number('nw_ttl', fields.nw_ttl, DECIMAL);
  p.number('mpls_label', fields.mpls_label, DECIMAL);
  p.number('mpls_tc', fields.mpls_tc, DECIMAL);
  p.number('mpls_ttl', fields.mpls_ttl, DECIMAL);
  p.number('mpls_bos', fields.mpls_bos, DECIMAL);
  const frag = slots.nw_frag;
  if (p.mask.get(frag)) {
    const [value, mask] = [p.value.get(frag), p.mask.get(frag)];
    p.say(`nw_frag=${formatValue(fields.ip_frag, Uint8Array.of(value), Uint8Array.of(mask))}`);
  }
}

function layer4(p: Printer): void {
  if (meets('icmp', p.value, p.mask) || meets('icmp6', p.value, p.mask)) {
    p.number('icmp_type', fields.icmp_type, DECIMAL);
    p.number('icmp_code', fields.icmp_code, DECIMAL);
    if (p.nwProto !== IP_PROTO.ICMPV6) return;
    p.address('nd_target', fields.nd_target);
    p.address('nd_sll', fields.nd_sll);
    p.address('nd_tll', fields.nd_tll);
    p.number('nd_reserved', fields.nd_reserved, DECIMAL_32);
    p.number('nd_options_type', fields.nd_options_type, DECIMAL);
    return;
  }
  p.number('tp_src', fields.tcp_src, DECIMAL);
  p.number('tp_dst', fields.tcp_dst, DECIMAL);
  p.flags('tcp_flags', fields.tcp_flags, TCP_FLAG_NAMES, 0xfff);
}

/** A match as ovs-ofctl prints it, without a comma at its end; the priority only where it isn't the default one. */
export function formatMatch(match: Match, names: TextNames = PLAIN_NAMES, priority: number = DEFAULT_PRIORITY): string {
  match.expand(VALUE, MASK);
  return print(new Printer(VALUE, MASK, match.options, names), priority);
}

/** The match of all keys that agree with `value` where `mask` has bits, printed in the same way. */
export function formatMasked(value: Key, mask: Key, names: TextNames = PLAIN_NAMES): string {
  return print(new Printer(value, mask, [], names), DEFAULT_PRIORITY);
}

function print(p: Printer, priority: number): string {
  if (priority !== DEFAULT_PRIORITY) p.say(`priority=${priority}`);
  metadata(p);
  const covered = protocol(p);
  for (const register of REGISTERS) p.number(register.name, register, HEX);
  tunnel(p);
  p.wide('metadata', slots.metadata);
  p.port('in_port', fields.in_port_oxm);
  vlan(p);
  p.address('dl_src', fields.eth_src);
  p.address('dl_dst', fields.eth_dst);
  if (!covered.type) p.number('dl_type', fields.eth_type, HEX_4);
  layer3(p);
  ipAndMpls(p, covered.proto);
  layer4(p);
  return p.parts.join(',');
}
