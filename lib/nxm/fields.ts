/**
 * Every field: the 40 of OpenFlow 1.3 (§7.2.3.7), OpenFlow 1.4's and 1.5's that have numbers, and all of ovs-fields(7).
 * Names, numbers, masks, prerequisites and access are ovs-fields(7)'s, for PBB and IPv6 extension headers the
 * specification's; EtherType, IP protocol and the bottom of an MPLS stack, which ovs-fields(7) only reads, set_field
 * may write (§7.2.4.7). A header is written "NAME:number"; its class follows from the name's beginning.
 */
import { OpenFlowError } from '../bytes/index.js';
import * as key from '../packet/key.js';
import { type Access, type Field, MAX_OPTION_BYTES, type OxmHeader, type ValueText } from './field.js';
import type { Prerequisite } from './prerequisite.js';

/** Beginning of a header's name → its class, and the experimenter of class 0xffff. The longest beginning wins. */
const CLASSES: readonly (readonly [prefix: string, oxmClass: number, experimenter: number])[] = [
  ['OXM_OF_PKT_REG', 0x8001, 0],
  ['OXM_OF_', 0x8000, 0],
  ['NXM_OF_', 0x0000, 0],
  ['NXM_NX_', 0x0001, 0],
  ['ONFOXM_ET_', 0xffff, 0x4f4e4600],
  ['NXOXM_NSH_', 0xffff, 0x005ad650],
  ['NXOXM_ET_', 0xffff, 0x00002320],
  ['ERICOXM_OF_', 0x1000, 0],
];

function header(text: string): OxmHeader {
  const [name, number] = text.split(':');
  const row = CLASSES.find(([prefix]) => name.startsWith(prefix));
  if (!row) throw new Error(`no class for ${name}`);
  return { name, number: Number(number), oxmClass: row[1], experimenter: row[2] };
}

interface Row {
  text: ValueText;
  headers?: string;
  aka?: string;
  needs?: Prerequisite;
  mask?: boolean;
  access?: Access;
  /** Bytes on the wire, where they aren't the container's. */
  bytes?: number;
  /** The bits a value may have, where they are fewer than the width. */
  bits?: number;
  port16?: boolean;
}

let count = 0;
function field(slot: key.Slot | null, row: Row): Omit<Field, 'name'> {
  return {
    id: count++,
    aka: row.aka?.split(' ') ?? [],
    slot,
    bytes: row.bytes ?? slot?.size ?? 0,
    width: slot?.width ?? 0,
    maskable: row.mask ?? false,
    text: row.text,
    needs: row.needs ?? 'none',
    access: row.access ?? 'read',
    port16: row.port16 ?? false,
    bits: row.bits ?? (slot && slot.width <= 32 ? 2 ** slot.width - 1 : 0),
    headers: row.headers?.split(' ').map(header) ?? [],
  };
}

const { slots } = key;
const hex = 'hexadecimal';
const mask = true;
const access = 'write';

/** reg0–15, xreg0–7 or xxreg0–3. */
function registers<N extends string>(name: N, count: number, size: 4 | 8 | 16, header: string, first: number) {
  const rows = Array.from({ length: count }, (_, i) => [
    `${name}${i}`,
    field(key.registerSlot(i, size), { text: hex, mask, access, headers: `${header}${i}:${first + i}` }),
  ]);
  return Object.fromEntries(rows) as Record<`${N}${number}`, Omit<Field, 'name'>>;
}

function geneveOptions(): Record<`tun_metadata${number}`, Omit<Field, 'name'>> {
  const rows = Array.from({ length: 64 }, (_, i) => [
    `tun_metadata${i}`,
    {
      ...field(null, {
        text: hex,
        mask,
        access,
        bytes: MAX_OPTION_BYTES,
        headers: `NXM_NX_TUN_METADATA${i}:${40 + i}`,
      }),
      option: i,
    },
  ]);
  return Object.fromEntries(rows);
}

