/**
 * What a sender left to its network card, as a packet socket's header before each frame tells it (PACKET_VNET_HDR,
 * struct virtio_net_hdr): checksums to be completed, TCP and UDP to be cut. Checksums are completed when a frame comes
 * in, since the tracker looks at them and controllers, files and other ports get the frame too. TCP stays whole through
 * the switch, and what is longer than the MTU is cut by the kernel on the way out, or by nobody where a veth's far end
 * takes it whole. UDP is cut when it comes in, because behind the switch nothing tells the length of its datagrams, and
 * so is what stands in a tunnel (tunnelled.ts).
 */
import { crc32c, fold, sumBytes } from '../../bytes/index.js';
import { pseudoHeader } from '../checksum-offload.js';
import { findIp, type IpPlace } from '../ip-place.js';
import { putIp, put16 as putNet16, putUdp } from '../pieces.js';
import { isTagged, longestFrame } from '../segment.js';
import { findTunnelled } from './tunnelled.js';

/**
 * struct virtio_net_hdr: flags, gso_type, then 16-bit words in the machine's order: hdr_len, gso_size, csum_start,
 * csum_offset.
 */
export const VNET_BYTES = 10;
const GSO_TYPE = 1;
const HDR_LEN = 2;
const GSO_SIZE = 4;
const CSUM_START = 6;
const CSUM_OFFSET = 8;
const NEEDS_CSUM = 1;
const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
const GSO_UDP_L4 = 5;
const GSO_ECN = 0x80;

const TCP = 6;
const UDP_HEADER = 8;
const CWR = 0x80;
const UDP = 17;
const UDP_CHECKSUM = 6;
const TCP_CHECKSUM = 16;
const SCTP_CHECKSUM = 8;

const place: IpPlace = { version: 0, l3: 0, l4: 0, end: 0, protocol: 0, fragment: false, tags: 0 };

function get16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}
function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

/** Did the sender of the frame behind the header at `header` leave anything to its card? */
export function leftToCard(bytes: Uint8Array, header: number): boolean {
  return (bytes[header] & NEEDS_CSUM) !== 0 || bytes[header + GSO_TYPE] !== 0;
}

/** Completes the checksum of `bytes[start, end)` where the header at `header` says that it isn't whole. */
export function completeReceived(bytes: Uint8Array, header: number, start: number, end: number): void {
  if ((bytes[header] & NEEDS_CSUM) === 0) return;
  const from = start + get16(bytes, header + CSUM_START);
  const offset = get16(bytes, header + CSUM_OFFSET);
  const at = from + offset;
  if (at + 2 > end) return;
  if (offset === SCTP_CHECKSUM && at + 4 <= end) {
    const crc = crc32c(bytes, from, end, at);
    put16(bytes, at, crc & 0xffff);
    put16(bytes, at + 2, crc >>> 16);
    return;
  }
  // The pseudo-header's sum stands in the field.
  const sum = ~fold(sumBytes(bytes, from, end)) & 0xffff;
  putNet16(bytes, at, sum === 0 && offset === UDP_CHECKSUM ? 0xffff : sum);
}

/**
 * Bytes of data in a segment of the TCP frame that is on its way through the switch, as its sender would have cut it; 0
 * where it left nothing to be cut. It is set for as long as the frame is in hand: what leaves meanwhile may be cut into
 * segments as long as the MTU allows, but not longer ones than the receiver has asked its sender for.
 */
export const inHand = { segment_bytes: 0 };

/** Bytes of data in a segment, where the frame behind the header at `header` is many TCP segments in one; else 0. */
export function segmentSize(bytes: Uint8Array, header: number): number {
  const type = bytes[header + GSO_TYPE] & ~GSO_ECN;
  return type === GSO_TCPV4 || type === GSO_TCPV6 ? get16(bytes, header + GSO_SIZE) : 0;
}

