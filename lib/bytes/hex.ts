/** Hexadecimal text of bytes, and back. */

const DIGITS = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Two lower-case digits a byte, without separators. */
export function toHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let i = start; i < end; i++) text += DIGITS[bytes[i]];
  return text;
}

/**
 * Bytes of hexadecimal text; blanks between bytes are fine. Throws a RangeError that says where it isn't hexadecimal.
 */
export function fromHex(text: string): Uint8Array {
  const compact = text.replace(/\s+/g, '');
  const bad = compact.search(/[^0-9a-fA-F]/);
  if (bad >= 0) throw new RangeError(`"${compact[bad]}" at digit ${bad + 1} is not hexadecimal`);
  if (compact.length % 2) throw new RangeError(`${compact.length} hexadecimal digits do not make whole bytes`);
  const bytes = new Uint8Array(compact.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(compact.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

/** An unsigned number of `bytes`, big-endian. */
export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** The low `size` bytes of a number, big-endian. */
export function fromBigInt(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = size - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
