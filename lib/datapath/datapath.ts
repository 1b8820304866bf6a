/**
 * The datapath: a frame comes in, becomes a key, finds its program in the cache or has one made, and the program runs:
 * rewrites, outputs, packet-ins, connection tracking. A ct action with a table runs the tracked copy to its end, at its
 * place in the list, before the rest goes on. What a flow means is the pipeline's; the datapath asks it through
 * Upcalls. What programs counted is in ledger.ts, how frames leave in egress.ts.
 *
 * One frame at a time: what arrives while one is in hand (a virtual host's answer, a packet-out from a listener) waits
 * its turn.
 */
import type { Random } from '../bytes/index.js';
import { type CtResult, FATE, Prior, type Released } from '../ct/index.js';
import { raiseDropPrecedence } from '../packet/dscp.js';
import { popHeader, pushHeader } from '../packet/encapsulation.js';
import { extract } from '../packet/extract.js';
import { Key as FlowKey, type Key, keyWord, slots } from '../packet/key.js';
import { Packet } from '../packet/packet.js';
import { popVlan, pushVlan, rewrite } from '../packet/rewrite.js';
import { changeTags } from '../packet/tags.js';
import type { TunnelIn } from '../packet/tunnel.js';
import { Cache, MAX_ENTRIES } from './cache.js';
import { Egress } from './egress.js';
import { Journal } from './journal.js';
import { Ledger } from './ledger.js';
import { DROPPED } from './meter.js';
import { COUNTER, OFPPC, type PortEntry, PortTable } from './port-table.js';
import {
  Arena,
  ColdStore,
  type ControllerCold,
  type CtCold,
  type EffectCold,
  type HeaderCold,
  type MeterCold,
  OP,
  STEP_WORDS,
  type TunnelCold,
} from './program.js';
import { ProgramFinder } from './program-finder.js';
import type { PortQueues } from './queues.js';
import { fillTracked, KeyOrigin } from './tracked-fields.js';
import { Turns } from './turns.js';
import {
  type CachedProgram,
  type DatapathOptions,
  nothingCounted,
  type Prepared,
  type Translation,
  type Upcalls,
} from './upcalls.js';

const RECIRCULATION = slots.recirc_id.at >> 2;

/** How often a packet may go through ct with a table; a copy beyond it is dropped and counted. */
export const MAX_RECIRCULATIONS = 8;

/** What becomes of a packet behind a ct action or a recirculation, unless it is the place of a program. */
const GOES_ON = 0;
const ENDS = -1;

/** A probability of all packets. */
const MAX_PROBABILITY = 65535;

export class Datapath {
  readonly ports: PortTable;
  readonly journal = new Journal();
  readonly counters = nothingCounted();
  readonly cold = new ColdStore();
  /** Are IP fragments dropped where they come in? (OFPC_FRAG_DROP) */
  dropFragments = false;
  private readonly cache: Cache;
  private readonly finder: ProgramFinder;
  private readonly ledger: Ledger;
  private readonly egress: Egress;
  private readonly random: Random;
  private readonly arena = new Arena();
  private readonly keys = Array.from({ length: MAX_RECIRCULATIONS + 1 }, () => new FlowKey());
  private readonly packets = Array.from({ length: MAX_RECIRCULATIONS + 1 }, () => new Packet());
  private readonly priors = Array.from({ length: MAX_RECIRCULATIONS + 1 }, () => new Prior());
  /** The key of a fragment that released others, by depth; made when it is first needed. */
  private readonly held: FlowKey[] = [];
  /** Bytes that a packet counts with, by depth: its length when its program was chosen. */
  private readonly counted = new Float64Array(MAX_RECIRCULATIONS + 1);
  /** Copies that clone steps run on, by how deep they stand in each other; made when they are first needed. */
  private readonly copies: { readonly packet: Packet; readonly prior: Prior }[] = [];
  private clones = 0;
  /** How often packets in hand have gone on with another program at the same depth. */
  private passed = 0;
  /** Where a packet on its way to ct stands; one reused object. */
  private readonly origin = new KeyOrigin();
  private readonly turns: Turns;
  private now_ms = 0;

  constructor(
    private readonly options: DatapathOptions,
    private readonly upcalls: Upcalls,
  ) {
    this.random = options.random;
    this.ports = options.ports ?? new PortTable();
    // A program that goes may be running: an entry of a later recirculation can push out, or renew, one of an earlier.
    this.cache = new Cache(
      (entry, info) => this.ledger.forget(entry, info, this.turns.busy),
      options.maxEntries ?? MAX_ENTRIES,
    );
    this.finder = new ProgramFinder(this.cache, this.journal, this.arena, this.counters, upcalls);
    this.ledger = new Ledger(this.cache, this.arena, this.cold, (ids, by) => upcalls.refer(ids, by));
    this.turns = new Turns(this.counters, () => this.ledger.freeGone());
    this.egress = new Egress(this.ports, options.clock, options.minFrame);
  }

