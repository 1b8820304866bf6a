/** The Internet checksum (RFC 1071), its incremental update (RFC 1624), and SCTP's CRC32c (RFC 9260 Appendix A). */

/** One's complement sum of `bytes[start, end)` added to `sum`, not yet folded; `end - start` may be odd. */
export function sumBytes(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  // Odd and even places apart, eight bytes at a time: an addition a byte and nothing else.
  let high = 0;
  let low = 0;
  let i = start;
  for (const stop = end - 7; i < stop; i += 8) {
    high += bytes[i] + bytes[i + 2] + bytes[i + 4] + bytes[i + 6];
    low += bytes[i + 1] + bytes[i + 3] + bytes[i + 5] + bytes[i + 7];
  }
  for (; i < end - 1; i += 2) {
    high += bytes[i];
    low += bytes[i + 1];
  }
  if (i < end) high += bytes[i];
  return sum + high * 256 + low;
}

/** Folds a sum of at most 2^48 to 16 bits. */
export function fold(sum: number): number {
  let folded = sum > 0xffffffff ? (sum % 0x10000) + Math.floor(sum / 0x10000) : sum;
  folded = (folded & 0xffff) + (folded >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return (folded & 0xffff) + (folded >>> 16);
}

/** The checksum of `bytes[start, end)` plus an unfolded `sum`: what stands in a header. */
export function checksum(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  return ~fold(sumBytes(bytes, start, end, sum)) & 0xffff;
}

/** The checksum after one 16-bit word of its data changed from `before` to `after` (RFC 1624, eqn. 3). */
export function updateChecksum(old: number, before: number, after: number): number {
  return ~fold((~old & 0xffff) + (~before & 0xffff) + after) & 0xffff;
}

const CRC32C = new Int32Array(256).map((_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC32c of `bytes[start, end)`, as if the four bytes at `zeroAt` were zero (-1: none). */
export function crc32c(bytes: Uint8Array, start: number, end: number, zeroAt = -1): number {
  let crc = -1;
  for (let i = start; i < end; i++) {
    const byte = i >= zeroAt && i < zeroAt + 4 && zeroAt >= 0 ? 0 : bytes[i];
    crc = CRC32C[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
