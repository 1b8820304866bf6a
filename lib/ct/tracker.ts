/**
 * The connection tracker: `process` = parse → find → verdict → apply. It has never heard of OpenFlow; the clock and
 * chance are handed in. Packets come with a request (a ct action) and what an earlier ct action found about them; the
 * answer is one reused object. Translation, helpers and fragments are not built.
 *
 * Facts: ovs-fields(7) for the fields, ovs-actions(7) for the action, Open vSwitch's userspace datapath for what they
 * leave open.
 */
import type { Log, Random } from '../bytes/index.js';
import { silent } from '../bytes/index.js';
import type { Packet } from '../packet/packet.js';
import { type Connection, type ConnectionTuple, describeConnection, encodeTuple } from './connection.js';
import { Connections, type EndReason, STATE } from './connections.js';
import { explain } from './explain.js';
import { type Filter, list, type Tally, tally } from './listing.js';
import { Parsed, parse } from './parse.js';
import { WHY_TEXT, why } from './reasons.js';
import { type CtRequest, CtResult, type Prior } from './request.js';
import { CS_INV, CS_TRK, PROTO_TCP } from './states.js';
import { storePeer } from './tcp/record.js';
import { TimeoutPolicies } from './timeouts.js';
import { isQuery, Tuple } from './tuple.js';
import { Verdict } from './verdict.js';
import { Zones } from './zones.js';

/** Connections stored in all zones together, unless another limit is given (Open vSwitch's). */
export const DEFAULT_LIMIT = 3_000_000;

export interface CtLimits {
  /** Connections in all zones together. */
  connections: number;
  /** Connections of a zone that has no limit of its own; 0: no limit. */
  zone: number;
}

/** What happened to a connection. */
export type CtEvent =
  | { type: 'new' | 'updated'; connection: Connection }
  | { type: 'destroyed'; why: EndReason; connection: Connection };

/** Which connections a flush ends; an empty one ends all. */
export interface Flush {
  zone?: number;
  tuple?: ConnectionTuple;
  mark?: number;
  markMask?: number;
  /** Four words as in the flow key. */
  label?: Uint32Array;
  labelMask?: Uint32Array;
}

const ALL_ONES = new Uint32Array(4).fill(0xffffffff);

export interface TrackerOptions {
  random: Random;
  limits?: Partial<CtLimits>;
  log?: Log;
}

/** What the tracker counted since its beginning. */
export interface CtCounters {
  /** Packets with a verdict of inv. */
  invalid: number;
  /** Connections stored. */
  committed: number;
  /** Commits that the limit of all zones, or of one, refused. */
  refused: number;
  refused_by_zone: number;
}

export class Tracker {
  readonly zones: Zones;
  readonly timeouts = new TimeoutPolicies();
  readonly connections: Connections;
  readonly counters: CtCounters = { invalid: 0, committed: 0, refused: 0, refused_by_zone: 0 };
  /** Connections in all zones together. */
  limit: number;
  /** TCP's sequence numbers are checked. */
  tcpSequenceChecks = true;
  /** Null: nobody listens, and nothing is made for it. */
  private listener: ((event: CtEvent) => void) | null = null;

  private readonly log: Log;
  private readonly parsed = new Parsed();
  private readonly verdict = new Verdict();
  private readonly result = new CtResult();
  private readonly tuple = new Tuple();
  private now_ms = 0;
  /** The last commit met the limit. */
  private full = false;

  constructor(options: TrackerOptions) {
    this.log = options.log ?? silent;
    this.limit = options.limits?.connections ?? DEFAULT_LIMIT;
    this.zones = new Zones(options.limits?.zone ?? 0);
    this.connections = new Connections(this.zones, options.random.u32() | 0);
  }

  /** Tracks a packet. The next call overwrites the result. `prior` is what an earlier ct action found, if any. */
  process(packet: Packet, request: CtRequest, now_ms: number, prior: Prior | null = null): CtResult {
    this.now_ms = now_ms;
    if (prior !== null && this.resume(prior, request, now_ms)) {
      const { state, connection } = this.result;
      // Nothing is written on behalf of an invalid packet, though it shows its connection's mark and label.
      if ((state & CS_INV) === 0 && this.write(connection, request)) {
        this.answerConnection(connection);
        this.tellUpdate(connection);
      }
      return this.result;
    }
    this.decide(packet, request, now_ms);
    this.apply(request, now_ms);
    return this.answer();
  }

  /** What `process` would answer; nothing changes. */
  look(packet: Packet, request: CtRequest, now_ms: number, prior: Prior | null = null): CtResult {
    if (prior !== null && this.resume(prior, request, now_ms)) return this.result;
    this.decide(packet, request, now_ms);
    const { verdict } = this;
    if (verdict.begins && request.commit) verdict.why = this.refusal(request.zone) || verdict.why;
    return this.answer();
  }

