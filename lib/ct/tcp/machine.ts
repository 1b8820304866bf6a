/**
 * The TCP machine: what a segment means for a connection, and what becomes of its two sides. A pure function of both
 * sides and the segment; it is written for one direction, and the caller swaps the sides for the other. It knows no
 * table, no clock and no packet.
 *
 * Each side has a state of RFC 9293, told from what the other side was seen to acknowledge, and the window arithmetic
 * of Guido van Rooij ("Real stateful TCP packet filtering in IP Filter"): `seqlo`, the highest sequence number it
 * sent; `seqhi`, the highest that the other side allows it; and the largest window it announced. Numbers, order of
 * the checks and the loose rule are those of Open vSwitch's userspace datapath.
 */

import { timeout } from '../timeouts.js';
import { ACK, FIN, MAX_SCALE, RST, SYN, type TcpSegment } from './segment.js';
import { after, atLeast, distance, plus } from './sequence.js';

/**
 * States of a side, in the order that comparisons rely on. In use: CLOSED, SYN_SENT, ESTABLISHED, CLOSING,
 * FIN_WAIT_2, TIME_WAIT.
 */
export const TCP_STATES = [
  'CLOSED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'CLOSE_WAIT',
  'FIN_WAIT_1',
  'CLOSING',
  'LAST_ACK',
  'FIN_WAIT_2',
  'TIME_WAIT',
] as const;
export const CLOSED = 0;
export const SYN_SENT = 2;
export const SYN_RECV = 3;
export const ESTABLISHED = 4;
export const CLOSING = 7;
export const FIN_WAIT_2 = 9;
export const TIME_WAIT = 10;

/**
 * How windows of a side are scaled: not (no option seen), by `scale`, or nobody knows (the connection was picked up
 * in the middle).
 */
export const UNSCALED = 0;
export const SCALED = 1;
export const UNKNOWN_SCALE = 2;

/**
 * How far outside the window a segment may lie where anything is tolerated: the largest unscaled window and one
 * Ethernet frame.
 */
export const TOLERANCE = 0xffff + 1500;

/** One side of a connection. */
export class TcpPeer {
  state = CLOSED;
  seqlo = 0;
  seqhi = 0;
  /** 16 bits, before scaling. */
  window = 0;
  scaling = UNSCALED;
  scale = 0;

  copy(from: TcpPeer): void {
    this.state = from.state;
    this.seqlo = from.seqlo;
    this.seqhi = from.seqhi;
    this.window = from.window;
    this.scaling = from.scaling;
    this.scale = from.scale;
  }
}

/** What `advance` found. */
export const TCP_INVALID = 0;
/** The connection is over, and the segment begins another. */
export const TCP_OVER = 1;
/** A bare SYN from a side that has not gone beyond its SYN: still new. */
export const TCP_OPENS = 2;
export const TCP_ACCEPTED = 3;
/** Outside the window, tolerated; no timer moves. */
export const TCP_LOOSE = 4;

/** True if `segment`, whose flags are possible, may begin a connection. */
export function mayBegin(segment: TcpSegment): boolean {
  return (segment.flags & (SYN | ACK)) !== (SYN | ACK);
}

/** The sides of a connection that `segment` begins. */
export function begin(creator: TcpPeer, peer: TcpPeer, segment: TcpSegment): void {
  const { flags } = segment;
  creator.state = SYN_SENT;
  creator.seqlo = segment.seq;
  creator.seqhi = plus(segment.seq, segment.length + 1 + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0));
  creator.window = Math.max(segment.window, 1);
  setScale(creator, segment.scale);
  if (creator.scaling === SCALED) creator.window = unscaled(creator.window, creator.scale);
  peer.state = CLOSED;
  peer.seqlo = 0;
  peer.seqhi = 1;
  peer.window = 1;
  peer.scaling = UNSCALED;
  peer.scale = 0;
  if ((flags & SYN) === 0) {
    creator.scaling = UNKNOWN_SCALE;
    peer.scaling = UNKNOWN_SCALE;
  }
}

/** A segment as the window arithmetic takes it: one reused object. */
class Reading {
  seq = 0;
  end = 0;
  ack = 0;
  window = 0;
  /** Scales of the sender's and the receiver's windows. */
  srcScale = 0;
  dstScale = 0;
  /** The acknowledgement has to lie near what the receiver sent. */
  checkSkew = true;
}
const reading = new Reading();

/**
 * Advances the sides by a segment of `src`, whose flags are possible. Where it gives TCP_INVALID the sides mean
 * nothing: keep what was before.
 */
export function advance(src: TcpPeer, dst: TcpPeer, segment: TcpSegment, checks: boolean): number {
  const { flags } = segment;
  if ((flags & (SYN | ACK)) === SYN) {
    if (src.state >= FIN_WAIT_2 && dst.state >= FIN_WAIT_2) return TCP_OVER;
    if (src.state <= SYN_SENT) {
      src.state = SYN_SENT;
      return TCP_OPENS;
    }
  }
  read(segment, src, dst);
  if (src.state < SYN_SENT) openSide(src, dst, segment);
  readAcknowledgement(segment, dst);
  if (reading.seq === reading.end) {
    // Without data any place will do.
    reading.seq = src.seqlo;
    reading.end = src.seqlo;
  }
  if (!checks || inWindow(src, dst, segment)) {
    slide(src, dst);
    if (flags & FIN && src.state < CLOSING) src.state = CLOSING;
    if (flags & ACK) {
      if (dst.state === SYN_SENT) dst.state = ESTABLISHED;
      else if (dst.state === CLOSING) dst.state = FIN_WAIT_2;
    }
    if (flags & RST) reset(src, dst);
    return TCP_ACCEPTED;
  }
  if (!isTolerated(src, dst)) return TCP_INVALID;
  slide(src, dst);
  if (flags & FIN && src.state < CLOSING) src.state = CLOSING;
  if (flags & RST) reset(src, dst);
  return TCP_LOOSE;
}

