/**
 * The pipeline: flow tables, MAC addresses and the translator, joined to the datapath. It answers what the datapath
 * asks (Upcalls) and offers what the agent needs (PipelineApi).
 */
import { type Clock, type Log, OpenFlowError, type Random, type Timer } from '../bytes/index.js';
import type { Tracker } from '../ct/index.js';
import {
  COUNTER,
  type ControllerCold,
  Datapath,
  MAC_TABLE,
  type Meter,
  type PacketTracker,
  type PortEntry,
  type Prepared,
  type QueueRates,
  type Translation,
} from '../datapath/index.js';
import {
  type Action,
  type FlowMod,
  type GroupMod,
  Match,
  type MeterMod,
  mapActions,
  mapFlowMod,
  mapGroupMod,
  mapMatch,
  namesOption,
  OFPG,
  OFPP,
  TlvTable,
  withMetadataInstruction,
} from '../nxm/index.js';
import { behindZeros } from '../packet/encapsulation.js';
import { Key, slots, VLAN_CFI } from '../packet/key.js';
import { shapeOf, valuesFor } from '../packet/shape.js';
import type { Port } from '../ports/port.js';
import { applyTogether } from './changes.js';
import { ANYTHING, checkBucket, checkPacketOut, type Named, TABLES } from './check.js';
import { ConnectionFlushes } from './connection-flush.js';
import { actionsOf, continuationOf, resumed } from './continuations.js';
import type { Flow } from './flow.js';
import { FlowTables } from './flow-tables.js';
import { FrozenStates } from './frozen.js';
import { readOptions } from './geneve-options.js';
import { checkShape, Groups, MAX_GROUPS } from './groups.js';
import { LEARNED_COUNTS } from './learning.js';
import { MacTable } from './mac-table.js';
import { METER_FEATURES, Meters } from './meters.js';
import { packetInFields } from './packet-in.js';
import { PortChanges } from './port-changes.js';
import { queueViews } from './port-views.js';
import { type ScratchListener, ScratchPipeline } from './scratch.js';
import { Transaction } from './transaction.js';
import { Translator } from './translator.js';
import type {
  Change,
  FlowFilter,
  FlowView,
  FlowWatcher,
  FragmentHandling,
  GroupView,
  MeterView,
  PacketOut,
  PipelineApi,
  PipelineEvents,
  PortChange,
  PortView,
  QueueView,
  Resumption,
  TableSetup,
  TableView,
  WatchedFlow,
} from './types.js';
import type { World } from './world.js';

/** How often what is unused is looked for, ms. */
const UPKEEP_MS = 1000;

export interface PipelineOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly tracker: Tracker;
  /** For samples. */
  readonly random: Random;
  readonly events: PipelineEvents;
  /** 0: never pad. */
  readonly minFrame: number;
  /** False: translate for every packet. */
  readonly caching: boolean;
  /** Most programs in the datapath's cache. */
  readonly maxEntries?: number;
}

export class Pipeline implements PipelineApi {
  readonly tableCount = TABLES;
  readonly datapath: Datapath;
  readonly macs: MacTable;
  private readonly flowTables: FlowTables;
  readonly maxGroups = MAX_GROUPS;
  readonly meterFeatures = METER_FEATURES;
  readonly tlvTable = new TlvTable({ isUsed: (index) => this.usesOption(index), changed: () => this.remapped() });
  private readonly groupTable: Groups;
  private readonly meterTable: Meters;
  private readonly named: Named;
  private readonly frozen = new FrozenStates();
  private readonly world: World;
  private readonly transaction = new Transaction();
  private readonly translator: Translator;
  private readonly changes: PortChanges;
  readonly connections: ConnectionFlushes;
  private upkeep: Timer | null = null;
  private sweeping: Timer | null = null;
  private closed = false;

