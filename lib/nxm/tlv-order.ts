/**
 * The order in which ovs-ofctl 3.1 writes a match's TLVs in OpenFlow 1.3, whatever order the text has; and what keeps a
 * flow from being for packets of any type. Of fields that share a place in the key, prerequisites decide which one is
 * written.
 */
import type { Field } from './field.js';
import { fieldNamed } from './fields.js';

const METADATA = 'dp_hash recirc_id conj_id in_port_oxm actset_output';

/** Fields that only Ethernet frames have. */
const ETHERNET = `
  eth_src eth_dst eth_type vlan_vid vlan_pcp pbb_isid pbb_uca mpls_tc mpls_bos mpls_ttl mpls_label
  ip_src ip_dst ipv6_src ipv6_dst ip_frag ip_dscp nw_ecn nw_ttl ipv6_label ipv6_exthdr nw_proto
  tcp_src tcp_dst tcp_flags udp_src udp_dst sctp_src sctp_dst icmp_type icmp_code icmpv6_type icmpv6_code
  nd_reserved nd_target nd_options_type nd_sll nd_tll
  arp_op arp_spa arp_tpa arp_sha arp_tha`;

const TUNNEL = `
  tun_id tun_flags tun_src tun_dst tun_ipv6_src tun_ipv6_dst tun_gbp_id tun_gbp_flags
  tun_erspan_idx tun_erspan_ver tun_erspan_dir tun_erspan_hwid tun_gtpu_flags tun_gtpu_msgtype`;

const OPTIONS = Array.from({ length: 64 }, (_, i) => `tun_metadata${i}`).join(' ');
const NSH = 'nsh_flags nsh_ttl nsh_mdtype nsh_np nsh_spi nsh_si nsh_c1 nsh_c2 nsh_c3 nsh_c4';
const REGISTERS = `${Array.from({ length: 16 }, (_, i) => `reg${i}`).join(' ')} pkt_mark`;
const TRACKING = 'ct_state ct_zone ct_mark ct_label';
const TRACKED = 'ct_nw_src ct_ipv6_src ct_nw_dst ct_ipv6_dst ct_nw_proto ct_tp_src ct_tp_dst';

function named(names: string): Field[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => {
      const field = fieldNamed(name);
      if (!field) throw new Error(`no field ${name}`);
      return field;
    });
}

/** The fields that matches are written with, in order; packet_type stands before them. */
export const TLV_ORDER: readonly Field[] = named(
  [METADATA, ETHERNET, TUNNEL, OPTIONS, NSH, REGISTERS, TRACKING, TRACKED, 'metadata'].join(' '),
);

/** Fields whose presence says that the flow is for Ethernet frames. */
export const ETHERNET_FIELDS: ReadonlySet<Field> = new Set(named([ETHERNET, NSH, TRACKED].join(' ')));
