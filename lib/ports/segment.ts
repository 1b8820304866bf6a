/**
 * Cuts a TCP frame that is longer than a device takes into frames that fit, as a network card with segmentation offload
 * does (Linux: TSO). Each piece has the headers of the whole, with its own length, sequence number, IPv4 identification
 * and checksums; FIN and PSH are left to the last piece, CWR to the first (RFC 3168 §6.1.2). UDP that a sender left to
 * be cut can't be: the frame doesn't tell the length of its datagrams.
 */
import { checksum } from '../bytes/index.js';
import { pseudoHeader } from './checksum-offload.js';
import { findIp, type IpPlace } from './ip-place.js';

const TCP = 6;
const FIN_PSH = 0x09;
const CWR = 0x80;
const VLAN_TAG = 4;
const ETHERNET_HEADER = 14;

/** The longest frame that a device with this MTU takes: Linux allows one VLAN tag more. */
export function longestFrame(mtu: number, tagged: boolean): number {
  return mtu + ETHERNET_HEADER + (tagged ? VLAN_TAG : 0);
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
  const limit = longestFrame(mtu, place.tags > 0);
  if (end - start <= limit) {
    emit(bytes, start, end);
    return 1;
  }
  if (!found || place.protocol !== TCP || place.fragment || place.end > end || place.end - place.l4 < 20) return 0;
  const headers = place.l4 + (bytes[place.l4 + 12] >> 4) * 4 - start;
  const room = limit - headers;
  if (room <= 0 || headers < place.l4 + 20 - start || start + headers > place.end || headers > piece.length - limit)
    return 0;
  return cut(bytes, start, headers, room, emit);
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
  const [l3, l4] = [whole.l3 - start, whole.l4 - start];
  const own: IpPlace = { ...whole, l3, l4 };
  const flags = bytes[whole.l4 + 13];
  const seq = read32(bytes, whole.l4 + 4);
  const id = (bytes[whole.l3 + 4] << 8) | bytes[whole.l3 + 5];
  let pieces = 0;
  for (let from = start + headers; from < whole.end; from += room, pieces++) {
    const to = Math.min(from + room, whole.end);
    for (let i = 0; i < headers; i++) piece[i] = bytes[start + i];
    piece.set(bytes.subarray(from, to), headers);
    own.end = headers + to - from;
    write32(l4 + 4, seq + from - start - headers);
    piece[l4 + 13] = flags & ~(to < whole.end ? FIN_PSH : 0) & ~(pieces > 0 ? CWR : 0);
    if (whole.version === 4) {
      write16(l3 + 2, own.end - l3);
      write16(l3 + 4, id + pieces);
      write16(l3 + 10, 0);
      write16(l3 + 10, checksum(piece, l3, l3 + (piece[l3] & 15) * 4));
    } else {
      write16(l3 + 4, own.end - l3 - 40);
    }
    write16(l4 + 16, 0);
    write16(l4 + 16, checksum(piece, l4, own.end, pseudoHeader(piece, own)));
    emit(piece, 0, own.end);
  }
  return pieces;
}

function read32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
function write16(at: number, value: number): void {
  piece[at] = value >>> 8;
  piece[at + 1] = value;
}
function write32(at: number, value: number): void {
  write16(at, value >>> 16);
  write16(at + 2, value);
}
