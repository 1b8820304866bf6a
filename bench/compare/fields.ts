/**
 * Fields as the generator writes them into flow texts: in which packets they exist, what their values look like, which
 * may be masked or set. Written beside the switch's own table and not out of it, so that a mistake there shows.
 */
import type { Chance } from './chance.js';
import {
  GROUP_MACS,
  LABEL_TTLS,
  LABELS,
  MACS,
  NUMBERS,
  PORTS,
  SWITCH_PORTS,
  TOS,
  TTLS,
  V4,
  V6,
  VIDS,
} from './pools.js';

/** What a flow's match says about its packets. */
export type Layer =
  | 'any'
  | 'vlan'
  | 'ip'
  | 'ipv4'
  | 'ipv6'
  | 'arp'
  | 'mpls'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmp'
  | 'icmp6'
  | 'nd'
  | 'ns'
  | 'na'
  | 'trk';

export interface FieldRow {
  readonly name: string;
  readonly needs: Layer;
  readonly bits: number;
  /** A value, and in some texts a mask. */
  value(c: Chance): string;
  /** A value with a mask; undefined where the field takes none. */
  masked?(c: Chance): string;
  readonly settable: boolean;
  /** The name in load and move; undefined where there is none. */
  readonly nxm?: string;
}

const number = (list: readonly number[]) => (c: Chance) => String(c.pick(list));
const hexMask = (digits: number) => (c: Chance) => {
  const mask = c.pick(['f'.repeat(digits), `${'0'.repeat(digits - 1)}1`, c.hex(digits), `f${'0'.repeat(digits - 1)}`]);
  // Bits outside the mask are refused in some places: they are left out.
  const value = BigInt(`0x${c.hex(digits)}`) & BigInt(`0x${mask}`);
  return `0x${value.toString(16)}/0x${BigInt(`0x${mask}`).toString(16)}`;
};
const hex = (digits: number) => (c: Chance) =>
  c.percent(70) ? `0x${c.pick(NUMBERS).toString(16)}` : `0x${c.hex(digits)}`;
const mac = (c: Chance) => c.pick(c.percent(80) ? MACS : GROUP_MACS);
const macMasked = (c: Chance) =>
  c.pick([
    '01:00:00:00:00:00/01:00:00:00:00:00',
    '00:00:00:00:00:00/01:00:00:00:00:00',
    `${c.pick(MACS)}/ff:ff:ff:ff:ff:fe`,
  ]);
const v4 = (c: Chance) => c.pick(V4);
const v4Masked = (c: Chance) =>
  c.percent(80)
    ? `${c.pick(V4)}/${c.pick([0, 1, 8, 16, 24, 31, 32])}`
    : `${c.pick(V4)}/${c.pick(['255.0.0.255', '0.0.0.1'])}`;
const v6 = (c: Chance) => c.pick(V6);
const v6Masked = (c: Chance) =>
  c.percent(80)
    ? `${c.pick(V6)}/${c.pick([0, 1, 10, 32, 64, 127, 128])}`
    : `${c.pick(V6)}/${c.pick(['ffff::ffff', '::1'])}`;
const port = number(PORTS);
const portMasked = (c: Chance) => `${c.pick(PORTS)}/0x${c.pick([0xffff, 0xfff0, 1, 0xff00]).toString(16)}`;

function row(
  name: string,
  needs: Layer,
  bits: number,
  value: FieldRow['value'],
  more: Partial<FieldRow> = {},
): FieldRow {
  return { name, needs, bits, value, settable: false, ...more };
}

const set = true;
const CT_FLAGS = ['new', 'est', 'rel', 'rpl', 'inv', 'trk'];
const TCP_FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns'];

/** "+trk+new-inv" */
function ctState(c: Chance): string {
  const flags = c.shuffled(CT_FLAGS.filter((flag) => flag !== 'trk')).slice(0, c.between(0, 2));
  const signs = flags.map((flag) => `${c.percent(70) ? '+' : '-'}${flag}`);
  return signs.some((sign) => sign[0] === '+') || c.percent(70) ? `+trk${signs.join('')}` : '-trk';
}

function tcpFlags(c: Chance): string {
  if (c.percent(30)) return c.shuffled(TCP_FLAGS).slice(0, c.between(1, 3)).join('|').replace(/^/, '');
  return c
    .shuffled(TCP_FLAGS)
    .slice(0, c.between(1, 3))
    .map((flag) => `${c.percent(60) ? '+' : '-'}${flag}`)
    .join('');
}

const v4Side = (side: 'src' | 'dst') => `NXM_OF_IP_${side.toUpperCase()}`;

