/**
 * learn and fin_timeout while a packet is translated (ovs-actions(7)). The flow that learn makes of the packet is a
 * constant of the program, as all bits it is made of are marked; putting it into its table is an effect that runs
 * before anything else of the program does, so that it is in force before the packet's first output and not before its
 * last lookup. A lesson that was learned already costs a comparison and a time stamp.
 */
import type { Effect } from '../datapath/index.js';
import {
  type Action,
  type Field,
  type Learn,
  type LearningMeaning,
  type LearnSpec,
  loadsOf,
  markBits,
  matchOfKeys,
  OFPFF,
  OFPP,
  port32,
  type Subfield,
  slotOf,
  whole,
  writeBits,
} from '../nxm/index.js';
import { Key, slots, VLAN_CFI } from '../packet/key.js';
import type { Flow } from './flow.js';
import type { Headers } from './headers.js';
import type { LearnedFlow, Teaching } from './learner.js';
import type { Pass } from './pass.js';

/** The table of the journal that stands for how many flows were learned; not an OpenFlow table. */
export const LEARNED_COUNTS = 255;

/** TCP's FIN and RST. */
const ENDING = 0x005;

/** A learned flow goes into its table. */
class Lesson implements Effect {
  private flow: Flow | null = null;
  /** What the flow did when it was last compared. */
  private known: object | null = null;

  constructor(
    private readonly wanted: LearnedFlow,
    private readonly learner: Teaching,
  ) {}

  happen(_: Key, now_ms: number): void {
    const { flow } = this;
    if (flow !== null && !flow.removed && flow.instructions === this.known) {
      flow.modified_ms = now_ms;
      return;
    }
    this.flow = this.learner.learn(this.wanted, now_ms);
    this.known = this.flow?.instructions ?? null;
  }
}

/** A segment that ends a connection shortens a flow's timeouts. */
class Shortening implements Effect {
  constructor(
    private readonly flow: Flow,
    private readonly idle_s: number,
    private readonly hard_s: number,
    private readonly learner: Teaching,
  ) {}

  happen(key: Key): void {
    if (key.get(slots.tcp_flags) & ENDING) this.learner.shorten(this.flow, this.idle_s, this.hard_s);
  }
}

/** The match of the flow that is put together; one for all, which are made one after the other. */
const value = new Key();
const mask = new Key();
/** The Geneve options in it. */
const options = new Set<Field>();

/** Writes bits into the match. A field that can't be masked is matched whole or not at all. */
function addMatch(to: Subfield, bits: bigint): void {
  const { field } = to;
  if (to.bits < whole(field).bits && !field.maskable) return;
  if (field.port16) {
    value.set(slotOf(field), port32(Number(bits)));
    mask.set(slotOf(field), 0xffffffff);
    return;
  }
  if (field.option !== undefined) options.add(field);
  writeBits(value, to, bits);
  markBits(mask, to);
  // Where the priority counts, there is a tag.
  if (field.name !== 'vlan_pcp') return;
  for (const key of [value, mask]) key.set(slots.vlan_tci, key.get(slots.vlan_tci) | VLAN_CFI);
}

/** Reserved ports that a learned flow may send to; CONTROLLER, NORMAL and others it leaves out. */
const RESERVED: ReadonlySet<number> = new Set([OFPP.IN_PORT, OFPP.FLOOD, OFPP.ALL, OFPP.LOCAL]);

/** The output to the port of a number, none where it is none. */
function outputTo(number: bigint): Action[] {
  if (number > 0xffffn) return [];
  const port = port32(Number(number));
  return port < OFPP.MAX || RESERVED.has(port) ? [{ type: 'output', port, maxLen: 0 }] : [];
}

function addSpec({ from, value: number, kind, to, bits }: LearnSpec, headers: Headers): Action[] {
  const source = from ? headers.number(from) : BigInt.asUintN(bits, number);
  if (to === null) return outputTo(source);
  if (kind === 'load') return loadsOf(source, to);
  addMatch(to, source);
  return [];
}

/** The flow that a packet teaches. */
function compose(a: Learn, headers: Headers): LearnedFlow {
  value.clear();
  mask.clear();
  options.clear();
  const apply: Action[] = [];
  if (a.finIdle_s || a.finHard_s) apply.push({ type: 'fin_timeout', idle_s: a.finIdle_s, hard_s: a.finHard_s });
  for (const spec of a.specs) apply.push(...addSpec(spec, headers));
  return {
    tableId: a.table,
    priority: a.priority,
    match: matchOfKeys(value, mask, options),
    instructions: apply.length > 0 ? { apply } : {},
    cookie: a.cookie,
    idleTimeout_s: a.idle_s,
    hardTimeout_s: a.hard_s,
    flags: a.sendFlowRem ? OFPFF.SEND_FLOW_REM : 0,
    limit: a.limit,
  };
}

export class Learning implements LearningMeaning {
  /** What this translation learns besides, for limits. */
  private readonly learned: LearnedFlow[] = [];

  constructor(private readonly pass: Pass) {}

  /** A translation begins. */
  begin(): void {
    this.learned.length = 0;
  }

  learn(a: Learn): void {
    const { program, headers, world } = this.pass;
    const wanted = compose(a, headers);
    const added = world.learner.wouldLearn(wanted, this.learned);
    this.pass.listener?.teaches(wanted, added);
    program.before(new Lesson(wanted, world.learner));
    if (a.result !== null) {
      // How many flows there are decides, so the program holds until that changes.
      program.visit(LEARNED_COUNTS);
      headers.writeBits(a.result, added ? 1n : 0n);
    }
    this.learned.push(wanted);
  }

  finTimeout(idle_s: number, hard_s: number): void {
    const { program, flow, world } = this.pass;
    if (flow !== null) program.before(new Shortening(flow, idle_s, hard_s, world.learner));
  }
}
