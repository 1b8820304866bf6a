/**
 * The translation: an OpenFlow pipeline run once for a packet, symbolically. It walks the tables with the packet's key, notes
 * which bits decided (headers.ts), and emits the steps that every packet agreeing in those bits needs. It changes nothing: what
 * has an effect (a learned address, a committed connection, a packet-in) is a step. Sets are committed late: header words are
 * written only before a step that sees the frame.
 *
 * A ct action with a table is a step that ends in a recirculation id; behind it a new translation begins, with the tracked
 * fields known. What the packet takes along is frozen (frozen.ts). The same happens in front of an action or a lookup that asks
 * for what only came to light when a header was taken away (tags.ts): the rest of all lists that are under way is frozen.
 */
import { OFPPC, OP, type Translation } from '../datapath/index.js';
import {
  type Action,
  type ControllerArgs,
  type CtArgs,
  type Field,
  type FieldValue,
  type Instructions,
  kindOf,
  type Meaning,
  OFPP,
  type Subfield,
  slotOf,
} from '../nxm/index.js';
import { FRAG_ANY, GROUPS, KEY_WORDS, type Key, slots } from '../packet/key.js';
import { listOf } from './action-set.js';
import { ctRequest } from './ct-request.js';
import type { Flow } from './flow.js';
import { type Frozen, type Rest, restAt } from './frozen.js';
import { Headers, KEPT_WORDS } from './headers.js';
import { Outputs } from './outputs.js';
import { isPresent, writeMetadata } from './packet-fields.js';
import { ProgramBuilder } from './program-builder.js';
import { bucketsFor } from './select.js';
import { Tags } from './tags.js';
import type { World } from './world.js';

/** How deep resubmits may stand in each other, and how many a translation may do (ovs-actions(7)). */
export const MAX_RESUBMIT_DEPTH = 64;
export const MAX_RESUBMITS = 4096;

const fragSlot = slots.nw_frag;
/** tp_src and tp_dst, which stand in one word. */
const portsSlot = { at: slots.tp_src.at, size: 4, shift: 0, width: 32 };

const NOWHERE = { tableId: 0, flow: null };

export class Translator implements Meaning {
  private readonly headers = new Headers();
  private readonly seen = new Uint32Array(KEY_WORDS);
  private program: ProgramBuilder;
  private actionSet: readonly Action[] = [];
  private tableId = 0;
  private flow: Flow | null = null;
  /** The flow of the first table, and that table. */
  private first: { readonly tableId: number; readonly flow: Flow | null } = NOWHERE;
  private inActionSet = false;
  private depth = 0;
  private resubmits = 0;
  private listEnded = false;
  /** What is left to do once the packet was read anew, the innermost list first; empty: nothing waits. */
  private rest: Rest[] = [];
  /** The pipeline let go of what connection tracking found. */
  private untracked = false;
  private readonly steps = {
    commit: () => this.commit(),
    step: (...words: number[]) => this.program.step(...words),
    visit: (table: number) => this.program.visit(table),
  };
  private readonly tags = new Tags(this.headers, this.steps);
  private readonly outputs: Outputs;
  private failed = false;
  /** Packets that no flow of table 0 matches are switched as by NORMAL: no controller is there to tell. */
  standalone = false;
  /** Packets dropped because they went too deep, by translations. */
  tooDeep = 0;

  constructor(private readonly world: World) {
    this.program = new ProgramBuilder(world.cold);
    this.outputs = new Outputs(world, this.headers, this.steps);
  }

  /** The program for a packet that came in, or comes out of ct. */
  translate(key: Key): Translation {
    this.begin(key);
    const recirculation = key.get(slots.recirc_id);
    if (recirculation === 0) {
      this.metadata(() => 0);
      this.setActionSetOutput();
      this.walk(0);
    } else {
      const frozen = this.world.frozen.get(recirculation);
      if (frozen) this.thaw(frozen);
    }
    return this.finish();
  }

  /** The program for a packet-out's actions. */
  translateActions(key: Key, actions: readonly Action[]): Translation {
    this.begin(key);
    this.metadata(() => 0);
    this.setActionSetOutput();
    this.run(actions);
    return this.finish();
  }

