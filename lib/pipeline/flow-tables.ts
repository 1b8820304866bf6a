/**
 * The flow tables and what changes them: flow-mods in all their forms (OpenFlow 1.3.5 §6.4, §7.3.4.1), timeouts,
 * statistics. A change is checked whole, then made, then told to the datapath's journal: it is in force when `apply`
 * returns.
 */
import { type Clock, type ErrorName, type Log, OpenFlowError, Writer } from '../bytes/index.js';
import type { Sparse } from '../datapath/index.js';
import {
  type Action,
  ALL_TABLES,
  ANY_GROUP,
  type FlowMod,
  flattened,
  type Instructions,
  lastAsked,
  Match,
  type MatchForm,
  OFPFF,
  OFPP,
  writeInstructions,
} from '../nxm/index.js';
import { ANYTHING, checkHidden, checkInPort, checkInstructions, type Named, TABLES } from './check.js';
import { Expiry } from './expiry.js';
import { Flow } from './flow.js';
import { type LearnedFlow, type LearnedTables, Learner } from './learner.js';
import { Lessons } from './lessons.js';
import { groupsIn, References } from './references.js';
import { Table } from './table.js';
import { checkLimits } from './table-limits.js';
import { Transaction } from './transaction.js';
import type {
  FlowChange,
  FlowFilter,
  FlowView,
  FlowWatcher,
  RemovedReason,
  TableSetup,
  TableView,
  WatchedFlow,
} from './types.js';

const KNOWN_FLAGS = Object.values(OFPFF).reduce((all, bit) => all | bit, 0);

export interface FlowTableEvents {
  /** Flows of `table` within `match` changed. */
  changed(table: number, match: Sparse): void;
  /** In a table in which learn counts, there are other flows than before. */
  counted(): void;
  /** Counters of all flows have to be brought up to date. */
  collect(): void;
  removed(flow: FlowView, reason: RemovedReason): void;
}

