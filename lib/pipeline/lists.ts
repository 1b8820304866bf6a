/**
 * Tables, instructions and action lists, walked with the packet in hand: OpenFlow 1.3.5 §5.1 and §5.9, resubmit of
 * ovs-actions(7). A list that meets what is hidden (tags.ts) leaves what it has left in the pass, and the translator
 * freezes it.
 */
import {
  type Action,
  type Instructions,
  kindOf,
  type ListMeaning,
  type Meaning,
  OFPP,
  type Subfield,
} from '../nxm/index.js';
import { FRAG_ANY, KEY_WORDS, slots } from '../packet/key.js';
import { listOf } from './action-set.js';
import type { Flow } from './flow.js';
import type { Rest } from './frozen.js';
import { hasTuple, swapTuple } from './original-tuple.js';
import { isPresent, writeMetadata } from './packet-fields.js';
import type { Pass } from './pass.js';
import type { Tags } from './tags.js';

const fragSlot = slots.nw_frag;
/** tp_src and tp_dst, which stand in one word. */
const portsSlot = { at: slots.tp_src.at, size: 4, shift: 0, width: 32 };

export class Lists implements ListMeaning {
  private readonly seen = new Uint32Array(KEY_WORDS);
  /** Packets that no flow of table 0 matches are switched as by NORMAL: no controller is there to tell. */
  standalone = false;

  constructor(
    private readonly pass: Pass,
    private readonly tags: Tags,
    private readonly meaning: Meaning,
  ) {}

  /** From a table on, as far as goto_table leads; what it leads to counts with the resubmits. */
  walk(table: number, led = false): void {
    const { pass } = this;
    let next = table;
    for (let counts = led; next >= 0 && !pass.failed; counts = true) {
      if (counts) {
        if (pass.tooMuch()) return;
        pass.resubmits++;
      }
      if (this.tags.concealing) {
        pass.wait([], { goto: next });
        return;
      }
      pass.tableId = next;
      const flow = this.lookUp(next);
      if (flow === null) {
        if (this.standalone && next === 0 && pass.depth === 0) this.meaning.outputs.port(OFPP.NORMAL, 0);
        pass.listener?.done();
        return;
      }
      pass.flow = flow;
      if (!counts) pass.first = { tableId: next, flow };
      next = this.instructions(flow.instructions);
      pass.listener?.done();
    }
  }

  /** `ct`: with the original tuple of the packet's connection in the place of its own. */
  private lookUp(tableId: number, ct = false): Flow | null {
    const { headers, program, world } = this.pass;
    const table = world.tables[tableId];
    if (!table) {
      this.pass.listener?.table(tableId, null);
      return null;
    }
    program.visit(tableId);
    // In every fragment, the first too, ports count as zero for a lookup: OFPC_FRAG_NORMAL.
    const fragment = headers.read(fragSlot) & FRAG_ANY;
    if (ct) swapTuple(headers);
    const restore = fragment ? headers.lend(portsSlot, 0) : null;
    this.seen.fill(0);
    const flow = table.classifier.find(headers.flow.words, this.seen);
    if (!ct) headers.look(this.seen);
    restore?.();
    if (ct) {
      swapTuple(headers, this.seen);
      headers.look(this.seen);
    }
    program.looked(table, flow);
    this.pass.listener?.table(tableId, flow);
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
    const { pass } = this;
    const meter = pass.world.meters.get(id);
    pass.listener?.instruction({ meter: id });
    if (!meter) return;
    if (meter.remarks) pass.commit();
    pass.program.meter(meter);
    if (meter.remarks) this.tags.hidePayload();
  }

  /** The instructions behind apply_actions. */
  private following(i: Instructions): number {
    const { pass } = this;
    const { listener } = pass;
    if (i.clear) {
      pass.setActionSet([]);
      listener?.instruction({ clear: true });
    }
    if (i.write) {
      pass.setActionSet([...pass.actionSet, ...i.write]);
      listener?.instruction({ write: i.write });
    }
    if (i.metadata) {
      writeMetadata(pass.headers, i.metadata.value, i.metadata.mask);
      listener?.instruction({ metadata: i.metadata });
    }
    if (i.goto !== undefined) listener?.instruction({ goto: i.goto });
    return i.goto ?? -1;
  }