  constructor(private readonly options: PipelineOptions) {
    const { clock, events } = options;
    this.connections = new ConnectionFlushes(clock, options.tracker);
    this.macs = new MacTable((vlan, bytes, at) => this.macChanged(vlan, bytes, at));
    this.datapath = new Datapath(options, {
      translate: (key) => {
        this.keepUp();
        return this.translator.translate(key);
      },
      controller: (cold, key, frame) => this.packetIn(cold, key, frame),
      learn: (vlan, bytes, at, inPort) => this.macs.learn(vlan, bytes, at, inPort, clock.now()),
      refer: (ids, by) => this.frozen.refer(ids, by),
      options: (tunnel, key) => readOptions(tunnel, this.tlvTable, key),
    });
    this.named = {
      hasGroup: (group) => this.groupTable.get(group) !== undefined,
      hasMeter: (meter) => this.meterTable.get(meter) !== undefined,
    };
    this.flowTables = new FlowTables(
      clock,
      {
        changed: (table, match) => this.datapath.journal.change(table, match),
        counted: () => this.datapath.journal.change(LEARNED_COUNTS, Match.all),
        collect: () => this.datapath.collect(),
        removed: (flow, reason) => events.flowRemoved(flow, reason),
      },
      this.named,
      options.log,
      this.transaction,
    );
    const { references } = this.flowTables;
    this.groupTable = new Groups(
      clock,
      this.datapath.ports,
      {
        checkActions: (actions) => checkBucket(actions, this.named),
        changed: () => this.datapath.journal.everything(),
        collect: () => this.datapath.collect(),
        deleted: (groups) => this.flowTables.groupsDeleted(groups),
        flowsOf: (group) => references.countOfGroup(group),
      },
      this.transaction,
    );
    this.meterTable = new Meters(clock, {
      changed: () => this.datapath.journal.everything(),
      deleted: (meters) => this.flowTables.metersDeleted(meters),
      flowsOf: (meter) => references.countOfMeter(meter),
    });
    this.world = {
      tables: this.flowTables.tables,
      ports: this.datapath.ports,
      macs: this.macs,
      groups: this.groupTable,
      meters: this.meterTable,
      frozen: this.frozen,
      cold: this.datapath.cold,
      tlvTable: this.tlvTable,
      learner: this.flowTables.learner,
    };
    this.translator = new Translator(this.world);
    this.changes = new PortChanges(clock, this.datapath, this.macs, this.transaction, events);
  }

  /** A pipeline that foretells what becomes of packets, and changes nothing here; see ScratchPipeline. */
  scratch(tracker: PacketTracker, listener: ScratchListener): ScratchPipeline {
    const { clock, minFrame } = this.options;
    const { world, standalone } = this;
    const { dropFragments } = this.datapath;
    return new ScratchPipeline({ clock, minFrame, world, standalone, dropFragments }, tracker, listener);
  }

  /** Looks for what is unused, now and then, as long as there is anything that could be. */
  private keepUp(): void {
    if (this.upkeep !== null || this.closed) return;
    this.upkeep = this.options.clock.after(UPKEEP_MS, () => {
      const now = this.options.clock.now();
      this.upkeep = null;
      this.macs.age(now);
      this.datapath.sweep();
      if (this.macs.size > 0 || this.datapath.cached.entries > 0) this.keepUp();
    });
    this.sweepConnections();
  }

  /** Reclaims expired connections in steps, as often as the tracker asks. */
  private sweepConnections(): void {
    if (this.sweeping !== null) return;
    const { clock, tracker } = this.options;
    const wait_ms = Math.max(1, Math.min(UPKEEP_MS, tracker.sweep(clock.now())));
    this.sweeping = clock.after(wait_ms, () => {
      this.sweeping = null;
      if (!this.closed && (tracker.count > 0 || this.upkeep !== null)) this.sweepConnections();
    });
  }

  /** Packets dropped because encap or decap had no way with them. */
  get wrongType(): number {
    return this.translator.wrongType;
  }

  /** Packets that resubmits led too deep, by translations. */
  get tooDeep(): number {
    return this.translator.tooDeep;
  }

  /** Flows that learn did not add: beyond its own limit, and where the table had no room or takes none such. */
  get notLearned(): { readonly limit: number; readonly table: number } {
    return this.flowTables.learner.refused;
  }

  /** Refuses what `apply` would refuse for what the change itself says, and changes nothing. */
  verify(change: FlowMod): void {
    this.flowTables.verify(this.settled(change));
  }

  apply(change: FlowMod): void {
    this.flowTables.apply(this.settled(change));
  }

  /** The change as tables keep it: Geneve options in their places, write_metadata as an instruction. */
  private settled(change: FlowMod): FlowMod {
    const instructions = withMetadataInstruction(change.instructions);
    const own = instructions === change.instructions ? change : { ...change, instructions };
    return mapFlowMod(own, this.tlvTable);
  }

