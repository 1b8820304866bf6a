/**
 * A pipeline in memory that keeps flows as they were sent: what the agent's specs drive and look into. It forwards
 * nothing.
 */
import type { OpenFlowError } from '../../lib/bytes/index.js';
import { ALL_TABLES, type FlowMod, type GroupMod, type MeterMod, OFPG, OFPM, TlvTable } from '../../lib/nxm/index.js';
import type {
  Change,
  FlowFilter,
  FlowView,
  FragmentHandling,
  GroupView,
  MeterView,
  PacketOut,
  PipelineApi,
  PortChange,
  PortView,
  QueueView,
  TableSetup,
  TableView,
  WatchedFlow,
} from '../../lib/pipeline/types.js';

/** A port with counters that can be told apart. */
export function portView(number: number, name: string): PortView {
  return {
    number,
    name,
    mac: Uint8Array.of(2, 0, 0, 0, 0, number & 0xff),
    config: 0,
    state: 4,
    current: 0x840,
    speed_kbps: 10_000_000,
    counters: {
      rxPackets: 1,
      txPackets: 2,
      rxBytes: 100,
      txBytes: 200,
      rxDropped: 3,
      txDropped: 4,
      rxErrors: 5,
      txErrors: 6,
    },
    duration_ms: 12_500,
  };
}

/** A flow as a flow-mod makes it. */
export function flowView(change: FlowMod): FlowView {
  const { tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags } = change;
  const times = { duration_ms: 1_500, idle_ms: 500 };
  const counters = { packets: 7, bytes: 700 };
  return { tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags, ...times, ...counters };
}

export class FakePipeline implements PipelineApi {
  readonly tableCount = 254;
  readonly tlvTable = new TlvTable();
  readonly flowChanges = 0;

  precheck(): void {}

  applyAll(changes: Iterable<Change>): void {
    for (const change of changes) if (change.type === 'flow_mod') this.apply(change.change);
  }

  watchFlows(): void {}

  resume(): void {}

  readonly connections = { flush(): void {} };

  flowsSince(): WatchedFlow[] {
    return [];
  }

  fragments: FragmentHandling = 'normal';
  readonly portChanges: PortChange[] = [];
  setups: ReadonlyMap<number, TableSetup> | null = null;
  flowList: FlowView[] = [];
  readonly applied: FlowMod[] = [];
  readonly packetOuts: PacketOut[] = [];
  readonly portList = [portView(1, 'p1'), portView(2, 'p2')];
  /** Thrown by the next change. */
  refusal: OpenFlowError | null = null;

  apply(change: FlowMod): void {
    this.check();
    this.applied.push(change);
    if (change.command === 'add') this.flowList.push(flowView(change));
    else if (change.command.startsWith('delete')) this.flowList = this.flowList.filter((flow) => !isIn(flow, change));
  }

  *flows(filter: FlowFilter): Generator<FlowView> {
    for (const flow of this.flowList) if (isIn(flow, filter)) yield flow;
  }

  tables(): TableView[] {
    return Array.from({ length: this.tableCount }, (_, tableId) => {
      const active = this.flowList.filter((flow) => flow.tableId === tableId).length;
      return { tableId, active, lookups: 0, matched: 0 };
    });
  }

  ports(): PortView[] {
    return this.portList;
  }

  port(number: number): PortView | undefined {
    return this.portList.find((port) => port.number === number);
  }

  modifyPort(change: PortChange): void {
    this.check();
    this.portChanges.push(change);
  }

  configureTables(setups: ReadonlyMap<number, TableSetup>): void {
    this.setups = setups;
  }

  packetOut(packet: PacketOut): void {
    this.check();
    this.packetOuts.push(packet);
  }

  readonly groupMods: GroupMod[] = [];
  readonly meterMods: MeterMod[] = [];
  readonly maxGroups = 16;
  readonly meterFeatures = { maxMeters: 8, bandTypes: 6, capabilities: 15, maxBands: 4, maxColor: 0 };
  groupList: GroupView[] = [];
  meterList: MeterView[] = [];
  queueList: QueueView[] = [];

  applyGroup(change: GroupMod): void {
    this.check();
    this.groupMods.push(change);
  }

  applyMeter(change: MeterMod): void {
    this.check();
    this.meterMods.push(change);
  }

  groups(id: number): GroupView[] {
    return this.groupList.filter(({ groupId }) => id === OFPG.ALL || id === groupId);
  }

  meters(id: number): MeterView[] {
    return this.meterList.filter(({ meterId }) => id === OFPM.ALL || id === meterId);
  }

  queues(port?: number): QueueView[] {
    return this.queueList.filter((queue) => port === undefined || queue.port === port);
  }

  private check(): void {
    const { refusal } = this;
    this.refusal = null;
    if (refusal) throw refusal;
  }
}

function isIn(flow: FlowView, filter: Pick<FlowFilter, 'tableId' | 'match' | 'cookie' | 'cookieMask'>): boolean {
  const { tableId, cookie, cookieMask, match } = filter;
  if (tableId !== ALL_TABLES && flow.tableId !== tableId) return false;
  return (flow.cookie & cookieMask) === (cookie & cookieMask) && flow.match.isWithin(match);
}