const ROWS = {
  // Metadata of the datapath and the pipeline.
  dp_hash: field(slots.dp_hash, { text: hex, mask, headers: 'NXM_NX_DP_HASH:35 NXOXM_ET_DP_HASH:0 NXM_NX_DP_HASH:35' }),
  recirc_id: field(slots.recirc_id, { text: 'decimal', headers: 'NXM_NX_RECIRC_ID:36' }),
  packet_type: field(slots.packet_type, { text: 'packet_type', headers: 'OXM_OF_PACKET_TYPE:44' }),
  conj_id: field(slots.conj_id, { text: 'decimal', headers: 'NXM_NX_CONJ_ID:37' }),

  // Tunnels.
  tun_id: field(slots.tun_id, {
    text: hex,
    mask,
    access,
    aka: 'tunnel_id',
    headers: 'NXM_NX_TUN_ID:16 OXM_OF_TUNNEL_ID:38',
  }),
  tun_src: field(slots.tun_src, { text: 'ipv4', mask, access, headers: 'NXM_NX_TUN_IPV4_SRC:31' }),
  tun_dst: field(slots.tun_dst, { text: 'ipv4', mask, access, headers: 'NXM_NX_TUN_IPV4_DST:32' }),
  tun_ipv6_src: field(slots.tun_ipv6_src, { text: 'ipv6', mask, access, headers: 'NXM_NX_TUN_IPV6_SRC:109' }),
  tun_ipv6_dst: field(slots.tun_ipv6_dst, { text: 'ipv6', mask, access, headers: 'NXM_NX_TUN_IPV6_DST:110' }),
  tun_flags: field(slots.tun_flags, { text: 'tunnel_flags', mask, access, bits: 1, headers: 'NXM_NX_TUN_FLAGS:104' }),
  tun_ttl: field(slots.tun_ttl, { text: 'decimal' }),
  tun_tos: field(slots.tun_tos, { text: 'decimal' }),
  tun_gbp_id: field(slots.tun_gbp_id, { text: 'decimal', mask, access, headers: 'NXM_NX_TUN_GBP_ID:38' }),
  tun_gbp_flags: field(slots.tun_gbp_flags, { text: hex, mask, access, headers: 'NXM_NX_TUN_GBP_FLAGS:39' }),
  tun_erspan_idx: field(slots.tun_erspan_idx, { text: hex, mask, access, headers: 'NXOXM_ET_ERSPAN_IDX:11' }),
  tun_erspan_ver: field(slots.tun_erspan_ver, { text: 'decimal', mask, access, headers: 'NXOXM_ET_ERSPAN_VER:12' }),
  tun_erspan_dir: field(slots.tun_erspan_dir, { text: 'decimal', mask, access, headers: 'NXOXM_ET_ERSPAN_DIR:13' }),
  tun_erspan_hwid: field(slots.tun_erspan_hwid, { text: hex, mask, access, headers: 'NXOXM_ET_ERSPAN_HWID:14' }),
  tun_gtpu_flags: field(slots.tun_gtpu_flags, { text: hex, mask, headers: 'NXOXM_ET_GTPU_FLAGS:15' }),
  tun_gtpu_msgtype: field(slots.tun_gtpu_msgtype, { text: 'decimal', mask, headers: 'NXOXM_ET_GTPU_MSGTYPE:16' }),
  ...geneveOptions(),

  metadata: field(slots.metadata, { text: hex, mask, access, headers: 'OXM_OF_METADATA:2' }),
  in_port: field(slots.in_port, { text: 'port', access, bytes: 2, port16: true, headers: 'NXM_OF_IN_PORT:0' }),
  in_port_oxm: field(slots.in_port, { text: 'port', access, headers: 'OXM_OF_IN_PORT:0' }),
  in_phy_port: field(slots.in_phy_port, { text: 'port', needs: 'in_port', headers: 'OXM_OF_IN_PHY_PORT:1' }),
  actset_output: field(slots.actset_output, {
    text: 'port',
    headers: 'OXM_OF_ACTSET_OUTPUT:43 ONFOXM_ET_ACTSET_OUTPUT:43',
  }),
  skb_priority: field(slots.skb_priority, { text: hex }),
  pkt_mark: field(slots.pkt_mark, { text: hex, mask, access, aka: 'skb_mark', headers: 'NXM_NX_PKT_MARK:33' }),

  // Connection tracking: zero until a ct action has run.
  ct_state: field(slots.ct_state, { text: 'ct_state', mask, bits: 0xff, headers: 'NXM_NX_CT_STATE:105' }),
  ct_zone: field(slots.ct_zone, { text: hex, headers: 'NXM_NX_CT_ZONE:106' }),
  ct_mark: field(slots.ct_mark, { text: hex, mask, access: 'inside-ct', headers: 'NXM_NX_CT_MARK:107' }),
  ct_label: field(slots.ct_label, { text: hex, mask, access: 'inside-ct', headers: 'NXM_NX_CT_LABEL:108' }),
  ct_nw_proto: field(slots.ct_nw_proto, { text: 'decimal', needs: 'ct', headers: 'NXM_NX_CT_NW_PROTO:119' }),
  ct_nw_src: field(slots.ct_nw_src, { text: 'ipv4', mask, needs: 'ct_ipv4', headers: 'NXM_NX_CT_NW_SRC:120' }),
  ct_nw_dst: field(slots.ct_nw_dst, { text: 'ipv4', mask, needs: 'ct_ipv4', headers: 'NXM_NX_CT_NW_DST:121' }),
  ct_ipv6_src: field(slots.ct_ipv6_src, { text: 'ipv6', mask, needs: 'ct_ipv6', headers: 'NXM_NX_CT_IPV6_SRC:122' }),
  ct_ipv6_dst: field(slots.ct_ipv6_dst, { text: 'ipv6', mask, needs: 'ct_ipv6', headers: 'NXM_NX_CT_IPV6_DST:123' }),
  ct_tp_src: field(slots.ct_tp_src, { text: 'decimal', mask, needs: 'ct', headers: 'NXM_NX_CT_TP_SRC:124' }),
  ct_tp_dst: field(slots.ct_tp_dst, { text: 'decimal', mask, needs: 'ct', headers: 'NXM_NX_CT_TP_DST:125' }),

  ...registers('reg', 16, 4, 'NXM_NX_REG', 0),
  ...registers('xreg', 8, 8, 'OXM_OF_PKT_REG', 0),
  ...registers('xxreg', 4, 16, 'NXM_NX_XXREG', 111),

  // Ethernet and VLAN.
  eth_src: field(slots.eth_src, {
    text: 'mac',
    mask,
    access,
    aka: 'dl_src',
    headers: 'NXM_OF_ETH_SRC:2 OXM_OF_ETH_SRC:4',
  }),
  eth_dst: field(slots.eth_dst, {
    text: 'mac',
    mask,
    access,
    aka: 'dl_dst',
    headers: 'NXM_OF_ETH_DST:1 OXM_OF_ETH_DST:3',
  }),
  eth_type: field(slots.eth_type, {
    text: hex,
    access: 'set-field',
    aka: 'dl_type',
    headers: 'NXM_OF_ETH_TYPE:3 OXM_OF_ETH_TYPE:5',
  }),
  vlan_tci: field(slots.vlan_tci, { text: hex, mask, access, headers: 'NXM_OF_VLAN_TCI:4' }),
  dl_vlan: field(key.dlVlanSlot, { text: 'decimal', access }),
  vlan_vid: field(key.vidSlot, { text: 'decimal', mask, access, headers: 'OXM_OF_VLAN_VID:6' }),
  dl_vlan_pcp: field(key.pcpSlot, { text: 'decimal', access, bytes: 1 }),
  vlan_pcp: field(key.pcpSlot, { text: 'decimal', needs: 'vlan', access, bytes: 1, headers: 'OXM_OF_VLAN_PCP:7' }),

  // MPLS and PBB.
  mpls_label: field(key.mplsLabelSlot, { text: 'decimal', needs: 'mpls', access, headers: 'OXM_OF_MPLS_LABEL:34' }),
  mpls_tc: field(key.mplsTcSlot, { text: 'decimal', needs: 'mpls', access, bytes: 1, headers: 'OXM_OF_MPLS_TC:35' }),
  mpls_bos: field(key.mplsBosSlot, {
    text: 'decimal',
    needs: 'mpls',
    access: 'set-field',
    bytes: 1,
    headers: 'OXM_OF_MPLS_BOS:36',
  }),
  mpls_ttl: field(key.mplsTtlSlot, { text: 'decimal', needs: 'mpls', access, bytes: 1, headers: 'NXM_NX_MPLS_TTL:30' }),
  pbb_isid: field(slots.pbb_isid, { text: hex, mask, needs: 'pbb', access, bytes: 3, headers: 'OXM_OF_PBB_ISID:37' }),
  pbb_uca: field(slots.pbb_uca, { text: 'decimal', needs: 'pbb', access, headers: 'OXM_OF_PBB_UCA:41' }),

  // IP.
  ip_src: field(slots.ipv4_src, {
    text: 'ipv4',
    mask,
    needs: 'ipv4',
    access,
    aka: 'nw_src ipv4_src',
    headers: 'NXM_OF_IP_SRC:7 OXM_OF_IPV4_SRC:11',
  }),
  ip_dst: field(slots.ipv4_dst, {
    text: 'ipv4',
    mask,
    needs: 'ipv4',
    access,
    aka: 'nw_dst ipv4_dst',
    headers: 'NXM_OF_IP_DST:8 OXM_OF_IPV4_DST:12',
  }),
  ipv6_src: field(slots.ipv6_src, {
    text: 'ipv6',
    mask,
    needs: 'ipv6',
    access,
    headers: 'NXM_NX_IPV6_SRC:19 OXM_OF_IPV6_SRC:26',
  }),
  ipv6_dst: field(slots.ipv6_dst, {
    text: 'ipv6',
    mask,
    needs: 'ipv6',
    access,
    headers: 'NXM_NX_IPV6_DST:20 OXM_OF_IPV6_DST:27',
  }),
  ipv6_label: field(slots.ipv6_label, {
    text: hex,
    mask,
    needs: 'ipv6',
    access,
    aka: 'ipv6_flabel',
    headers: 'NXM_NX_IPV6_LABEL:27 OXM_OF_IPV6_FLABEL:28',
  }),
  ipv6_exthdr: field(slots.ipv6_exthdr, { text: hex, mask, needs: 'ipv6', headers: 'OXM_OF_IPV6_EXTHDR:39' }),
  nw_proto: field(slots.nw_proto, {
    text: 'decimal',
    needs: 'ip',
    access: 'set-field',
    aka: 'ip_proto',
    headers: 'NXM_OF_IP_PROTO:6 OXM_OF_IP_PROTO:10',
  }),
  nw_tos: field(slots.nw_tos, { text: 'decimal', needs: 'ip', access, bits: 0xfc, headers: 'NXM_OF_IP_TOS:5' }),
  ip_dscp: field(key.dscpSlot, { text: 'decimal', needs: 'ip', access, headers: 'OXM_OF_IP_DSCP:8' }),
  nw_ecn: field(key.ecnSlot, {
    text: 'decimal',
    needs: 'ip',
    access,
    aka: 'ip_ecn',
    headers: 'NXM_NX_IP_ECN:28 OXM_OF_IP_ECN:9',
  }),
  nw_ttl: field(slots.nw_ttl, { text: 'decimal', needs: 'ip', access, headers: 'NXM_NX_IP_TTL:29' }),
  ip_frag: field(slots.nw_frag, { text: 'frag', mask, needs: 'ip', aka: 'nw_frag', headers: 'NXM_NX_IP_FRAG:26' }),

  // ARP.
  arp_op: field(slots.arp_op, { text: 'decimal', needs: 'arp', access, headers: 'NXM_OF_ARP_OP:15 OXM_OF_ARP_OP:21' }),
  arp_spa: field(slots.ipv4_src, {
    text: 'ipv4',
    mask,
    needs: 'arp',
    access,
    headers: 'NXM_OF_ARP_SPA:16 OXM_OF_ARP_SPA:22',
  }),
  arp_tpa: field(slots.ipv4_dst, {
    text: 'ipv4',
    mask,
    needs: 'arp',
    access,
    headers: 'NXM_OF_ARP_TPA:17 OXM_OF_ARP_TPA:23',
  }),
  arp_sha: field(slots.arp_sha, {
    text: 'mac',
    mask,
    needs: 'arp',
    access,
    headers: 'NXM_NX_ARP_SHA:17 OXM_OF_ARP_SHA:24',
  }),
  arp_tha: field(slots.arp_tha, {
    text: 'mac',
    mask,
    needs: 'arp',
    access,
    headers: 'NXM_NX_ARP_THA:18 OXM_OF_ARP_THA:25',
  }),

  // Transport.
  tcp_src: field(slots.tp_src, {
    text: 'decimal',
    mask,
    needs: 'tcp',
    access,
    aka: 'tp_src',
    headers: 'NXM_OF_TCP_SRC:9 OXM_OF_TCP_SRC:13',
  }),
  tcp_dst: field(slots.tp_dst, {
    text: 'decimal',
    mask,
    needs: 'tcp',
    access,
    aka: 'tp_dst',
    headers: 'NXM_OF_TCP_DST:10 OXM_OF_TCP_DST:14',
  }),
  tcp_flags: field(slots.tcp_flags, {
    text: 'tcp_flags',
    mask,
    needs: 'tcp',
    headers: 'NXM_NX_TCP_FLAGS:34 OXM_OF_TCP_FLAGS:42 ONFOXM_ET_TCP_FLAGS:42',
  }),
  udp_src: field(slots.tp_src, {
    text: 'decimal',
    mask,
    needs: 'udp',
    access,
    headers: 'NXM_OF_UDP_SRC:11 OXM_OF_UDP_SRC:15',
  }),
  udp_dst: field(slots.tp_dst, {
    text: 'decimal',
    mask,
    needs: 'udp',
    access,
    headers: 'NXM_OF_UDP_DST:12 OXM_OF_UDP_DST:16',
  }),
  sctp_src: field(slots.tp_src, { text: 'decimal', mask, needs: 'sctp', access, headers: 'OXM_OF_SCTP_SRC:17' }),
  sctp_dst: field(slots.tp_dst, { text: 'decimal', mask, needs: 'sctp', access, headers: 'OXM_OF_SCTP_DST:18' }),
  icmp_type: field(key.icmpTypeSlot, {
    text: 'decimal',
    needs: 'icmp',
    access,
    bytes: 1,
    aka: 'icmpv4_type',
    headers: 'NXM_OF_ICMP_TYPE:13 OXM_OF_ICMPV4_TYPE:19',
  }),
  icmp_code: field(key.icmpCodeSlot, {
    text: 'decimal',
    needs: 'icmp',
    access,
    bytes: 1,
    aka: 'icmpv4_code',
    headers: 'NXM_OF_ICMP_CODE:14 OXM_OF_ICMPV4_CODE:20',
  }),
  icmpv6_type: field(key.icmpTypeSlot, {
    text: 'decimal',
    needs: 'icmp6',
    access,
    bytes: 1,
    headers: 'NXM_NX_ICMPV6_TYPE:21 OXM_OF_ICMPV6_TYPE:29',
  }),
  icmpv6_code: field(key.icmpCodeSlot, {
    text: 'decimal',
    needs: 'icmp6',
    access,
    bytes: 1,
    headers: 'NXM_NX_ICMPV6_CODE:22 OXM_OF_ICMPV6_CODE:30',
  }),

  // Neighbour discovery.
  nd_target: field(slots.nd_target, {
    text: 'ipv6',
    mask,
    needs: 'nd',
    access,
    aka: 'ipv6_nd_target',
    headers: 'NXM_NX_ND_TARGET:23 OXM_OF_IPV6_ND_TARGET:31',
  }),
  nd_sll: field(slots.arp_sha, {
    text: 'mac',
    mask,
    needs: 'nd_solicit',
    access,
    aka: 'ipv6_nd_sll',
    headers: 'NXM_NX_ND_SLL:24 OXM_OF_IPV6_ND_SLL:32',
  }),
  nd_tll: field(slots.arp_tha, {
    text: 'mac',
    mask,
    needs: 'nd_advert',
    access,
    aka: 'ipv6_nd_tll',
    headers: 'NXM_NX_ND_TLL:25 OXM_OF_IPV6_ND_TLL:33',
  }),
  nd_reserved: field(slots.nd_reserved, {
    text: 'decimal',
    needs: 'nd',
    access,
    headers: 'ERICOXM_OF_ICMPV6_ND_RESERVED:1',
  }),
  nd_options_type: field(slots.nd_options_type, {
    text: 'decimal',
    needs: 'nd',
    access,
    headers: 'ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE:2',
  }),

  // NSH.
  nsh_flags: field(slots.nsh_flags, { text: 'decimal', mask, needs: 'nsh', access, headers: 'NXOXM_NSH_FLAGS:1' }),
  nsh_mdtype: field(slots.nsh_mdtype, { text: 'decimal', needs: 'nsh', headers: 'NXOXM_NSH_MDTYPE:2' }),
  nsh_np: field(slots.nsh_np, { text: 'decimal', needs: 'nsh', headers: 'NXOXM_NSH_NP:3' }),
  nsh_spi: field(slots.nsh_spi, { text: hex, needs: 'nsh', access, aka: 'nsp', headers: 'NXOXM_NSH_SPI:4' }),
  nsh_si: field(slots.nsh_si, { text: 'decimal', needs: 'nsh', access, aka: 'nsi', headers: 'NXOXM_NSH_SI:5' }),
  nsh_c1: field(slots.nsh_c1, { text: hex, mask, needs: 'nsh', access, aka: 'nshc1', headers: 'NXOXM_NSH_C1:6' }),
  nsh_c2: field(slots.nsh_c2, { text: hex, mask, needs: 'nsh', access, aka: 'nshc2', headers: 'NXOXM_NSH_C2:7' }),
  nsh_c3: field(slots.nsh_c3, { text: hex, mask, needs: 'nsh', access, aka: 'nshc3', headers: 'NXOXM_NSH_C3:8' }),
  nsh_c4: field(slots.nsh_c4, { text: hex, mask, needs: 'nsh', access, aka: 'nshc4', headers: 'NXOXM_NSH_C4:9' }),
  nsh_ttl: field(slots.nsh_ttl, { text: 'decimal', needs: 'nsh', access, bits: 63, headers: 'NXOXM_NSH_TTL:10' }),
};

