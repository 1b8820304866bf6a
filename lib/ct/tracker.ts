/**
 * The connection tracker: `process` = parse → find → verdict → apply. It has never heard of OpenFlow; the clock and
 * chance are handed in. Packets come with a request (a ct action) and what an earlier ct action found about them; the
 * answer is one reused object.
 *
 * Facts: ovs-fields(7) for the fields, ovs-actions(7) for the action, Open vSwitch's userspace datapath for what they
 * leave open.
 */
import type { Log } from '../bytes/index.js';
import { silent } from '../bytes/index.js';
import type { Packet } from '../packet/packet.js';
import { Admission } from './admission.js';
import { Answerer } from './answer.js';
import { type Beginning, nothing, scratchOf } from './beginning.js';
import { type Connection, describeConnection } from './connection.js';
import type { Connections } from './connections.js';
import type { Expectations } from './expectations.js';
import { explain } from './explain.js';
import { type Flush, flush } from './flush.js';
import type { Fragments, Origin } from './fragments.js';
import { Helpers } from './helpers/helpers.js';
import { allSteps, type Filter, list, listSteps, type Tally, tallySteps } from './listing.js';
import { inherit, writeMarks } from './marks.js';
import { NatChooser } from './nat.js';
import { isFragment, Parsed, parse } from './parse.js';
import { WHY_TEXT, why } from './reasons.js';
import { DNAT, FTP, MOST_CONNECTIONS, SNAT, STATE, TFTP } from './record.js';
import { kindOfNat, Replies } from './replies.js';
import { type CtRequest, CtResult, FATE, type Prior, type Released } from './request.js';
import type { Rules } from './rules.js';
import { storeAssociation } from './sctp/record.js';
import { type CtSettings, settingsOf } from './settings.js';
import { NOT_LOOKED, STANDS, trackStanding } from './standing.js';
import { CS_DNAT, CS_INV, CS_REL, CS_SNAT, PROTO_SCTP, PROTO_TCP } from './states.js';
import { storePeer } from './tcp/record.js';
import type { TimeoutPolicies } from './timeouts.js';
import { type CtCounters, type CtEvent, DEFAULT_LIMIT, type TrackerOptions } from './tracker-options.js';
import { translate } from './translate.js';
import { Tuple } from './tuple.js';
import { Verdict } from './verdict.js';
import type { Zones } from './zones.js';

/** Records that a step of the sweep looks at; where each that ends is told, it takes the teller's time. */
const SWEEP_STEP = 1024;
const TOLD_STEP = 128;

const NOWHERE: Origin = { tag: 0, place: 0 };

/** The connection tracker: what packets belong to, and what is stored of that. */
export class Tracker {
  readonly zones: Zones;
  readonly timeouts: TimeoutPolicies;
  /** What isn't tracked, and timeouts beside the zones': docs/conntrack-extensions.md. */
  readonly rules: Rules;
  readonly connections: Connections;
  readonly fragments: Fragments;
  /** The fragments that go on where a result's fate is `pieces`. */
  released: Released | null = null;
  readonly counters: CtCounters = {
    invalid: 0,
    committed: 0,
    refused: 0,
    refused_by_zone: 0,
    notrack: 0,
    nat_exhausted: 0,
    tuple_taken: 0,
  };
  /** TCP's sequence numbers are checked. */
  tcpSequenceChecks = true;
  /** What becomes of a packet for whose translation nothing is free. */
  natExhausted: 'continue' | 'drop';
  /** Null: nobody listens, and nothing is made for it. */
  private listener: ((event: CtEvent) => void) | null = null;

  private readonly log: Log;
  private readonly began: Beginning;
  private readonly parsed = new Parsed();
  readonly expectations: Expectations;
  readonly helpers: Helpers;
  private readonly verdict: Verdict;
  private readonly result = new CtResult();
  private readonly answerer: Answerer;
  private readonly replies: Replies;
  private readonly admission: Admission;
  private readonly tuple = new Tuple();
  private readonly reply = new Tuple();
  private now_ms = 0;

