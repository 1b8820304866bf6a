/**
 * A translation under way: what the packet's headers are by now, the program so far, and where in tables and lists it
 * stands. The parts of the translator (fields, tags, outputs, lists, copies, tracking) share it.
 */

import type { ControllerCold, Meter } from '../datapath/index.js';
import type { Action, Instructions, Subfield } from '../nxm/index.js';
import { OFPP } from '../nxm/index.js';
import { GROUPS, type Key, slots } from '../packet/key.js';
import type { Flow } from './flow.js';
import type { Rest } from './frozen.js';
import { Headers } from './headers.js';
import type { TranslationListener } from './listener.js';
import { ProgramBuilder } from './program-builder.js';
import type { FrameSteps } from './tags.js';
import type { World } from './world.js';

/** How deep resubmits may stand in each other, and how many a translation may do (ovs-actions(7)). */
export const MAX_RESUBMIT_DEPTH = 64;
export const MAX_RESUBMITS = 4096;

/** Values that a packet's stack may hold; a packet that pushes more is dropped. */
export const MAX_STACK = 8192;

const NOWHERE = { tableId: 0, flow: null };

/** A bit that says whether the frame has more than `length` bytes. */
export interface Branch {
  readonly length: number;
  readonly to: Subfield;
}

/** A packet-in whose packet waits, and the meter before it. */
export interface Paused {
  readonly cold: ControllerCold;
  readonly meter: Meter | undefined;
}

export class Pass implements FrameSteps {
  readonly headers = new Headers();
  program: ProgramBuilder;
  actionSet: readonly Action[] = [];
  tableId = 0;
  flow: Flow | null = null;
  /** The flow of the first table, and that table. */
  first: { readonly tableId: number; readonly flow: Flow | null } = NOWHERE;
  inActionSet = false;
  depth = 0;
  resubmits = 0;
  listEnded = false;
  /** All lists that are under way have ended. */
  exited = false;
  /** What push put there and pop takes, the top last. */
  stack: bigint[] = [];
  /** What follows wants the packet read anew. */
  anew = false;
  /** What follows goes two ways, by the frame's length. */
  branch: Branch | null = null;
  /** What is left to do once the packet was read anew, the innermost list first; empty: nothing waits. */
  rest: Rest[] = [];
  /** A packet-in that takes along what is left: the packet waits at its controllers. Null: none. */
  paused: Paused | null = null;
  /** The pipeline let go of what connection tracking found. */
  untracked = false;
  /** It went too deep, or can't be done: the packet is dropped. */
  failed = false;
  /** It failed because of what the packet is. */
  wrongType = false;
  /** Null: nobody listens. */
  readonly listener: TranslationListener | null;

  constructor(readonly world: World) {
    this.listener = world.listener ?? null;
    this.program = new ProgramBuilder(world.cold);
  }

  /** Begins with a packet's key. */
  begin(key: Key): void {
    this.program = new ProgramBuilder(this.world.cold);
    this.actionSet = [];
    this.tableId = 0;
    this.flow = null;
    this.first = NOWHERE;
    this.inActionSet = false;
    this.depth = 0;
    this.resubmits = 0;
    this.listEnded = false;
    this.exited = false;
    this.stack = [];
    this.anew = false;
    this.branch = null;
    this.rest = [];
    this.paused = null;
    this.untracked = false;
    this.failed = false;
    this.wrongType = false;
    this.headers.begin(key);
    this.headers.read(slots.recirc_id);
    this.headers.read(slots.in_port);
    this.listener?.began(key, this.headers);
  }

  /** May this translation look up no further? Then it fails. */
  tooMuch(): boolean {
    this.failed ||= this.depth >= MAX_RESUBMIT_DEPTH || this.resubmits >= MAX_RESUBMITS;
    if (this.failed) this.listener?.note('resubmits lead too deep, or are too many: the packet is dropped');
    return this.failed;
  }

  /** What the packet is (encapsulation.ts); a constant of the program. */
  get packetType(): number {
    return this.headers.flow.get(slots.packet_type);
  }

  set packetType(type: number) {
    this.headers.fix(slots.packet_type, type);
  }

  /** What is asked for can't be done with a packet of this type: the translation fails. */
  unsupported(what: string): void {
    this.failed = true;
    this.wrongType = true;
    this.listener?.note(`${what}: the packet is dropped`);
  }

  /** Puts a value on the stack; one too many, and the translation fails. */
  push(value: bigint): void {
    if (this.stack.length < MAX_STACK) {
      this.stack.push(value);
      return;
    }
    this.failed = true;
    this.listener?.note(`more than ${MAX_STACK} values on the stack: the packet is dropped`);
  }

  /** What a list has left, while the packet has to be read anew. */
  wait(actions: readonly Action[], after: Instructions | null = null): void {
    this.rest.push({ actions, after, tableId: this.tableId, flow: this.flow });
  }

  /** Registers and the like are constants: zero at first, what was frozen behind ct. */
  metadata(value: (word: number) => number): void {
    this.headers.constant(GROUPS.pipeline[0], GROUPS.pipeline[1], value);
  }

  /** The action set is another; the field actset_output follows it. */
  setActionSet(actions: readonly Action[]): void {
    this.actionSet = actions;
    const group = actions.some((a) => a.type === 'group');
    const output = actions.findLast((a) => a.type === 'output');
    const port = group || output?.type !== 'output' ? OFPP.UNSET : output.port;
    this.headers.write(slots.actset_output, port);
  }

  /** Brings the headers that were set into the frame. */
  commit(): void {
    const { headers, program } = this;
    headers.commit((unit, value, mask) => program.rewrite(unit, value, mask, headers.flow.get(slots.vlan_tci)));
  }

  step(...words: number[]): void {
    this.program.step(...words);
  }

  visit(table: number): void {
    this.program.visit(table);
  }
}