  /** Why `look` answers what it answers, in words with the numbers behind it; nothing changes. */
  explain(packet: Packet, request: CtRequest, now_ms: number, prior: Prior | null = null): string {
    const { why: reason } = this.look(packet, request, now_ms, prior);
    if (reason === why.stays_invalid || reason === why.found_before) return WHY_TEXT[reason];
    const { parsed, verdict, connections, zones, limit } = this;
    return explain({ parsed, verdict, connections, zones, limit, now_ms });
  }

  /**
   * A packet that was tracked before in the same zone keeps its state: an invalid one until ct_clear, another where
   * its connection was found and lives. True if so; the result is then complete. Another zone, or force, tracks it
   * anew.
   */
  private resume(prior: Prior, request: CtRequest, now_ms: number): boolean {
    const { result, connections } = this;
    if (prior.state === 0 || prior.zone !== request.zone || request.force) return false;
    const lives = prior.connection >= 0 && connections.is(prior.connection, prior.serial, now_ms);
    if (prior.state & CS_INV) {
      this.answerInvalid(request.zone, why.stays_invalid, lives ? prior.connection : -1);
      return true;
    }
    if (!lives) return false;
    result.state = prior.state;
    result.why = why.found_before;
    this.answerConnection(prior.connection);
    return true;
  }

  private decide(packet: Packet, request: CtRequest, now_ms: number): void {
    parse(packet, request.zone, this.parsed);
    this.verdict.judge(packet, this.parsed, request, this.connections, this.tcpSequenceChecks, now_ms);
  }

  /** Does what the verdict says. */
  private apply(request: CtRequest, now_ms: number): void {
    const { verdict, connections } = this;
    if (verdict.ends >= 0) connections.remove(verdict.ends, verdict.why === why.forced ? 'replaced' : 'closed');
    if (verdict.begins) {
      if (!request.commit || !this.admit(request.zone, now_ms)) return;
      verdict.slot = connections.insert(this.parsed.tuple);
      this.store();
      this.restart(now_ms);
      this.write(verdict.slot, request);
      this.counters.committed++;
      this.listener?.({ type: 'new', connection: this.describe(verdict.slot) });
      return;
    }
    if (verdict.state & CS_INV) this.counters.invalid++;
    if (verdict.slot < 0 || verdict.state & CS_INV) return;
    if (verdict.advances) this.store();
    if (verdict.timeout >= 0) this.restart(now_ms);
    const wrote = this.write(verdict.slot, request);
    if (verdict.turns || wrote) this.tellUpdate(verdict.slot);
  }

  private tellUpdate(slot: number): void {
    this.listener?.({ type: 'updated', connection: this.describe(slot) });
  }

  /** Room for a connection in `zone`: a record that is gone makes way, then the limits decide. */
  private admit(zone: number, now_ms: number): boolean {
    const { connections, verdict, counters } = this;
    const { stale } = connections;
    if (stale >= 0) connections.remove(stale, connections.isFlushed(stale) ? 'flushed' : 'expired');
    if (connections.makeRoom(this.limit, zone, now_ms)) {
      this.full = false;
      if (verdict.why === why.no_connection) verdict.why = why.committed;
      return true;
    }
    verdict.why = this.refusal(zone);
    if (verdict.why === why.limit) {
      if (!this.full) this.log.warn(`the connection table is full (${this.limit}): new connections are not stored`);
      this.full = true;
      counters.refused++;
    } else {
      counters.refused_by_zone++;
    }
    return false;
  }

  private refusal(zone: number): number {
    if (this.zones.total >= this.limit) return why.limit;
    return this.zones.full(zone) ? why.zone_limit : why.none;
  }

  /** Writes the protocol's states as the verdict has them. */
  private store(): void {
    const { verdict, connections } = this;
    const { slot } = verdict;
    if (connections.proto(slot) === PROTO_TCP) {
      storePeer(connections, slot, 0, verdict.creator);
      storePeer(connections, slot, 1, verdict.peer);
    } else {
      connections.setWord(slot, STATE, verdict.datagramState);
    }
  }

  private restart(now_ms: number): void {
    const { verdict, connections } = this;
    const { slot } = verdict;
    connections.setExpiry(slot, now_ms + this.timeouts.of(connections.zone(slot), verdict.timeout));
  }

  /** The writes to mark and label that a request asks for; true if something changed. */
  private write(slot: number, request: CtRequest): boolean {
    const { connections } = this;
    const { markMask, labelMask, labelValue } = request;
    let changed = false;
    if (markMask !== 0) {
      const before = connections.mark(slot);
      const mark = (request.markValue & markMask) | (before & ~markMask);
      changed = mark !== before;
      if (changed) connections.setMark(slot, mark);
    }
    if (labelMask === null || labelValue === null) return changed;
    for (let i = 0; i < 4; i++) {
      const before = connections.label(slot, i);
      const word = (labelValue[i] & labelMask[i]) | (before & ~labelMask[i]);
      if (word === before) continue;
      connections.setLabel(slot, i, word);
      changed = true;
    }
    return changed;
  }