  /** Programs in the cache, and the masks they have. */
  get cached(): { readonly entries: number; readonly masks: number } {
    return { entries: this.cache.count, masks: this.cache.masks };
  }

  /**
   * A frame came in at a port, perhaps out of a tunnel; it may grow by `room` bytes to the front. `now_ms`: when, where
   * that is known (else the clock is asked).
   */
  receive(
    entry: PortEntry,
    bytes: Uint8Array,
    start: number,
    end: number,
    tunnel?: TunnelIn,
    room = 0,
    now_ms = this.options.clock.now(),
  ): void {
    const { turns } = this;
    if (turns.busy) {
      const frame = bytes.slice(start, end);
      const around = tunnel?.copy();
      turns.take(() => this.handle(entry, frame, 0, frame.length, around, 0));
      return;
    }
    turns.busy = true;
    // Never backwards: another port may have asked the clock since.
    this.now_ms = Math.max(this.now_ms, now_ms);
    try {
      this.handle(entry, bytes, start, end, tunnel, room);
      turns.others();
    } finally {
      turns.rest();
    }
  }

  private handle(
    entry: PortEntry,
    bytes: Uint8Array,
    start: number,
    end: number,
    tunnel: TunnelIn | undefined,
    room: number,
  ): void {
    const { ports } = this;
    if (entry.config & (OFPPC.PORT_DOWN | OFPPC.NO_RECV)) {
      ports.count(entry.slot, COUNTER.rxDropped, 1);
      return;
    }
    ports.count(entry.slot, COUNTER.rxPackets, 1);
    ports.count(entry.slot, COUNTER.rxBytes, end - start);
    if (end - start < 14) {
      ports.count(entry.slot, COUNTER.rxErrors, 1);
      return;
    }
    const packet = this.packets[0].attach(bytes, start, end, room);
    this.egress.received = end - start;
    this.clones = 0;
    this.passed = 0;
    this.priors[0].clear();
    extract(packet, this.keys[0], entry.number);
    if (tunnel !== undefined && !this.unwrap(tunnel)) {
      ports.count(entry.slot, COUNTER.rxErrors, 1);
      return;
    }
    if (this.dropFragments && this.keys[0].get(slots.nw_frag) !== 0) {
      ports.count(entry.slot, COUNTER.rxDropped, 1);
      return;
    }
    this.classify(0, packet);
  }

  /** Puts what stood around a frame into its key; false where its options are none that this switch may pass over. */
  private unwrap(tunnel: TunnelIn): boolean {
    this.keys[0].copyGroup(tunnel.key, 'tunnel');
    return tunnel.from === tunnel.to || this.upcalls.options(tunnel, this.keys[0]);
  }

  /** Runs steps that aren't cached, for a packet-out. The frame is the datapath's from here on. */
  execute(translate: (key: Key) => Translation, frame: Uint8Array, inPort: number): void {
    this.turns.take(() => {
      this.now_ms = this.options.clock.now();
      const packet = this.packets[0].attach(frame);
      this.egress.received = frame.length;
      this.clones = 0;
      this.passed = 0;
      this.priors[0].clear();
      extract(packet, this.keys[0], inPort);
      this.runOnce(translate(this.keys[0]), 0, packet);
    });
  }

  /** Like `execute`, in two steps: the steps are made now, and run, or forgotten, later. */
  prepare(translate: (key: Key) => Translation, frame: Uint8Array, inPort: number): Prepared {
    const key = new FlowKey();
    extract(new Packet().attach(frame), key, inPort);
    const t = translate(key);
    this.upcalls.refer(t.recirculations, 1);
    const once = (): Translation => {
      this.upcalls.refer(t.recirculations, -1);
      return t;
    };
    return {
      run: () => this.execute(once, frame, inPort),
      forget: () => {
        for (const index of once().cold) this.cold.drop(index);
      },
    };
  }

  /** Finds or makes the program for the key at `depth`, counts, and runs it. */
  private classify(depth: number, packet: Packet): void {
    const key = this.keys[depth];
    if (!this.options.caching) {
      this.runOnce(this.upcalls.translate(key), depth, packet);
      return;
    }
    const bytes = packet.length - packet.bare;
    this.counted[depth] = bytes;
    this.run(this.finder.forKey(key, bytes, this.now_ms), depth, packet);
  }

