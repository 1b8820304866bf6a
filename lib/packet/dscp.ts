/**
 * Remarking of DSCP, as meters do it (OpenFlow 1.3.5 §7.3.4.4): within an Assured Forwarding class (RFC 2597 §6) the
 * drop precedence rises, to 3 at most. Other code points have no drop precedence and stay.
 */
import { Key, slots } from './key.js';
import type { Packet } from './packet.js';
import { rewrite, SPECIAL } from './rewrite.js';

const ETH_TYPE_IPV4 = 0x0800;
const ETH_TYPE_IPV6 = 0x86dd;
const DSCP_BITS = 0xfc;

/** A DSCP with its drop precedence raised by `levels`. */
export function raised(dscp: number, levels: number): number {
  const afClass = dscp >> 3;
  const precedence = (dscp >> 1) & 3;
  if (dscp & 1 || precedence === 0 || afClass < 1 || afClass > 4) return dscp;
  return (afClass << 3) | (Math.min(3, precedence + levels) << 1);
}

/** The word of the key that holds nw_tos, for a rewrite. */
const scratch = new Key();
function tosWord(tos: number): number {
  scratch.set(slots.nw_tos, tos);
  return scratch.words[slots.nw_tos.at >> 2];
}
const MASK = tosWord(DSCP_BITS);

/** Raises the drop precedence of an IP packet; others stay as they are. Checksums stay right. */
export function raiseDropPrecedence(packet: Packet, levels: number): void {
  const { bytes: b, l3, typeAt } = packet;
  if (l3 < 0 || typeAt < 0) return;
  const type = (b[typeAt] << 8) | b[typeAt + 1];
  if (type !== ETH_TYPE_IPV4 && type !== ETH_TYPE_IPV6) return;
  const v4 = type === ETH_TYPE_IPV4;
  const tos = v4 ? b[l3 + 1] : ((b[l3] & 0x0f) << 4) | (b[l3 + 1] >> 4);
  const next = raised(tos >> 2, levels) << 2;
  if (next === (tos & DSCP_BITS)) return;
  rewrite(packet, v4 ? SPECIAL.ipv4TosTtl : SPECIAL.ipv6TosTtl, tosWord(next), MASK);
}