  private begin(key: Key): void {
    this.program = new ProgramBuilder(this.world.cold);
    this.actionSet = [];
    this.tableId = 0;
    this.flow = null;
    this.first = NOWHERE;
    this.inActionSet = false;
    this.depth = 0;
    this.resubmits = 0;
    this.listEnded = false;
    this.rest = [];
    this.untracked = false;
    this.failed = false;
    this.headers.begin(key);
    this.tags.begin();
    this.headers.read(slots.recirc_id);
    this.headers.read(slots.in_port);
  }

  private finish(): Translation {
    if (!this.failed && this.rest.length === 0) {
      const set = this.actionSet;
      this.actionSet = [];
      this.inActionSet = true;
      // A packet-in out of the action set names the flow that the tables began with, as Open vSwitch's does.
      this.tableId = this.first.tableId;
      this.flow = this.first.flow;
      this.run(listOf(set));
    }
    if (this.rest.length > 0) this.goOnLater();
    if (this.failed) {
      this.tooDeep++;
      this.program.drop();
    }
    return this.program.seal(this.headers);
  }

  /** Registers and the like are constants: zero at first, what was frozen behind ct. */
  private metadata(value: (word: number) => number): void {
    this.headers.constant(GROUPS.pipeline[0], GROUPS.pipeline[1], value);
  }

  private thaw(frozen: Frozen): void {
    const words = new Map(frozen.words);
    this.metadata((word) => words.get(word) ?? 0);
    if (frozen.inPort !== this.headers.flow.get(slots.in_port)) this.headers.write(slots.in_port, frozen.inPort);
    const [tunnel, end] = GROUPS.tunnel;
    for (const [word, value] of frozen.words) {
      if (word >= tunnel && word < end) this.headers.constant(word, word + 1, () => value);
    }
    if (!frozen.tracked) this.forgetTracking();
    this.actionSet = frozen.actionSet;
    frozen.rest.forEach((part, i) => {
      if (this.failed || this.rest.length > 0) return;
      this.goOn(part);
      if (this.rest.length > 0) this.rest.push(...frozen.rest.slice(i + 1));
    });
  }

  /** Goes on with what was left of a list, and of the instructions that it belongs to. */
  private goOn({ actions, after, tableId, flow }: Rest): void {
    this.tableId = tableId;
    this.flow = flow;
    if (!this.run(actions)) this.leaveOff(after);
    else if (after) this.walk(this.following(after), true);
  }

  /** A list that didn't come to its end because something is hidden: its instructions wait, too. */
  private leaveOff(after: Instructions | null): void {
    const last = this.rest.at(-1);
    if (last) last.after = after;
  }

  /** What a list has left, while the packet has to be read anew. */
  private wait(actions: readonly Action[], after: Instructions | null = null): void {
    this.rest.push({ actions, after, tableId: this.tableId, flow: this.flow });
  }

  /** The packet is read anew, and goes on with what is left. */
  private goOnLater(): void {
    const { rest } = this;
    this.rest = [];
    if (this.failed) return;
    this.commit();
    this.program.recirculate(this.freeze(rest, !this.untracked));
  }

  // Tables, instructions, action lists.

  /** From a table on, as far as goto_table leads; what it leads to counts with the resubmits. */
  private walk(table: number, led = false): void {
    let next = table;
    for (let counts = led; next >= 0 && !this.failed; counts = true) {
      if (counts) {
        if (this.tooMuch()) return;
        this.resubmits++;
      }
      if (this.tags.concealing) {
        this.wait([], { goto: next });
        return;
      }
      this.tableId = next;
      const flow = this.lookUp(next);
      if (flow === null) {
        if (this.standalone && next === 0 && this.depth === 0) this.outputs.to(OFPP.NORMAL);
        return;
      }
      this.flow = flow;
      if (!counts) this.first = { tableId: next, flow };
      next = this.instructions(flow.instructions);
    }
  }

  private lookUp(tableId: number): Flow | null {
    const table = this.world.tables[tableId];
    if (!table) return null;
    this.program.visit(tableId);
    const { headers } = this;
    // In every fragment, the first too, ports count as zero for a lookup: OFPC_FRAG_NORMAL.
    const restore = headers.read(fragSlot) & FRAG_ANY ? headers.lend(portsSlot, 0) : null;
    this.seen.fill(0);
    const flow = table.classifier.find(headers.flow.words, this.seen);
    headers.look(this.seen);
    restore?.();
    this.program.looked(table, flow);
    return flow;
  }

