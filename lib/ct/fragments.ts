/**
 * Fragments of both families: pieces are held per zone until their datagram is whole; then it is tracked as one, and
 * the pieces go on in order, each with its own size and header, with what tracking changed in the datagram carried into
 * them. A datagram that became longer or shorter is cut anew at its longest piece. RFC 791 §3.2, RFC 8200 §4.5;
 * overlaps are not joined (RFC 5722), here for IPv4, too; a piece that comes twice is the network's doing, and no
 * overlap.
 *
 * Bounded: 1,000 pieces in all, for which the oldest datagram makes way, and 15 s a datagram. Each loss is counted.
 */
import { checksum, fold, sumBytes } from '../bytes/checksum.js';
import { Packet } from '../packet/packet.js';
import { why } from './reasons.js';

/** Pieces held in all zones together. */
export const MAX_PIECES = 1000;
/** How long a datagram may take to become whole, from its first piece on. */
export const HOLD_MS = 15_000;
/** Payload that IPv4's total length leaves. */
const MAX_DATAGRAM = 65_535;

const FRAGMENT = 44;

/** Where a packet comes from, as its fragments are kept apart and told of later. */
export interface Origin {
  /** Given back with the pieces. */
  tag: number;
  /** The place of the ct action: the same datagram may be held at several. */
  place: number;
}

/** A frame that holds a piece, and how it goes on. */
export interface Piece {
  readonly frame: Uint8Array;
  /** What the caller gave along with the packet. */
  readonly tag: number;
  /**
   * Where the L3 header, and the fragment's payload, begin in the frame; payload's place in the datagram and its
   * length.
   */
  readonly l3: number;
  readonly data: number;
  readonly offset: number;
  readonly length: number;
}

/** The same by family, as ipf-get-status tells them; `purged`: forgotten before their time. */
export interface FamilyCounters {
  accepted: number;
  completed: number;
  expired: number;
  too_small: number;
  overlapped: number;
  purged: number;
}

const none = (): FamilyCounters => ({
  accepted: 0,
  completed: 0,
  expired: 0,
  too_small: 0,
  overlapped: 0,
  purged: 0,
});

/** What is set and counted of a family. */
export interface FragmentFamily {
  /** False: fragments aren't put together, and are invalid. */
  enabled: boolean;
  readonly counters: FamilyCounters;
}

/** What became of fragments, by family. */
export interface FragmentCounters {
  /** Pieces held now. */
  held: number;
  /** Datagrams that became whole. */
  whole: number;
  /** Pieces dropped: their datagram was not whole in time; more came than are held; others overlapped them. */
  expired: number;
  crowded: number;
  overlapped: number;
  /** Pieces below the smallest size. */
  too_small: number;
}

/** The smallest sizes of a piece that isn't the last, IP header included; 0: any. */
export interface FragmentMinimum {
  ipv4: number;
  ipv6: number;
}

