/**
 * Checksums that the sender left to its network card: over a veth, or from a process of the same machine, frames arrive
 * with only the pseudo-header's sum where the checksum belongs (Linux: CHECKSUM_PARTIAL). They are completed before the
 * switch sees the frame, or the tracker would call it invalid. A checksum counts as partial where it equals that sum; a
 * right one that does by chance stays as it is. SCTP leaves zero. What is inside a tunnel is left alone.
 */
import { checksum, crc32c, fold, sumBytes } from '../bytes/index.js';
import { findIp, type IpPlace } from './ip-place.js';

const TCP = 6;
const UDP = 17;
const SCTP = 132;
/** Offset of the checksum in the header, by protocol. */
const CHECKSUM_AT: Readonly<Record<number, number>> = { [TCP]: 16, [UDP]: 6, [SCTP]: 8 };
/** Length of a header, by protocol. */
const HEADER: Readonly<Record<number, number>> = { [TCP]: 20, [UDP]: 8, [SCTP]: 12 };

const place: IpPlace = { version: 0, l3: 0, l4: 0, end: 0, protocol: 0, fragment: false, tags: 0 };

/** Completes the partial checksum of the frame `bytes[start, end)`; true where there was one. */
export function completeChecksum(bytes: Uint8Array, start: number, end: number): boolean {
  if (!findIp(bytes, start, end, place) || place.fragment) return false;
  const { protocol, l4, end: l4End } = place;
  const offset = CHECKSUM_AT[protocol];
  if (offset === undefined || l4End - l4 < HEADER[protocol] || l4End > end) return false;
  const at = l4 + offset;
  const found = (bytes[at] << 8) | bytes[at + 1];
  if (protocol === SCTP) return found === 0 && completeCrc(bytes, at);
  const pseudo = pseudoHeader(bytes, place);
  if (found !== fold(pseudo)) return false;
  bytes[at] = 0;
  bytes[at + 1] = 0;
  const sum = checksum(bytes, l4, l4End, pseudo);
  const written = sum === 0 && protocol === UDP ? 0xffff : sum;
  bytes[at] = written >>> 8;
  bytes[at + 1] = written;
  return true;
}

/** The unfolded pseudo-header sum of the TCP segment or UDP datagram at `ip`. */
export function pseudoHeader(bytes: Uint8Array, ip: IpPlace): number {
  const [from, to] = ip.version === 4 ? [ip.l3 + 12, ip.l3 + 20] : [ip.l3 + 8, ip.l3 + 40];
  return sumBytes(bytes, from, to, ip.protocol + ip.end - ip.l4);
}

/** SCTP's checksum stands in little-endian order (RFC 9260 Appendix A). */
function completeCrc(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 2] | bytes[at + 3]) return false;
  const crc = crc32c(bytes, place.l4, place.end);
  for (let i = 0; i < 4; i++) bytes[at + i] = crc >>> (8 * i);
  return true;
}