  constructor(options: TrackerOptions) {
    this.log = options.log ?? silent;
    this.natExhausted = options.natExhausted ?? 'continue';
    this.began = options.scratchOf ? scratchOf(options.scratchOf.began) : nothing(options);
    const { zones, timeouts, fragments, connections, expectations, shifts, lines, rules, chance, seed } = this.began;
    this.zones = zones;
    this.timeouts = timeouts;
    this.rules = rules;
    this.fragments = fragments;
    this.connections = connections;
    this.expectations = expectations;
    this.verdict = new Verdict(shifts);
    this.answerer = new Answerer(this.connections, this.result);
    this.helpers = new Helpers(connections, expectations, shifts, lines);
    this.connections.onHelperEnd = (slot) => {
      this.expectations.end(slot);
      shifts.end(slot);
      lines.end(slot);
    };
    const limit = Math.min(options.limits?.connections ?? DEFAULT_LIMIT, MOST_CONNECTIONS);
    this.admission = new Admission(connections, this.counters, this.log, limit);
    const chooser = new NatChooser(this.connections, chance, seed);
    this.replies = new Replies(this.connections, chooser, this.counters, this.log);
  }

  /**
   * Tracks a packet. The next call overwrites the result. `prior` is what an earlier ct action found, if any; `from` is
   * kept with fragments.
   */
  process(packet: Packet, request: CtRequest, now_ms: number, prior: Prior | null = null, from = NOWHERE): CtResult {
    this.now_ms = now_ms;
    this.result.fate = FATE.on;
    const before = prior !== null && prior.state !== 0 && prior.zone === request.zone ? prior : null;
    if (isFragment(packet)) return this.assemble(packet, request, before, from, now_ms);
    return this.track(packet, request, before, now_ms);
  }

  /** Tracks a whole packet. */
  private track(packet: Packet, request: CtRequest, prior: Prior | null, now_ms: number): CtResult {
    const { result } = this;
    if (prior === null || !this.resume(packet, prior, request, now_ms)) {
      parse(packet, request.zone, this.parsed);
      if (this.rules.untracks && this.isUntracked()) {
        this.counters.notrack++;
        return this.answerer.untracked();
      }
      const { parsed, connections, timeouts } = this;
      const found = prior === null ? trackStanding(parsed, request, connections, timeouts, now_ms, result) : NOT_LOOKED;
      if (found === STANDS) return result;
      this.decide(packet, request, prior, now_ms, found);
      this.apply(packet, request, prior, now_ms);
      return this.answer(request);
    }
    const { connection } = result;
    if (result.state & CS_INV) {
      // An invalid packet is translated as others are, once, if it is known whose it would be.
      if (request.nat !== null && connection >= 0 && !prior.anew) this.translateInvalid(packet, prior, request);
      return result;
    }
    if (request.nat !== null) {
      result.anew = true;
      result.state |= this.translate(packet, connection, prior.reply);
    }
    if (writeMarks(this.connections, connection, request)) {
      if (this.rules.times) this.chooseRule(connection, now_ms);
      this.answerer.connection(connection);
      this.listener?.({ type: 'updated', connection: this.describe(connection) });
    }
    return result;
  }

  /** A fragment: held, invalid, or the one that makes its datagram whole, which is tracked then. */
  private assemble(packet: Packet, request: CtRequest, prior: Prior | null, from: Origin, now_ms: number): CtResult {
    const { fragments, result, verdict } = this;
    const refused = fragments.take(packet, request.zone, from, now_ms);
    const { whole } = fragments;
    if (refused !== why.none) {
      this.counters.invalid++;
      verdict.refuse(refused);
      return this.answer(request);
    }
    if (whole === null) {
      result.state = 0;
      result.connection = -1;
      result.why = why.held;
      result.fate = FATE.held;
      return result;
    }
    this.track(whole.packet, request, prior, now_ms);
    // The pieces go on as pieces: the next ct action has to put them together again, and tracks the datagram anew.
    result.anew = true;
    if (result.fate === FATE.on) result.fate = FATE.pieces;
    this.released = { pieces: whole.pieces(), result: new CtResult().copy(result) };
    return result;
  }

  /** What `process` would answer; nothing changes. */
  look(packet: Packet, request: CtRequest, now_ms: number, prior: Prior | null = null): CtResult {
    this.result.fate = FATE.on;
    const before = prior !== null && prior.state !== 0 && prior.zone === request.zone ? prior : null;
    const { verdict, result } = this;
    if (isFragment(packet)) {
      result.state = 0;
      result.connection = -1;
      result.why = why.held;
      result.fate = FATE.held;
      return result;
    }
    if (before !== null && this.resume(packet, before, request, now_ms)) return result;
    parse(packet, request.zone, this.parsed);
    if (this.rules.untracks && this.isUntracked()) return this.answerer.untracked();
    this.decide(packet, request, before, now_ms);
    if (verdict.begins && request.commit) verdict.why = this.admission.refusal(request.zone) || verdict.why;
    if (request.nat !== null && (verdict.state & CS_INV) === 0) verdict.state |= this.natBits(request, before);
    return this.answer(request);
  }

