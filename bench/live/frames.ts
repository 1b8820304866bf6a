/**
 * Frames of 64 bytes on the wire (60 without FCS) for measurements over interfaces: many alike, which differ by source
 * address, so that whoever receives one knows what it has to be.
 */
import { updateChecksum } from '../../lib/bytes/index.js';
import { udp4 } from '../../spec/support/frames.js';

export const FRAME_BYTES = 60;
/** Most frames of a set: their number stands in 20 bits of an address. */
export const MAX_FRAMES = 1 << 20;
export const SERVER = '192.0.2.9';
const PAYLOAD = 'x'.repeat(18);
const ETH_DST = 0;
const ETH_SRC = 6;
const IP_CHECKSUM = 24;
const IP_SRC = 26;
const IP_DST = 30;
const UDP_CHECKSUM = 40;

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
/** The hardware address of host `i`. */
export const mac = (i: number): string => `02:00:00:${hex((i >> 16) & 255)}:${hex((i >> 8) & 255)}:${hex(i & 255)}`;
/** Its IPv4 address: 16 million hosts in 16 rounds. */
export const address = (i: number, round = 0): string =>
  `10.${(round & 15) * 16 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;

/** What a set has: queries of host i to the server, its answers, or frames from ever new hardware addresses. */
export type FrameKind = 'query' | 'answer' | 'station';
export const FRAME_KINDS: readonly FrameKind[] = ['query', 'answer', 'station'];

/** `count` frames behind each other, FRAME_BYTES each. */
export function frameSet(kind: FrameKind, count: number, round = 0): Uint8Array {
  const first = udp4(
    kind === 'answer'
      ? { eth_dst: mac(0), src: SERVER, dst: address(0), sport: 53, dport: 1000, payload: PAYLOAD }
      : { eth_dst: mac(0), src: address(0), dst: SERVER, sport: 1000, dport: 53, payload: PAYLOAD },
  );
  const frames = new Uint8Array(count * FRAME_BYTES);
  const at = kind === 'answer' ? IP_DST : IP_SRC;
  for (let i = 0; i < count; i++) {
    const start = i * FRAME_BYTES;
    frames.set(first, start);
    putNumber(frames, start + (kind === 'station' ? ETH_SRC : ETH_DST) + 3, i);
    putAddress(frames, start, at, (((round & 15) << 20) | i) >>> 0);
  }
  return frames;
}

function putNumber(bytes: Uint8Array, at: number, i: number): void {
  bytes[at] = i >> 16;
  bytes[at + 1] = i >> 8;
  bytes[at + 2] = i;
}

/** Puts 10.x.y.z in the place of 10.0.0.0, and mends the checksums. */
function putAddress(bytes: Uint8Array, start: number, at: number, low: number): void {
  const words = [(10 << 8) | (low >> 16), low & 0xffff];
  for (const checksumAt of [IP_CHECKSUM, UDP_CHECKSUM]) {
    const to = start + checksumAt;
    let sum = (bytes[to] << 8) | bytes[to + 1];
    for (const [i, word] of words.entries()) sum = updateChecksum(sum, i === 0 ? 10 << 8 : 0, word);
    bytes[to] = sum >> 8;
    bytes[to + 1] = sum;
  }
  putNumber(bytes, start + at + 1, low);
}

/** Which frame of a set `bytes[start, …)` says that it is, by its source or destination address. */
export function numberOf(kind: FrameKind, bytes: Uint8Array, start: number): number {
  const at = start + (kind === 'answer' ? IP_DST : IP_SRC);
  return ((bytes[at + 1] & 15) << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
