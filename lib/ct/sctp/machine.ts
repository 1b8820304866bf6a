/**
 * The SCTP machine: what a packet means for an association, and what becomes of it. Pure, as TCP's: it is written for
 * the direction that began, and is told which way a packet runs. States are those of RFC 9260 §4 as they are seen from
 * outside; what protects an association from strangers is its verification tags (§8.5): each side's packets carry the
 * tag that the other side chose in INIT or INIT ACK.
 */
import { timeout } from '../timeouts.js';

/** States, as Open vSwitch's dump names them. */
export const SCTP_STATES = [
  'CLOSED',
  'COOKIE_WAIT',
  'COOKIE_ECHOED',
  'ESTABLISHED',
  'SHUTDOWN_SENT',
  'SHUTDOWN_RECD',
  'SHUTDOWN_ACK_SENT',
] as const;
export const SCTP_CLOSED = 0;
const COOKIE_WAIT = 1;
const COOKIE_ECHOED = 2;
const ESTABLISHED = 3;
const SHUTDOWN_SENT = 4;
const SHUTDOWN_RECD = 5;
const SHUTDOWN_ACK_SENT = 6;

/** Types of the chunks that matter (RFC 9260 §3.2). */
export const CHUNK = {
  init: 1,
  initAck: 2,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
} as const;

/** The times of a state; there are no names of SCTP's own, and its states live as long as TCP's do. */
const TIMEOUTS = [
  timeout.tcp_close,
  timeout.tcp_syn_sent,
  timeout.tcp_syn_recv,
  timeout.tcp_established,
  timeout.tcp_fin_wait,
  timeout.tcp_fin_wait,
  timeout.tcp_time_wait,
];

/** The timeout of a state. */
export function sctpTimeout(state: number): number {
  return TIMEOUTS[state];
}

/** What is read of a packet: its tag, and its first chunk. One reused object. */
export class SctpPacket {
  tag = 0;
  chunk = 0;
  /** The chunk's T bit: the tag is the sender's own, for it has forgotten the other (RFC 9260 §8.5.1). */
  reflected = false;
  /** The tag that INIT or INIT ACK chooses. */
  chosen = 0;
  /** INIT, INIT ACK and SHUTDOWN COMPLETE stand alone. */
  alone = false;

  /** Reads the header at `l4` of a packet that ends at `end`, at least 16 bytes. */
  read(bytes: Uint8Array, l4: number, end: number): this {
    this.tag = get32(bytes, l4 + 4);
    this.chunk = bytes[l4 + 12];
    this.reflected = (bytes[l4 + 13] & 1) !== 0;
    const length = (bytes[l4 + 14] << 8) | bytes[l4 + 15];
    this.alone = l4 + 12 + ((length + 3) & ~3) >= end;
    const chooses = this.chunk === CHUNK.init || this.chunk === CHUNK.initAck;
    this.chosen = chooses && length >= 20 && l4 + 20 <= end ? get32(bytes, l4 + 16) : 0;
    return this;
  }
}

function get32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** An association as it is stored: five words. */
export class Association {
  state = SCTP_CLOSED;
  /** Tags of packets in the original direction, and in the reply's; 0: not known yet. */
  tag = 0;
  replyTag = 0;
  /** Tags that a new INIT in a living association began to agree on; its COOKIE ACK makes them count. */
  nextTag = 0;
  nextReplyTag = 0;
}

/** What `advanceSctp` found. */
export const SCTP_INVALID = 0;
/** The association is over, and the packet begins another. */
export const SCTP_OVER = 1;
/** INIT again, before any answer: still new. */
export const SCTP_OPENS = 2;
export const SCTP_ACCEPTED = 3;

/** Chunks that answer, and so begin nothing. */
const ANSWERS = new Set<number>([
  CHUNK.initAck,
  CHUNK.cookieAck,
  CHUNK.shutdownAck,
  CHUNK.shutdownComplete,
  CHUNK.abort,
]);

/** The association that a packet begins; false if it may not: an answer, or INIT with a tag or in company. */
export function beginSctp(a: Association, p: SctpPacket): boolean {
  if (ANSWERS.has(p.chunk) || !isInitWhole(p)) return false;
  a.nextTag = 0;
  a.nextReplyTag = 0;
  if (p.chunk === CHUNK.init) {
    a.state = COOKIE_WAIT;
    a.tag = 0;
    a.replyTag = p.chosen;
  } else {
    // Picked up in the middle: established as soon as the other side answers.
    a.state = COOKIE_ECHOED;
    a.tag = p.tag;
    a.replyTag = 0;
  }
  return p.chunk === CHUNK.init || p.tag !== 0;
}