  /** Why `look` answers what it answers, in words with the numbers behind it; nothing changes. */
  explain(packet: Packet, request: CtRequest, now_ms: number, prior: Prior | null = null): string {
    const { why: reason } = this.look(packet, request, now_ms, prior);
    if (reason === why.stays_invalid || reason === why.found_before) return WHY_TEXT[reason];
    if (reason === why.held || reason === why.notrack) return WHY_TEXT[reason];
    const { parsed, verdict, connections, zones, limit } = this;
    return explain({ parsed, verdict, connections, zones, limit, now_ms });
  }

  /**
   * A packet that was tracked before in this zone keeps its state: an invalid one until ct_clear, another where its
   * connection was found and lives. True if so; the result is then complete. Force, a helper, and an earlier
   * translation track it anew.
   */
  private resume(packet: Packet, prior: Prior, request: CtRequest, now_ms: number): boolean {
    const { result, connections } = this;
    if (request.force) return false;
    const lives = prior.connection >= 0 && connections.is(prior.connection, prior.serial, now_ms);
    result.reply = prior.reply;
    result.anew = prior.anew;
    if (prior.state & CS_INV) {
      this.answerer.invalid(request.zone, why.stays_invalid, lives ? prior.connection : -1);
      return true;
    }
    if (!lives || prior.anew || request.helper !== null) return false;
    if (request.nat !== null) {
      // Translation reads the packet: a whole one, in which no helper has to look.
      parse(packet, request.zone, this.parsed);
      if (this.parsed.why !== why.none || connections.flags(prior.connection) & (FTP | TFTP)) return false;
    }
    result.state = prior.state;
    result.why = why.found_before;
    this.answerer.connection(prior.connection);
    return true;
  }

  /** Does a rule say that the packet that was read isn't tracked? */
  private isUntracked(): boolean {
    return this.parsed.why === why.none && this.rules.untracked(this.parsed.tuple);
  }

  /** `found`: the record that the packet's tuple has, -1 for none, NOT_LOOKED. */
  private decide(packet: Packet, request: CtRequest, prior: Prior | null, now_ms: number, found = NOT_LOOKED): void {
    this.verdict.judge(packet, this.parsed, request, prior, this.connections, this.tcpSequenceChecks, now_ms, found);
    const { verdict } = this;
    if (!verdict.begins || this.expectations.counters.expected === 0) return;
    const expected = this.expectations.find(this.parsed.tuple);
    if (expected === null || !this.connections.is(expected.parent, expected.serial, now_ms)) return;
    verdict.expected = expected;
    verdict.state |= CS_REL;
    verdict.why = why.announced;
  }

  /** Does what the verdict says. */
  private apply(packet: Packet, request: CtRequest, prior: Prior | null, now_ms: number): void {
    const { verdict, connections } = this;
    if (verdict.ends >= 0) connections.remove(verdict.ends, verdict.why === why.forced ? 'replaced' : 'closed');
    if (verdict.begins) {
      if (request.commit) this.begin(packet, request, now_ms);
      return;
    }
    if (verdict.state & CS_INV) this.counters.invalid++;
    if (verdict.slot < 0) return;
    const valid = (verdict.state & CS_INV) === 0;
    if (valid) {
      if (verdict.advances) this.store();
      if (verdict.reply && !this.parsed.related) connections.setReplied(verdict.slot);
      if (verdict.timeout >= 0) this.restart(now_ms);
    }
    const translated = prior === null ? 0 : prior.state & (CS_SNAT | CS_DNAT);
    if (translated !== 0) verdict.state |= valid ? translated : 0;
    else if (request.nat !== null) {
      const bits = this.translate(packet, verdict.slot, verdict.reply);
      if (valid) verdict.state |= bits;
    }
    if (!valid) return;
    if (translated === 0 && !this.inspect(packet, verdict.slot, verdict.reply, request)) return;
    const wrote = writeMarks(connections, verdict.slot, request);
    if (wrote && this.rules.times) this.chooseRule(verdict.slot, now_ms);
    if (verdict.turns || wrote) this.listener?.({ type: 'updated', connection: this.describe(verdict.slot) });
  }

