/** What the pipeline shows to the agent and to tools: flows, tables, ports and packet-ins as plain data. */
import type { OpenFlowError } from '../bytes/index.js';
import type {
  Action,
  Bucket,
  Continuation,
  Field,
  FieldValue,
  FlowMod,
  FlowRow,
  GroupMod,
  GroupType,
  Instructions,
  Match,
  MeterBand,
  MeterMod,
  PacketInReason,
  TlvTable,
} from '../nxm/index.js';

/** A flow as statistics show it. Times in ms of the switch's clock; counters are whole numbers. */
export interface FlowView extends FlowRow {
  /** How long ago the last packet came, or the flow was added. */
  readonly idle_ms: number;
  readonly packets: number;
  readonly bytes: number;
}

/** OFPRR_* in the order of their numbers. */
export type RemovedReason = 'idle_timeout' | 'hard_timeout' | 'delete' | 'group_delete';
export const REMOVED_REASONS: readonly RemovedReason[] = ['idle_timeout', 'hard_timeout', 'delete', 'group_delete'];

/** What flow and aggregate statistics ask for. */
export interface FlowFilter {
  /** 0–253, or 0xff for all. */
  readonly tableId: number;
  /** A port or group that the flow's actions must name; 0xffffffff for any. */
  readonly outPort: number;
  readonly outGroup: number;
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  /** Flows within this match. */
  readonly match: Match;
}

/** A table with its counters. */
export interface TableView {
  readonly tableId: number;
  readonly active: number;
  readonly lookups: number;
  readonly matched: number;
}

/** A packet on its way to controllers. */
export interface PacketIn {
  readonly reason: PacketInReason;
  readonly tableId: number;
  readonly cookie: bigint;
  /** Bytes of the frame that were asked for; 0xffff all. */
  readonly maxLen: number;
  readonly controllerId: number;
  /** The whole frame; the receiver may keep it. */
  readonly frame: Uint8Array;
  /** Metadata that isn't zero, in_port_oxm first: registers, metadata, tunnel, ct_*, pkt_mark. */
  readonly fields: readonly FieldValue[];
  /** What the controller action sends along. */
  readonly userdata?: Uint8Array | null;
  /** The packet waits for this to be sent back; without, it doesn't. */
  readonly continuation?: Continuation | null;
}

/** One direction of connections to be ended; what is null, or 0, doesn't matter. */
export interface FlushedTuple {
  /** 4 or 16 bytes. */
  readonly src: Uint8Array | null;
  readonly dst: Uint8Array | null;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly icmpType: number;
  readonly icmpId: number;
}

/** Connections to be ended: all that agree with what is there. */
export interface ConnectionFlush {
  /** null: all; with a whole original tuple alone, zone 0. */
  readonly zone: number | null;
  /** IP protocol; 0: any. */
  readonly proto: number;
  readonly orig: FlushedTuple | null;
  readonly reply: FlushedTuple | null;
  readonly mark: number | null;
  readonly markMask: number | null;
  /** 16 bytes each. */
  readonly label: Uint8Array | null;
  readonly labelMask: Uint8Array | null;
}

/** A packet that waited, sent back by a controller. */
export interface Resumption {
  readonly frame: Uint8Array;
  readonly fields: readonly FieldValue[];
  readonly continuation: Continuation;
}

export interface PacketOut {
  /** The port the packet is treated as coming from: a number, CONTROLLER, LOCAL or ANY. */
  readonly inPort: number;
  readonly actions: readonly Action[];
  readonly frame: Uint8Array;
}

/**
 * What flows of a configured table may do: numbers of OFPIT_*, of tables and of OFPAT_*, and fields that may be set.
 */
export interface Abilities {
  readonly instructions: ReadonlySet<number>;
  readonly next: ReadonlySet<number>;
  readonly applyActions: ReadonlySet<number>;
  readonly writeActions: ReadonlySet<number>;
  readonly applyFields: ReadonlySet<Field>;
  readonly writeFields: ReadonlySet<Field>;
}