  private runOnce(t: Translation, depth: number, packet: Packet): void {
    this.upcalls.refer(t.recirculations, 1);
    this.ledger.credit(t, 1, packet.length - packet.bare, this.now_ms);
    this.counted[depth] = packet.length - packet.bare;
    const at = this.arena.put(t.steps);
    try {
      this.run(at, depth, packet);
    } finally {
      this.arena.drop(at, t.length);
      for (const index of t.cold) this.cold.drop(index);
      this.upcalls.refer(t.recirculations, -1);
    }
  }

  private run(program: number, depth: number, packet: Packet): void {
    let at = program;
    let passed = 0;
    steps: for (;;) {
      const w = this.arena.words;
      const op = w[at];
      switch (op) {
        case OP.end:
          break steps;
        case OP.output:
          this.egress.output(w[at + 1], packet);
          break;
        case OP.rewrite:
          packet.changed = true;
          if (rewrite(packet, w[at + 1], w[at + 2], w[at + 3])) this.priors[depth].anew = true;
          break;
        case OP.pushVlan:
          packet.changed = true;
          pushVlan(packet, w[at + 1], w[at + 2]);
          break;
        case OP.popVlan:
          packet.changed = true;
          popVlan(packet);
          break;
        case OP.controller:
          this.egress.pad(packet);
          this.upcalls.controller(this.cold.get(w[at + 1]) as ControllerCold, this.keys[depth], packet.frame());
          break;
        case OP.learn:
          this.upcalls.learn(w[at + 1], packet.bytes, packet.start + 6, w[at + 2] >>> 0);
          break;
        case OP.ct: {
          const next = this.track(w[at + 1], w[at + 2], w[at + 3] !== 0, at + STEP_WORDS[op], depth, packet);
          if (next === ENDS) break steps;
          if (next === GOES_ON) break;
          at = next;
          passed++;
          this.passed++;
          continue;
        }
        case OP.effect:
          (this.cold.get(w[at + 1]) as EffectCold).effect.happen(this.keys[depth], this.now_ms);
          break;
        case OP.ctClear:
          this.priors[depth].clear();
          break;
        case OP.clone: {
          const words = w[at + 1];
          this.clone(at + STEP_WORDS[op], depth, packet);
          at += words;
          break;
        }
        case OP.meter:
          if (!this.meter(this.cold.get(w[at + 1]) as MeterCold, depth, packet)) break steps;
          break;
        case OP.enqueue:
          this.egress.output(w[at + 1], packet, w[at + 2] >>> 0);
          break;
        case OP.tunnel:
          this.egress.output(w[at + 1], packet, w[at + 2], (this.cold.get(w[at + 3]) as TunnelCold).out);
          break;
        case OP.tags:
          packet.changed = true;
          changeTags(packet, w[at + 1], w[at + 2], w[at + 3]);
          break;
        case OP.header:
          packet.changed = true;
          pushHeader(packet, (this.cold.get(w[at + 1]) as HeaderCold).bytes, w[at + 2], w[at + 3]);
          break;
        case OP.encap:
          packet.changed = true;
          popHeader(packet, w[at + 1], w[at + 2]);
          break;
        case OP.truncate:
          this.egress.cut = w[at + 1] >>> 0;
          break;
        case OP.sample:
          if (this.random.below(MAX_PROBABILITY) < w[at + 1]) this.counters.samples++;
          break;
        case OP.larger:
          // Ethernet's padding doesn't count.
          if (packet.l3End - packet.start <= w[at + 1]) at += w[at + 2];
          break;
        case OP.recirculate: {
          const next = this.recirculate(w[at + 1], w[at + 2] !== 0, depth, packet, null);
          if (next === GOES_ON) break;
          at = next;
          passed++;
          this.passed++;
          continue;
        }
      }
      at += STEP_WORDS[op];
    }
    this.passed -= passed;
  }

  /** Runs steps on a copy of the packet; what ct finds out there stays there. */
  private clone(program: number, depth: number, packet: Packet): void {
    const level = this.clones++;
    if (level === this.copies.length) this.copies.push({ packet: new Packet(), prior: new Prior() });
    const { packet: copy, prior } = this.copies[level];
    prior.keep(this.priors[depth]);
    this.run(program, depth, copy.copy(packet));
    this.priors[depth].keep(prior);
    this.clones--;
  }

  /** Measures a packet and does what the meter's bands say; false: it is dropped. */
  private meter({ meter, after }: MeterCold, depth: number, packet: Packet): boolean {
    const verdict = meter.measure(packet.length, this.now_ms);
    if (verdict > 0) {
      packet.changed = true;
      raiseDropPrecedence(packet, verdict);
    }
    if (verdict !== DROPPED) return true;
    this.ledger.count(after, -1, -this.counted[depth]);
    return false;
  }

