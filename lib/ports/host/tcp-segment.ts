/** TCP segments as bytes (RFC 9293 §3.1), and comparison of sequence numbers (§3.4). */
import { checksum } from '../../bytes/index.js';
import { get16, get32, put16, put32 } from './ethernet.js';
import { pseudoHeaderSum } from './ip-header.js';
import { type Datagram, PROTOCOL } from './stack.js';

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

const HEADER = 20;
const NO_DATA = new Uint8Array(0);

export interface Segment {
  source: number;
  destination: number;
  seq: number;
  ack: number;
  flags: number;
  window: number;
  /** The maximum segment size option, 0 where there is none. */
  mss: number;
  data: Uint8Array;
}

/** How far `a` is behind `b`, modulo 2^32: negative where it is before. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

/** `seq` moved on by `n`. */
export function advance(seq: number, n: number): number {
  return (seq + n) >>> 0;
}

/** How much of the sequence space a segment takes. */
export function sequenceLength({ data, flags }: Segment): number {
  return data.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
}

/** Reads a segment; null where it is cut off or its checksum is wrong. */
export function readSegment({ from, to, payload }: Datagram): Segment | null {
  const header = (payload[12] >> 4) * 4;
  if (payload.length < HEADER || header < HEADER || header > payload.length) return null;
  if (checksum(payload, 0, payload.length, pseudoHeaderSum(from, to, PROTOCOL.tcp, payload.length)) !== 0) return null;
  return {
    source: get16(payload, 0),
    destination: get16(payload, 2),
    seq: get32(payload, 4),
    ack: get32(payload, 8),
    flags: payload[13],
    window: get16(payload, 14),
    mss: readMss(payload, header),
    data: payload.slice(header),
  };
}

function readMss(payload: Uint8Array, end: number): number {
  for (let at = HEADER; at < end && payload[at] !== 0; ) {
    const length = payload[at] === 1 ? 1 : payload[at + 1];
    if (length < 1 || (length < 2 && payload[at] !== 1) || at + length > end) return 0;
    if (payload[at] === 2 && length === 4) return get16(payload, at + 2);
    at += length;
  }
  return 0;
}

/** Writes a segment between two addresses. */
export function writeSegment(from: Uint8Array, to: Uint8Array, segment: Partial<Segment>): Uint8Array {
  const { source = 0, destination = 0, seq = 0, ack = 0, flags = 0, window = 0, mss = 0, data = NO_DATA } = segment;
  const header = mss === 0 ? HEADER : HEADER + 4;
  const bytes = new Uint8Array(header + data.length);
  put16(bytes, 0, source);
  put16(bytes, 2, destination);
  put32(bytes, 4, seq);
  put32(bytes, 8, ack);
  bytes[12] = (header / 4) << 4;
  bytes[13] = flags;
  put16(bytes, 14, window);
  if (mss !== 0) put32(bytes, HEADER, 0x0204_0000 + mss);
  bytes.set(data, header);
  put16(bytes, 16, checksum(bytes, 0, bytes.length, pseudoHeaderSum(from, to, PROTOCOL.tcp, bytes.length)));
  return bytes;
}