  precheck(change: Change): void {
    if (change.type === 'flow_mod') {
      this.flowTables.precheck(this.settled(change.change));
    } else if (change.type === 'group_mod') {
      const group = mapGroupMod(change.change, this.tlvTable);
      checkShape(group);
      for (const { actions } of group.buckets) checkBucket(actions, ANYTHING);
    } else if (change.type === 'packet_out') {
      checkPacketOut(mapActions(change.actions, this.tlvTable), ANYTHING);
    }
  }

  applyAll(changes: Iterable<Change>): void {
    applyTogether(this.transaction, changes, {
      flow_mod: ({ change }) => this.apply(change),
      group_mod: ({ change }) => this.applyGroup(change),
      port_mod: (change) => this.modifyPort(change),
      packet_out: (change) => this.preparePacketOut({ ...change, frame: change.data }),
    });
  }

  watchFlows(watcher: FlowWatcher | null): void {
    this.flowTables.watch(watcher);
  }

  get flowChanges(): number {
    return this.flowTables.changes;
  }

  flowsSince(changes: number): Iterable<WatchedFlow> {
    return this.flowTables.since(changes);
  }

  flows(filter: FlowFilter): Iterable<FlowView> {
    const match = mapMatch(filter.match, this.tlvTable);
    return this.flowTables.flows(match === filter.match ? filter : { ...filter, match });
  }

  tables(): TableView[] {
    return this.flowTables.views();
  }

  configureTables(setups: ReadonlyMap<number, TableSetup>): void {
    if (this.flowTables.configure(setups)) this.datapath.journal.everything();
  }

  get fragments(): FragmentHandling {
    return this.datapath.dropFragments ? 'drop' : 'normal';
  }

  set fragments(handling: FragmentHandling) {
    this.datapath.dropFragments = handling === 'drop';
  }

  applyGroup(change: GroupMod): void {
    this.groupTable.apply(mapGroupMod(change, this.tlvTable));
  }

  /** A meter at work. */
  meter(id: number): Meter | undefined {
    return this.meterTable.get(id);
  }

  applyMeter(change: MeterMod): void {
    this.meterTable.apply(change);
  }

  groups(id: number): GroupView[] {
    return this.groupTable.views(id);
  }

  meters(id: number): MeterView[] {
    return this.meterTable.views(id);
  }

  packetOut(packet: PacketOut): void {
    const { inPort, frame } = packet;
    const actions = this.checkedActions(packet);
    this.datapath.execute((key) => this.translator.translateActions(key, actions), frame.slice(), inPort);
  }

  resume({ frame, fields: values, continuation }: Resumption): void {
    this.checkedActions({ inPort: continuation.inPort, actions: actionsOf(continuation), frame });
    const { fields, frozen } = resumed(values, continuation, this.tlvTable);
    const translate = (key: Key): Translation => {
      key.copyTracking(fields);
      key.copyGroup(fields, 'tunnel');
      return this.translator.translateResumed(key, frozen);
    };
    this.datapath.execute(translate, behindZeros(frame, frozen.packetType), continuation.inPort);
  }

  private preparePacketOut(packet: PacketOut): Prepared {
    const { inPort, frame } = packet;
    const actions = this.checkedActions(packet);
    return this.datapath.prepare((key) => this.translator.translateActions(key, actions), frame.slice(), inPort);
  }

  private checkedActions({ inPort, actions: named, frame }: PacketOut): readonly Action[] {
    if (inPort < OFPP.MAX && !this.datapath.ports.get(inPort)) {
      throw new OpenFlowError('OFPBRC_BAD_PORT', `there is no port ${inPort}`, 12);
    }
    this.keepUp();
    const actions = mapActions(named, this.tlvTable);
    checkPacketOut(actions, this.named);
    if (frame.length < 14)
      throw new OpenFlowError('OFPBRC_BAD_PACKET', `a frame of ${frame.length} bytes is no Ethernet frame`);
    return actions;
  }

  private packetIn(cold: ControllerCold, key: Key, frame: Uint8Array): void {
    if (!cold.metered && !this.meterTable.admitsToController(frame.length, this.options.clock.now())) return;
    const { reason, tableId, cookie, maxLen, controllerId, userdata } = cold;
    const fields = packetInFields(cold, key, this.tlvTable);
    const continuation = continuationOf(cold, key);
    this.options.events.packetIn({
      reason,
      tableId,
      cookie,
      maxLen,
      controllerId,
      frame,
      fields,
      userdata,
      continuation,
    });
  }