/**
 * Is the frame `bytes[start, end)` one in a tunnel that is many in one? Its header at `header` counts from `untagged`,
 * where it began before a tag was put back. `tunnelled` tells of it then.
 */
export function isTunnelled(bytes: Uint8Array, header: number, untagged: number, start: number, end: number): boolean {
  const datagram = datagramSize(bytes, header);
  // Of a kind that isn't known, and of pieces without bytes, there would be no end.
  if ((datagram || segmentSize(bytes, header)) === 0 || (bytes[header] & NEEDS_CSUM) === 0) return false;
  const protocol = datagram > 0 ? UDP : TCP;
  return findTunnelled(bytes, start, end, untagged + get16(bytes, header + CSUM_START), protocol);
}

/** Bytes of data a datagram has, where the frame behind the header at `header` is many UDP datagrams in one; else 0. */
export function datagramSize(bytes: Uint8Array, header: number): number {
  return (bytes[header + GSO_TYPE] & ~GSO_ECN) === GSO_UDP_L4 ? get16(bytes, header + GSO_SIZE) : 0;
}

/**
 * Cuts the frame `bytes[start, end)` into UDP datagrams of `size` bytes of data and calls `emit` with each, which
 * stands in `piece` from `at` on until the next. Calls it with the frame itself where that is no UDP.
 */
export function cutDatagrams(
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
  piece: Uint8Array,
  at: number,
  emit: (bytes: Uint8Array, start: number, end: number) => void,
): void {
  if (!findIp(bytes, start, end, place) || place.end > end || place.end - place.l4 <= UDP_HEADER) {
    emit(bytes, start, end);
    return;
  }
  const { l3, l4, end: l4End } = place;
  const headers = l4 + UDP_HEADER - start;
  const own: IpPlace = { ...place, l3: at + l3 - start, l4: at + l4 - start };
  for (let from = l4 + UDP_HEADER, nth = 0; from < l4End; from += size, nth++) {
    const to = Math.min(from + size, l4End);
    piece.set(bytes.subarray(start, start + headers), at);
    piece.set(bytes.subarray(from, to), at + headers);
    own.end = at + headers + to - from;
    putIp(piece, own, nth);
    putUdp(piece, own);
    emit(piece, at, own.end);
  }
}

/**
 * Tells the kernel in the header at `header`, which is zero, how to cut the frame `bytes[start, end)` for an MTU, and
 * leaves the checksum to it; nothing where the frame fits as it is. False where it doesn't and can't be cut, since it
 * isn't TCP.
 */
export function putSegmentation(bytes: Uint8Array, header: number, start: number, end: number, mtu: number): boolean {
  const { segment_bytes } = inHand;
  if (segment_bytes === 0 && end - start <= longestFrame(mtu, false)) return true;
  const found = findIp(bytes, start, end, place);
  const limit = longestFrame(mtu, isTagged(bytes, start));
  const fits = end - start <= limit;
  if (fits && segment_bytes === 0) return true;
  const { l4, version } = place;
  if (!found || place.protocol !== TCP || place.fragment || place.end !== end || end - l4 < 20) return fits;
  const headers = l4 + (bytes[l4 + 12] >> 4) * 4 - start;
  const room = Math.min(limit - headers, segment_bytes || limit);
  if (headers < l4 + 20 - start || headers >= limit || start + headers > end) return fits;
  if (end - start <= headers + room) return fits;
  bytes[header] = NEEDS_CSUM;
  bytes[header + GSO_TYPE] = (version === 4 ? GSO_TCPV4 : GSO_TCPV6) | (bytes[l4 + 13] & CWR ? GSO_ECN : 0);
  put16(bytes, header + HDR_LEN, headers);
  put16(bytes, header + GSO_SIZE, room);
  put16(bytes, header + CSUM_START, l4 - start);
  put16(bytes, header + CSUM_OFFSET, TCP_CHECKSUM);
  putNet16(bytes, l4 + TCP_CHECKSUM, fold(pseudoHeader(bytes, place)));
  return true;
}
