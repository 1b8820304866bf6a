/** What fields need, in the words of a flow's text: for "tcp_dst needs tcp or tcp6". */
import type { Prerequisite } from '../nxm/index.js';

/** What a field's prerequisite is called there. */
export const PREREQUISITE_TEXTS: Readonly<Record<Prerequisite, string>> = {
  none: 'another field',
  in_port: 'in_port',
  vlan: 'a VLAN tag, such as dl_vlan',
  arp: 'arp or rarp',
  mpls: 'mpls or mplsm',
  ipv4: 'ip',
  ipv6: 'ipv6',
  ip: 'ip or ipv6',
  tcp: 'tcp or tcp6',
  udp: 'udp or udp6',
  sctp: 'sctp or sctp6',
  icmp: 'icmp',
  icmp6: 'icmp6',
  nd: 'icmp6 with icmp_type 135 or 136',
  nd_solicit: 'icmp6 with icmp_type=135',
  nd_advert: 'icmp6 with icmp_type=136',
  nsh: 'dl_type=0x894f',
  pbb: 'dl_type=0x88e7',
  ct_ipv4: 'ip, and a ct_state such as +trk+new or +trk-inv',
  ct_ipv6: 'ipv6, and a ct_state such as +trk+new or +trk-inv',
  ct: 'ip or ipv6, and a ct_state such as +trk+new or +trk-inv',
};
