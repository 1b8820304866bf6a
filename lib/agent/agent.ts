/**
 * The switch's end of OpenFlow: owns the connections to controllers, dialled and accepted, hands their messages to
 * handlers.ts and tells them what the pipeline tells. The pipeline itself, fail-mode and ports are the switch's.
 */
import type { Duplex } from 'node:stream';
import { type Clock, errorName, type Log, type OpenFlowError, Writer } from '../bytes/index.js';
import {
  type ActiveAddress,
  type CloseCause,
  Dialer,
  type DialerUser,
  formatAddress,
  Listener,
  openStream,
  type PassiveAddress,
  type Tls,
} from '../channel/index.js';
import type { PipelineApi, PipelineEvents } from '../pipeline/types.js';
import type { Desc, Message, MessageOf } from '../wire/index.js';
import { broadcaster } from './broadcast.js';
import type { AgentContext } from './context.js';
import { DEFAULT_DESCRIPTION } from './description.js';
import { FlowMonitors } from './flow-monitors.js';
import { handle } from './handlers.js';
import { Peer, type PeerOwner } from './peer.js';
import type { Profile } from './profile.js';
import { errorFor, messageName, RefusalLog } from './refusal.js';
import { type HeldRole, Roles } from './role.js';
import { Tables } from './tables.js';

export interface AgentOptions {
  readonly pipeline: PipelineApi;
  readonly clock: Clock;
  readonly log: Log;
  /** 64 bits. */
  readonly datapathId: bigint;
  /** Strings for DESC; what is left out is as Open vSwitch has it. */
  readonly description?: Partial<Desc>;
  /** What controllers get to see of Nicira's fields, where their address has no other; `ovs` by default. */
  readonly profile?: Profile;
  /** Silence before a controller is probed; 0 never, 5,000 by default. */
  readonly probe_ms?: number;
  /** Sees the bytes of every message, to record sessions. They must not be changed. */
  readonly onMessage?: (direction: 'in' | 'out', peer: string, bytes: Uint8Array) => void;
}

/**
 * What happened with a controller. `refused`: HELLOs didn't agree; `failed`: nobody answered, and the same is not
 * told again until something else happens. `control`: the first dialled controller came, or the last one went, which
 * is what fail-mode goes by.
 */
export type AgentEvent =
  | { readonly type: 'connected'; readonly controller: string }
  | { readonly type: 'disconnected' | 'refused' | 'failed'; readonly controller: string; readonly why: string }
  | { readonly type: 'control'; readonly connected: boolean };

export interface ControllerView {
  /** The address that is dialled, or the peer's. */
  readonly address: string;
  readonly kind: 'dialled' | 'accepted';
  readonly state: 'connecting' | 'waiting' | 'hello' | 'open' | 'closing';
  /** null while not connected. */
  readonly role: HeldRole | null;
  /** When it came into being or the connection began, in ms since 1970. */
  readonly since_ms: number;
  /** Why the last connection or attempt ended; "" while there is none. */
  readonly why: string;
  readonly droppedPacketIns: number;
}

interface Dial {
  readonly dialer: Dialer;
  peer: Peer | null;
  since_ms: number;
  why: string;
}

export class Agent {
  /** Where the pipeline's events go. */
  readonly events: PipelineEvents;
  private readonly context: AgentContext;
  private readonly owner: PeerOwner;
  private readonly refusals: RefusalLog;
  private readonly peers = new Set<Peer>();
  private readonly dials = new Map<string, Dial>();
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<(event: AgentEvent) => void>();
  private controlled = false;
  private closed = false;
  private idle: (() => void) | null = null;

  constructor(private readonly options: AgentOptions) {
    const { pipeline, datapathId, clock, log } = options;
    this.refusals = new RefusalLog(clock, log);
    const origin = originOf(datapathId, clock.wall());
    this.events = broadcaster(this.peers, origin);
    this.context = {
      pipeline,
      datapathId,
      origin,
      description: { ...DEFAULT_DESCRIPTION, ...options.description },
      roles: new Roles(),
      peers: () => this.peers,
      tables: new Tables(pipeline),
      monitors: new FlowMonitors(pipeline),
      heardError: (peer, error) => this.heardError(peer, error),
    };
    this.owner = {
      opened: (peer) => this.opened(peer),
      message: (peer, message: Message, bytes) => handle(message, peer, this.context, bytes),
      refused: (peer, error, request) => this.refuse(peer, error, request),
      drained: (peer) => this.context.monitors.drained(peer),
      closed: (peer, cause, why) => this.gone(peer, cause, why),
    };
  }

  /** Is a dialled controller connected? */
  get connected(): boolean {
    return this.controlled;
  }

