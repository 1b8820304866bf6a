/**
 * Tunnelled packets that a sender left to its card to be cut: VXLAN, Geneve, GRE or IP in IP around TCP or UDP that is
 * many segments in one. The header before the frame (offload.ts) tells the place of the inner TCP or UDP header and the
 * length of a segment; on the way out it can't tell of tunnels, so these are cut when they come in. What a tunnel puts
 * between the outer and the inner IP header is the same in each piece, and isn't read: the inner one is found from
 * behind.
 */
import { findIp, type IpPlace } from '../ip-place.js';
import { putIp, putTcp, putUdp } from '../pieces.js';

const TCP = 6;
const UDP = 17;
const UDP_HEADER = 8;

/** Both IP headers of a frame, and how many bytes from its begin stand before the data; one reused object. */
export interface Tunnelled {
  readonly outer: IpPlace;
  readonly inner: IpPlace;
  headers: number;
}

const noPlace = (): IpPlace => ({ version: 0, l3: 0, l4: 0, end: 0, protocol: 0, fragment: false, tags: 0 });
export const tunnelled: Tunnelled = { outer: noPlace(), inner: noPlace(), headers: 0 };

/**
 * Is the frame `bytes[start, end)`, whose TCP or UDP header (`protocol`) to be cut stands at `l4`, in a tunnel? Fills
 * `tunnelled` then.
 */
export function findTunnelled(bytes: Uint8Array, start: number, end: number, l4: number, protocol: number): boolean {
  const { outer, inner } = tunnelled;
  if (!findIp(bytes, start, end, outer) || outer.l4 >= l4 || outer.fragment || outer.end !== end) return false;
  if (!findInner(bytes, l4, protocol, tunnelled)) return false;
  const header = protocol === UDP ? UDP_HEADER : (bytes[l4 + 12] >> 4) * 4;
  tunnelled.headers = l4 + header - start;
  inner.end = end;
  return (protocol === UDP || header >= 20) && l4 + header < end;
}

/** The IP header that ends at `l4` and whose datagram ends where the outer one does. */
function findInner(bytes: Uint8Array, l4: number, protocol: number, { outer, inner }: Tunnelled): boolean {
  inner.l4 = l4;
  inner.protocol = protocol;
  const { l4: first, end } = outer;
  for (let length = 20; length <= 60 && l4 - length >= first; length += 4) {
    const l3 = l4 - length;
    const total = (bytes[l3 + 2] << 8) | bytes[l3 + 3];
    if (bytes[l3] !== (0x40 | (length >> 2)) || bytes[l3 + 9] !== protocol || l3 + total !== end) continue;
    inner.version = 4;
    inner.l3 = l3;
    return true;
  }
  const l3 = l4 - 40;
  const payload = (bytes[l3 + 4] << 8) | bytes[l3 + 5];
  inner.version = 6;
  inner.l3 = l3;
  return l3 >= first && bytes[l3] >> 4 === 6 && bytes[l3 + 6] === protocol && l4 + payload === end;
}

const ownOuter = noPlace();
const ownInner = noPlace();

/**
 * Cuts the frame `bytes[start, end)` that `tunnelled` tells of into packets with `size` bytes of data each, and calls
 * `emit` with each, which stands in `piece` from `at` on until the next.
 */
export function cutTunnelled(
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
  piece: Uint8Array,
  at: number,
  emit: (bytes: Uint8Array, start: number, end: number) => void,
): void {
  // Whoever takes a piece may send it, and so find headers in other frames.
  const { headers, outer, inner } = tunnelled;
  const own = [Object.assign(ownOuter, outer), Object.assign(ownInner, inner)];
  for (const ip of own) {
    ip.l3 += at - start;
    ip.l4 += at - start;
  }
  const summed = outer.protocol === UDP && (bytes[outer.l4 + 6] | bytes[outer.l4 + 7]) !== 0;
  for (let from = start + headers, nth = 0; from < end; from += size, nth++) {
    const to = Math.min(from + size, end);
    piece.set(bytes.subarray(start, start + headers), at);
    piece.set(bytes.subarray(from, to), at + headers);
    for (const ip of own) {
      ip.end = at + headers + to - from;
      putIp(piece, ip, nth);
    }
    if (inner.protocol === TCP) putTcp(piece, ownInner, from - start - headers, { nth, last: to === end });
    else putUdp(piece, ownInner);
    // A tunnel's checksum counts all that it carries; most have none.
    if (outer.protocol === UDP) {
      const length = ownOuter.end - ownOuter.l4;
      piece[ownOuter.l4 + 4] = length >>> 8;
      piece[ownOuter.l4 + 5] = length;
      if (summed) putUdp(piece, ownOuter);
    }
    emit(piece, at, ownOuter.end);
  }
}