export const FIELDS: readonly FieldRow[] = [
  row('metadata', 'any', 64, hex(16), { masked: hexMask(16), settable: set, nxm: 'OXM_OF_METADATA' }),
  ...[0, 1, 7, 15].map((i) =>
    row(`reg${i}`, 'any', 32, hex(8), { masked: hexMask(8), settable: set, nxm: `NXM_NX_REG${i}` }),
  ),
  row('xreg0', 'any', 64, hex(16), { masked: hexMask(16), settable: set, nxm: 'OXM_OF_PKT_REG0' }),
  row('xxreg1', 'any', 128, hex(32), { masked: hexMask(32), settable: set, nxm: 'NXM_NX_XXREG1' }),
  row('pkt_mark', 'any', 32, hex(8), { masked: hexMask(8), settable: set, nxm: 'NXM_NX_PKT_MARK' }),
  row('tun_id', 'any', 64, hex(16), { masked: hexMask(16), settable: set, nxm: 'NXM_NX_TUN_ID' }),
  row('in_port', 'any', 16, number([...SWITCH_PORTS, 65534]), { settable: false, nxm: 'NXM_OF_IN_PORT' }),
  row('actset_output', 'any', 32, number([1, 2, 3]), {}),
  row('dl_src', 'any', 48, mac, { masked: macMasked, settable: set, nxm: 'NXM_OF_ETH_SRC' }),
  row('dl_dst', 'any', 48, mac, { masked: macMasked, settable: set, nxm: 'NXM_OF_ETH_DST' }),
  row('eth_src', 'any', 48, mac, { masked: macMasked, settable: set, nxm: 'NXM_OF_ETH_SRC' }),
  row('dl_vlan', 'any', 12, (c) => (c.percent(20) ? '0xffff' : String(c.pick(VIDS)))),
  row('dl_vlan_pcp', 'any', 3, number([0, 1, 5, 7])),
  row('vlan_tci', 'any', 16, (c) => c.pick(['0', '0x1005', '0x3064', '0xf001', '0x1000']), {
    masked: (c) =>
      c.pick(['0x1000/0x1000', '0x0000/0x1fff', '0x1005/0x1fff', '0xf000/0xf000', '0x1001/0x1001', '0x0000/0x1000']),
    nxm: 'NXM_OF_VLAN_TCI',
  }),
  row('vlan_vid', 'any', 13, (c) => c.pick(['0', '0x1005', '0x1064', '0x1001']), {
    masked: (c) => c.pick(['0x1000/0x1000', '0x1001/0x1001', '0/0x1000']),
  }),
  row('vlan_pcp', 'vlan', 3, number([0, 1, 5, 7]), { settable: set }),
  row('mpls_label', 'mpls', 20, number(LABELS), { settable: set, nxm: 'OXM_OF_MPLS_LABEL' }),
  row('mpls_tc', 'mpls', 3, number([0, 1, 5, 7]), { settable: set, nxm: 'OXM_OF_MPLS_TC' }),
  row('mpls_bos', 'mpls', 1, number([0, 1]), { nxm: 'OXM_OF_MPLS_BOS' }),
  row('mpls_ttl', 'mpls', 8, number(LABEL_TTLS), { settable: set, nxm: 'NXM_NX_MPLS_TTL' }),
  row('nw_src', 'ipv4', 32, v4, { masked: v4Masked, settable: set, nxm: v4Side('src') }),
  row('nw_dst', 'ipv4', 32, v4, { masked: v4Masked, settable: set, nxm: v4Side('dst') }),
  row('ip_src', 'ipv4', 32, v4, { masked: v4Masked, settable: set, nxm: v4Side('src') }),
  row('ipv6_src', 'ipv6', 128, v6, { masked: v6Masked, settable: set, nxm: 'NXM_NX_IPV6_SRC' }),
  row('ipv6_dst', 'ipv6', 128, v6, { masked: v6Masked, settable: set, nxm: 'NXM_NX_IPV6_DST' }),
  row('ipv6_label', 'ipv6', 20, (c) => `0x${c.pick([0, 1, 0xfffff]).toString(16)}`, {
    masked: (c) => c.pick(['0x1/0x1', '0xf0000/0xf0000']),
    settable: set,
    nxm: 'NXM_NX_IPV6_LABEL',
  }),
  row('nw_tos', 'ip', 8, (c) => String(c.pick(TOS) & 0xfc), { settable: set, nxm: 'NXM_OF_IP_TOS' }),
  row('ip_dscp', 'ip', 6, (c) => String(c.pick(TOS) >> 2), { settable: set }),
  row('nw_ecn', 'ip', 2, (c) => String(c.below(4)), { settable: set, nxm: 'NXM_NX_IP_ECN' }),
  row('nw_ttl', 'ip', 8, number(TTLS), { settable: set, nxm: 'NXM_NX_IP_TTL' }),
  row('ip_frag', 'ip', 2, (c) => c.pick(['no', 'yes', 'first', 'later', 'not_later'])),
  row('arp_op', 'arp', 16, number([1, 2, 3])),
  row('arp_spa', 'arp', 32, v4, { masked: v4Masked, settable: set, nxm: 'NXM_OF_ARP_SPA' }),
  row('arp_tpa', 'arp', 32, v4, { masked: v4Masked, settable: set, nxm: 'NXM_OF_ARP_TPA' }),
  row('arp_sha', 'arp', 48, mac, { masked: macMasked, settable: set, nxm: 'NXM_NX_ARP_SHA' }),
  row('arp_tha', 'arp', 48, mac, { masked: macMasked, settable: set, nxm: 'NXM_NX_ARP_THA' }),
  ...(['tcp', 'udp', 'sctp'] as const).flatMap((proto) =>
    ['src', 'dst'].map((side) =>
      row(`${proto}_${side}`, proto, 16, port, {
        masked: portMasked,
        settable: set,
        nxm: proto === 'sctp' ? undefined : `NXM_OF_${proto.toUpperCase()}_${side.toUpperCase()}`,
      }),
    ),
  ),
  row('tcp_flags', 'tcp', 12, tcpFlags, { nxm: 'NXM_NX_TCP_FLAGS' }),
  row('icmp_type', 'icmp', 8, number([0, 3, 8, 11]), { settable: set, nxm: 'NXM_OF_ICMP_TYPE' }),
  row('icmp_code', 'icmp', 8, number([0, 1, 4]), { settable: set, nxm: 'NXM_OF_ICMP_CODE' }),
  row('icmpv6_type', 'icmp6', 8, number([1, 128, 129, 133, 135, 136]), { settable: set, nxm: 'NXM_NX_ICMPV6_TYPE' }),
  row('icmpv6_code', 'icmp6', 8, number([0, 1, 4]), { settable: set, nxm: 'NXM_NX_ICMPV6_CODE' }),
  row('nd_target', 'nd', 128, v6, { masked: v6Masked, settable: set, nxm: 'NXM_NX_ND_TARGET' }),
  row('nd_sll', 'ns', 48, mac, { masked: macMasked, settable: set, nxm: 'NXM_NX_ND_SLL' }),
  row('nd_tll', 'na', 48, mac, { masked: macMasked, settable: set, nxm: 'NXM_NX_ND_TLL' }),
  row('nd_reserved', 'nd', 32, number([0, 1, 0x60000000]), { settable: set }),
  row('nd_options_type', 'nd', 8, number([0, 1, 2]), { settable: set }),
  row('ct_state', 'ip', 32, ctState, { nxm: 'NXM_NX_CT_STATE' }),
  row('ct_zone', 'any', 16, number([0, 1, 2, 7]), { nxm: 'NXM_NX_CT_ZONE' }),
  row('ct_mark', 'any', 32, hex(8), { masked: hexMask(8), nxm: 'NXM_NX_CT_MARK' }),
  row('ct_label', 'any', 128, hex(32), { masked: hexMask(32), nxm: 'NXM_NX_CT_LABEL' }),
  row('ct_nw_proto', 'trk', 8, number([1, 6, 17]), { nxm: 'NXM_NX_CT_NW_PROTO' }),
  row('ct_nw_src', 'trk', 32, v4, { masked: v4Masked, nxm: 'NXM_NX_CT_NW_SRC' }),
  row('ct_nw_dst', 'trk', 32, v4, { masked: v4Masked, nxm: 'NXM_NX_CT_NW_DST' }),
  row('ct_tp_src', 'trk', 16, port, { masked: portMasked, nxm: 'NXM_NX_CT_TP_SRC' }),
  row('ct_tp_dst', 'trk', 16, port, { masked: portMasked, nxm: 'NXM_NX_CT_TP_DST' }),
];

