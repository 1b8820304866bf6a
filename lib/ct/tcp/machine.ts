/**
 * The TCP machine: what a segment means for a connection, and what becomes of its two sides. A pure function of both sides and
 * the segment; it is written for one direction, and the caller swaps the sides for the other. It knows no table, no clock
 * and no packet.
 *
 * Each side has a state of RFC 9293, told from what the other side was seen to acknowledge, and the window arithmetic of Guido
 * van Rooij ("Real stateful TCP packet filtering in IP Filter"): `seqlo`, the highest sequence number it sent; `seqhi`, the
 * highest that the other side allows it; and the largest window it announced. Numbers, order of the checks and the loose rule
 * are those of Open vSwitch's userspace datapath.
 */

import { timeout } from '../timeouts.js';
import { ACK, FIN, MAX_SCALE, RST, SYN, type TcpSegment } from './segment.js';
import { after, atLeast, distance, plus } from './sequence.js';

/** States of a side, in the order that comparisons rely on. In use: CLOSED, SYN_SENT, ESTABLISHED, CLOSING, FIN_WAIT_2, TIME_WAIT. */
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

/** How windows of a side are scaled: not (no option seen), by `scale`, or nobody knows (the connection was picked up in the middle). */
export const UNSCALED = 0;
export const SCALED = 1;
export const UNKNOWN_SCALE = 2;

/** How far outside the window a segment may lie where anything is tolerated: the largest unscaled window and one Ethernet frame. */
const TOLERANCE = 0xffff + 1500;

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

/** Advances the sides by a segment of `src`, whose flags are possible. Where it gives TCP_INVALID the sides mean nothing; keep what was before. */
export function advance(src: TcpPeer, dst: TcpPeer, segment: TcpSegment, checks: boolean): number {
  const { flags } = segment;
  if ((flags & (SYN | ACK)) === SYN) {
    if (src.state >= FIN_WAIT_2 && dst.state >= FIN_WAIT_2) return TCP_OVER;
    if (src.state <= SYN_SENT) {
      src.state = SYN_SENT;
      return TCP_OPENS;
    }
  }

  let window = segment.window;
  let srcScale = 0;
  let dstScale = 0;
  if ((flags & SYN) === 0) {
    if (src.scaling === SCALED && dst.scaling === SCALED) {
      srcScale = src.scale;
      dstScale = dst.scale;
    } else if (src.scaling === UNKNOWN_SCALE && dst.scaling === UNKNOWN_SCALE) {
      srcScale = MAX_SCALE;
      dstScale = MAX_SCALE;
    }
  }

  let seq = segment.seq;
  let end = plus(seq, segment.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0));
  let checkSkew = true;
  if (src.state < SYN_SENT) {
    // The side's first segment.
    if (flags & SYN && dst.scaling === SCALED) {
      setScale(src, segment.scale);
      if (src.scaling === SCALED) {
        srcScale = src.scale;
        dstScale = dst.scale;
        window = unscaled(window, srcScale);
      } else {
        // Scaling needs both: what the other side announced counts as it stands.
        dst.window = (dst.window << dst.scale) & 0xffff;
        setScale(dst, -1);
      }
    }
    src.seqlo = seq;
    src.state = SYN_SENT;
    const allowed = plus(end, Math.max(1, dst.window << dstScale));
    if (src.seqhi === 1 || atLeast(allowed, src.seqhi)) {
      src.seqhi = allowed;
      checkSkew = false;
    }
    src.window = Math.max(src.window, window);
  }

  // A segment without ACK, or a RST+ACK of 0 as some stacks send it, acknowledges nothing.
  const acknowledges = (flags & ACK) !== 0 && !(segment.ack === 0 && flags & RST);
  const ack = acknowledges ? segment.ack : dst.seqlo;
  if (seq === end) {
    seq = src.seqlo;
    end = seq;
  }
  const skew = checkSkew ? distance(dst.seqlo, ack) : 0;

  const inWindow =
    atLeast(src.seqhi, end) &&
    atLeast(seq, plus(src.seqlo, -(dst.window << dstScale))) &&
    skew >= -TOLERANCE &&
    skew <= TOLERANCE << srcScale &&
    ((flags & RST) === 0 || Math.abs(distance(segment.seq, src.seqlo)) <= 1);
  if (inWindow || !checks) {
    slide(src, dst, end, ack, window, srcScale);
    if (flags & FIN && src.state < CLOSING) src.state = CLOSING;
    if (flags & ACK) {
      if (dst.state === SYN_SENT) dst.state = ESTABLISHED;
      else if (dst.state === CLOSING) dst.state = FIN_WAIT_2;
    }
    if (flags & RST) reset(src, dst);
    return TCP_ACCEPTED;
  }

  const tolerant = dst.state < SYN_SENT || dst.state >= FIN_WAIT_2 || src.state >= FIN_WAIT_2;
  if (!tolerant || !atLeast(plus(src.seqhi, TOLERANCE), end) || !atLeast(seq, plus(src.seqlo, -TOLERANCE))) {
    return TCP_INVALID;
  }
  slide(src, dst, end, ack, window, srcScale);
  if (flags & FIN && src.state < CLOSING) src.state = CLOSING;
  if (flags & RST) reset(src, dst);
  return TCP_LOOSE;
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
function slide(src: TcpPeer, dst: TcpPeer, end: number, ack: number, window: number, srcScale: number): void {
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
