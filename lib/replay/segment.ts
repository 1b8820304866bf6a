/**
 * TCP segments out of captured frames: Ethernet with any VLAN tags, or what captures of all interfaces, of loopback and
 * of routed ones begin with instead; IPv4 and IPv6 (RFC 791, RFC 8200, RFC 9293 §3.1).
 * Checksums aren't looked at: captures of a sender's own interface have unfinished ones. What is no TCP, or cut off, is
 * null.
 */
import { formatIpv4, formatIpv6 } from '../bytes/index.js';
import { ETHERNET } from '../pcap-file/index.js';

export interface Segment {
  /** "192.0.2.1:6653", "[2001:db8::1]:6653". */
  readonly from: string;
  readonly to: string;
  readonly seq: number;
  readonly flags: number;
  /** A view into the frame. */
  readonly payload: Uint8Array;
  /** Bytes of payload that the capture cut off. */
  readonly cut: number;
}

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TAGS = new Set([0x8100, 0x88a8, 0x9100]);
const TCP = 6;
const TCP_HEADER = 20;
/**
 * Hop-by-hop, routing, destination options: each says its length in its second byte, in units of eight behind the
 * first.
 */
const IPV6_OPTIONS = new Set([0, 43, 60]);

/** Where a TCP header begins, where its datagram ends, and between whom. */
interface Place {
  readonly tcp: number;
  readonly end: number;
  readonly source: string;
  readonly destination: string;
}

/** A header: how long it is, and where its EtherType stands; -1: it has none, and IP tells its version. */
type Link = readonly [length: number, type: number];

/** Headers by the link types of the tcpdump group's list. */
const LINKS: ReadonlyMap<number, Link> = new Map([
  [ETHERNET, [14, 12]],
  // Linux's "any" interface, in both forms.
  [113, [16, 14]],
  [276, [20, 0]],
  // Loopback of the BSDs and macOS: the address family comes first.
  [0, [4, -1]],
  [108, [4, -1]],
  // IP with nothing before it, as tunnels have it.
  [12, [0, -1]],
  [101, [0, -1]],
  [228, [0, -1]],
  [229, [0, -1]],
]);

/** The link types of frames that can be read. */
export const LINK_TYPES: ReadonlySet<number> = new Set(LINKS.keys());

/** Where IP begins, in a frame that says so or may be taken for it; null: it is something else. */
function internet(view: DataView, [length, type]: Link): Place | null {
  if (length > view.byteLength) return null;
  let at = length;
  let found = type < 0 ? 0 : view.getUint16(type);
  for (; TAGS.has(found); at += 4) {
    if (at + 4 > view.byteLength) return null;
    found = view.getUint16(at + 2);
  }
  if (type < 0 && at < view.byteLength) found = view.getUint8(at) >> 4 === 4 ? IPV4 : IPV6;
  return found === IPV4 ? ipv4(view, at) : found === IPV6 ? ipv6(view, at) : null;
}

/** The segment in a frame of a link type. */
export function segmentOf(frame: Uint8Array, linkType = ETHERNET): Segment | null {
  const link = LINKS.get(linkType);
  if (link === undefined) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const place = internet(view, link);
  if (place === null || place.tcp + TCP_HEADER > Math.min(frame.length, place.end)) return null;
  const { tcp, end, source, destination } = place;
  const data = tcp + (frame[tcp + 12] >> 4) * 4;
  if (data < tcp + TCP_HEADER || data > end) return null;
  return {
    from: `${source}:${view.getUint16(tcp)}`,
    to: `${destination}:${view.getUint16(tcp + 2)}`,
    seq: view.getUint32(tcp + 4),
    flags: frame[tcp + 13],
    payload: frame.subarray(Math.min(data, frame.length), Math.min(end, frame.length)),
    cut: Math.max(0, end - Math.max(frame.length, data)),
  };
}

function ipv4(view: DataView, ip: number): Place | null {
  if (ip + 20 > view.byteLength || view.getUint8(ip) >> 4 !== 4 || view.getUint8(ip + 9) !== TCP) return null;
  const isFragment = (view.getUint16(ip + 6) & 0x3fff) !== 0;
  const header = (view.getUint8(ip) & 15) * 4;
  if (isFragment || header < 20) return null;
  const address = (at: number): string => formatIpv4(bytes(view, at, 4));
  // A length of zero is that of a frame which the interface was yet to cut into segments.
  const length = view.getUint16(ip + 2) || view.byteLength - ip;
  return { tcp: ip + header, end: ip + length, source: address(ip + 12), destination: address(ip + 16) };
}

function ipv6(view: DataView, ip: number): Place | null {
  if (ip + 40 > view.byteLength || view.getUint8(ip) >> 4 !== 6) return null;
  let next = view.getUint8(ip + 6);
  let at = ip + 40;
  while (IPV6_OPTIONS.has(next) && at + 8 <= view.byteLength) {
    next = view.getUint8(at);
    at += (view.getUint8(at + 1) + 1) * 8;
  }
  if (next !== TCP) return null;
  const address = (from: number): string => `[${formatIpv6(bytes(view, from, 16))}]`;
  const length = view.getUint16(ip + 4) || view.byteLength - ip - 40;
  return { tcp: at, end: ip + 40 + length, source: address(ip + 8), destination: address(ip + 24) };
}

function bytes(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}
