/**
 * The verdict: what a parsed packet is to the stored connections, and what should become of them. Pure: nothing stored
 * changes here, so that trace may ask too. apply (in tracker.ts) does what the verdict says.
 */

import type { Packet } from '../packet/packet.js';
import type { Connections } from './connections.js';
import { ANSWERED, datagramTimeout, FIRST, nextDatagramState } from './datagram.js';
import type { Expectation } from './expectations.js';
import type { SequenceShifts } from './helpers/shifts.js';
import type { Parsed } from './parse.js';
import { why } from './reasons.js';
import { FTP, RELATED, STATE } from './record.js';
import type { CtRequest, Prior } from './request.js';
import {
  Association,
  advanceSctp,
  beginSctp,
  SCTP_INVALID,
  SCTP_OPENS,
  SCTP_OVER,
  SctpPacket,
  sctpTimeout,
} from './sctp/machine.js';
import { loadAssociation } from './sctp/record.js';
import { NOT_LOOKED } from './standing.js';
import { CS_DNAT, CS_EST, CS_INV, CS_NEW, CS_REL, CS_RPL, CS_SNAT, CS_TRK, PROTO_SCTP, PROTO_TCP } from './states.js';
import {
  advance,
  begin,
  mayBegin,
  TCP_ACCEPTED,
  TCP_INVALID,
  TCP_LOOSE,
  TCP_OPENS,
  TCP_OVER,
  TcpPeer,
  timeoutOf,
} from './tcp/machine.js';
import { loadPeer } from './tcp/record.js';
import { impossible, TcpSegment } from './tcp/segment.js';
import { timeout } from './timeouts.js';

export class Verdict {
  /** ct_state. */
  state = 0;
  why: number = why.none;
  /** The stored connection that the packet belongs to or is about, or -1. */
  slot = -1;
  /** The connection's SNAT, DNAT, RELATED, FTP and TFTP. */
  flags = 0;
  /** The packet runs against the connection's original direction. */
  reply = false;
  /** The packet begins a connection, which a commit stores. */
  begins = false;
  /** A stored connection that is over, or -1. */
  ends = -1;
  /** Index of the timeout that starts again, or -1. */
  timeout = -1;
  /** The protocol's states of the connection differ from what is stored: its side of the record has to be written. */
  advances = false;
  /** A state that people see turns into another. */
  turns = false;
  /** What is to be written: a datagram's state, or TCP's two sides. */
  datagramState = FIRST;
  readonly creator = new TcpPeer();
  readonly peer = new TcpPeer();
  readonly segment = new TcpSegment();
  readonly association = new Association();
  private readonly sctp = new SctpPacket();
  /** What announced the connection that the packet begins, or null. */
  expected: Expectation | null = null;

  /** @param shifts how FTP's rewritten texts moved sequence numbers: windows are held in the senders' */
  constructor(private readonly shifts: SequenceShifts) {}

  /** The packet is invalid; nothing else is judged. */
  refuse(reason: number): void {
    this.slot = -1;
    this.reply = false;
    this.ends = -1;
    this.invalid(reason);
  }

  private invalid(reason: number): void {
    this.state = CS_INV | CS_TRK;
    this.why = reason;
    this.begins = false;
  }

  /**
   * Judges a packet. `prior` is what is known of it in this zone, or null; `found` what `connections` has found for its
   * tuple, or NOT_LOOKED.
   */
  judge(
    packet: Packet,
    parsed: Parsed,
    request: CtRequest,
    prior: Prior | null,
    connections: Connections,
    checks: boolean,
    now_ms: number,
    found = NOT_LOOKED,
  ): void {
    this.slot = -1;
    this.reply = false;
    this.begins = false;
    this.ends = -1;
    this.timeout = -1;
    this.advances = false;
    this.turns = false;
    this.expected = null;
    if (parsed.why !== why.none) {
      this.invalid(parsed.why);
      return;
    }
    let reason: number = why.no_connection;
    const translated = prior !== null && (prior.state & (CS_SNAT | CS_DNAT)) !== 0;
    let slot = translated
      ? findTranslated(parsed, request, prior, connections, now_ms)
      : found === NOT_LOOKED
        ? connections.find(parsed.tuple, now_ms)
        : found;
    if (slot >= 0 && request.force && connections.reply) {
      this.ends = slot;
      slot = -1;
      reason = why.forced;
    }
    if (!parsed.related) {
      if (parsed.tuple.proto === PROTO_TCP) this.segment.read(packet.bytes, parsed.l4, parsed.end);
      else if (parsed.tuple.proto === PROTO_SCTP) this.sctp.read(packet.bytes, parsed.l4, parsed.end);
    }
    if (slot >= 0) {
      this.slot = slot;
      this.reply = connections.reply;
      this.flags = connections.flags(slot);
      if (this.flags & FTP && this.shifts.has(slot)) this.unshift(slot, translated);
      if (parsed.related) this.relate();
      else if (parsed.tuple.proto === PROTO_TCP) this.judgeTcp(connections, checks);
      else if (parsed.tuple.proto === PROTO_SCTP) this.judgeSctp(connections);
      else this.judgeDatagram(parsed, connections);
      if (this.ends < 0) {
        if (this.flags & RELATED && (this.state & CS_INV) === 0) this.state |= CS_REL;
        return;
      }
      this.slot = -1;
      this.reply = false;
      reason = why.begins_again;
    }
    this.judgeNew(parsed, reason);
  }