export class FlowTables {
  readonly tables: readonly Table[] = Array.from({ length: TABLES }, (_, id) => new Table(id));
  /** Which flows name which groups and meters. */
  readonly references = new References();
  readonly learner: Learner;
  private readonly lessons: Lessons;
  private readonly expiry: Expiry;
  private watcher: FlowWatcher | null = null;
  /** What was found right last: values that may differ in a form decide nothing that is checked. */
  private checked: Checked = NOTHING_CHECKED;
  /** The same of what was looked at ahead of its turn, by its instructions. */
  private readonly foreseen = new WeakMap<Instructions, Pick<Checked, 'form' | 'table'>>();
  private readonly undoEnter = (table: Table, flow: Flow): void => this.takeOut(table, flow);
  private readonly undoTakeOut = (table: Table, flow: Flow): void => this.putBack(table, flow);
  private readonly undoTeaching = (): void => {
    this.lessons.takeOrphans();
  };
  private readonly undoAlter = (flow: Flow, { before, was }: { before: Instructions; was: bigint }): void =>
    this.alter(flow, before, was);
  /** Changes of flows so far. */
  changes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly events: FlowTableEvents,
    private readonly named: Named,
    log: Log,
    private readonly transaction = new Transaction(),
  ) {
    this.learner = new Learner(this.learnedTables(), log);
    this.expiry = new Expiry(clock, {
      collect: () => events.collect(),
      expired: (flow, reason) => {
        this.remove(flow, reason);
        this.removeOrphans();
      },
    });
    this.lessons = new Lessons({
      flowsOf: (tableId) => this.tables[tableId]?.flows() ?? [],
      counted: () => events.counted(),
    });
  }

  /** Refuses what `apply` would refuse whatever flows, groups and meters there are by then. */
  precheck(change: FlowMod): void {
    checkChange(change);
    const { command, instructions, match, tableId } = change;
    if (command === 'delete' || command === 'delete_strict') return;
    const { form } = match;
    const seen = this.foreseen.get(instructions);
    if (form !== null && form === seen?.form && tableId === seen.table) {
      checkInPort(match);
      return;
    }
    if (tableId >= TABLES) throw new OpenFlowError('OFPFMFC_BAD_TABLE_ID', `there is no table ${tableId}`);
    checkHidden(match);
    checkInstructions(instructions, match, tableId, ANYTHING);
    if (form !== null) this.foreseen.set(instructions, { form, table: tableId });
  }

  /** Refuses what `apply` would refuse for what the change itself says, and changes nothing. */
  verify(change: FlowMod): void {
    this.precheck(change);
    const { command, instructions, match, priority } = change;
    if (command === 'add')
      this.check(instructions, match, priority, this.table(change.tableId, 'OFPFMFC_BAD_TABLE_ID'));
    else this.chosen(change);
  }

  apply(change: FlowMod): void {
    checkChange(change);
    // What is undone leaves no orphans: its flows are there again.
    this.transaction.whenUndone(this.undoTeaching);
    if (change.command === 'add') this.add(change);
    else if (change.command === 'modify' || change.command === 'modify_strict') this.modify(change);
    else this.delete(change);
    this.removeOrphans();
  }

  private add(change: FlowMod): void {
    const table = this.table(change.tableId, 'OFPFMFC_BAD_TABLE_ID');
    this.check(change.instructions, change.match, change.priority, table);
    if (change.flags & OFPFF.CHECK_OVERLAP && table.classifier.overlaps(change.match, change.priority)) {
      throw new OpenFlowError('OFPFMFC_OVERLAP', 'a flow of the same priority overlaps');
    }
    const now = this.clock.now();
    const old = table.classifier.exact(change.match, change.priority);
    if (!old) this.checkRoom(table);
    const { tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags } = change;
    const flow = new Flow(tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags, now);
    if (old) {
      // What the old flow did until now counts for the new one.
      this.events.collect();
      if (!(flags & OFPFF.RESET_COUNTS)) {
        flow.packets = old.packets;
        flow.bytes = old.bytes;
      }
      this.takeOut(table, old);
    }
    this.enter(table, flow, old);
  }

  /** Puts a flow into its table, instead of an old one that was taken out. */
  private enter(table: Table, flow: Flow, old: Flow | null): void {
    const { transaction } = this;
    this.putBack(table, flow);
    this.expiry.watch(flow);
    if (transaction.active) transaction.did(this.undoEnter, table, flow);
    flow.changed = ++this.changes;
    flow.serial = old ? old.serial : flow.changed;
    if (this.watcher) this.tellWatcher('added', flow, 0, old?.instructions ?? null);
  }

  /** Takes a flow out of its table; `putBack` undoes it. */
  private takeOut(table: Table, flow: Flow): void {
    const { transaction } = this;
    table.remove(flow);
    this.leave(flow);
    this.events.changed(table.id, flow.match);
    if (transaction.active) transaction.did(this.undoTakeOut, table, flow);
  }

  private putBack(table: Table, flow: Flow): void {
    const { match } = flow;
    flow.removed = false;
    table.add(flow);
    this.references.add(flow);
    this.lessons.enter(flow);
    this.events.changed(table.id, match);
  }

  /** A flow's instructions count no more. */
  private leave(flow: Flow): void {
    this.references.remove(flow);
    this.lessons.leave(flow);
  }

  /** The flow does something else from now on. */
  private alter(flow: Flow, instructions: Instructions, cookie = flow.cookie): void {
    const { transaction } = this;
    const { instructions: before, cookie: was } = flow;
    this.leave(flow);
    flow.instructions = instructions;
    flow.cookie = cookie;
    this.references.add(flow);
    this.lessons.enter(flow);
    this.events.changed(flow.tableId, flow.match);
    if (transaction.active) transaction.did(this.undoAlter, flow, { before, was });
  }

  /** The same for good: those who watch are told. */
  private modified(flow: Flow, instructions: Instructions, cookie = flow.cookie): void {
    const { instructions: before, cookie: was } = flow;
    this.alter(flow, instructions, cookie);
    flow.changed = ++this.changes;
    if (!this.watcher || (cookie === was && sameInstructions(before, instructions))) return;
    this.tellWatcher('modified', flow, 0, before);
  }

  private resetCounts(flow: Flow): void {
    const { transaction } = this;
    const { packets, bytes } = flow;
    flow.packets = 0;
    flow.bytes = 0;
    if (transaction.active) transaction.did(Object.assign, flow, { packets, bytes });
  }

  /** Calls `watcher` with every change of a flow from now on; null: nobody. */
  watch(watcher: FlowWatcher | null): void {
    this.watcher = watcher;
  }

  /** Flows that were added or modified behind so many changes, in table order. */
  *since(changes: number): Generator<WatchedFlow> {
    const now = this.clock.now();
    for (const table of this.tables) {
      for (const flow of table.flows()) if (flow.changed > changes) yield { ...flow.view(now), serial: flow.serial };
    }
  }

  private tellWatcher(
    what: FlowChange['what'],
    flow: Flow,
    reason: RemovedReason | 0,
    before: Instructions | null,
  ): void {
    const view = { ...flow.view(this.clock.now()), serial: flow.serial };
    this.watcher?.flowChanged({ what, flow: view, reason, before });
  }

  private modify(change: FlowMod): void {
    // Its actions are held to its own match, even where no flow is met.
    this.precheck(change);
    const flows = this.chosen(change).filter((flow) => cookieFits(flow, change));
    for (const flow of flows) {
      this.check(change.instructions, flow.match, flow.priority, this.tables[flow.tableId]);
    }
    if (flows.length > 0 && change.flags & OFPFF.RESET_COUNTS) this.events.collect();
    for (const flow of flows) {
      if (change.flags & OFPFF.RESET_COUNTS) this.resetCounts(flow);
      this.modified(flow, change.instructions);
    }
  }

  private delete(change: FlowMod): void {
    const { outPort, outGroup } = change;
    const flows = this.chosen(change).filter((f) => cookieFits(f, change) && namesOutput(f, outPort, outGroup));
    if (flows.some((flow) => flow.flags & OFPFF.SEND_FLOW_REM)) this.events.collect();
    this.removeTogether(flows, 'delete');
  }

  /** Refuses instructions that the switch, or the table as it was configured, can't follow. */
  private check(instructions: Instructions, match: Match, priority: number, table: Table): void {
    const { checked } = this;
    const { form } = match;
    const again = form !== null && form === checked.form && instructions === checked.instructions;
    if (again && table.id === checked.table) {
      checkInPort(match);
      return;
    }
    checkHidden(match);
    checkInstructions(instructions, match, table.id, this.named);
    if (instructions.goto !== undefined) this.table(instructions.goto, 'OFPBIC_BAD_TABLE_ID');
    if (table.limits) checkLimits(table.limits, match, priority, instructions);
    else if (standsAlone(instructions)) this.checked = { form, instructions, table: table.id };
  }

  /** A table of the pipeline. */
  private table(id: number, error: ErrorName): Table {
    const table = this.tables[id];
    if (!table?.present) throw new OpenFlowError(error, `there is no table ${id}`);
    return table;
  }

  /** The flows that a modify or delete means, before cookies and outputs are looked at. */
  private chosen(change: FlowMod): Flow[] {
    if (change.tableId === ALL_TABLES)
      return this.tables.flatMap((table) => (table.count > 0 ? table.meant(change) : []));
    return this.table(change.tableId, 'OFPFMFC_BAD_TABLE_ID').meant(change);
  }

  /** Removes the flows that point to groups that are gone. */
  groupsDeleted(groups: readonly number[]): void {
    const flows = groups.flatMap((group) => this.references.ofGroup(group));
    this.removeAll([...new Set(flows)], 'group_delete');
  }

  /** Removes the flows that name meters that are gone. */
  metersDeleted(meters: readonly number[]): void {
    const flows = meters.flatMap((meter) => this.references.ofMeter(meter));
    this.removeAll(flows, 'delete');
  }

  private removeAll(flows: readonly Flow[], reason: RemovedReason): void {
    if (flows.length > 0) this.events.collect();
    this.removeTogether(flows, reason);
    this.removeOrphans();
  }

  /** Removes what flows have taught that are gone, and wanted it so. */
  private removeOrphans(): void {
    for (let orphans = this.lessons.takeOrphans(); orphans.length > 0; orphans = this.lessons.takeOrphans()) {
      for (const { tableId, cookie } of orphans) {
        const flows = [...(this.tables[tableId]?.flows() ?? [])].filter((flow) => flow.cookie === cookie);
        if (flows.some((flow) => flow.flags & OFPFF.SEND_FLOW_REM)) this.events.collect();
        this.removeTogether(flows, 'delete');
      }
    }
  }

  /** What learning may do here. */
  private learnedTables(): LearnedTables {
    return {
      tables: this.tables,
      countOf: (tableId, cookie) => this.lessons.countOf(tableId, cookie),
      add: (learned, now_ms) => this.addLearned(learned, now_ms),
      change: (flow, instructions, cookie, now_ms) => {
        flow.modified_ms = now_ms;
        this.modified(flow, instructions, cookie);
        this.removeOrphans();
      },
      hurry: (flow) => this.expiry.watch(flow),
    };
  }

  private addLearned(learned: LearnedFlow, now_ms: number): Flow {
    const { tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags } = learned;
    const table = this.table(tableId, 'OFPFMFC_BAD_TABLE_ID');
    if (table.limits) checkLimits(table.limits, match, priority, instructions);
    this.checkRoom(table);
    const flow = new Flow(tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags, now_ms);
    this.enter(table, flow, null);
    return flow;
  }

  private checkRoom(table: Table): void {
    if (table.count < table.maxEntries) return;
    throw new OpenFlowError('OFPFMFC_TABLE_FULL', `table ${table.id} has ${table.count} flows`);
  }

  /** Takes flows out; a table that loses all of them is cleared at once. Counters as for `remove`. */
  private removeTogether(flows: readonly Flow[], reason: RemovedReason): void {
    const going = new Map<Table, number>();
    for (const { tableId } of flows) {
      const table = this.tables[tableId];
      going.set(table, (going.get(table) ?? 0) + 1);
    }
    for (const [table, count] of going) {
      if (count < table.count || this.transaction.active) continue;
      table.clear();
      this.events.changed(table.id, Match.all);
    }
    for (const flow of flows) this.remove(flow, reason);
  }

  /** Takes a flow out; its counters were collected if it is to be told of. */
  private remove(flow: Flow, reason: RemovedReason): void {
    if (flow.removed) this.leave(flow);
    else this.takeOut(this.tables[flow.tableId], flow);
    this.changes++;
    if (this.watcher) this.tellWatcher('deleted', flow, reason, null);
    if (!(flow.flags & OFPFF.SEND_FLOW_REM)) return;
    const view = flow.view(this.clock.now());
    this.transaction.afterwards(() => this.events.removed(view, reason));
  }

  /** Flows that pass a filter, in table order. */
  *flows(filter: FlowFilter): Generator<FlowView> {
    const { tableId } = filter;
    const tables = tableId === ALL_TABLES ? this.tables : [this.table(tableId, 'OFPBRC_BAD_TABLE_ID')];
    this.events.collect();
    const now = this.clock.now();
    for (const table of tables) {
      if (table.count === 0) continue;
      // Who reads slowly doesn't get flows that are gone by then.
      for (const flow of table.within(filter.match)) {
        if (flow.removed) continue;
        if (cookieFits(flow, filter) && namesOutput(flow, filter.outPort, filter.outGroup)) yield flow.view(now);
      }
    }
  }

  views(): TableView[] {
    this.events.collect();
    const tables = this.tables.filter((table) => table.present);
    return tables.map(({ id, count, lookups, matched }) => ({ tableId: id, active: count, lookups, matched }));
  }

  /** Makes these the tables of the pipeline; returns whether flows went. */
  configure(setups: ReadonlyMap<number, TableSetup>): boolean {
    let cleared = false;
    this.checked = NOTHING_CHECKED;
    for (const table of this.tables) {
      const setup = setups.get(table.id);
      const { maxEntries, limits } = setup ?? { maxEntries: 0, limits: null };
      if (table.count > 0 && (!setup || limits !== table.limits)) {
        for (const flow of table.flows()) this.leave(flow);
        table.clear();
        cleared = true;
      }
      table.present = setup !== undefined;
      table.maxEntries = maxEntries;
      table.limits = limits;
    }
    this.removeOrphans();
    return cleared;
  }

  close(): void {
    this.expiry.close();
  }
}

