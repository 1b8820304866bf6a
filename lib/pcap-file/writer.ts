/** Writes classic capture files with nanoseconds: little-endian, Ethernet, version 2.4 (draft-ietf-opsawg-pcap). */
import { MAX_RECORD } from './record.js';

/** Bytes before each frame. */
export const RECORD_HEADER = 16;

function put32(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}

/** The 24 bytes that a file begins with. */
export function captureHeader(): Uint8Array {
  const out = new Uint8Array(24);
  put32(out, 0, 0xa1b23c4d);
  put32(out, 4, 0x0004_0002);
  put32(out, 16, MAX_RECORD);
  put32(out, 20, 1);
  return out;
}

/**
 * Writes a record with the frame `bytes[start, end)` to `out` at `at`, where RECORD_HEADER and the frame must fit, and
 * gives the offset behind it. The time is in milliseconds since 1970; a fraction is kept to the nanosecond as far as
 * doubles go.
 */
export function putRecord(
  out: Uint8Array,
  at: number,
  wall_ms: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const sec = Math.floor(wall_ms / 1000);
  put32(out, at, sec);
  put32(out, at + 4, Math.min(999_999_999, Math.round((wall_ms - sec * 1000) * 1e6)));
  put32(out, at + 8, end - start);
  put32(out, at + 12, end - start);
  for (let from = start, to = at + RECORD_HEADER; from < end; from++, to++) out[to] = bytes[from];
  return at + RECORD_HEADER + end - start;
}

/** A record with the frame `bytes[start, end)`, in an array of its own. */
export function captureRecord(wall_ms: number, bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  const out = new Uint8Array(RECORD_HEADER + end - start);
  putRecord(out, 0, wall_ms, bytes, start, end);
  return out;
}
