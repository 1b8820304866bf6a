/**
 * Cuts a TCP frame that is longer than a device takes into frames that fit, as a network card with segmentation offload
 * does (Linux: TSO). Each piece has the headers of the whole, made its own (pieces.ts). UDP that a sender left to be
 * cut can't be: the frame doesn't tell the length of its datagrams.
 */
import { findIp, type IpPlace } from './ip-place.js';
import { putIp, putTcp } from './pieces.js';

const TCP = 6;
const VLAN_TAG = 4;
const ETHERNET_HEADER = 14;

/**
 * The longest frame that a device with this MTU takes. Linux allows one VLAN tag more, where it is a customer's: not so
 * a provider's (IEEE 802.1ad).
 */
export function longestFrame(mtu: number, tagged: boolean): number {
  return mtu + ETHERNET_HEADER + (tagged ? VLAN_TAG : 0);
}

/** Does the frame that begins at `start` have a tag that may make it longer? */
export function isTagged(bytes: Uint8Array, start: number): boolean {
  return bytes[start + 12] === 0x81 && bytes[start + 13] === 0;
}

const place: IpPlace = { version: 0, l3: 0, l4: 0, end: 0, protocol: 0, fragment: false, tags: 0 };
/** The piece in hand; the receiver must be done with it when `emit` returns. */
const piece = new Uint8Array(65_536 + 256);

/**
 * Cuts the frame `bytes[start, end)` for an MTU and calls `emit` with each piece, whose bytes are used again for the
 * next one. Gives the number of pieces: 1 where the frame fits as it is, and 0 where it doesn't and can't be cut, since
 * it isn't TCP.
 */
export function segment(
  bytes: Uint8Array,
  start: number,
  end: number,
  mtu: number,
  emit: (bytes: Uint8Array, start: number, end: number) => void,
): number {
  if (end - start <= longestFrame(mtu, false)) {
    emit(bytes, start, end);
    return 1;
  }
  const found = findIp(bytes, start, end, place);
  const limit = longestFrame(mtu, isTagged(bytes, start));
  if (end - start <= limit) {
    emit(bytes, start, end);
    return 1;
  }
  const headers = found ? headersOf(bytes, start, end) : 0;
  const room = limit - headers;
  if (headers === 0 || room <= 0 || headers > piece.length - limit) return 0;
  return cut(bytes, start, headers, room, emit);
}

/**
 * Cuts a TCP frame into pieces with at most `room` bytes of data, as `segment` does for an MTU. Gives the number of
 * pieces; 0 where it isn't TCP, of which `emit` heard nothing then.
 */
export function segmentData(
  bytes: Uint8Array,
  start: number,
  end: number,
  room: number,
  emit: (bytes: Uint8Array, start: number, end: number) => void,
): number {
  const headers = findIp(bytes, start, end, place) ? headersOf(bytes, start, end) : 0;
  return headers === 0 || headers + room > piece.length ? 0 : cut(bytes, start, headers, room, emit);
}

/** Bytes before the data of the TCP frame at `place`; 0 where it isn't one that can be cut. */
function headersOf(bytes: Uint8Array, start: number, end: number): number {
  if (place.protocol !== TCP || place.fragment || place.end > end || place.end - place.l4 < 20) return 0;
  const header = (bytes[place.l4 + 12] >> 4) * 4;
  return header < 20 || place.l4 + header > place.end ? 0 : place.l4 + header - start;
}

/** Cuts the frame at `place`, whose headers take `headers` bytes, into pieces of `room` bytes of data. */
function cut(
  bytes: Uint8Array,
  start: number,
  headers: number,
  room: number,
  emit: (bytes: Uint8Array, start: number, end: number) => void,
): number {
  const whole = { ...place };
  const own: IpPlace = { ...whole, l3: whole.l3 - start, l4: whole.l4 - start };
  let pieces = 0;
  for (let from = start + headers; from < whole.end; from += room, pieces++) {
    const to = Math.min(from + room, whole.end);
    for (let i = 0; i < headers; i++) piece[i] = bytes[start + i];
    piece.set(bytes.subarray(from, to), headers);
    own.end = headers + to - from;
    putIp(piece, own, pieces);
    putTcp(piece, own, from - start - headers, { nth: pieces, last: to === whole.end });
    emit(piece, 0, own.end);
  }
  return pieces;
}
