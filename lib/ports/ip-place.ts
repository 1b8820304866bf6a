/**
 * Where the IP datagram and its payload stand in a frame: behind VLAN tags, IPv4 options and IPv6 extension headers.
 */

/** Filled by `findIp`; used again from frame to frame. */
export interface IpPlace {
  version: number;
  /** Offset of the IP header. */
  l3: number;
  /** Offset of what the IP header, with its extension headers, carries. */
  l4: number;
  /** End of the datagram as its header tells it, which may be less than the frame's, or more where the frame is cut. */
  end: number;
  /** Protocol of what is carried. */
  protocol: number;
  /** Any fragment, the first too. */
  fragment: boolean;
  /** VLAN tags before the IP header. */
  tags: number;
}

const MAX_TAGS = 2;
/** Extension headers stepped over: hop-by-hop, routing and destination options (RFC 8200 §4). */
const SKIPPED = new Set([0, 43, 60]);
const FRAGMENT = 44;
const MAX_EXTENSIONS = 8;

/** Finds the datagram in `bytes[start, end)`; false where the frame has none, or is cut off before its payload. */
export function findIp(bytes: Uint8Array, start: number, end: number, place: IpPlace): boolean {
  let at = start + 12;
  place.tags = 0;
  if (end - at < 2) return false;
  let type = (bytes[at] << 8) | bytes[at + 1];
  while (type === 0x8100 || type === 0x88a8) {
    at += 4;
    if (++place.tags > MAX_TAGS || end - at < 2) return false;
    type = (bytes[at] << 8) | bytes[at + 1];
  }
  place.l3 = at + 2;
  if (type === 0x0800) return findIpv4(bytes, end, place);
  return type === 0x86dd && findIpv6(bytes, end, place);
}

function findIpv4(bytes: Uint8Array, end: number, place: IpPlace): boolean {
  const { l3 } = place;
  if (end - l3 < 20 || bytes[l3] >> 4 !== 4) return false;
  const header = (bytes[l3] & 15) * 4;
  place.version = 4;
  place.l4 = l3 + header;
  place.end = l3 + ((bytes[l3 + 2] << 8) | bytes[l3 + 3]);
  place.protocol = bytes[l3 + 9];
  place.fragment = ((bytes[l3 + 6] & 0x3f) | bytes[l3 + 7]) !== 0;
  return header >= 20 && place.l4 <= end && place.end >= place.l4;
}

function findIpv6(bytes: Uint8Array, end: number, place: IpPlace): boolean {
  const { l3 } = place;
  if (end - l3 < 40 || bytes[l3] >> 4 !== 6) return false;
  place.version = 6;
  place.end = l3 + 40 + ((bytes[l3 + 4] << 8) | bytes[l3 + 5]);
  place.fragment = false;
  let protocol = bytes[l3 + 6];
  let at = l3 + 40;
  for (let n = 0; n < MAX_EXTENSIONS && SKIPPED.has(protocol) && end - at >= 8; n++) {
    protocol = bytes[at];
    at += (bytes[at + 1] + 1) * 8;
  }
  if (protocol === FRAGMENT) place.fragment = true;
  place.protocol = protocol;
  place.l4 = at;
  return at <= end && at <= place.end;
}
