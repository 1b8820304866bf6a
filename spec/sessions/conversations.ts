/**
 * The OpenFlow conversations in a capture: frames through lib/pcap-file, IPv4 and TCP taken apart here, each direction's bytes
 * put in order by sequence number, and cut into messages by the lengths in their headers. Written for captures of a loopback
 * that lost nothing; a gap is an error.
 */
import { CaptureReader } from '../../lib/pcap-file/index.js';
import { peekLength } from '../../lib/wire/index.js';

export interface Sent {
  /** Who sent it: the end that listens, or the one that connected. */
  readonly by: 'listener' | 'caller';
  readonly bytes: Uint8Array;
}

/** One TCP connection: its messages in the order in which they were complete. */
export interface Conversation {
  readonly messages: Sent[];
  /** Both ends have closed. */
  readonly closed: boolean;
}

interface Direction {
  by: Sent['by'];
  /** Sequence number of the next byte, null before the SYN. */
  next: number | null;
  /** Bytes of a message that isn't complete yet. */
  pending: Uint8Array;
  closed: boolean;
}

interface Segment {
  readonly from: string;
  readonly to: string;
  readonly seq: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;

function segmentOf(frame: Uint8Array): Segment | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length < 54 || view.getUint16(12) !== 0x0800 || frame[23] !== 6) return null;
  const tcp = 14 + (frame[14] & 15) * 4;
  const end = 14 + view.getUint16(16);
  const host = (at: number): string => frame.subarray(at, at + 4).join('.');
  return {
    from: `${host(26)}:${view.getUint16(tcp)}`,
    to: `${host(30)}:${view.getUint16(tcp + 2)}`,
    seq: view.getUint32(tcp + 4),
    flags: frame[tcp + 13],
    payload: frame.slice(tcp + (frame[tcp + 12] >> 4) * 4, end),
  };
}

/** Appends bytes and takes whole messages from the front. */
function take(direction: Direction, bytes: Uint8Array, messages: Sent[]): void {
  const all = new Uint8Array(direction.pending.length + bytes.length);
  all.set(direction.pending);
  all.set(bytes, direction.pending.length);
  let at = 0;
  while (all.length - at >= 8) {
    const length = peekLength(all.subarray(at));
    if (length < 8) throw new Error(`a message of ${length} bytes`);
    if (all.length - at < length) break;
    messages.push({ by: direction.by, bytes: all.slice(at, at + length) });
    at += length;
  }
  direction.pending = all.slice(at);
}

/** A segment's bytes that are new; what was sent again is known already. Throws where bytes are missing. */
function fresh(direction: Direction, { seq, payload }: Segment): Uint8Array {
  const next = direction.next;
  if (next === null) throw new Error('a connection without its beginning');
  const ahead = (seq - next) | 0;
  if (payload.length > 0 && ahead > 0) throw new Error(`${ahead} bytes are missing`);
  const bytes = payload.subarray(Math.min(payload.length, -ahead));
  direction.next = (next + bytes.length) >>> 0;
  return bytes;
}

/** The conversations of a capture, in the order in which they began. `file` is the whole capture. */
export function conversations(file: Uint8Array): Conversation[] {
  const reader = new CaptureReader();
  reader.push(file);
  const open = new Map<string, { messages: Sent[]; directions: Map<string, Direction> }>();
  for (let record = reader.next(); record !== null; record = reader.next()) {
    const segment = segmentOf(record.bytes.subarray(record.start, record.end));
    if (segment === null) continue;
    const { from, to, flags } = segment;
    const name = [from, to].sort().join(' ');
    const conversation = open.get(name) ?? { messages: [], directions: new Map<string, Direction>() };
    open.set(name, conversation);
    let direction = conversation.directions.get(from);
    if (!direction) {
      const by = conversation.directions.size === 0 ? 'caller' : 'listener';
      direction = { by, next: null, pending: new Uint8Array(0), closed: false };
      conversation.directions.set(from, direction);
    }
    if (flags & SYN) direction.next = (segment.seq + 1) >>> 0;
    else if (!(flags & RST)) take(direction, fresh(direction, segment), conversation.messages);
    if (flags & (FIN | RST)) direction.closed = true;
  }
  reader.finish();
  return [...open.values()].map(({ messages, directions }) => ({
    messages,
    closed: [...directions.values()].every(({ closed }) => closed),
  }));
}
