/**
 * IPv4 and IPv6 headers (RFC 791, RFC 8200): written around a payload, and read. No options, no extension headers, no
 * fragments.
 */
import { checksum, sumBytes } from '../../bytes/index.js';
import { get16, put16 } from './ethernet.js';
import type { Datagram } from './stack.js';

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const DONT_FRAGMENT = 0x4000;

/** The unfolded sum of the pseudo-header that TCP, UDP and ICMPv6 checksums include. */
export function pseudoHeaderSum(from: Uint8Array, to: Uint8Array, protocol: number, length: number): number {
  return sumBytes(from, 0, from.length) + sumBytes(to, 0, to.length) + protocol + length;
}

/** A datagram around `payload`; `id` is IPv4's identification. */
export function ipDatagram(
  from: Uint8Array,
  to: Uint8Array,
  protocol: number,
  ttl: number,
  id: number,
  payload: Uint8Array,
): Uint8Array {
  const four = from.length === 4;
  const header = four ? IPV4_HEADER : IPV6_HEADER;
  const bytes = new Uint8Array(header + payload.length);
  bytes.set(payload, header);
  if (four) {
    bytes[0] = 0x45;
    put16(bytes, 2, bytes.length);
    put16(bytes, 4, id);
    put16(bytes, 6, DONT_FRAGMENT);
    bytes[8] = ttl;
    bytes[9] = protocol;
    bytes.set(from, 12);
    bytes.set(to, 16);
    put16(bytes, 10, checksum(bytes, 0, IPV4_HEADER));
  } else {
    bytes[0] = 0x60;
    put16(bytes, 4, payload.length);
    bytes[6] = protocol;
    bytes[7] = ttl;
    bytes.set(from, 8);
    bytes.set(to, 24);
  }
  return bytes;
}

/**
 * Reads `bytes`, which begin with an IP header and may have padding behind the datagram. Null for a header that is cut
 * off or has a wrong checksum, and for a fragment. `quoted`: from an ICMP error, where the payload may be cut.
 */
export function readDatagram(bytes: Uint8Array, quoted = false): Datagram | null {
  const version = bytes[0] >> 4;
  return version === 4 ? readIpv4(bytes, quoted) : version === 6 ? readIpv6(bytes, quoted) : null;
}

function readIpv4(bytes: Uint8Array, quoted: boolean): Datagram | null {
  const header = (bytes[0] & 15) * 4;
  const length = get16(bytes, 2);
  if (bytes.length < IPV4_HEADER || header < IPV4_HEADER || length < header) return null;
  if (bytes.length < (quoted ? header : length)) return null;
  if (!quoted && checksum(bytes, 0, header) !== 0) return null;
  if (get16(bytes, 6) & 0x3fff) return null;
  return {
    from: bytes.slice(12, 16),
    to: bytes.slice(16, 20),
    protocol: bytes[9],
    ttl: bytes[8],
    payload: bytes.subarray(header, length),
    whole: bytes.subarray(0, length),
  };
}

function readIpv6(bytes: Uint8Array, quoted: boolean): Datagram | null {
  const length = IPV6_HEADER + get16(bytes, 4);
  if (bytes.length < IPV6_HEADER || (!quoted && bytes.length < length)) return null;
  return {
    from: bytes.slice(8, 24),
    to: bytes.slice(24, 40),
    protocol: bytes[6],
    ttl: bytes[7],
    payload: bytes.subarray(IPV6_HEADER, length),
    whole: bytes.subarray(0, length),
  };
}