  /**
   * The ct action: the tracker, then, with a table, the tracked copy to its end. GOES_ON, or the place of the program
   * that the packet itself goes on with, where nothing follows; ENDS where it doesn't go on itself: it was dropped, or
   * is a fragment, which is held, or which goes on with the others of its datagram.
   */
  private track(
    cold: number,
    recirculation: number,
    frameNeeded: boolean,
    rest: number,
    depth: number,
    packet: Packet,
  ): number {
    const { tracker } = this.options;
    const { request } = this.cold.get(cold) as CtCold;
    const prior = this.priors[depth];
    const key = this.keys[depth];
    this.origin.key = key;
    const result = tracker.process(packet, request, this.now_ms, prior, this.origin);
    if (request.nat !== null) packet.changed = true;
    if (result.fate === FATE.on) {
      prior.keep(result);
      return recirculation === 0 ? GOES_ON : this.recirculate(recirculation, frameNeeded, depth, packet, result);
    }
    if (result.fate === FATE.pieces && tracker.released !== null) {
      const { released } = tracker;
      tracker.released = null;
      this.release(released, recirculation, rest, depth, packet);
    }
    return ENDS;
  }

  /**
   * Fragments of a datagram that was tracked: each goes on as the packet in hand would have, in order; the tracked
   * copies of all, then all themselves.
   */
  private release(
    { pieces, result }: Released,
    recirculation: number,
    rest: number,
    depth: number,
    packet: Packet,
  ): void {
    this.held[depth] ??= new FlowKey();
    this.held[depth].copy(this.keys[depth]);
    if (recirculation !== 0) {
      for (const { frame, tag } of pieces) {
        this.takePiece(frame, tag, depth, packet, result);
        this.recirculate(recirculation, true, depth, packet, result);
      }
    }
    for (const { frame, tag } of pieces) {
      this.takePiece(frame, tag, depth, packet, result);
      this.run(rest, depth, packet);
    }
  }

  /**
   * Makes a released fragment the packet in hand, with what the key of the one that released it says beside the frame.
   */
  private takePiece(frame: Uint8Array, inPort: number, depth: number, packet: Packet, result: CtResult): void {
    const [key, before] = [this.keys[depth], this.held[depth]];
    extract(packet.attach(frame), key, inPort, before.get(slots.recirc_id));
    key.copyTracking(before);
    key.copyGroup(before, 'tunnel');
    this.priors[depth].keep(result);
  }

  /**
   * Reads the packet anew and runs what goes on with it, to its end; a copy where the frame is needed afterwards. Where
   * nothing follows at `depth`, and the frame is as it was read, its key is as good as a new one, and what the packet
   * goes on with is left to the caller: the place of a program.
   */
  private recirculate(
    id: number,
    frameNeeded: boolean,
    depth: number,
    packet: Packet,
    result: CtResult | null,
  ): number {
    if (depth + this.passed >= MAX_RECIRCULATIONS) {
      this.counters.recirculationsDropped++;
      return GOES_ON;
    }
    if (!frameNeeded && !packet.changed && this.clones === 0 && this.options.caching) {
      const key = this.keys[depth];
      key.words[RECIRCULATION] = keyWord(id);
      if (result) fillTracked(key, result);
      const bytes = packet.length - packet.bare;
      this.counted[depth] = bytes;
      return this.finder.forKeyAgain(key, id, result === null ? 0 : result.state, bytes, this.now_ms);
    }
    const next = depth + 1;
    this.priors[next].keep(this.priors[depth]);
    const copy = frameNeeded ? this.packets[next].copy(packet) : packet;
    const key = this.keys[next];
    const before = this.keys[depth];
    // Read anew only where something may have been written.
    if (copy.changed) extract(copy, key, before.get(slots.in_port), id);
    else key.copyHeaders(before, keyWord(id));
    if (result) fillTracked(key, result);
    else key.copyTracking(before);
    key.copyGroup(before, 'tunnel');
    this.classify(next, copy);
    return GOES_ON;
  }

  /** The programs in the cache, with what they counted since they were made. What changes meanwhile may be missed. */
  programs(): Iterable<CachedProgram> {
    return this.ledger.programs();
  }

  /** Pushes all counters to flows and tables. */
  collect(): void {
    this.ledger.collect();
  }

  /** Drops entries that no packet used for a while; call it now and then. */
  sweep(): void {
    this.ledger.sweep(this.options.clock.now());
  }

  /** The queues of a port, made where it has none yet. */
  queuesOf(entry: PortEntry): PortQueues {
    return this.egress.queuesOf(entry);
  }
}