/** What is read of a piece; one reused object. */
class Reading {
  key = '';
  family = 4;
  l3 = 0;
  data = 0;
  offset = 0;
  length = 0;
  more = false;
  /** IP header and payload. */
  size = 0;
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** Reads the headers of a piece; false where they contradict themselves or the frame. */
function read(packet: Packet, where: string, out: Reading): boolean {
  const { bytes, l3, end } = packet;
  out.l3 = l3;
  return bytes[l3] >> 4 === 4 ? readIpv4(bytes, l3, end, where, out) : readIpv6(bytes, l3, end, where, out);
}

function readIpv4(b: Uint8Array, l3: number, end: number, where: string, out: Reading): boolean {
  const header = (b[l3] & 15) * 4;
  const total = u16(b, l3 + 2);
  if (header < 20 || total < header || l3 + total > end) return false;
  if (fold(sumBytes(b, l3, l3 + header)) !== 0xffff) return false;
  const fragment = u16(b, l3 + 6);
  out.family = 4;
  out.size = total;
  out.more = (fragment & 0x2000) !== 0;
  out.key = `${where}/4/${b.subarray(l3 + 12, l3 + 20).join('.')}/${b[l3 + 9]}/${u16(b, l3 + 4)}`;
  return place(out, l3 + header, (fragment & 0x1fff) * 8, total - header, header);
}

function readIpv6(b: Uint8Array, l3: number, end: number, where: string, out: Reading): boolean {
  const stop = l3 + 40 + u16(b, l3 + 4);
  if (stop > end) return false;
  let next = b[l3 + 6];
  let at = l3 + 40;
  while (next !== FRAGMENT) {
    if (at + 8 > stop) return false;
    next = b[at];
    at += (b[at + 1] + 1) * 8;
  }
  if (at + 8 > stop) return false;
  out.family = 6;
  out.size = stop - l3;
  out.more = (b[at + 3] & 1) !== 0;
  out.key = `${where}/6/${b.subarray(l3 + 8, l3 + 40).join('.')}/${b.subarray(at + 4, at + 8).join('.')}`;
  return place(out, at + 8, u16(b, at + 2) & 0xfff8, stop - at - 8, at + 8 - l3 - 40);
}

/** Where the payload stands; a piece that isn't the last is a multiple of 8, and the datagram ends within 65,535. */
function place(out: Reading, data: number, offset: number, length: number, headers: number): boolean {
  out.data = data;
  out.offset = offset;
  out.length = length;
  if (length === 0 || (out.more && length % 8 !== 0)) return false;
  return headers + offset + length <= MAX_DATAGRAM;
}

/** A datagram that isn't whole yet, or never will be. */
class Datagram {
  readonly pieces: Piece[] = [];
  /** Bytes of payload that are there. */
  private bytes = 0;
  /** Bytes of payload, once the last piece is there; -1. */
  private total = -1;
  /** Pieces overlapped: what comes later is invalid. */
  broken = false;

  constructor(
    readonly key: string,
    readonly family: number,
    readonly began_ms: number,
  ) {}

  copy(): Datagram {
    const copy = new Datagram(this.key, this.family, this.began_ms);
    for (const piece of this.pieces) copy.pieces.push({ ...piece, frame: piece.frame.slice() });
    copy.bytes = this.bytes;
    copy.total = this.total;
    copy.broken = this.broken;
    return copy;
  }

  /** True if the very same piece is there: at its place, with its bytes. */
  has({ frame, data, offset, length }: Piece, more: boolean): boolean {
    const piece = this.pieces.find((other) => other.offset === offset);
    if (piece === undefined || piece.length !== length || more === (offset + length === this.total)) return false;
    for (let i = 0; i < length; i++) if (piece.frame[piece.data + i] !== frame[data + i]) return false;
    return true;
  }

  /** Adds a piece; false if it overlaps others, or lies behind the end. */
  add(piece: Piece, more: boolean): boolean {
    const end = piece.offset + piece.length;
    let at = this.pieces.length;
    while (at > 0 && this.pieces[at - 1].offset > piece.offset) at--;
    const before = this.pieces[at - 1];
    const after = this.pieces[at];
    if (before && before.offset + before.length > piece.offset) return false;
    if (after && after.offset < end) return false;
    if (this.total >= 0 && (end > this.total || !more)) return false;
    if (!more && after) return false;
    if (!more) this.total = end;
    this.pieces.splice(at, 0, piece);
    this.bytes += piece.length;
    return true;
  }

  get isWhole(): boolean {
    return this.bytes === this.total;
  }
}

/** A datagram that became whole, as one packet; `pieces` cuts it again. */
export class Whole {
  readonly packet = new Packet();
  /** The frame's length before anything changed it. */
  private readonly length: number;
  private readonly data: number;

