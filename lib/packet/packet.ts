/**
 * The frame in hand: one reused object that points into bytes which belong to a port until the end of its batch, with
 * the layer offsets that extraction found. Steps that make the frame longer grow it to the front where there is room,
 * and move it to the packet's own memory where there isn't.
 */

/** Room kept before a frame that the packet holds itself, in bytes. */
export const HEADROOM = 128;
/** The longest frame handled, in bytes. */
export const MAX_FRAME = 65536 + 256;
/** Up to so many bytes a loop copies faster than a view of them is made. */
const COPIED_BY_LOOP = 256;

export class Packet {
  bytes: Uint8Array;
  start = 0;
  end = 0;
  /** The lowest offset that a longer frame may begin at; what stands before it belongs to others. */
  floor = 0;
  /** Offset of the EtherType that names the L3 header (behind all VLAN tags, or SNAP's); -1 in a frame without one. */
  typeAt = -1;
  /** Offset of the L3 header (MPLS, IP, ARP …), or -1. */
  l3 = -1;
  /** End of what the IP header says is the datagram: Ethernet padding lies behind it. */
  l3End = 0;
  /** The protocol behind IPv6's extension headers. */
  proto6 = 0;
  /** A routing header of IPv6 has segments left: the destination isn't the last. */
  routed = false;
  /** Offset of the byte that names the protocol behind IP's headers, or -1. */
  protoAt = -1;
  /** Offset of the L4 header, or -1: no IP, not the first fragment, or cut off. */
  l4 = -1;
  /** Bytes were changed since the key was extracted, as far as whoever changes them says so. */
  changed = false;
  /** Bytes of a header of zeros in front, which stands for none (encapsulation.ts). */
  bare = 0;
  private own: Uint8Array | null = null;

  constructor() {
    this.bytes = new Uint8Array(0);
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Points at a frame without copying it, which may grow by `room` bytes to the front. */
  attach(bytes: Uint8Array, start = 0, end = bytes.length, room = 0): this {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.floor = start - room;
    this.bare = 0;
    return this;
  }

  /** Copies a frame into the packet's own memory, where it has `least` bytes at least. */
  load(bytes: Uint8Array, start = 0, end = bytes.length, least = 0): this {
    const length = end - start;
    const size = HEADROOM + Math.max(length, least);
    if (this.own === null || this.own.length < size) this.own = new Uint8Array(Math.max(2048, size + 256));
    const { own } = this;
    if (bytes === own) own.copyWithin(HEADROOM, start, end);
    else if (length > COPIED_BY_LOOP) own.set(bytes.subarray(start, end), HEADROOM);
    else for (let from = start, to = HEADROOM; from < end; from++, to++) own[to] = bytes[from];
    return this.attach(own, HEADROOM, HEADROOM + length, HEADROOM);
  }

  /** Copies the frame into memory of its own, with room for longer headers than usual before it. */
  private loadBehind(room: number): void {
    const { bytes, start, end } = this;
    this.own = new Uint8Array(room + end - start);
    this.own.set(bytes.subarray(start, end), room);
    this.attach(this.own, room, this.own.length, room);
  }

  /** Copies another packet, offsets too. */
  copy(from: Packet): this {
    this.load(from.bytes, from.start, from.end);
    const shift = this.start - from.start;
    this.typeAt = from.typeAt < 0 ? -1 : from.typeAt + shift;
    this.l3 = from.l3 < 0 ? -1 : from.l3 + shift;
    this.l3End = from.l3End + shift;
    this.proto6 = from.proto6;
    this.routed = from.routed;
    this.protoAt = from.protoAt < 0 ? -1 : from.protoAt + shift;
    this.l4 = from.l4 < 0 ? -1 : from.l4 + shift;
    this.changed = from.changed;
    this.bare = from.bare;
    return this;
  }

  /** Opens a gap of `n` bytes at offset `at`, moving what stands before it to the front. */
  insert(at: number, n: number): void {
    if (this.start - this.floor < n) {
      const { start: before, bare } = this;
      if (n > HEADROOM) this.loadBehind(n);
      else this.load(this.bytes, this.start, this.end);
      at += this.start - before;
      this.shift(this.start - before);
      this.bare = bare;
    }
    this.bytes.copyWithin(this.start - n, this.start, at);
    this.start -= n;
  }

  /**
   * Puts other bytes in the place of `removed` bytes at offset `at`, behind the headers; what follows moves. The frame
   * is the packet's own afterwards.
   */
  splice(at: number, removed: number, inserted: Uint8Array): void {
    const { bytes, start, end } = this;
    const grown = inserted.length - removed;
    const own = new Uint8Array(HEADROOM + end - start + grown);
    const moved = HEADROOM - start;
    own.set(bytes.subarray(start, at), HEADROOM);
    own.set(inserted, at + moved);
    own.set(bytes.subarray(at + removed, end), at + moved + inserted.length);
    this.own = own;
    const { bare } = this;
    this.attach(own, HEADROOM, own.length, HEADROOM);
    this.bare = bare;
    this.shift(moved);
    this.l3End += grown;
  }

  /** Takes `n` bytes out at offset `at`, moving what stands before it to the back. */
  remove(at: number, n: number): void {
    this.bytes.copyWithin(this.start + n, this.start, at);
    this.start += n;
  }

  private shift(by: number): void {
    if (this.typeAt >= 0) this.typeAt += by;
    if (this.l3 >= 0) this.l3 += by;
    this.l3End += by;
    if (this.l4 >= 0) this.l4 += by;
    if (this.protoAt >= 0) this.protoAt += by;
  }

  /** Makes a frame `length` bytes long with zeros behind it, in the packet's own memory: padding. */
  pad(length: number): void {
    const { start, end, bare } = this;
    this.load(this.bytes, start, end, length);
    this.bare = bare;
    this.shift(this.start - start);
    if (this.l3End > this.end) this.l3End = this.end;
    this.bytes.fill(0, this.end, this.start + length);
    this.end = this.start + length;
  }

  /** A copy of the frame. */
  frame(): Uint8Array {
    return this.bytes.slice(this.start, this.end);
  }
}
