/** Ethernet headers (IEEE 802.3), and 16- and 32-bit numbers in the frames of a virtual host. */

/** EtherTypes that a host speaks. */
export const ETHER_TYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
/** Bytes of the header. */
export const ETHERNET_HEADER = 14;

/** A frame around `payload`. */
export function ethernet(to: Uint8Array, from: Uint8Array, type: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER + payload.length);
  frame.set(to);
  frame.set(from, 6);
  put16(frame, 12, type);
  frame.set(payload, ETHERNET_HEADER);
  return frame;
}

/** The big-endian 16-bit number at `at`. */
export function get16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** The unsigned big-endian 32-bit number at `at`. */
export function get32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** Writes 16 bits, big-endian. */
export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Writes 32 bits, big-endian. */
export function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16);
  put16(bytes, at + 2, value);
}
