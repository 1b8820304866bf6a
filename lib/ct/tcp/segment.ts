/** What the machine needs to know of a TCP segment, read into one reused object. RFC 9293 §3.1, RFC 7323 §2.2. */

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;

/** A larger shift is taken as this (RFC 7323 §2.3). */
export const MAX_SCALE = 14;

export class TcpSegment {
  /** Signed 32-bit numbers. */
  seq = 0;
  ack = 0;
  flags = 0;
  /** As in the header, unscaled. */
  window = 0;
  /** Bytes of payload. */
  length = 0;
  /** The window scale option of a SYN, at most 14, or -1. */
  scale = -1;

  /**
   * Reads the header at `l4` of a datagram that ends at `end`; parse has checked that header and options lie inside.
   */
  read(bytes: Uint8Array, l4: number, end: number): this {
    const header = (bytes[l4 + 12] >> 4) * 4;
    this.seq = (bytes[l4 + 4] << 24) | (bytes[l4 + 5] << 16) | (bytes[l4 + 6] << 8) | bytes[l4 + 7];
    this.ack = (bytes[l4 + 8] << 24) | (bytes[l4 + 9] << 16) | (bytes[l4 + 10] << 8) | bytes[l4 + 11];
    this.flags = bytes[l4 + 13];
    this.window = (bytes[l4 + 14] << 8) | bytes[l4 + 15];
    this.length = end - l4 - header;
    this.scale = this.flags & SYN ? readScale(bytes, l4 + 20, l4 + header) : -1;
    return this;
  }
}

function readScale(bytes: Uint8Array, start: number, end: number): number {
  let scale = -1;
  let at = start;
  while (at + 3 <= end && bytes[at] !== 0) {
    if (bytes[at] === 1) {
      at++;
      continue;
    }
    if (bytes[at] === 3) scale = Math.min(bytes[at + 2], MAX_SCALE);
    at += Math.max(2, bytes[at + 1]);
  }
  return scale;
}

/** SYN with RST or FIN; none of SYN, ACK, RST; FIN, PSH or URG without ACK: no segment has such flags. */
export function impossible(flags: number): boolean {
  if (flags & SYN ? flags & (RST | FIN) : (flags & (ACK | RST)) === 0) return true;
  return (flags & ACK) === 0 && (flags & (FIN | PSH | URG)) !== 0;
}
