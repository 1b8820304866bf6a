/** Datagrams cut into fragments, as a sender with a small MTU does (RFC 791 §3.2, RFC 8200 §4.5). */
import { Frame } from '../frames/index.js';

const FRAGMENT_HEADER = 8;
const IPV6_HEADER = 40;
/** Identification of a datagram over IPv6, whose header says none. */
const IPV6_ID = 1;

/**
 * The pieces of a datagram, none longer than `size` bytes with its IP header. Throws a RangeError where that can't be.
 */
export function cut(whole: Frame, size: number): Uint8Array[] {
  const { version, packet, bytes } = whole;
  if (version === 0) throw new RangeError('only IP is cut into fragments');
  const { l3, l3End } = packet;
  const header = version === 4 ? (bytes[l3] & 15) * 4 : IPV6_HEADER;
  const room = (size - header - (version === 6 ? FRAGMENT_HEADER : 0)) & ~7;
  if (room < 8) throw new RangeError(`fragments of ${size} bytes have no room for data`);
  const data = bytes.subarray(l3 + header, l3End);
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < data.length; from += room) {
    const part = data.subarray(from, Math.min(from + room, data.length));
    const more = from + room < data.length;
    const head = bytes.subarray(0, l3 + header);
    pieces.push(version === 4 ? piece4(head, l3, part, from, more) : piece6(head, l3, part, from, more));
  }
  return pieces;
}

function piece4(head: Uint8Array, l3: number, data: Uint8Array, from: number, more: boolean): Uint8Array {
  const piece = joined(head, data);
  put16(piece, l3 + 2, piece.length - l3);
  put16(piece, l3 + 6, (more ? 0x2000 : 0) | (from >> 3));
  return new Frame(piece).mend().bytes;
}

function piece6(head: Uint8Array, l3: number, data: Uint8Array, from: number, more: boolean): Uint8Array {
  const fragment = new Uint8Array(FRAGMENT_HEADER);
  fragment[0] = head[l3 + 6];
  put16(fragment, 2, from | (more ? 1 : 0));
  put16(fragment, 6, IPV6_ID);
  const piece = joined(head, fragment, data);
  piece[l3 + 6] = 44;
  put16(piece, l3 + 4, piece.length - l3 - IPV6_HEADER);
  return piece;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}