/** What a controller has made of a table (OpenFlow 1.3.5 §7.3.5.5). */
export interface TableLimits {
  /** Fields that can be matched; true where they may be masked. */
  readonly fields: ReadonlyMap<Field, boolean>;
  /** Fields that may be left out. */
  readonly wildcards: ReadonlySet<Field>;
  /** Bits of metadata that can be matched and written. */
  readonly metadataMatch: bigint;
  readonly metadataWrite: bigint;
  /** For all flows but the table-miss flow, and for that one. */
  readonly hit: Abilities;
  readonly miss: Abilities;
}

/** A table of the pipeline: how many flows it takes, and what they may be; null: all that the switch can. */
export interface TableSetup {
  readonly maxEntries: number;
  readonly limits: TableLimits | null;
}

/** What OFPT_PORT_MOD asks for. */
export interface PortChange {
  readonly port: number;
  /** Must be the port's own: six bytes. */
  readonly mac: Uint8Array;
  /** OFPPC_* bits, and which of them are to change. */
  readonly config: number;
  readonly mask: number;
  /** OFPPF_* bits; 0 leaves them as they are. */
  readonly advertise: number;
}

/** What becomes of IP fragments (OFPC_FRAG_*): matched as they are, or dropped where they come in. */
export type FragmentHandling = 'normal' | 'drop';

/** OFPPC_* and OFPPS_* bits. */
export const OFPPC = { PORT_DOWN: 1, NO_RECV: 4, NO_FWD: 32, NO_PACKET_IN: 64 } as const;
export const OFPPS = { LINK_DOWN: 1, BLOCKED: 2, LIVE: 4 } as const;

export interface PortCounters {
  rxPackets: number;
  txPackets: number;
  rxBytes: number;
  txBytes: number;
  rxDropped: number;
  txDropped: number;
  rxErrors: number;
  txErrors: number;
}

/** A port as OpenFlow shows it. */
export interface PortView {
  readonly number: number;
  readonly name: string;
  readonly mac: Uint8Array;
  /** OFPPC_* and OFPPS_* bits. */
  readonly config: number;
  readonly state: number;
  /** OFPPF_* bits of what runs now. */
  readonly current: number;
  readonly speed_kbps: number;
  readonly counters: Readonly<PortCounters>;
  readonly duration_ms: number;
}

export type PortEvent = 'add' | 'delete' | 'modify';

interface Counted {
  readonly packets: number;
  readonly bytes: number;
}

/** A group as statistics and descriptions show it. */
export interface GroupView extends Counted {
  readonly groupId: number;
  readonly groupType: GroupType;
  readonly buckets: readonly (Bucket & Counted)[];
  /** Flows and buckets that point to it. */
  readonly references: number;
  readonly duration_ms: number;
}

/** A meter with its counters. */
export interface MeterView extends Counted {
  readonly meterId: number;
  /** OFPMF.* bits. */
  readonly flags: number;
  /** As they were set, with what each acted on. */
  readonly bands: readonly (Counted & { readonly settings: MeterBand })[];
  /** Flows that name it. */
  readonly flows: number;
  readonly duration_ms: number;
}

export interface MeterFeaturesView {
  readonly maxMeters: number;
  /** A bit for each OFPMBT.*. */
  readonly bandTypes: number;
  /** OFPMF.* bits. */
  readonly capabilities: number;
  readonly maxBands: number;
  readonly maxColor: number;
}

/** A queue of a port. Rates are left out where nothing is promised or bounded. */
export interface QueueView extends Counted {
  readonly port: number;
  readonly queueId: number;
  readonly min_rate_bps?: number;
  readonly max_rate_bps?: number;
  /** What rates are told in parts of: the rate that the port is held to, or its speed; 0 unknown. */
  readonly port_rate_bps: number;
  /** Frames dropped because too many waited. */
  readonly errors: number;
  readonly duration_ms: number;
}

/** A flow that can be told from one that was added later in the same place. */
export interface WatchedFlow extends FlowView {
  /** How many changes of flows there had been when it was added. */
  readonly serial: number;
}