  /** Runs a list; false if it was ended before its end. */
  run(actions: readonly Action[]): boolean {
    const { pass } = this;
    for (let i = 0; i < actions.length; i++) {
      const action = actions[i];
      if (this.tags.conceals(action)) {
        pass.listener?.note('what the next action asks for is behind a header that went: the packet is read anew');
        pass.wait(actions.slice(i));
        return false;
      }
      pass.listener?.action(action);
      kindOf(action).translate(action, this.meaning);
      pass.listener?.done();
      if (pass.failed) return false;
      if (pass.rest.length > 0 || pass.anew) {
        pass.anew = false;
        pass.wait(actions.slice(i + 1));
        return false;
      }
      if (pass.exited) return false;
      if (pass.listEnded) {
        pass.listEnded = false;
        return false;
      }
    }
    return true;
  }

  /** Runs the action set, even behind exit; it is empty then. */
  runSet(): void {
    const { pass } = this;
    const set = pass.actionSet;
    pass.actionSet = [];
    pass.inActionSet = true;
    const { exited } = pass;
    pass.exited = false;
    if (set.length > 0) pass.listener?.actionSet();
    this.run(listOf(set));
    pass.exited ||= exited;
    if (set.length > 0) pass.listener?.done();
  }

  /** A list that didn't come to its end because something is hidden: its instructions wait, too. */
  private leaveOff(after: Instructions | null): void {
    const last = this.pass.rest.at(-1);
    if (last) last.after = after;
  }

  /** Goes on with what was frozen. */
  resume(rest: readonly Rest[]): void {
    const { pass } = this;
    rest.forEach((part, i) => {
      if (pass.failed || pass.exited || pass.rest.length > 0) return;
      this.goOn(part);
      if (pass.rest.length > 0) pass.rest.push(...rest.slice(i + 1));
    });
  }

  /** Goes on with what was left of a list, and of the instructions that it belongs to. */
  private goOn({ actions, after, tableId, flow }: Rest): void {
    this.pass.tableId = tableId;
    this.pass.flow = flow;
    if (!this.run(actions)) this.leaveOff(after);
    else if (after) this.walk(this.following(after), true);
  }

  end(): void {
    this.pass.listEnded = true;
  }

  exit(): void {
    this.pass.exited = true;
  }

  readAnew(): void {
    this.pass.anew = true;
  }

  ifLarger(length: number, to: Subfield): void {
    if (!isPresent(to.field, this.pass.headers)) return;
    // The Ethernet header of zeros counts for nothing.
    this.pass.branch = { length: this.pass.packetType === 0 ? length : length + 14, to };
    this.pass.anew = true;
  }

  resubmit(table: number | null, inPort: number | null, ct: boolean): void {
    const { pass } = this;
    if (ct && !hasTuple(pass.headers)) {
      pass.listener?.note('no resubmit with ct: the packet is not tracked, or no IP');
      return;
    }
    if (pass.tooMuch()) return;
    const { tableId, flow: caller, headers } = pass;
    const target = table ?? tableId;
    // Only where a resubmit leads back, or nowhere, can it go on for ever.
    const deeper = target <= tableId ? 1 : 0;
    pass.resubmits++;
    pass.depth += deeper;
    // The port counts for the lookup alone: NORMAL and IN_PORT behind it mean the packet's own.
    const restore = inPort === null ? null : headers.lend(slots.in_port, inPort);
    const flow = this.lookUp(target, ct);
    restore?.();
    if (flow !== null) {
      pass.tableId = target;
      pass.flow = flow;
      const next = this.instructions(flow.instructions);
      pass.listener?.done();
      if (next >= 0) this.walk(next, true);
    } else {
      pass.listener?.done();
    }
    pass.tableId = tableId;
    pass.flow = caller;
    pass.depth -= deeper;
  }
}