/** The scale of a window of `of`: none in SYNs; else it counts only where both sides have one, or nobody knows. */
export function windowScale(of: TcpPeer, other: TcpPeer, segment: TcpSegment): number {
  if (segment.flags & SYN || of.scaling !== other.scaling) return 0;
  return of.scaling === SCALED ? of.scale : of.scaling === UNKNOWN_SCALE ? MAX_SCALE : 0;
}

/** Sequence numbers and scales. */
function read(segment: TcpSegment, src: TcpPeer, dst: TcpPeer): void {
  const { flags } = segment;
  reading.seq = segment.seq;
  reading.end = plus(segment.seq, segment.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0));
  reading.window = segment.window;
  reading.srcScale = windowScale(src, dst, segment);
  reading.dstScale = windowScale(dst, src, segment);
  reading.checkSkew = true;
}

/**
 * The side's first segment: where its numbers begin. If they move seqhi, its acknowledgement isn't held against it.
 */
function openSide(src: TcpPeer, dst: TcpPeer, segment: TcpSegment): void {
  if (segment.flags & SYN && dst.scaling === SCALED) {
    setScale(src, segment.scale);
    if (src.scaling === SCALED) {
      reading.srcScale = src.scale;
      reading.dstScale = dst.scale;
      reading.window = unscaled(reading.window, src.scale);
    } else {
      // Scaling needs both: what the other side announced counts as it stands.
      dst.window = (dst.window << dst.scale) & 0xffff;
      setScale(dst, -1);
    }
  }
  src.state = SYN_SENT;
  src.seqlo = reading.seq;
  const allowed = plus(reading.end, Math.max(1, dst.window << reading.dstScale));
  if (src.seqhi === 1 || atLeast(allowed, src.seqhi)) {
    src.seqhi = allowed;
    reading.checkSkew = false;
  }
  src.window = Math.max(src.window, reading.window);
}

/** A segment without ACK, or a RST+ACK of 0 as some stacks send it, acknowledges nothing. */
function readAcknowledgement(segment: TcpSegment, dst: TcpPeer): void {
  const nothing = (segment.flags & ACK) === 0 || (segment.ack === 0 && (segment.flags & RST) !== 0);
  reading.ack = nothing ? dst.seqlo : segment.ack;
}

/** Inside what the receiver allows, at most one window back, acknowledging something near; a RST at the very edge. */
function inWindow(src: TcpPeer, dst: TcpPeer, segment: TcpSegment): boolean {
  const { seq, end, ack, srcScale, dstScale, checkSkew } = reading;
  const skew = checkSkew ? distance(dst.seqlo, ack) : 0;
  return (
    atLeast(src.seqhi, end) &&
    atLeast(seq, plus(src.seqlo, -(dst.window << dstScale))) &&
    skew >= -TOLERANCE &&
    skew <= TOLERANCE << srcScale &&
    ((segment.flags & RST) === 0 || Math.abs(distance(segment.seq, src.seqlo)) <= 1)
  );
}

/**
 * Near the window of a connection whose other side is still silent, or which is closing: SYNs sent before the answer,
 * streams picked up in the middle, stragglers. A flood passes here too, so no timer moves.
 */
function isTolerated(src: TcpPeer, dst: TcpPeer): boolean {
  if (dst.state >= SYN_SENT && dst.state < FIN_WAIT_2 && src.state < FIN_WAIT_2) return false;
  return atLeast(plus(src.seqhi, TOLERANCE), reading.end) && atLeast(reading.seq, plus(src.seqlo, -TOLERANCE));
}

/** The timeout that the sides' states ask for after an accepted segment: tried in this order. */
export function timeoutOf(a: TcpPeer, b: TcpPeer): number {
  if (a.state >= FIN_WAIT_2 && b.state >= FIN_WAIT_2) return timeout.tcp_close;
  if (a.state >= CLOSING && b.state >= CLOSING) return timeout.tcp_time_wait;
  if (a.state < ESTABLISHED || b.state < ESTABLISHED) return timeout.tcp_syn_recv;
  if (a.state >= CLOSING || b.state >= CLOSING) return timeout.tcp_fin_wait;
  return timeout.tcp_established;
}

/** The segment's window, its end and what it acknowledges become part of the two windows. */
function slide(src: TcpPeer, dst: TcpPeer): void {
  const { end, ack, window, srcScale } = reading;
  src.window = Math.max(src.window, window);
  if (after(end, src.seqlo)) src.seqlo = end;
  const scaled = window << srcScale;
  if (atLeast(plus(ack, scaled), dst.seqhi)) dst.seqhi = plus(ack, Math.max(scaled, 1));
}

function reset(src: TcpPeer, dst: TcpPeer): void {
  src.state = TIME_WAIT;
  dst.state = TIME_WAIT;
}

/** `scale` of a SYN's option, -1: it had none. */
function setScale(peer: TcpPeer, scale: number): void {
  peer.scaling = scale < 0 ? UNSCALED : SCALED;
  peer.scale = Math.max(scale, 0);
}

/** The window of a SYN, which isn't scaled, in the units of later ones; rounded up. */
function unscaled(window: number, scale: number): number {
  return (window + (1 << scale) - 1) >> scale;
}