/** What became of a flow. */
export interface FlowChange {
  readonly what: 'added' | 'modified' | 'deleted';
  readonly flow: WatchedFlow;
  /** Why it was deleted; else 0. */
  readonly reason: RemovedReason | 0;
  /** Its instructions before; null where there were none. */
  readonly before: Instructions | null;
}

/** Hears of every change of a flow at once, in the middle of a request too: one that fails undoes what it told of. */
export interface FlowWatcher {
  flowChanged(change: FlowChange): void;
}

/** A change that can be made together with others. */
export type Change =
  | { readonly type: 'flow_mod'; readonly change: FlowMod }
  | { readonly type: 'group_mod'; readonly change: GroupMod }
  | ({ readonly type: 'port_mod' } & PortChange)
  | {
      readonly type: 'packet_out';
      readonly inPort: number;
      readonly actions: readonly Action[];
      readonly data: Uint8Array;
    };

/** Which of several changes could not be made, and why. */
export class ChangeError extends Error {
  constructor(
    readonly index: number,
    override readonly cause: OpenFlowError,
  ) {
    super(cause.message);
  }
}

/** What the pipeline tells: set by the switch, called in order, never while a change is half done. */
export interface PipelineEvents {
  flowRemoved(flow: FlowView, reason: RemovedReason): void;
  packetIn(packet: PacketIn): void;
  port(event: PortEvent, port: PortView): void;
}

/**
 * The pipeline as the agent sees it. Every method throws OpenFlowError for a peer's mistake, before anything has
 * changed.
 */
export interface PipelineApi {
  readonly tableCount: number;
  /** 'normal' at first. */
  fragments: FragmentHandling;
  /** Flow-mod, all forms. In force when it returns. */
  apply(change: FlowMod): void;
  /**
   * Refuses a change for what it says itself, whatever will be there when its turn comes; changes nothing. For those
   * that wait. Throws OpenFlowError.
   */
  precheck(change: Change): void;
  /**
   * Makes all of these changes in their order, or none: no packet sees a part of them, and what they tell is told when
   * all are made. Each is asked for when its turn has come. Throws a ChangeError.
   */
  applyAll(changes: Iterable<Change>): void;
  /** Calls `watcher` with every change of a flow from now on; null: nobody. */
  watchFlows(watcher: FlowWatcher | null): void;
  /** Changes of flows so far. */
  readonly flowChanges: number;
  /** Flows that were added or modified behind so many changes. */
  flowsSince(changes: number): Iterable<WatchedFlow>;
  /** Flows that pass the filter, in table order; counters are up to date. */
  flows(filter: FlowFilter): Iterable<FlowView>;
  /** The tables of the pipeline, ascending. */
  tables(): TableView[];
  ports(): PortView[];
  port(number: number): PortView | undefined;
  /** Port-mod; tells of the port if anything changed. */
  modifyPort(change: PortChange): void;
  /**
   * Makes these the tables of the pipeline. Flows of tables that aren't among them, and of those whose limits are
   * another object than before, go without a word.
   */
  configureTables(setups: ReadonlyMap<number, TableSetup>): void;
  packetOut(packet: PacketOut): void;
  /** Ends tracked connections. */
  readonly connections: { flush(what: ConnectionFlush): void };
  /** A paused packet goes on. */
  resume(packet: Resumption): void;
  /** Group-mod and meter-mod, all forms. In force when they return. */
  applyGroup(change: GroupMod): void;
  applyMeter(change: MeterMod): void;
  /** A group, or with OFPG.ALL all, by id; none where it isn't there. */
  groups(id: number): GroupView[];
  /** A meter, or with OFPM.ALL all, by id; an unknown one is UNKNOWN_METER. */
  meters(id: number): MeterView[];
  readonly meterFeatures: MeterFeaturesView;
  /** Most groups, of all types together. */
  readonly maxGroups: number;
  /** Which Geneve options are fields. */
  readonly tlvTable: TlvTable;
  /** All queues, or those of one port, by port and id. */
  queues(port?: number): QueueView[];
}