  /** Runs a flow's instructions in their order; returns the next table, or -1. */
  private instructions(i: Instructions): number {
    if (i.meter !== undefined) this.meter(i.meter);
    if (i.apply && !this.run(i.apply)) {
      this.leaveOff(i);
      return -1;
    }
    return this.following(i);
  }

  /** Measures the packet. Where a band may remark it, its DSCP has to be read anew before anything looks at it. */
  private meter(id: number): void {
    const meter = this.world.meters.get(id);
    if (!meter) return;
    if (meter.remarks) this.commit();
    this.program.meter(meter);
    if (meter.remarks) this.tags.hidePayload();
  }

  /** The instructions behind apply_actions. */
  private following(i: Instructions): number {
    if (i.clear) {
      this.actionSet = [];
      this.setActionSetOutput();
    }
    if (i.write) {
      this.actionSet = [...this.actionSet, ...i.write];
      this.setActionSetOutput();
    }
    if (i.metadata) writeMetadata(this.headers, i.metadata.value, i.metadata.mask);
    return i.goto ?? -1;
  }

  /** The field actset_output follows the action set. */
  private setActionSetOutput(): void {
    const group = this.actionSet.some((a) => a.type === 'group');
    const output = this.actionSet.findLast((a) => a.type === 'output');
    const port = group || output?.type !== 'output' ? OFPP.UNSET : output.port;
    this.headers.write(slots.actset_output, port);
  }

  /** Runs a list; false if it was ended before its end. */
  private run(actions: readonly Action[]): boolean {
    for (let i = 0; i < actions.length; i++) {
      const action = actions[i];
      if (this.tags.conceals(action)) {
        this.wait(actions.slice(i));
        return false;
      }
      kindOf(action).translate(action, this);
      if (this.failed) return false;
      if (this.rest.length > 0) {
        this.wait(actions.slice(i + 1));
        return false;
      }
      if (this.listEnded) {
        this.listEnded = false;
        return false;
      }
    }
    return true;
  }

  // What actions ask for.

  read(field: Field): number {
    return this.headers.read(slotOf(field));
  }

  readBits(from: Subfield): number {
    return this.headers.readBits(from);
  }

  set(field: Field, value: number): void {
    this.headers.write(slotOf(field), value);
  }

  setValue(value: FieldValue): void {
    if (!this.tags.setType(value)) this.headers.writeValue(value);
  }

  setBits(to: Subfield, value: bigint): void {
    this.headers.writeBits(to, value);
  }

  move(from: Subfield, to: Subfield): void {
    this.headers.move(from, to);
  }

  has(field: Field): boolean {
    return isPresent(field, this.headers);
  }

  endList(): void {
    this.listEnded = true;
  }

  resubmit(table: number | null, inPort: number | null): void {
    if (this.tooMuch()) return;
    const { tableId, flow: caller, headers } = this;
    const target = table ?? tableId;
    // Only where a resubmit leads back, or nowhere, can it go on for ever.
    const deeper = target <= tableId ? 1 : 0;
    this.resubmits++;
    this.depth += deeper;
    // The port counts for the lookup alone: NORMAL and IN_PORT behind it mean the packet's own.
    const restore = inPort === null ? null : headers.lend(slots.in_port, inPort);
    const flow = this.lookUp(target);
    restore?.();
    if (flow !== null) {
      this.tableId = target;
      this.flow = flow;
      const next = this.instructions(flow.instructions);
      if (next >= 0) this.walk(next, true);
    }
    this.tableId = tableId;
    this.flow = caller;
    this.depth -= deeper;
  }

  group(id: number): void {
    const { program, world } = this;
    const group = world.groups.get(id);
    if (!group) return;
    if (this.tooMuch()) return;
    this.resubmits++;
    this.depth++;
    this.commit();
    program.credit(group);
    for (const bucket of bucketsFor(group, world.groups, this.headers)) {
      program.credit(bucket);
      this.onCopy(bucket.list);
    }
    this.depth--;
  }