  /** Stores the connection that the packet begins, if there is room for it and a reply tuple that is nobody else's. */
  private begin(packet: Packet, request: CtRequest, now_ms: number): void {
    const { verdict, connections, parsed } = this;
    const full = this.admission.admit(request.zone, now_ms);
    if (full !== why.none) {
      verdict.why = full;
      return;
    }
    if (verdict.why === why.no_connection || verdict.why === why.announced) verdict.why = why.committed;
    const { expected } = verdict;
    const { tuple } = parsed;
    const plain = request.nat === null && expected === null && connections.ownReplies === 0;
    const refused = plain ? why.none : this.replies.choose(tuple, request.nat, expected, now_ms);
    if (refused !== why.none) {
      verdict.why = refused;
      if (refused === why.nat_exhausted && this.natExhausted === 'drop') this.result.fate = FATE.drop;
      return;
    }
    const reply = plain || this.replies.tuple.isReverseOf(tuple) ? null : this.replies.tuple;
    const helper = request.helper === 'ftp' ? FTP : request.helper === 'tftp' ? TFTP : 0;
    verdict.slot = connections.insert(tuple, reply, kindOfNat(request.nat, expected) | helper);
    verdict.flags = connections.flags(verdict.slot);
    this.store();
    if (expected !== null) inherit(connections, verdict.slot, expected.parent);
    writeMarks(connections, verdict.slot, request);
    if (this.rules.times) connections.setRule(verdict.slot, this.rules.choose(tuple, connections.mark(verdict.slot)));
    this.restart(now_ms);
    if (request.nat !== null) verdict.state |= this.translate(packet, verdict.slot, false);
    this.inspect(packet, verdict.slot, false, request);
    this.counters.committed++;
    this.listener?.({ type: 'new', connection: this.describe(verdict.slot) });
  }

  /** Lets the connection's helper read the packet; false if that makes it invalid. */
  private inspect(packet: Packet, slot: number, reply: boolean, request: CtRequest): boolean {
    const { parsed, verdict } = this;
    if ((verdict.flags & (FTP | TFTP)) === 0 || parsed.related) return true;
    if (this.helpers.inspect(packet, parsed, slot, reply, request.nat !== null)) return true;
    verdict.state = CS_INV;
    verdict.why = why.helper_lie;
    this.counters.invalid++;
    return false;
  }

  private translateInvalid(packet: Packet, prior: Prior, request: CtRequest): void {
    this.result.anew = true;
    parse(packet, request.zone, this.parsed);
    if (this.parsed.why === why.none) this.translate(packet, this.result.connection, prior.reply);
  }

  /** The bits of ct_state that translation would set, as far as that is known without choosing anything. */
  private natBits(request: CtRequest, prior: Prior | null): number {
    const { verdict, connections } = this;
    const before = prior === null ? 0 : prior.state & (CS_SNAT | CS_DNAT);
    if (before !== 0) return before;
    const { slot, begins, reply, expected } = verdict;
    if (slot < 0 && !(begins && request.commit && verdict.why < why.limit)) return 0;
    const kind = slot >= 0 ? connections.flags(slot) & (SNAT | DNAT) : kindOfNat(request.nat, expected);
    return kind === 0 ? 0 : (kind === SNAT) !== reply ? CS_SNAT : CS_DNAT;
  }

  /** Translates the packet as its connection is; the bits of ct_state that say so. */
  private translate(packet: Packet, slot: number, reply: boolean): number {
    const { connections, tuple, reply: scratch } = this;
    const flags = connections.flags(slot) & (SNAT | DNAT);
    if (flags === 0) return 0;
    // What the other direction's packets look like, turned around, is what this packet becomes.
    if (reply) connections.original(slot, tuple);
    else connections.replyOf(slot, tuple);
    tuple.reverse();
    const source = (flags === SNAT) !== reply;
    translate(packet, this.parsed, source, tuple, scratch);
    return source ? CS_SNAT : CS_DNAT;
  }

