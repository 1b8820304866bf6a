/** ovs-ofctl's short words for Ethernet types and IP protocols: "tcp6" is dl_type=0x86dd,nw_proto=6 (ovs-ofctl(8)). */
import { ETH_TYPE, IP_PROTO } from '../nxm/index.js';

export interface Protocol {
  readonly ethType: number;
  /** 0 where the word says nothing of it. */
  readonly nwProto: number;
}

const row = (ethType: number, nwProto = 0): Protocol => ({ ethType, nwProto });

/** Word → what it matches. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  ip: row(ETH_TYPE.IP),
  ipv4: row(ETH_TYPE.IP),
  ip4: row(ETH_TYPE.IP),
  icmp: row(ETH_TYPE.IP, IP_PROTO.ICMP),
  tcp: row(ETH_TYPE.IP, IP_PROTO.TCP),
  udp: row(ETH_TYPE.IP, IP_PROTO.UDP),
  sctp: row(ETH_TYPE.IP, IP_PROTO.SCTP),
  ipv6: row(ETH_TYPE.IPV6),
  ip6: row(ETH_TYPE.IPV6),
  icmp6: row(ETH_TYPE.IPV6, IP_PROTO.ICMPV6),
  tcp6: row(ETH_TYPE.IPV6, IP_PROTO.TCP),
  udp6: row(ETH_TYPE.IPV6, IP_PROTO.UDP),
  sctp6: row(ETH_TYPE.IPV6, IP_PROTO.SCTP),
  arp: row(ETH_TYPE.ARP),
  rarp: row(ETH_TYPE.RARP),
  mpls: row(ETH_TYPE.MPLS),
  mplsm: row(ETH_TYPE.MPLS_MULTICAST),
};

const WORDS = new Map<string, string>();
for (const [word, { ethType, nwProto }] of Object.entries(PROTOCOLS)) {
  const id = `${ethType}/${nwProto}`;
  if (!WORDS.has(id)) WORDS.set(id, word);
}

/**
 * The word that is printed for an Ethernet type and, where it isn't 0, an IP protocol; undefined where there is none.
 */
export function protocolWord(ethType: number, nwProto: number): string | undefined {
  return WORDS.get(`${ethType}/${nwProto}`);
}
