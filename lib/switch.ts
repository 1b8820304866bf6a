/**
 * The whole switch as one object: ports, flow tables, connection tracker, and, once started, connections to
 * controllers. It is deterministic under a handed-in clock and seed: the same frames at the same times give the same
 * bytes.
 */
import type { Duplex } from 'node:stream';
import type { Agent } from './agent/agent.js';
import type { Profile } from './agent/profile.js';
import { type Clock, type Log, Random, silent } from './bytes/index.js';
import type { Tls } from './channel/tls.js';
import {
  type Connection,
  type CtListener,
  configure,
  type DumpOptions,
  type Filter,
  formatConnection,
  Tracker,
  Watchers,
} from './ct/index.js';
import type { PortEntry, QueueRates } from './datapath/index.js';
import {
  ALL_TABLES,
  ANY_GROUP,
  checkFlowSize,
  type FlowMod,
  type GroupMod,
  LAST_PORT,
  Match,
  type MeterMod,
  OFPG,
  OFPM,
  OFPP,
} from './nxm/index.js';
import {
  type FlowFilter,
  type FlowView,
  type GroupView,
  type MeterView,
  Pipeline,
  type PortView,
  type QueueView,
} from './pipeline/index.js';
import { type Port, PortError, type PortHost } from './ports/port.js';
import { checkOptions } from './switch-check.js';
import type { ControllerAddress, FailMode, StartOptions, SwitchEvent, SwitchOptions } from './switch-types.js';
import { systemClock } from './system-clock.js';
import {
  type FlowTextOptions,
  formatFlow,
  formatGroup,
  formatMeter,
  parseFlow,
  parseFlows,
  parseGroup,
  parseGroups,
  parseMeter,
  parseMeters,
  placed,
  placedChanges,
} from './text/index.js';
import { type Trace, type TraceInput, type TraceOptions, traceInputs } from './trace/index.js';

export type * from './switch-types.js';

/** Any flow. */
export const ALL_FLOWS: FlowFilter = {
  tableId: ALL_TABLES,
  outPort: OFPP.ANY,
  outGroup: ANY_GROUP,
  cookie: 0n,
  cookieMask: 0n,
  match: Match.all,
};

/** Ports that a switch has: in two places one of them would be deaf. */
const inSwitches = new WeakSet<Port>();

/** A switch: ports, flow tables, connection tracker and, once started, controllers. */
export class Switch {
  readonly datapathId: bigint;
  readonly clock: Clock;
  readonly pipeline: Pipeline;
  readonly tracker: Tracker;
  private readonly connections: Watchers;
  private readonly log: Log;
  private readonly watchers = new Set<(event: SwitchEvent) => void>();
  private readonly starting = new Set<Promise<void>>();
  private agent: Agent | null = null;
  private tls: Tls | null = null;
  private readonly failMode: FailMode;
  private closed = false;

  /** Throws a RangeError that names the option which can't be. */
  constructor(private readonly options: SwitchOptions = {}) {
    checkOptions(options);
    this.datapathId = options.datapathId ?? 1n;
    this.clock = options.clock ?? systemClock;
    this.log = options.log ?? silent;
    this.failMode = options.failMode ?? 'secure';
    const random = new Random(options.seed ?? 1);
    const { connections } = options.limits ?? {};
    this.tracker = new Tracker({
      random: random.stream('ct'),
      log: this.log,
      limits: connections === undefined ? {} : { connections },
      natExhausted: options.natExhausted,
      smallestFragment: options.smallestFragment,
    });
    if (options.conntrack !== undefined) configure(this.tracker, options.conntrack);
    this.connections = new Watchers(this.tracker, this.log);
    this.pipeline = new Pipeline({
      clock: this.clock,
      log: this.log,
      tracker: this.tracker,
      random: random.stream('sample'),
      minFrame: options.minFrame ?? 0,
      caching: options.caching ?? true,
      maxEntries: options.limits?.programs,
      events: {
        packetIn: (packet) => {
          this.agent?.events.packetIn(packet);
          this.tell({ type: 'packet_in', packet });
        },
        flowRemoved: (flow, reason) => {
          this.agent?.events.flowRemoved(flow, reason);
          this.tell({ type: 'flow_removed', flow, reason });
        },
        port: (event, port) => {
          this.agent?.events.port(event, port);
          this.tell({ type: 'port', event, port });
        },
      },
    });
    this.failModeFor(false);
  }