/** INIT stands alone, without a tag, and chooses one. */
function isInitWhole(p: SctpPacket): boolean {
  return p.chunk !== CHUNK.init || (p.tag === 0 && p.chosen !== 0 && p.alone);
}

/** Advances an association by a packet. Where it gives SCTP_INVALID nothing has changed. */
export function advanceSctp(a: Association, p: SctpPacket, reply: boolean): number {
  if (p.chunk === CHUNK.init) return advanceInit(a, p, reply);
  if (p.chunk === CHUNK.initAck) return advanceInitAck(a, p, reply);
  if (isNext(a, p, reply)) {
    if (p.chunk === CHUNK.cookieAck) {
      a.tag = a.nextTag;
      a.replyTag = a.nextReplyTag;
      a.nextTag = 0;
      a.nextReplyTag = 0;
      a.state = ESTABLISHED;
    }
    return SCTP_ACCEPTED;
  }
  if (!isTagRight(a, p, reply)) return SCTP_INVALID;
  if (a.state === COOKIE_WAIT && p.chunk !== CHUNK.cookieEcho && p.chunk !== CHUNK.abort) return SCTP_INVALID;
  if (reply && a.replyTag === 0) a.replyTag = p.tag;
  switch (p.chunk) {
    case CHUNK.cookieEcho:
      if (a.state === COOKIE_WAIT) a.state = COOKIE_ECHOED;
      break;
    case CHUNK.shutdown:
      if (a.state === ESTABLISHED || a.state === COOKIE_ECHOED) a.state = reply ? SHUTDOWN_RECD : SHUTDOWN_SENT;
      break;
    case CHUNK.shutdownAck:
      if (a.state !== SCTP_CLOSED) a.state = SHUTDOWN_ACK_SENT;
      break;
    case CHUNK.abort:
    case CHUNK.shutdownComplete:
      a.state = SCTP_CLOSED;
      break;
    default:
      if (reply && a.state === COOKIE_ECHOED) a.state = ESTABLISHED;
  }
  return SCTP_ACCEPTED;
}

/** INIT: the first again, one after the end, or a restart, which changes nothing before both sides agree. */
function advanceInit(a: Association, p: SctpPacket, reply: boolean): number {
  if (!isInitWhole(p)) return SCTP_INVALID;
  if (a.state === SCTP_CLOSED) return SCTP_OVER;
  if (a.state === COOKIE_WAIT && !reply) {
    a.replyTag = p.chosen;
    return SCTP_OPENS;
  }
  a.nextTag = reply ? p.chosen : 0;
  a.nextReplyTag = reply ? 0 : p.chosen;
  return SCTP_ACCEPTED;
}

/** INIT ACK carries the tag that INIT chose, and chooses that of the other direction. */
function advanceInitAck(a: Association, p: SctpPacket, reply: boolean): number {
  if (p.chosen === 0 || !p.alone) return SCTP_INVALID;
  if (a.state === COOKIE_WAIT && reply && p.tag === a.replyTag) {
    a.tag = p.chosen;
    return SCTP_ACCEPTED;
  }
  const next = reply ? a.nextReplyTag : a.nextTag;
  if (next === 0 || p.tag !== next) return SCTP_INVALID;
  if (reply) a.nextTag = p.chosen;
  else a.nextReplyTag = p.chosen;
  return SCTP_ACCEPTED;
}

/** COOKIE ECHO and COOKIE ACK with the tags of a restart. */
function isNext(a: Association, p: SctpPacket, reply: boolean): boolean {
  if (a.nextTag === 0 || a.nextReplyTag === 0) return false;
  if (p.chunk !== CHUNK.cookieEcho && p.chunk !== CHUNK.cookieAck) return false;
  return p.tag === (reply ? a.nextReplyTag : a.nextTag);
}

function isTagRight(a: Association, p: SctpPacket, reply: boolean): boolean {
  const own = reply ? a.replyTag : a.tag;
  const other = reply ? a.tag : a.replyTag;
  const mayReflect = p.chunk === CHUNK.abort || p.chunk === CHUNK.shutdownComplete;
  if (p.reflected && mayReflect) return p.tag === other;
  // A side that was not heard of before says its tag with its first packet.
  return own === 0 ? reply && p.tag !== 0 : p.tag === own;
}