  constructor(
    private readonly parts: readonly Piece[],
    private readonly family: number,
  ) {
    const first = parts[0];
    const last = parts[parts.length - 1];
    const frame = new Uint8Array(first.data + last.offset + last.length);
    frame.set(first.frame.subarray(0, first.data));
    for (const part of parts) {
      frame.set(part.frame.subarray(part.data, part.data + part.length), first.data + part.offset);
    }
    writeSize(frame, first.l3, first.data, family, 0, false);
    this.data = first.data;
    this.length = frame.length;
    const { packet } = this;
    packet.attach(frame);
    packet.l3 = first.l3;
    packet.typeAt = first.l3 - 2;
    packet.l3End = frame.length;
    packet.l4 = first.data;
  }

  /** The pieces as they go on: the ones that came, with what changed; new ones where the length changed. */
  pieces(): readonly Piece[] {
    const { packet, parts, data } = this;
    // Headers may have moved to other memory, never by another length.
    const from = packet.start + data;
    if (packet.length !== this.length) return this.cut(from);
    for (const part of parts) {
      part.frame.set(packet.bytes.subarray(from + part.offset, from + part.offset + part.length), part.data);
      this.takeAddresses(part.frame, part.l3);
    }
    return parts;
  }

  private takeAddresses(frame: Uint8Array, l3: number): void {
    const { packet, family } = this;
    const at = family === 4 ? 12 : 8;
    frame.set(packet.bytes.subarray(packet.l3 + at, packet.l3 + (family === 4 ? 20 : 40)), l3 + at);
    if (family === 4) writeHeaderChecksum(frame, l3);
  }

  /** Cuts the datagram anew at its longest piece; headers are those of the pieces that came. */
  private cut(from: number): readonly Piece[] {
    const { packet, parts, family } = this;
    const total = packet.end - from;
    const longest = Math.max(...parts.map((part) => part.length)) & ~7;
    const pieces: Piece[] = [];
    for (let offset = 0; offset < total; offset += longest) {
      const like = parts[Math.min(pieces.length, parts.length - 1)];
      const length = Math.min(longest, total - offset);
      const frame = new Uint8Array(like.data + length);
      frame.set(like.frame.subarray(0, like.data));
      frame.set(packet.bytes.subarray(from + offset, from + offset + length), like.data);
      writeSize(frame, like.l3, like.data, family, offset, offset + length < total);
      this.takeAddresses(frame, like.l3);
      pieces.push({ ...like, frame, offset, length });
    }
    return pieces;
  }
}

/** Writes length, offset and "more" into the headers of a frame whose payload begins at `data` and goes to its end. */
function writeSize(frame: Uint8Array, l3: number, data: number, family: number, offset: number, more: boolean): void {
  const put = (at: number, value: number): void => {
    frame[at] = value >> 8;
    frame[at + 1] = value;
  };
  if (family === 4) {
    put(l3 + 2, frame.length - l3);
    put(l3 + 6, (u16(frame, l3 + 6) & 0xc000) | (more ? 0x2000 : 0) | (offset >> 3));
    writeHeaderChecksum(frame, l3);
  } else {
    put(l3 + 4, frame.length - l3 - 40);
    put(data - 6, offset | (more ? 1 : 0));
  }
}

function writeHeaderChecksum(frame: Uint8Array, l3: number): void {
  frame[l3 + 10] = 0;
  frame[l3 + 11] = 0;
  const sum = checksum(frame, l3, l3 + (frame[l3] & 15) * 4);
  frame[l3 + 10] = sum >> 8;
  frame[l3 + 11] = sum;
}

export class Fragments {
  readonly minimum: FragmentMinimum;
  readonly ipv4: FragmentFamily = { enabled: true, counters: none() };
  readonly ipv6: FragmentFamily = { enabled: true, counters: none() };
  /** Pieces held in all zones together. */
  limit = MAX_PIECES;
  readonly counters: FragmentCounters = { held: 0, whole: 0, expired: 0, crowded: 0, overlapped: 0, too_small: 0 };
  /** The oldest first. */
  private readonly datagrams = new Map<string, Datagram>();
  private readonly reading = new Reading();
  /** The datagram that the last `take` made whole. */
  whole: Whole | null = null;