  /** Calls `watcher` for every event, until what it returns is called. */
  on(watcher: (event: SwitchEvent) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  private tell(event: SwitchEvent): void {
    for (const watcher of this.watchers) watcher(event);
  }

  // Ports.

  /**
   * Adds a port under a number (1 to 0xfeff), or as LOCAL, and starts it. A port that opens later, or fails to, is
   * waited for by `ready`. Throws a PortError, or a RangeError where the number is taken, or the port is in a switch.
   */
  addPort<P extends Port>(number: number | 'LOCAL' | null, port: P): P {
    const { ports } = this.pipeline.datapath;
    const own = number === 'LOCAL' ? OFPP.LOCAL : (number ?? ports.nextNumber());
    if (!Number.isInteger(own) || own < 1 || (own > LAST_PORT && own !== OFPP.LOCAL)) {
      throw new RangeError(`${own} is no port number: 1 to ${LAST_PORT}, or LOCAL`);
    }
    if (!ports.get(own) && inSwitches.has(port)) throw new RangeError(`${port.name} is a port of a switch already`);
    const entry = this.pipeline.addPort(own, port, port.mac ?? this.portMac(own));
    inSwitches.add(port);
    try {
      const started = port.start(this.hostOf(entry));
      if (started) this.waitFor(started, entry);
      else this.pipeline.adoptMac(entry);
    } catch (error) {
      inSwitches.delete(port);
      this.pipeline.removePort(entry);
      throw error;
    }
    return port;
  }

  private waitFor(started: Promise<void>, entry: PortEntry): void {
    const watched = started.then(
      () => this.pipeline.adoptMac(entry),
      (error: unknown) => {
        inSwitches.delete(entry.port);
        // Another port may have its number by now.
        if (this.pipeline.datapath.ports.get(entry.number) === entry) this.pipeline.removePort(entry);
        throw error instanceof Error ? error : new PortError(entry.port.name, String(error));
      },
    );
    this.starting.add(watched);
    // Whoever calls `ready` hears of it; nobody else has to.
    watched.catch(() => {});
  }

  /** Waits until all ports are open. Rejects with the PortError of the first that failed. */
  async ready(): Promise<void> {
    const all = [...this.starting];
    this.starting.clear();
    await Promise.all(all);
  }

  /** Takes a port away and closes it. */
  async removePort(number: number): Promise<void> {
    const entry = this.pipeline.datapath.ports.get(number);
    if (!entry) throw new RangeError(`there is no port ${number}`);
    this.pipeline.removePort(entry);
    await entry.port.close();
    inSwitches.delete(entry.port);
  }

  /** The port behind a number. */
  portAt(number: number): Port | undefined {
    return this.pipeline.datapath.ports.get(number)?.port;
  }

  /** All ports, with their counters. */
  ports(): PortView[] {
    return this.pipeline.ports();
  }

  /** Takes a port's link up or down. */
  setLink(number: number, up: boolean): void {
    const entry = this.pipeline.datapath.ports.get(number);
    if (!entry) throw new RangeError(`there is no port ${number}`);
    this.pipeline.setLink(entry, up);
  }

  private entryOf(number: number): PortEntry {
    const entry = this.pipeline.datapath.ports.get(number);
    if (!entry) throw new RangeError(`there is no port ${number}`);
    return entry;
  }

  /**
   * Gives a port a queue, changes its rates, or takes it away (null). A min rate counts while the port is held to a
   * rate. Throws a RangeError where more is promised than the port has.
   */
  setQueue(port: number, queueId: number, rates: QueueRates | null): void {
    this.pipeline.setQueue(this.entryOf(port), queueId, rates);
  }

  /** Holds a port to a rate in bits a second, which its queues share; undefined: to none. */
  setPortRate(port: number, bps: number | undefined): void {
    this.pipeline.setPortRate(this.entryOf(port), bps);
  }

  /** All queues, with their counters. */
  queues(): QueueView[] {
    return this.pipeline.queues();
  }

  private hostOf(entry: PortEntry): PortHost {
    const { pipeline } = this;
    return {
      clock: this.clock,
      log: this.log,
      receive: (bytes, start, end, tunnel, room, now_ms) => {
        pipeline.datapath.receive(entry, bytes, start, end, tunnel, room, now_ms);
      },
      link: (up, gone) => {
        if (gone) this.log.warn(`${entry.port.name}: the interface is gone`);
        pipeline.setLink(entry, up);
      },
      lost: (direction, kind, count) => pipeline.lost(entry, direction, kind, count),
    };
  }

  /** A locally administered address out of the datapath id and the port's number. */
  private portMac(number: number): Uint8Array {
    const id = this.datapathId;
    const byte = (shift: bigint) => Number((id >> shift) & 0xffn);
    return Uint8Array.of(0x02, byte(24n), byte(16n), byte(8n), byte(0n) ^ ((number >> 8) & 0xff), number & 0xff);
  }

  // Flows and connections.

  /** The flow tables, in ovs-ofctl's text and as data. */
  readonly flows = {
    /**
     * Makes every change of a text, a line each; a text with a mistake, or with a flow that the switch can't follow,
     * makes none. Throws a TextError or a RefusedError, both with { line, column }.
     */
    load: (text: string, options: Pick<FlowTextOptions, 'file' | 'ports'> = {}): void => {
      const lines = placedChanges(text, options.file, (line, place) =>
        parseFlows(line, { ...options, ...place, command: 'any' }),
      );
      const verify = (change: FlowMod): void => {
        checkFlowSize(change);
        this.pipeline.verify(change);
      };
      for (const { change, at } of lines) placed(() => verify(change), ...at);
      for (const { change, at } of lines) placed(() => this.pipeline.apply(change), ...at);
    },
    /** Adds one flow. */
    add: (text: string): void => this.flows.apply(parseFlow(text)),
    /** Makes a change given as data. */
    apply: (change: FlowMod): void => {
      checkFlowSize(change);
      this.pipeline.apply(change);
    },
    /** All flows, or those that pass a filter; counters are up to date. */
    list: (filter: FlowFilter = ALL_FLOWS): FlowView[] => [...this.pipeline.flows(filter)],
    /** As ovs-ofctl dump-flows prints them. */
    dump: (filter: FlowFilter = ALL_FLOWS): string[] =>
      [...this.pipeline.flows(filter)].map((flow) => formatFlow(flow)),
  };

  /** The group table. */
  readonly groups = {
    /** Makes every change of a text, one a line: "[add|modify|add_or_mod|delete] group_id=1,type=all,bucket=…". */
    load: (text: string, file?: string): void => {
      const lines = placedChanges(text, file, parseGroups);
      for (const { change, at } of lines) placed(() => this.pipeline.applyGroup(change), ...at);
    },
    /** Adds one group. */
    add: (text: string): void => this.pipeline.applyGroup(parseGroup(text)),
    /** Makes a change given as data. */
    apply: (change: GroupMod): void => this.pipeline.applyGroup(change),
    /** All groups; counters are up to date. */
    list: (): GroupView[] => this.pipeline.groups(OFPG.ALL),
    /** As ovs-ofctl dump-groups prints them. */
    dump: (): string[] => this.pipeline.groups(OFPG.ALL).map((group) => formatGroup(group)),
  };

  /** The meter table. */
  readonly meters = {
    /** Adds every meter of a text, one a line. */
    load: (text: string, file?: string): void => {
      const lines = placedChanges(text, file, parseMeters);
      for (const { change, at } of lines) placed(() => this.pipeline.applyMeter(change), ...at);
    },
    /** Adds one meter. */
    add: (text: string): void => this.pipeline.applyMeter(parseMeter(text)),
    /** Makes a change given as data. */
    apply: (change: MeterMod): void => this.pipeline.applyMeter(change),
    /** All meters. */
    list: (): MeterView[] => this.pipeline.meters(OFPM.ALL),
    /** As ovs-ofctl dump-meters prints them. */
    dump: (): string[] => {
      const views = this.pipeline.meters(OFPM.ALL);
      return views.map(({ bands, ...meter }) => formatMeter({ ...meter, bands: bands.map((band) => band.settings) }));
    },
  };

  /** The tracked connections. */
  conntrack(filter: Filter = {}): Connection[] {
    return [...this.tracker.dump(this.clock.now(), filter)];
  }

  /** The same without holding the event loop: a few hundred at a time, the rest of the program in between. */
  async *conntrackPages(filter: Filter = {}): AsyncGenerator<Connection[]> {
    for (const page of this.tracker.dumpSteps(this.clock.now(), filter)) {
      if (page.length > 0) yield page;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /**
   * Calls `listener` with each connection that is stored, changed or ended, in order, while its packet is in hand; what
   * is returned ends it. One that throws is taken off. While nobody listens nothing is made for it.
   */
  onConntrack(listener: CtListener): () => void {
    return this.connections.add(listener);
  }

  /** The same as `ovs-appctl dpctl/dump-conntrack` prints them. */
  conntrackText(filter: Filter = {}, options: DumpOptions = {}): string[] {
    return this.conntrack(filter).map((connection) => formatConnection(connection, options));
  }

  /**
   * What would become of packets that came in one after the other, step by step; nothing changes. A packet is text in
   * ovs-ofctl's syntax ("in_port=1,tcp,nw_src=10.0.0.1"), a port and a frame, or either with actions, as packet-out has
   * them. `formatTrace` writes it for people. Throws a TextError.
   */
  trace(packet: TraceInput, options?: TraceOptions): Trace;
  trace(packets: readonly TraceInput[], options?: TraceOptions): Trace[];
  trace(given: TraceInput | readonly TraceInput[], options: TraceOptions = {}): Trace | Trace[] {
    const list = Array.isArray(given) ? given : [given];
    const traces = [...this.traceSteps(list, options)].flat();
    return Array.isArray(given) ? traces : traces[0];
  }

  /**
   * The same in turns, for many packets: each step reads some or traces one, and gives the traces that are done, maybe
   * none; all are read before one is traced. What changes between steps is seen by the packets behind it.
   */
  traceSteps(packets: readonly TraceInput[], options: TraceOptions = {}): Generator<Trace[], undefined> {
    return traceInputs(this, packets, this.pipeline.datapath.ports.names(), options);
  }

  /** What the switch counts beside ports, flows and tables: what its caches did, and what its bounds refused. */
  counters(): Readonly<Record<string, number>> {
    const { datapath, tooDeep, wrongType, macs } = this.pipeline;
    const { entries: programs, masks } = datapath.cached;
    return {
      programs,
      masks,
      ...datapath.counters,
      tooDeep,
      wrongType,
      macs: macs.size,
      connections: this.tracker.count,
      ...this.tracker.counters,
    };
  }

  // Controllers.

  /**
   * Opens what is given: dials controllers, waits for others. Resolves when all ports are open and all addresses
   * listen, to the addresses as they were bound ("ptcp:0" has its port then). Rejects with a ChannelError for an
   * address that can't be, for what TLS can't use, and once the switch is closed.
   */
  async start(options: StartOptions = {}): Promise<{ readonly listening: string[] }> {
    const { controllers = [], listen = [] } = options;
    await this.ready();
    if (this.closed) throw new Error('the switch is closed');
    const [{ Agent }, { formatAddress, isSecure, parseActive, parsePassive, needed }] = await Promise.all([
      import('./agent/index.js'),
      import('./channel/index.js'),
    ]);
    const dial = controllers.map(targetOf).map(([text, profile]) => [parseActive(text), profile] as const);
    const wait = listen.map(targetOf).map(([text, profile]) => [parsePassive(text), profile] as const);
    if (options.tls) this.tls = new (await import('./channel/tls.js')).Tls(options.tls, systemClock);
    const { tls } = this;
    for (const [address] of [...dial, ...wait]) if (isSecure(address)) needed(address, tls);
    if (!this.agent) {
      const { pipeline, clock, log, datapathId } = this;
      this.agent = new Agent({ ...this.options.agent, pipeline, clock, log, datapathId });
      this.agent.on((event) => {
        if (event.type === 'control') this.failModeFor(event.connected);
        this.tell({ type: 'controller', event });
      });
    }
    const listening: string[] = [];
    for (const [address, profile] of wait) {
      listening.push(formatAddress(await this.agent.listen(address, profile, tls)));
    }
    for (const [address, profile] of dial) this.agent.dial(address, profile, tls);
    return { listening };
  }

  /** Takes a stream on which a controller speaks; the switch must have been started. `name` is for logs. */
  accept(stream: Duplex, name: string): void {
    if (!this.agent) throw new Error('the switch has not been started');
    this.agent.accept(stream, name);
  }

  /**
   * Dials these and no others: those that aren't among them are hung up on. Throws a ChannelError; then nothing has
   * changed.
   */
  async setControllers(addresses: readonly string[]): Promise<void> {
    const { formatAddress, parseActive } = await import('./channel/index.js');
    const wanted = new Set(addresses.map((address) => formatAddress(parseActive(address))));
    await this.start({ controllers: addresses });
    for (const { address, kind } of this.controllers()) {
      if (kind === 'dialled' && !wanted.has(address)) this.agent?.hangUp(parseActive(address));
    }
  }

  /** Every controller that is dialled or connected. */
  controllers(): ReturnType<Agent['controllers']> {
    return this.agent?.controllers() ?? [];
  }

  private failModeFor(connected: boolean): void {
    const standalone = this.failMode === 'standalone' && !connected;
    if (this.pipeline.standalone === standalone) return;
    this.pipeline.setStandalone(standalone);
    this.tell({ type: 'fail_mode', standalone });
  }

  /** Is the switch on its own, switching what no flow matches? */
  get standalone(): boolean {
    return this.pipeline.standalone;
  }

  /** "0000000000000001" */
  get datapathIdText(): string {
    return this.datapathId.toString(16).padStart(16, '0');
  }

  /** Ends connections, closes ports, stops timers. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.agent?.close();
    await Promise.all(
      this.pipeline.datapath.ports.list().map(async ({ port }) => {
        await port.close();
        inSwitches.delete(port);
      }),
    );
    this.pipeline.close();
    this.watchers.clear();
  }
}

function targetOf(each: ControllerAddress): readonly [address: string, profile: Profile | undefined] {
  return typeof each === 'string' ? [each, undefined] : [each.address, each.profile];
}