  /** Does a flow or a group name a Geneve option? */
  private usesOption(index: number): boolean {
    const named = (flow: Flow): boolean => namesOption(flow.match, index) || namesOption(flow.instructions, index);
    for (const table of this.flowTables.tables) for (const flow of table.flows()) if (named(flow)) return true;
    return this.groupTable.views(OFPG.ALL).some(({ buckets }) => buckets.some((b) => namesOption(b.actions, index)));
  }

  /** Geneve options are other fields than before. */
  private remapped(): void {
    this.datapath.journal.everything();
  }

  private macChanged(vlan: number, bytes: Uint8Array, at: number): void {
    const value = new Key();
    value.setBytes(slots.eth_dst, bytes, at);
    value.set(slots.vlan_tci, vlan === 0 ? 0 : vlan | VLAN_CFI);
    const shape = vlan === 0 ? UNTAGGED_SHAPE : TAGGED_SHAPE;
    this.datapath.journal.change(MAC_TABLE, { shape, values: valuesFor(shape, value.words) });
  }

  // Ports.

  /** Adds a port; the caller starts it. */
  addPort(number: number, port: Port, mac: Uint8Array): PortEntry {
    return this.changes.add(number, port, mac);
  }

  removePort(entry: PortEntry): void {
    this.changes.remove(entry);
  }

  /** A port's device is open, or another one: it may have an address of its own. */
  adoptMac(entry: PortEntry): void {
    this.changes.adoptMac(entry);
  }

  /** The link went up, maybe of another device, or down. */
  setLink(entry: PortEntry, up: boolean): void {
    this.changes.setLink(entry, up);
  }

  /** Throws BAD_PORT, BAD_HW_ADDR, BAD_CONFIG or BAD_ADVERTISE (OpenFlow 1.3.5 §7.3.4.3). */
  modifyPort(change: PortChange): void {
    this.changes.modify(change);
  }

  /** A port lost frames. */
  lost(entry: PortEntry, direction: 'rx' | 'tx', kind: 'dropped' | 'errors', count: number): void {
    const counter = COUNTER[`${direction}${kind === 'dropped' ? 'Dropped' : 'Errors'}`];
    this.datapath.ports.count(entry.slot, counter, count);
  }

  /**
   * Gives a port a queue, changes its rates, or takes it away (null). Throws a RangeError for rates that can't be kept.
   */
  setQueue(entry: PortEntry, queueId: number, rates: QueueRates | null): void {
    this.datapath.queuesOf(entry).set(queueId, rates);
  }

  /** Holds a port to a rate in bits a second, which its queues share; undefined: to none. */
  setPortRate(entry: PortEntry, bps: number | undefined): void {
    this.datapath.queuesOf(entry).setRate(bps);
  }

  queues(port?: number): QueueView[] {
    return queueViews(this.datapath.ports, this.options.clock.now(), port);
  }

  ports(): PortView[] {
    return this.datapath.ports.list().map((entry) => this.changes.view(entry));
  }

  port(number: number): PortView | undefined {
    const entry = this.datapath.ports.get(number);
    return entry && this.changes.view(entry);
  }

  /** Are packets that no flow of table 0 matches switched as by NORMAL? */
  get standalone(): boolean {
    return this.translator.lists.standalone;
  }

  setStandalone(standalone: boolean): void {
    this.translator.lists.standalone = standalone;
    this.datapath.journal.everything();
  }

  close(): void {
    this.closed = true;
    this.upkeep?.cancel();
    this.sweeping?.cancel();
    this.flowTables.close();
    this.connections.close();
    for (const entry of this.datapath.ports.list()) entry.queues?.close();
  }
}

/** What NORMAL looks at to find an address: the destination, and the tag's VLAN or its absence. */
function macShape(tciBits: number) {
  const mask = new Key();
  mask.setBytes(slots.eth_dst, new Uint8Array(6).fill(0xff));
  mask.set(slots.vlan_tci, tciBits);
  return shapeOf(mask.words);
}
const TAGGED_SHAPE = macShape(VLAN_CFI | 0x0fff);
/** A tag with VLAN 0 counts as VLAN 0, too: only the id's bits tell them from others. */
const UNTAGGED_SHAPE = macShape(0x0fff);
