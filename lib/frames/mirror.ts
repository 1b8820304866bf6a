/**
 * The answer to a frame: what somebody who is spoken to says first. Its bytes are changed by name; checksums are the
 * caller's.
 */
import type { Frame } from './frame.js';

/** ICMP's answers by the question's type. */
const ANSWERS: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  icmp_type: { 8: 0, 13: 14, 15: 16 },
  icmpv6_type: { 128: 129 },
};
/** TCP's flags that say whether an answer accepts. */
const [SYN, ACK] = [0x02, 0x10];

/** Names that change places in an answer. */
export const SWAPPED = [
  ['eth_src', 'eth_dst'],
  ['ip_src', 'ip_dst'],
  ['ipv6_src', 'ipv6_dst'],
  ['tcp_src', 'tcp_dst'],
  ['udp_src', 'udp_dst'],
  ['sctp_src', 'sctp_dst'],
  ['arp_spa', 'arp_tpa'],
] as const;

/** The answer to a frame: addresses and ports swapped, nothing carried but what an echo brings back. */
export function mirrored(frame: Frame, mac: bigint): Frame {
  for (const [a, b] of SWAPPED) {
    const [first, second] = [frame.get(a), frame.get(b)];
    if (first === null || second === null) continue;
    frame.set(a, second);
    frame.set(b, first);
  }
  frame.set('nw_ttl', 64n);
  for (const [name, answers] of Object.entries(ANSWERS)) {
    const answer = answers[Number(frame.get(name) ?? -1)];
    if (answer !== undefined) frame.set(name, BigInt(answer));
  }
  if (frame.isArp) {
    frame.set('arp_op', 2n);
    frame.set('arp_tha', frame.get('arp_sha') ?? 0n);
    frame.set('arp_sha', mac);
    frame.set('eth_src', mac);
  }
  const flags = frame.get('tcp_flags');
  if (flags !== null) {
    const opens = (Number(flags) & (SYN | ACK)) === SYN;
    frame.set('tcp_flags', BigInt(opens ? SYN | ACK : ACK));
    frame.set('window', 65535n);
    frame.tcpOptions = new Uint8Array(0);
  }
  if (frame.get('icmp_id') === null) frame.payload = new Uint8Array(0);
  return frame;
}