  constructor(minimum: Partial<FragmentMinimum> = {}) {
    this.minimum = { ipv4: minimum.ipv4 ?? 0, ipv6: minimum.ipv6 ?? 0 };
  }

  /** The same pieces, which go on by themselves from here. */
  copy(): Fragments {
    const copy = new Fragments(this.minimum);
    Object.assign(copy.counters, this.counters);
    copy.limit = this.limit;
    copy.ipv4.enabled = this.ipv4.enabled;
    copy.ipv6.enabled = this.ipv6.enabled;
    for (const [key, datagram] of this.datagrams) copy.datagrams.set(key, datagram.copy());
    return copy;
  }

  /**
   * Takes a copy of a piece: `why.none` if it is held or (`whole` isn't null) made its datagram whole, else why it is
   * invalid.
   */
  take(packet: Packet, zone: number, { tag, place }: Origin, now_ms: number): number {
    const { reading, counters, datagrams } = this;
    this.whole = null;
    this.expire(now_ms);
    if (!read(packet, `${zone}/${place}`, reading)) return why.fragment;
    const family = reading.family === 4 ? this.ipv4 : this.ipv6;
    if (!family.enabled) return why.fragment;
    if (reading.more && reading.size < (reading.family === 4 ? this.minimum.ipv4 : this.minimum.ipv6)) {
      counters.too_small++;
      family.counters.too_small++;
      return why.fragment_small;
    }
    let datagram = datagrams.get(reading.key);
    if (datagram?.broken) return why.fragment_overlap;
    if (datagram === undefined) {
      datagram = new Datagram(reading.key, reading.family, now_ms);
      datagrams.set(reading.key, datagram);
    }
    const piece = this.pieceOf(packet, tag);
    if (datagram.has(piece, reading.more)) {
      counters.overlapped++;
      family.counters.overlapped++;
      return why.fragment_again;
    }
    if (!datagram.add(piece, reading.more)) {
      this.drop(datagram, 'overlapped');
      // It stays as a tombstone, so that what comes later isn't taken for the beginning of another.
      datagram.broken = true;
      datagrams.set(datagram.key, datagram);
      return why.fragment_overlap;
    }
    counters.held++;
    family.counters.accepted++;
    if (datagram.isWhole) {
      datagrams.delete(datagram.key);
      counters.held -= datagram.pieces.length;
      counters.whole++;
      family.counters.completed += datagram.pieces.length;
      this.whole = new Whole(datagram.pieces, datagram.family);
      return why.none;
    }
    while (counters.held > this.limit || datagrams.size > this.limit) {
      const [oldest] = datagrams.values();
      this.drop(oldest, 'crowded');
    }
    return why.none;
  }

  private pieceOf(packet: Packet, tag: number): Piece {
    const { reading } = this;
    const frame = packet.bytes.slice(packet.start, packet.end);
    const { l3, data, offset, length } = reading;
    return { frame, tag, l3: l3 - packet.start, data: data - packet.start, offset, length };
  }

  private drop(datagram: Datagram, reason: 'expired' | 'crowded' | 'overlapped'): void {
    this.counters[reason] += datagram.pieces.length;
    const { counters } = datagram.family === 4 ? this.ipv4 : this.ipv6;
    counters[reason === 'crowded' ? 'purged' : reason] += datagram.pieces.length;
    this.counters.held -= datagram.pieces.length;
    datagram.pieces.length = 0;
    this.datagrams.delete(datagram.key);
  }

  /** Drops what took too long. */
  expire(now_ms: number): void {
    for (const datagram of this.datagrams.values()) {
      if (datagram.began_ms + HOLD_MS > now_ms) return;
      this.drop(datagram, 'expired');
    }
  }
}