/** Words that begin a match, and the layers that they say the packet has. */
export const PROTOCOLS: readonly (readonly [weight: number, text: string, layers: readonly Layer[]])[] = [
  [8, '', []],
  [12, 'ip', ['ip', 'ipv4']],
  [6, 'ipv6', ['ip', 'ipv6']],
  [14, 'tcp', ['ip', 'ipv4', 'tcp']],
  [14, 'udp', ['ip', 'ipv4', 'udp']],
  [4, 'sctp', ['ip', 'ipv4', 'sctp']],
  [10, 'icmp', ['ip', 'ipv4', 'icmp']],
  [6, 'tcp6', ['ip', 'ipv6', 'tcp']],
  [6, 'udp6', ['ip', 'ipv6', 'udp']],
  [3, 'sctp6', ['ip', 'ipv6', 'sctp']],
  [5, 'icmp6', ['ip', 'ipv6', 'icmp6']],
  [4, 'icmp6,icmpv6_type=135,icmpv6_code=0', ['ip', 'ipv6', 'icmp6', 'nd', 'ns']],
  [4, 'icmp6,icmpv6_type=136,icmpv6_code=0', ['ip', 'ipv6', 'icmp6', 'nd', 'na']],
  [8, 'arp', ['arp']],
  [6, 'mpls', ['mpls']],
  [2, 'mplsm', ['mpls']],
  [2, 'rarp', []],
  [2, 'dl_type=0x05ff', []],
  [2, 'dl_type=0x1234', []],
  [2, 'ip,nw_proto=47', ['ip', 'ipv4']],
  [2, 'ipv6,nw_proto=44', ['ip', 'ipv6']],
  [2, 'ipv6,nw_proto=59', ['ip', 'ipv6']],
];
