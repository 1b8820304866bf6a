/** A frame as a line for people: the match that it meets, in ovs-ofctl's words. */
import { OpenFlowError } from '../bytes/index.js';
import { type Field, fieldNamed, MatchBuilder, meets, PLAIN_NAMES, slotOf, type TextNames } from '../nxm/index.js';
import { extract, Key, Packet } from '../packet/index.js';
import { formatMatch } from './match-printer.js';

/** Shown where the packet has them, each behind what it needs. */
const SHOWN = [
  ...['in_port_oxm', 'eth_src', 'eth_dst', 'eth_type', 'vlan_tci'],
  ...['ip_src', 'ip_dst', 'ipv6_src', 'ipv6_dst', 'nw_proto', 'ip_frag'],
  ...['arp_op', 'arp_spa', 'arp_tpa', 'tcp_src', 'tcp_dst', 'tcp_flags', 'udp_src', 'udp_dst', 'sctp_src', 'sctp_dst'],
  ...['icmp_type', 'icmp_code', 'icmpv6_type', 'icmpv6_code', 'nd_target'],
].map((name) => fieldNamed(name) as Field);

/**
 * "arp,in_port=h1,dl_src=…,arp_op=1". Zero VLAN, fragment and code fields are left out, and so is the port where it is
 * null.
 */
export function formatFrame(frame: Uint8Array, inPort: number | null, names: TextNames = PLAIN_NAMES): string {
  const key = new Key();
  extract(new Packet().attach(frame), key, inPort ?? 0);
  const builder = new MatchBuilder();
  for (const field of inPort === null ? SHOWN.slice(1) : SHOWN) {
    if (!meets(field.needs, builder.value, builder.mask)) continue;
    const raw = key.getBytes(slotOf(field));
    const value = raw.length > field.bytes ? raw.slice(raw.length - field.bytes) : raw;
    const optional = field.name === 'vlan_tci' || field.name === 'ip_frag';
    if (optional && value.every((byte) => byte === 0)) continue;
    try {
      builder.add(field, value);
    } catch (error) {
      // A value that no match can have is left out: the line is for reading.
      if (!(error instanceof OpenFlowError)) throw error;
    }
  }
  return formatMatch(builder.build(), names);
}
