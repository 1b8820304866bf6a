/** IP addresses of either family as bytes: four or sixteen. */
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../../bytes/index.js';

/** Four or sixteen bytes; throws a RangeError where `text` is no IP address. */
export function parseIp(text: string): Uint8Array {
  const address = parseIpv4(text) ?? parseIpv6(text);
  if (address === null) throw new RangeError(`"${text}" is no IP address`);
  return address;
}

/** "10.0.0.1" or "2001:db8::1". */
export function formatIp(address: Uint8Array): string {
  return address.length === 4 ? formatIpv4(address) : formatIpv6(address);
}

/** Whether two arrays hold the same bytes, in their first `bits` bits where that is told. */
export function sameBytes(a: Uint8Array, b: Uint8Array, bits = a.length * 8): boolean {
  if (a.length !== b.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const mask = 0xff00 >> (bits & 7);
  return (bits & 7) === 0 || (a[whole] & mask & 0xff) === (b[whole] & mask & 0xff);
}

/** The link-local address that belongs to a MAC address (RFC 4291 Appendix A). */
export function linkLocal(mac: Uint8Array): Uint8Array {
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]);
}

/** ff02::1:ffXX:XXXX for an IPv6 address (RFC 4291 §2.7.1). */
export function solicitedNode(address: Uint8Array): Uint8Array {
  return Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, address[13], address[14], address[15]);
}

/** The MAC address of a multicast or broadcast address, or null for a unicast one (RFC 1112 §6.4, RFC 2464 §7). */
export function groupMac(address: Uint8Array): Uint8Array | null {
  if (address.length === 16) {
    return address[0] === 0xff ? Uint8Array.of(0x33, 0x33, address[12], address[13], address[14], address[15]) : null;
  }
  if (address.every((byte) => byte === 0xff)) return BROADCAST;
  return address[0] >> 4 === 14 ? Uint8Array.of(1, 0, 0x5e, address[1] & 0x7f, address[2], address[3]) : null;
}

/** ff:ff:ff:ff:ff:ff. */
export const BROADCAST = new Uint8Array(6).fill(0xff);
