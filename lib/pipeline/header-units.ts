/**
 * Which header words of the key can be rewritten, and as what: the same word of the key (tp_src and tp_dst, say) stands
 * for TCP ports or for ICMP's type and code, by what the packet is. The translator asks with the EtherType and protocol
 * that it knows.
 */
import { ETH_TYPE, IP_PROTO } from '../nxm/index.js';
import { slots } from '../packet/key.js';
import { SPECIAL, UNIT } from '../packet/rewrite.js';

/** What is known of the packet's headers; reading marks. */
export interface HeaderKinds {
  ethType(): number;
  proto(): number;
}

const word = (name: keyof typeof slots) => slots[name].at >> 2;

const isArp = (h: HeaderKinds) => h.ethType() === ETH_TYPE.ARP || h.ethType() === ETH_TYPE.RARP;
const byAddressFamily = (ip: number, arp: number) => (h: HeaderKinds) => (isArp(h) ? arp : ip);

type Chooser = (h: HeaderKinds) => number;
const ROWS: [first: number, count: number, unit: Chooser][] = [
  [word('eth_dst'), 3, () => UNIT.eth],
  [word('vlan_tci'), 1, () => SPECIAL.vlanTci],
  [word('ipv4_src'), 1, byAddressFamily(UNIT.ipv4Src, UNIT.arpSpa)],
  [word('ipv4_dst'), 1, byAddressFamily(UNIT.ipv4Dst, UNIT.arpTpa)],
  [word('nw_tos'), 1, (h) => (h.ethType() === ETH_TYPE.IP ? SPECIAL.ipv4TosTtl : SPECIAL.ipv6TosTtl)],
  [word('tp_src'), 1, ports],
  [word('ipv6_src'), 4, () => UNIT.ipv6Src],
  [word('ipv6_dst'), 4, () => UNIT.ipv6Dst],
  [word('ipv6_label'), 1, () => UNIT.ipv6Label],
  [word('arp_sha'), 3, (h) => (isArp(h) ? SPECIAL.arpHardware : SPECIAL.ndHardware)],
  [word('arp_op'), 1, (h) => (isArp(h) ? SPECIAL.arpOp : SPECIAL.ndOptionType)],
  [word('nd_target'), 4, () => UNIT.ndTarget],
  [word('nd_reserved'), 1, () => UNIT.ndReserved],
  [word('mpls0'), 1, () => UNIT.mpls],
  [word('nsh_flags'), 1, () => SPECIAL.nshBase],
  [word('nsh_spi'), 1, () => SPECIAL.nshSpi],
  [word('nsh_si'), 1, () => SPECIAL.nshSi],
  [word('nsh_c1'), 4, () => UNIT.nshContext],
  [word('pbb_isid'), 1, () => SPECIAL.pbbIsid],
  [word('pbb_uca'), 1, () => SPECIAL.pbbUca],
];

function ports(h: HeaderKinds): number {
  switch (h.proto()) {
    case IP_PROTO.TCP:
      return UNIT.tcpPorts;
    case IP_PROTO.UDP:
      return UNIT.udpPorts;
    case IP_PROTO.SCTP:
      return UNIT.sctpPorts;
    default:
      return SPECIAL.icmp;
  }
}

/** Words that a frame's headers hold, ascending: what a commit has to look at. */
export const HEADER_WORDS: readonly number[] = ROWS.flatMap(([first, count]) =>
  Array.from({ length: count }, (_, i) => first + i),
).sort((a, b) => a - b);

const CHOOSERS = new Map<number, Chooser>(
  ROWS.flatMap(([first, count, unit]) =>
    Array.from({ length: count }, (_, i): [number, Chooser] => [first + i, (h) => unit(h) + i]),
  ),
);

/** The rewrite unit for a header word of this packet. */
export function unitOf(headerWord: number, h: HeaderKinds): number {
  return (CHOOSERS.get(headerWord) as Chooser)(h);
}
