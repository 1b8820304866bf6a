/**
 * The flow tables and what changes them: flow-mods in all their forms (OpenFlow 1.3.5 §6.4, §7.3.4.1), timeouts, statistics.
 * A change is checked whole, then made, then told to the datapath's journal: it is in force when `apply` returns.
 */
import { type Clock, type ErrorName, OpenFlowError } from '../bytes/index.js';
import type { Sparse } from '../datapath/index.js';
import {
  type Action,
  ALL_TABLES,
  ANY_GROUP,
  type FlowMod,
  type Instructions,
  Match,
  OFPFF,
  OFPP,
} from '../nxm/index.js';
import { checkInstructions, type Named, TABLES } from './check.js';
import { Expiry } from './expiry.js';
import { Flow } from './flow.js';
import { References } from './references.js';
import { Table } from './table.js';
import { checkLimits } from './table-limits.js';
import type { FlowFilter, FlowView, RemovedReason, TableSetup, TableView } from './types.js';

const KNOWN_FLAGS = Object.values(OFPFF).reduce((all, bit) => all | bit, 0);

export interface FlowTableEvents {
  /** Flows of `table` within `match` changed. */
  changed(table: number, match: Sparse): void;
  /** Counters of all flows have to be brought up to date. */
  collect(): void;
  removed(flow: FlowView, reason: RemovedReason): void;
}

export class FlowTables {
  readonly tables: readonly Table[] = Array.from({ length: TABLES }, (_, id) => new Table(id));
  /** Which flows name which groups and meters. */
  readonly references = new References();
  private readonly expiry: Expiry;

  constructor(
    private readonly clock: Clock,
    private readonly events: FlowTableEvents,
    private readonly named: Named,
  ) {
    this.expiry = new Expiry(clock, {
      collect: () => events.collect(),
      expired: (flow, reason) => this.remove(flow, reason),
    });
  }

  /** Refuses what `apply` would refuse for what the change itself says, and changes nothing. */
  verify(change: FlowMod): void {
    checkFlags(change);
    const { command, instructions, match, priority } = change;
    if (command === 'add')
      this.check(instructions, match, priority, this.table(change.tableId, 'OFPFMFC_BAD_TABLE_ID'));
    else this.chosen(change);
  }

  apply(change: FlowMod): void {
    checkFlags(change);
    if (change.command === 'add') this.add(change);
    else if (change.command === 'modify' || change.command === 'modify_strict') this.modify(change);
    else this.delete(change);
  }

  private add(change: FlowMod): void {
    const table = this.table(change.tableId, 'OFPFMFC_BAD_TABLE_ID');
    this.check(change.instructions, change.match, change.priority, table);
    if (change.flags & OFPFF.CHECK_OVERLAP && table.classifier.overlaps(change.match, change.priority)) {
      throw new OpenFlowError('OFPFMFC_OVERLAP', 'a flow of the same priority overlaps');
    }
    const now = this.clock.now();
    const old = table.classifier.exact(change.match, change.priority);
    if (!old && table.count >= table.maxEntries) {
      throw new OpenFlowError('OFPFMFC_TABLE_FULL', `table ${change.tableId} has ${table.count} flows`);
    }
    const { tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags } = change;
    const flow = new Flow(tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags, now);
    if (old) {
      // What the old flow did until now counts for the new one.
      this.events.collect();
      table.remove(old);
      this.references.remove(old);
      if (!(flags & OFPFF.RESET_COUNTS)) {
        flow.packets = old.packets;
        flow.bytes = old.bytes;
      }
    }
    table.add(flow);
    this.references.add(flow);
    this.expiry.watch(flow);
    this.events.changed(tableId, match);
  }

  private modify(change: FlowMod): void {
    const flows = this.chosen(change).filter((flow) => cookieFits(flow, change));
    for (const flow of flows) {
      this.check(change.instructions, flow.match, flow.priority, this.tables[flow.tableId]);
    }
    if (flows.length > 0 && change.flags & OFPFF.RESET_COUNTS) this.events.collect();
    for (const flow of flows) {
      this.references.remove(flow);
      flow.instructions = change.instructions;
      this.references.add(flow);
      if (change.flags & OFPFF.RESET_COUNTS) {
        flow.packets = 0;
        flow.bytes = 0;
      }
      this.events.changed(flow.tableId, flow.match);
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
    checkInstructions(instructions, match, table.id, this.named);
    if (instructions.goto !== undefined) this.table(instructions.goto, 'OFPBIC_BAD_TABLE_ID');
    if (table.limits) checkLimits(table.limits, match, priority, instructions);
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
  }

  /** Takes flows out; a table that loses all of them is cleared at once. Counters as for `remove`. */
  private removeTogether(flows: readonly Flow[], reason: RemovedReason): void {
    const going = new Map<Table, number>();
    for (const { tableId } of flows) {
      const table = this.tables[tableId];
      going.set(table, (going.get(table) ?? 0) + 1);
    }
    for (const [table, count] of going) {
      if (count < table.count) continue;
      table.clear();
      this.events.changed(table.id, Match.all);
    }
    for (const flow of flows) this.remove(flow, reason);
  }

  /** Takes a flow out; its counters were collected if it is to be told of. */
  private remove(flow: Flow, reason: RemovedReason): void {
    const wanted = (flow.flags & OFPFF.SEND_FLOW_REM) !== 0;
    if (!flow.removed) {
      this.tables[flow.tableId].remove(flow);
      this.events.changed(flow.tableId, flow.match);
    }
    this.references.remove(flow);
    if (wanted) this.events.removed(flow.view(this.clock.now()), reason);
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
    for (const table of this.tables) {
      const setup = setups.get(table.id);
      const { maxEntries, limits } = setup ?? { maxEntries: 0, limits: null };
      if (table.count > 0 && (!setup || limits !== table.limits)) {
        for (const flow of table.flows()) this.references.remove(flow);
        table.clear();
        cleared = true;
      }
      table.present = setup !== undefined;
      table.maxEntries = maxEntries;
      table.limits = limits;
    }
    return cleared;
  }

  close(): void {
    this.expiry.close();
  }
}

function checkFlags({ flags }: FlowMod): void {
  if (flags & ~KNOWN_FLAGS) {
    throw new OpenFlowError('OFPFMFC_BAD_FLAGS', `unknown flow-mod flags 0x${flags.toString(16)}`);
  }
}

function cookieFits(flow: Flow, { cookie, cookieMask }: { cookie: bigint; cookieMask: bigint }): boolean {
  return cookieMask === 0n || ((flow.cookie ^ cookie) & cookieMask) === 0n;
}

/** Do the flow's actions name a port and a group? */
function namesOutput(flow: Flow, port: number, group: number): boolean {
  const byPort = port === OFPP.ANY || anyAction(flow.instructions, (a) => a.type === 'output' && a.port === port);
  return (
    byPort && (group === ANY_GROUP || anyAction(flow.instructions, (a) => a.type === 'group' && a.group === group))
  );
}

function anyAction(i: Instructions, is: (action: Action) => boolean): boolean {
  return [...(i.apply ?? []), ...(i.write ?? [])].some(is);
}