  /** Runs a list on a copy of the packet: nothing that happens to the copy is left behind it. */
  private onCopy(actions: readonly Action[]): void {
    const { program, headers, actionSet, untracked } = this;
    const body = program.open();
    const restore = headers.save();
    this.actionSet = [];
    this.run(actions);
    const waits = this.rest.length > 0;
    if (waits) this.goOnLater();
    restore();
    // What tables behind a resubmit wrote into the action set stays there (Open vSwitch does so), unless the copy took it.
    const written = waits ? [] : this.actionSet;
    this.actionSet = actionSet;
    if (written.length > 0) {
      this.actionSet = [...actionSet, ...written];
      this.setActionSetOutput();
    }
    this.untracked = untracked;
    this.tags.begin();
    program.close(body);
  }

  setQueue(queue: number | null): void {
    this.headers.fix(slots.skb_priority, queue === null ? 0 : queue + 1);
  }

  /** May this translation look up no further? Then it fails. */
  private tooMuch(): boolean {
    this.failed ||= this.depth >= MAX_RESUBMIT_DEPTH || this.resubmits >= MAX_RESUBMITS;
    return this.failed;
  }

  pushVlan(ethType: number): void {
    this.tags.pushVlan(ethType);
  }

  popVlan(): void {
    this.tags.popVlan();
  }

  pushMpls(ethType: number): void {
    this.tags.pushMpls(ethType);
  }

  popMpls(ethType: number): void {
    this.tags.popMpls(ethType);
  }

  pushPbb(): void {
    this.tags.pushPbb();
  }

  popPbb(): void {
    this.tags.popPbb();
  }

  copyTtlOut(): void {
    this.tags.copyTtlOut();
  }

  copyTtlIn(): void {
    this.tags.copyTtlIn();
  }

  ct(args: CtArgs): void {
    this.commit();
    const request = ctRequest(args, this.headers, (action) => kindOf(action).translate(action, this));
    if (request.nat) this.headers.translated();
    this.program.ct({ kind: 'ct', request }, args.table === null ? 0 : this.freeze([restAt(args.table)], true));
    // The copy that goes on is untracked.
    this.forgetTracking();
  }

  ctClear(): void {
    // What the pipeline doesn't see as tracked isn't cleared: behind ct the datapath goes on knowing the packet.
    if (this.headers.read(slots.ct_state) === 0) return;
    this.program.step(OP.ctClear);
    this.forgetTracking();
  }

  private forgetTracking(): void {
    const { headers } = this;
    this.untracked = true;
    for (const slot of [slots.ct_state, slots.ct_zone, slots.ct_nw_proto, slots.ct_mark]) headers.fix(slot, 0);
    headers.constant(GROUPS.ctTuple[0], GROUPS.ctTuple[1], () => 0);
  }

  private freeze(rest: readonly Rest[], tracked: boolean): number {
    const { headers, actionSet } = this;
    const words = KEPT_WORDS.filter((word) => headers.written[word] !== 0 && headers.keep(word));
    return this.world.frozen.intern({
      rest,
      tracked,
      inPort: headers.flow.get(slots.in_port),
      words: words.map((word) => [word, headers.flow.words[word]] as const),
      actionSet,
    });
  }

  private commit(): void {
    const { headers, program } = this;
    headers.commit((unit, value, mask) => program.rewrite(unit, value, mask, headers.flow.get(slots.vlan_tci)));
  }

  // Output.

  output(port: number, maxLen: number): void {
    if (port === OFPP.TABLE) this.walk(0);
    else if (port === OFPP.CONTROLLER) this.controller({ maxLen, reason: 'action', controllerId: 0 });
    else this.outputs.to(port);
  }

  controller(args: ControllerArgs): void {
    const inPort = this.world.ports.get(this.headers.read(slots.in_port));
    if (inPort && inPort.config & OFPPC.NO_PACKET_IN) return;
    this.commit();
    const { flow } = this;
    const miss = !this.inActionSet && flow !== null && flow.priority === 0 && flow.match.shape.words.length === 0;
    this.program.controller({
      kind: 'controller',
      reason: miss && args.reason === 'action' ? 'no_match' : args.reason,
      tableId: this.tableId,
      cookie: flow?.cookie ?? 0xffffffffffffffffn,
      maxLen: args.maxLen,
      controllerId: args.controllerId,
      written: [...this.headers.metadata()],
    });
  }
}