  private answer(): CtResult {
    const { verdict, result } = this;
    if (verdict.state & CS_INV) {
      this.answerInvalid(this.parsed.tuple.zone, verdict.why, verdict.slot);
      return result;
    }
    result.state = verdict.state;
    result.why = verdict.why;
    if (verdict.slot >= 0) {
      this.answerConnection(verdict.slot);
      return result;
    }
    this.answerMarks(this.parsed.tuple.zone, -1);
    this.answerTuple(this.parsed.tuple);
    return result;
  }

  /** inv has no tuple; `slot` is the connection to which the packet would belong, or -1. */
  private answerInvalid(zone: number, reason: number, slot: number): void {
    const { result } = this;
    result.state = CS_INV | CS_TRK;
    result.why = reason;
    this.answerMarks(zone, slot);
    result.family = 0;
    result.proto = 0;
    result.src.fill(0);
    result.dst.fill(0);
    result.tp_src = 0;
    result.tp_dst = 0;
  }

  /** Zone, and mark and label of the connection in `slot`, zero for -1. */
  private answerMarks(zone: number, slot: number): void {
    const { result, connections } = this;
    result.zone = zone;
    result.connection = slot;
    if (slot < 0) {
      result.serial = 0;
      result.mark = 0;
      result.label.fill(0);
      return;
    }
    result.serial = connections.serialOf(slot);
    result.mark = connections.mark(slot) >>> 0;
    for (let i = 0; i < 4; i++) result.label[i] = connections.label(slot, i);
  }

  /** Zone, mark, label and tuple of a stored connection. */
  private answerConnection(slot: number): void {
    const { connections } = this;
    this.answerMarks(connections.zone(slot), slot);
    connections.original(slot, this.tuple);
    this.answerTuple(this.tuple);
  }

  private answerTuple(tuple: Tuple): void {
    const { result } = this;
    result.family = tuple.family;
    result.proto = tuple.proto;
    if (isQuery(tuple.family, tuple.proto)) {
      // A query has code 0.
      result.tp_src = tuple.ports >>> 16;
      result.tp_dst = 0;
    } else {
      result.tp_src = tuple.ports >>> 16;
      result.tp_dst = tuple.ports & 0xffff;
    }
    if (tuple.family === 4) {
      writeWord(result.src, 0, tuple.src);
      writeWord(result.dst, 0, tuple.dst);
      return;
    }
    for (let i = 0; i < 4; i++) {
      writeWord(result.src, i * 4, tuple.src6[i]);
      writeWord(result.dst, i * 4, tuple.dst6[i]);
    }
  }

  // --- Operations ---

  /** Connections stored; expired ones count until a sweep meets them. */
  get count(): number {
    return this.zones.total;
  }

  /**
   * One step of expiry over up to `budget` records; returns in how many ms the next step is due. Sweeps begin every
   * 20 s.
   */
  sweep(now_ms: number, budget = 1024): number {
    this.now_ms = now_ms;
    return this.connections.sweep(now_ms, budget);
  }

  /**
   * Calls `listener` with each new, updated and destroyed connection; null: no more. An expired one is told when a
   * sweep meets it.
   */
  listen(listener: ((event: CtEvent) => void) | null): void {
    this.listener = listener;
    this.connections.onEnd =
      listener === null
        ? null
        : (slot, reason) => listener({ type: 'destroyed', why: reason, connection: this.describe(slot) });
  }

  /** Live connections as plain objects, one at a time. */
  dump(now_ms: number, filter: Filter = {}): Generator<Connection> {
    return list(this.connections, now_ms, filter);
  }

  /** Numbers of live connections by protocol and TCP state. */
  statistics(now_ms: number, filter: Filter = {}): Tally {
    return tally(this.dump(now_ms, filter));
  }

  /**
   * Ends connections; they are gone for the next packet. By zone or of all zones: records are reclaimed in steps,
   * however many there are. With a tuple: the one connection that has it in either direction, in the zone (0 if none
   * is named). With mark or label: those that agree in the masks' bits (all bits, where there is no mask).
   */
  flush(what: Flush, now_ms: number): void {
    this.now_ms = now_ms;
    const { connections } = this;
    const zone = what.zone ?? -1;
    if (what.tuple !== undefined) {
      if (!encodeTuple(what.tuple, what.zone ?? 0, this.tuple)) return;
      const slot = connections.find(this.tuple, now_ms);
      if (slot >= 0) connections.remove(slot, 'flushed');
    } else if (what.mark !== undefined || what.label !== undefined) {
      const markMask = what.mark === undefined ? 0 : (what.markMask ?? 0xffffffff);
      const label = what.label ?? null;
      connections.flushMarked(zone, what.mark ?? 0, markMask, label, label && (what.labelMask ?? ALL_ONES));
    } else {
      connections.flushZone(zone);
    }
  }

  private describe(slot: number): Connection {
    return describeConnection(this.connections, slot, this.now_ms);
  }
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