/** The table: name → field. */
export const fields = Object.fromEntries(Object.entries(ROWS).map(([name, row]) => [name, { name, ...row }])) as {
  readonly [N in keyof typeof ROWS]: Field;
};

/** All fields, in the order of their ids. */
export const FIELDS: readonly Field[] = (Object.values(fields) as Field[]).sort((a, b) => a.id - b.id);

const byName = new Map<string, Field>();
const byHeader = new Map<number, Field>();
const byExperimenter = new Map<string, Field>();
for (const f of FIELDS) {
  for (const name of [f.name, ...f.aka]) byName.set(name, f);
  for (const h of f.headers) {
    byName.set(h.name, f);
    if (h.experimenter === 0) byHeader.set((h.oxmClass << 7) | h.number, f);
    else byExperimenter.set(`${h.experimenter}/${h.number}`, f);
  }
}

/** The field that a text calls `name` (ovs-fields(7)'s, the specification's or a TLV header's name), or undefined. */
export function fieldNamed(name: string): Field | undefined {
  return byName.get(name);
}

/** All names that fieldNamed knows. */
export function fieldNames(): string[] {
  return [...byName.keys()];
}

/** The field of a TLV header, or undefined. */
export function fieldOf(oxmClass: number, number: number, experimenter: number): Field | undefined {
  return oxmClass === 0xffff ? byExperimenter.get(`${experimenter}/${number}`) : byHeader.get((oxmClass << 7) | number);
}

/** The field's place in the key. Throws for Geneve options that no TLV table maps. */
export function slotOf(f: Field): key.Slot {
  if (f.slot === null)
    throw new OpenFlowError('NXFMFC_INVALID_TLV_FIELD', `${f.name} is not mapped to a Geneve option`);
  return f.slot;
}