  /** Calls `watcher` for every event, until what it returns is called. */
  on(watcher: (event: AgentEvent) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /**
   * Keeps a connection to a controller, from now on; `profile` instead of the agent's own; `tls` for ssl:. Dialling an
   * address again changes nothing.
   */
  dial(address: ActiveAddress, profile?: Profile, tls: Tls | null = null): void {
    const name = formatAddress(address);
    if (this.closed || this.dials.has(name)) return;
    const user: DialerUser = {
      connected: (stream) => {
        dial.peer = this.accept(stream, name, profile);
      },
      failed: (why) => this.failed(dial, why),
    };
    const dialer = new Dialer(address, this.options.clock, user, (to) => openStream(to, tls));
    const dial: Dial = { dialer, peer: null, since_ms: this.options.clock.wall(), why: '' };
    this.dials.set(name, dial);
    dialer.start();
  }

  /** Ends the connection to a dialled controller. */
  hangUp(address: ActiveAddress): void {
    const name = formatAddress(address);
    const dial = this.dials.get(name);
    if (!dial) return;
    this.dials.delete(name);
    dial.dialer.close();
    dial.peer?.connection.close();
    this.control();
  }

  /**
   * Waits for controllers, `profile` and `tls` as for `dial`. Resolves to the address with its port; rejects with a
   * ChannelError.
   */
  async listen(address: PassiveAddress, profile?: Profile, tls: Tls | null = null): Promise<PassiveAddress> {
    const accept = (stream: Duplex, peer: string) => this.accept(stream, peer, profile);
    const listener = await Listener.open(address, accept, this.options.log, tls);
    if (this.closed) await listener.close();
    else this.listeners.add(listener);
    return listener.address;
  }

  /** Takes a stream on which a controller speaks. */
  accept(stream: Duplex, name: string, profile: Profile = this.options.profile ?? 'ovs'): Peer {
    const { clock, log, probe_ms, onMessage } = this.options;
    const tap = onMessage && ((direction: 'in' | 'out', bytes: Uint8Array) => onMessage(direction, name, bytes));
    const peer = new Peer(stream, { clock, log, name, probe_ms, tap }, profile, clock.wall(), this.owner);
    this.peers.add(peer);
    return peer;
  }

  /** Every controller that is dialled or connected. */
  controllers(): ControllerView[] {
    const dialled = [...this.dials].map(([address, dial]): ControllerView => {
      if (dial.peer) return { ...peerView(dial.peer, 'dialled'), address };
      const state = dial.dialer.state === 'connecting' ? 'connecting' : 'waiting';
      return {
        address,
        kind: 'dialled',
        state,
        role: null,
        since_ms: dial.since_ms,
        why: dial.why,
        droppedPacketIns: 0,
      };
    });
    const own = new Set([...this.dials.values()].map((dial) => dial.peer));
    const others = [...this.peers].filter((peer) => !own.has(peer) && peer.connection.state !== 'closing');
    const accepted = others.map((peer) => peerView(peer, 'accepted'));
    return [...dialled, ...accepted];
  }

  /** Sends what waits and ends everything; no event follows. */
  async close(): Promise<void> {
    this.closed = true;
    this.watchers.clear();
    for (const { dialer } of this.dials.values()) dialer.close();
    this.dials.clear();
    for (const listener of this.listeners) listener.stop();
    const idle = new Promise<void>((resolve) => {
      this.idle = resolve;
    });
    for (const peer of this.peers) peer.connection.close();
    if (this.peers.size > 0) await idle;
    await Promise.all([...this.listeners].map((listener) => listener.close()));
    this.listeners.clear();
  }

  private opened(peer: Peer): void {
    const dial = this.dialOf(peer);
    dial?.dialer.sessionOpened();
    if (dial) dial.why = '';
    this.options.log.info(`${peer.name}: connected`);
    this.tell({ type: 'connected', controller: peer.name });
    this.control();
  }

  private gone(peer: Peer, cause: CloseCause, why: string): void {
    this.peers.delete(peer);
    this.context.monitors.end(peer);
    const dial = this.dialOf(peer);
    if (dial) {
      dial.peer = null;
      dial.since_ms = this.options.clock.wall();
      dial.why = why;
      dial.dialer.sessionClosed();
    }
    if (cause === 'hello') this.options.log.warn(`${peer.name}: refused: ${why}`);
    else this.options.log.info(`${peer.name}: disconnected: ${why}`);
    this.tell({ type: cause === 'hello' ? 'refused' : 'disconnected', controller: peer.name, why });
    this.control();
    if (this.peers.size === 0) this.idle?.();
  }

  /** Tells of a failure once, and again only when it changes. */
  private failed(dial: Dial, why: string): void {
    const { name } = dial.dialer;
    if (dial.why === why) return;
    dial.why = why;
    this.options.log.warn(`${name}: ${why}; it is dialled again`);
    this.tell({ type: 'failed', controller: name, why });
  }

  private refuse(peer: Peer, error: OpenFlowError, request: Uint8Array): void {
    this.refusals.write(peer.name, error, request);
    if (messageName(request) !== 'ERROR') peer.connection.send(errorFor(error, request));
  }

  private heardError(peer: Peer, { error, data }: MessageOf<'error'>): void {
    const name = errorName(error) ?? `error ${error.type}/${error.code}`;
    const about = data.length >= 8 ? ` about ${messageName(data)}` : '';
    this.options.log.warn(`${peer.name}: it reports ${name}${about}`);
  }

  private dialOf(peer: Peer): Dial | undefined {
    const dial = this.dials.get(peer.name);
    return dial?.peer === peer ? dial : undefined;
  }

  private control(): void {
    const connected = [...this.dials.values()].some((dial) => dial.peer?.connection.state === 'open');
    if (connected === this.controlled) return;
    this.controlled = connected;
    this.tell({ type: 'control', connected });
  }

  private tell(event: AgentEvent): void {
    for (const watcher of this.watchers) watcher(event);
  }
}

/** Which switch, and which run of it: 16 bytes. */
function originOf(datapathId: bigint, since_ms: number): Uint8Array {
  return new Writer(16)
    .u64(datapathId)
    .u64(BigInt(Math.floor(since_ms)))
    .done();
}

function peerView(peer: Peer, kind: ControllerView['kind']): ControllerView {
  const { state, droppedPacketIns } = peer.connection;
  const { name: address, role, since_ms } = peer;
  return { address, kind, state: state === 'closed' ? 'closing' : state, role, since_ms, why: '', droppedPacketIns };
}