  /** Writes the protocol's states as the verdict has them. */
  private store(): void {
    const { verdict, connections } = this;
    const { slot } = verdict;
    if (connections.proto(slot) === PROTO_TCP) {
      storePeer(connections, slot, 0, verdict.creator);
      storePeer(connections, slot, 1, verdict.peer);
    } else if (connections.proto(slot) === PROTO_SCTP) {
      storeAssociation(connections, slot, verdict.association);
    } else {
      connections.setWord(slot, STATE, verdict.datagramState);
    }
  }

  private restart(now_ms: number): void {
    const { verdict, connections, timeouts, rules } = this;
    const { slot, timeout } = verdict;
    const rule = connections.rule(slot);
    const own =
      rule === 0 ? timeouts.of(connections.zone(slot), timeout) : timeouts.ofPolicy(rules.policy(rule), timeout);
    connections.setExpiry(slot, now_ms + own);
  }

  /** The mark was written: a rule may give the connection other timeouts, which begin now. */
  private chooseRule(slot: number, now_ms: number): void {
    const { connections, verdict } = this;
    connections.original(slot, this.tuple);
    connections.setRule(slot, this.rules.choose(this.tuple, connections.mark(slot)));
    if (verdict.timeout >= 0) this.restart(now_ms);
  }

  private answer(request: CtRequest): CtResult {
    const { verdict, result, parsed } = this;
    const { zone } = request;
    result.reply = verdict.reply;
    result.anew = request.nat !== null;
    if (verdict.state & CS_INV) {
      this.answerer.invalid(zone, verdict.why, verdict.slot);
      return result;
    }
    result.state = verdict.state;
    result.why = verdict.why;
    const { expected } = verdict;
    if (verdict.slot >= 0) this.answerer.connection(verdict.slot);
    else if (expected === null) this.answerer.unstored(parsed.tuple, zone, -1);
    else {
      this.connections.original(expected.parent, this.tuple);
      this.answerer.unstored(this.tuple, zone, expected.parent);
    }
    return result;
  }

  // --- Operations ---

  /** Connections in all zones together. */
  get limit(): number {
    return this.admission.limit;
  }

  /** At most 16,777,215, the number of side records. */
  set limit(limit: number) {
    this.admission.limit = Math.min(limit, MOST_CONNECTIONS);
  }

  /** A tracker that begins as this one stands and goes on by itself; good as long as this one stands still. */
  scratch(): Tracker {
    const { limit, natExhausted, tcpSequenceChecks } = this;
    const copy = new Tracker({ random: this.began.chance, natExhausted, scratchOf: this });
    return Object.assign(copy, { limit, tcpSequenceChecks });
  }

  /** What is set, as it stands: limits, policies and checks. */
  settings(): CtSettings {
    return settingsOf(this);
  }

  /** Connections stored; expired ones count until a sweep meets them. */
  get count(): number {
    return this.zones.total;
  }

  /**
   * One step of expiry over up to `budget` records, fewer while somebody is told of each; returns in how many ms the
   * next step is due. Sweeps begin every 20 s.
   */
  sweep(now_ms: number, budget = this.listener === null ? SWEEP_STEP : TOLD_STEP): number {
    this.now_ms = now_ms;
    this.fragments.expire(now_ms);
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

  /** The same in turns: each step looks at up to `budget` records and gives those that it found, maybe none. */
  dumpSteps(now_ms: number, filter: Filter = {}, budget = 256): Generator<Connection[]> {
    return listSteps(this.connections, now_ms, filter, budget);
  }

  /** Numbers of live connections by protocol and state. */
  statistics(now_ms: number, filter: Filter = {}): Tally {
    return allSteps(tallySteps(this.connections, now_ms, filter, Number.MAX_SAFE_INTEGER));
  }

  /** The same in turns: each step looks at up to `budget` records; the last gives the numbers. */
  statisticsSteps(now_ms: number, filter: Filter = {}, budget = 16_384): Generator<void, Tally> {
    return tallySteps(this.connections, now_ms, filter, budget);
  }

  /**
   * Ends connections; they are gone for the next packet. By zone or of all zones: records are reclaimed in steps,
   * however many there are. With a tuple: the one connection that has it in either direction, in the zone (0 if none
   * is named); false where there is none. With mark or label: those that agree in the masks' bits (all, without one).
   */
  flush(what: Flush, now_ms: number): boolean {
    this.now_ms = now_ms;
    return flush(this.connections, what, now_ms);
  }

  /** The connection in a record, as a result names it, at the time of the last packet. */
  describe(slot: number): Connection {
    return describeConnection(this.connections, slot, this.now_ms);
  }
}
