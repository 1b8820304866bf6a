/**
 * The eight bytes that every message begins with (OpenFlow 1.3.5 §7.1), for whoever cuts a stream into messages. What
 * the bytes behind them say is codec.ts's.
 */

/** Bytes of a header, and the longest message, which 16 bits of length allow. */
export const HEADER_BYTES = 8;
export const MAX_MESSAGE_BYTES = 0xffff;

/** The wire number of OpenFlow 1.3. */
export const OFP13_VERSION = 4;

/** The protocol's version in the header that begins at `at`. */
export function peekVersion(bytes: Uint8Array, at = 0): number {
  return bytes[at];
}

/** The number of the message's type in the header that begins at `at`. */
export function peekType(bytes: Uint8Array, at = 0): number {
  return bytes[at + 1];
}

/**
 * The whole message's length in bytes, header included; below HEADER_BYTES the stream can't be followed any further.
 */
export function peekLength(bytes: Uint8Array, at = 0): number {
  return (bytes[at + 2] << 8) | bytes[at + 3];
}

/** The transaction id in the header that begins at `at`. */
export function peekXid(bytes: Uint8Array, at = 0): number {
  return ((bytes[at + 4] << 24) | (bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7]) >>> 0;
}