/** A flow's form, instructions and table. */
interface Checked {
  readonly form: MatchForm | null;
  readonly instructions: Instructions | null;
  readonly table: number;
}

const NOTHING_CHECKED: Checked = { form: null, instructions: null, table: -1 };

/** Are they right whatever groups and meters there are? */
const standsAlone = lastAsked(({ meter, apply = [], write = [] }: Instructions): boolean => {
  return meter === undefined && groupsIn(apply).length === 0 && groupsIn(write).length === 0;
});

function checkChange({ flags, command, tableId }: FlowMod): void {
  if (tableId === ALL_TABLES && command !== 'delete' && command !== 'delete_strict') {
    throw new OpenFlowError('OFPFMFC_BAD_TABLE_ID', 'only a delete can mean all tables');
  }
  if (flags & ~KNOWN_FLAGS) {
    throw new OpenFlowError('OFPFMFC_BAD_FLAGS', `unknown flow-mod flags 0x${flags.toString(16)}`);
  }
}

function cookieFits(flow: Flow, { cookie, cookieMask }: { cookie: bigint; cookieMask: bigint }): boolean {
  return cookieMask === 0n || ((flow.cookie ^ cookie) & cookieMask) === 0n;
}

/** Do the flow's actions name a port and a group? */
function namesOutput(flow: Flow, port: number, group: number): boolean {
  const byPort = port === OFPP.ANY || namesPort(flow.instructions, port);
  return (
    byPort && (group === ANY_GROUP || anyAction(flow.instructions, (a) => a.type === 'group' && a.group === group))
  );
}

/** Do they send to this port? */
export function namesPort(instructions: Instructions, port: number): boolean {
  return anyAction(instructions, (a) => a.type === 'output' && a.port === port);
}

/** Are they the same to their last byte? */
function sameInstructions(a: Instructions, b: Instructions): boolean {
  if (a === b) return true;
  const bytes = [a, b].map((each) => {
    const w = new Writer();
    writeInstructions(w, each);
    return w.done();
  });
  return bytes[0].length === bytes[1].length && bytes[0].every((byte, i) => byte === bytes[1][i]);
}

function anyAction(i: Instructions, is: (action: Action) => boolean): boolean {
  return [...flattened(i.apply ?? []), ...flattened(i.write ?? [])].some(is);
}
