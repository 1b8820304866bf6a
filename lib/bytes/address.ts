/** Text of MAC and IP addresses, as ovs-ofctl writes and reads them. IP text is left to ipaddr.js. */
import ipaddr from 'ipaddr.js';
import { fromHex, toHex } from './hex.js';

/** "50:54:00:00:00:01" for six bytes at `at`. */
export function formatMac(bytes: Uint8Array, at = 0): string {
  return toHex(bytes, at, at + 6).replace(/(..)(?=.)/g, '$1:');
}

/** Six bytes, or null where `text` is no MAC address. */
export function parseMac(text: string): Uint8Array | null {
  if (!/^([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}$/.test(text)) return null;
  return fromHex(
    text
      .split(':')
      .map((part) => part.padStart(2, '0'))
      .join(''),
  );
}

/** "10.0.0.1" for four bytes at `at`. */
export function formatIpv4(bytes: Uint8Array, at = 0): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** Four bytes, or null. */
export function parseIpv4(text: string): Uint8Array | null {
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? Uint8Array.from(ipaddr.IPv4.parse(text).toByteArray()) : null;
}

/** "2001:db8::1" for sixteen bytes at `at`, as inet_ntop writes it: an embedded IPv4 address in dots. */
export function formatIpv6(bytes: Uint8Array, at = 0): string {
  const own = bytes.slice(at, at + 16);
  const zeros = own.findIndex((byte) => byte !== 0);
  const mapped = zeros === 10 && own[10] === 0xff && own[11] === 0xff;
  if (mapped) return `::ffff:${formatIpv4(own, 12)}`;
  if (zeros === 12 || zeros === 13) return `::${formatIpv4(own, 12)}`;
  return new ipaddr.IPv6([...own]).toRFC5952String();
}

/** Sixteen bytes, or null. */
export function parseIpv6(text: string): Uint8Array | null {
  if (text.includes('%')) return null;
  // ipaddr.js reads "::10.0.0.1" as "::ffff:10.0.0.1", so the dotted part is turned into two groups before.
  const [, head, tail] = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text) ?? [];
  const dotted = tail === undefined ? null : parseIpv4(tail);
  if (tail !== undefined && !dotted) return null;
  const plain = dotted ? `${head}${toHex(dotted, 0, 2)}:${toHex(dotted, 2, 4)}` : text;
  return ipaddr.IPv6.isValid(plain) ? Uint8Array.from(ipaddr.IPv6.parse(plain).toByteArray()) : null;
}

/** The number of leading one bits of a mask, or -1 if a one follows a zero. */
export function prefixLength(mask: Uint8Array): number {
  let length = 0;
  while (length < mask.length * 8 && mask[length >> 3] & (0x80 >> (length & 7))) length++;
  for (let bit = length; bit < mask.length * 8; bit++) if (mask[bit >> 3] & (0x80 >> (bit & 7))) return -1;
  return length;
}

/** A mask of `size` bytes whose first `length` bits are one. */
export function prefixMask(length: number, size: number): Uint8Array {
  const mask = new Uint8Array(size);
  for (let bit = 0; bit < length; bit++) mask[bit >> 3] |= 0x80 >> (bit & 7);
  return mask;
}