  /** The numbers of a segment as its sender and the side that it acknowledges wrote them. */
  private unshift(slot: number, translated: boolean): void {
    const { segment, shifts, reply } = this;
    if (translated) segment.seq = shifts.sent(slot, reply, segment.seq);
    else segment.ack = shifts.acknowledged(slot, reply, segment.ack);
  }

  /** An ICMP error about a stored connection: no timer moves. */
  private relate(): void {
    this.state = CS_TRK | CS_REL | (this.reply ? CS_RPL : 0);
    this.why = why.related_error;
  }

  private judgeDatagram(parsed: Parsed, connections: Connections): void {
    const { family, proto } = parsed.tuple;
    const before = connections.word(this.slot, STATE);
    this.datagramState = nextDatagramState(before, this.reply);
    this.advances = this.datagramState !== before;
    this.turns = this.advances;
    this.timeout = datagramTimeout(family, proto, this.datagramState);
    this.state = CS_TRK | (this.datagramState !== ANSWERED ? CS_NEW : this.reply ? CS_EST | CS_RPL : CS_EST);
    this.why = why.found;
  }

  private judgeTcp(connections: Connections, checks: boolean): void {
    const { creator, peer, segment, reply } = this;
    loadPeer(connections, this.slot, 0, creator);
    loadPeer(connections, this.slot, 1, peer);
    if (impossible(segment.flags)) {
      this.invalid(why.tcp_flags);
      return;
    }
    const stateBefore = creator.state;
    const peerStateBefore = peer.state;
    const outcome = reply ? advance(peer, creator, segment, checks) : advance(creator, peer, segment, checks);
    this.advances = true;
    this.turns = creator.state !== stateBefore || peer.state !== peerStateBefore;
    switch (outcome) {
      case TCP_ACCEPTED:
        this.timeout = timeoutOf(creator, peer);
        this.state = CS_TRK | CS_EST | (reply ? CS_RPL : 0);
        this.why = why.found;
        break;
      case TCP_LOOSE:
        this.state = CS_TRK | CS_EST | (reply ? CS_RPL : 0);
        this.why = why.tcp_loose;
        break;
      case TCP_OPENS:
        this.timeout = timeout.tcp_syn_sent;
        this.state = CS_TRK | CS_NEW;
        this.why = why.found;
        break;
      case TCP_OVER:
        this.ends = this.slot;
        break;
      case TCP_INVALID:
        this.advances = false;
        this.turns = false;
        this.invalid(why.tcp_window);
    }
  }

  private judgeSctp(connections: Connections): void {
    const { association, sctp, reply } = this;
    loadAssociation(connections, this.slot, association);
    const before = association.state;
    const outcome = advanceSctp(association, sctp, reply);
    if (outcome === SCTP_INVALID) {
      this.invalid(why.sctp_tag);
      return;
    }
    if (outcome === SCTP_OVER) {
      this.ends = this.slot;
      return;
    }
    this.advances = true;
    this.turns = association.state !== before;
    this.timeout = sctpTimeout(association.state);
    this.state = CS_TRK | (outcome === SCTP_OPENS ? CS_NEW : reply ? CS_EST | CS_RPL : CS_EST);
    this.why = why.found;
  }

  /** No stored connection: the packet may begin one, if its protocol lets it. */
  private judgeNew(parsed: Parsed, reason: number): void {
    const refused = this.whyNotNew(parsed);
    if (refused !== why.none) {
      this.invalid(refused);
      return;
    }
    const { family, proto } = parsed.tuple;
    if (proto === PROTO_TCP) {
      begin(this.creator, this.peer, this.segment);
      this.timeout = timeout.tcp_syn_sent;
    } else if (proto === PROTO_SCTP) {
      this.timeout = sctpTimeout(this.association.state);
    } else {
      this.datagramState = FIRST;
      this.timeout = datagramTimeout(family, proto, FIRST);
    }
    this.state = CS_TRK | CS_NEW;
    this.why = reason;
    this.begins = true;
  }

  private whyNotNew(parsed: Parsed): number {
    if (parsed.related) return why.unrelated_error;
    if (parsed.tuple.proto === PROTO_SCTP) return beginSctp(this.association, this.sctp) ? why.none : why.sctp_tag;
    if (parsed.tuple.proto !== PROTO_TCP) return parsed.begins ? why.none : why.answer_without_query;
    if (impossible(this.segment.flags)) return why.tcp_flags;
    return mayBegin(this.segment) ? why.none : why.syn_ack_begins;
  }
}

/**
 * The connection of a packet that was translated in this zone before: it is known by the reverse of what the headers
 * are now. The packet's tuple becomes the one it came with. Where the headers were set to something else since, and no
 * translation is asked for, the packet stays with its connection.
 */
function findTranslated(
  parsed: Parsed,
  request: CtRequest,
  prior: Prior,
  connections: Connections,
  now_ms: number,
): number {
  const { tuple } = parsed;
  tuple.reverse();
  const slot = connections.find(tuple, now_ms);
  if (slot >= 0) {
    connections.reply = !connections.reply;
    if (connections.reply) connections.replyOf(slot, tuple);
    else connections.original(slot, tuple);
    return slot;
  }
  tuple.reverse();
  const other = connections.find(tuple, now_ms);
  const lives = prior.connection >= 0 && connections.is(prior.connection, prior.serial, now_ms);
  if (request.nat !== null || !lives) return other;
  connections.reply = prior.reply;
  return prior.connection;
}
