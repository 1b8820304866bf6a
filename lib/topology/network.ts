/**
 * A network inside one process: switches, virtual hosts and the cables between them, on one clock and one seed. Each
 * switch connects to the controllers by itself, as separate ones would. Pulling a cable is a port-status on both sides;
 * so is switching off the port at its other end.
 */
import { type Clock, type Log, Random } from '../bytes/index.js';
import { didYouMean } from '../nxm/suggestion.js';
import { OFPPC } from '../pipeline/types.js';
import { type HostPort, host } from '../ports/host.js';
import { type LinkPort, link as linkPair, shaped } from '../ports/link.js';
import { Handover } from '../ports/wire.js';
import { type ControllerAddress, type StartOptions, Switch, type SwitchEvent, type SwitchOptions } from '../switch.js';
import { systemClock } from '../system-clock.js';
import { type HostPlan, type LinkPlan, type Plan, portName, portNames } from './plan.js';

/** There is no such switch, host or link. */
export class NetworkError extends Error {}

/** What a network is made with. */
export interface NetworkOptions extends Omit<SwitchOptions, 'datapathId' | 'clock' | 'seed' | 'log'> {
  readonly clock?: Clock;
  /** Where all chance comes from; 1 unless told. */
  readonly seed?: number;
  /** The log of a switch. */
  readonly log?: (name: string) => Log;
  /** Hears each message of a switch, as `agent.onMessage` of one. */
  readonly onMessage?: (name: string, ...message: Parameters<OnMessage>) => void;
}

type OnMessage = NonNullable<NonNullable<SwitchOptions['agent']>['onMessage']>;

/** With whom its switches speak. */
export interface NetworkStart {
  /** Dialled by each switch. */
  readonly controllers?: readonly ControllerAddress[];
  /** Where each switch waits, by its place from 0 and its name. */
  readonly listen?: (index: number, name: string) => readonly string[];
  /** For addresses that take TLS, the same for each switch. */
  readonly tls?: StartOptions['tls'];
}

/** A cable. */
export class Link {
  /** Was the cable pulled? */
  private pulled = false;

  constructor(
    readonly plan: LinkPlan,
    private readonly plug: (up: boolean) => void,
  ) {}

  /** "s1-eth2", "h1": the names of both ends. */
  get ends(): readonly [string, string] {
    const [a, b] = this.plan.ends;
    return [endName(a), endName(b)];
  }

  get isUp(): boolean {
    return !this.pulled;
  }

  /** Pulls the cable: what is under way is lost. */
  down(): void {
    this.pulled = true;
    this.plug(false);
  }

  /** Plugs it in again. */
  up(): void {
    this.pulled = false;
    this.plug(true);
  }

  /** Does it join these two, in either order? */
  joins(a: string, b: string): boolean {
    const [first, second] = this.plan.ends;
    return (first.node === a && second.node === b) || (first.node === b && second.node === a);
  }
}

function endName({ node, port }: LinkPlan['ends'][number]): string {
  return port === 0 ? node : portName({ node, port });
}

/** A network in this process, built of a plan. */
export class Network {
  readonly clock: Clock;
  /** By name, in the plan's order. */
  readonly switches: ReadonlyMap<string, Switch>;
  readonly hosts: ReadonlyMap<string, HostPort>;
  readonly links: readonly Link[];
  private readonly handover: Handover;
  private readonly random: Random;
  private readonly off: (() => void)[] = [];

  constructor(
    readonly plan: Plan,
    options: NetworkOptions = {},
  ) {
    const { clock = systemClock, seed = 1, log, onMessage, ...settings } = options;
    this.clock = clock;
    this.handover = new Handover(clock);
    this.random = new Random(seed, 'network');
    const switches = plan.switches.map(({ name, dpid }) => {
      const heard: { onMessage?: OnMessage } = onMessage
        ? { onMessage: (...message) => onMessage(name, ...message) }
        : {};
      const agent = { ...settings.agent, ...heard, description: { datapath: name, ...settings.agent?.description } };
      const own = {
        ...settings,
        agent,
        datapathId: dpid,
        clock,
        seed: this.random.stream(name).u32(),
        log: log?.(name),
      };
      return [name, new Switch(own)] as const;
    });
    this.switches = new Map(switches);
    this.hosts = new Map(plan.hosts.map((each) => [each.name, this.makeHost(each)]));
    // Flows first: the first frame of a host is to find them.
    for (const { name, flows } of plan.switches) {
      if (flows !== undefined) this.switch(name).flows.load(flows, { ports: portNames(plan, name) });
    }
    this.links = plan.links.map((each) => this.build(each));
  }

  private makeHost({ name, ...settings }: HostPlan): HostPort {
    return host({ name, ...settings, random: this.random.stream(`host ${name}`) });
  }

  private build(plan: LinkPlan): Link {
    const [a, b] = plan.ends;
    const random = this.random.stream(`link ${endName(a)} ${endName(b)}`);
    if (a.port !== 0 && b.port !== 0) {
      const ports = linkPair([portName(a), portName(b)], this.handover, random, plan);
      for (const [i, { node, port }] of [a, b].entries()) this.switch(node).addPort(port, ports[i]);
      this.couple(a, ports[1]);
      this.couple(b, ports[0]);
      return new Link(plan, (up) => {
        for (const port of ports) port.link(up);
      });
    }
    const [at, behind] = a.port === 0 ? [b, a] : [a, b];
    const end = this.host(behind.node);
    this.switch(at.node).addPort(at.port, shaped(end, portName(at), this.handover, random, plan));
    return new Link(plan, (up) => end.link(up));
  }

  /** A port that is switched off takes the carrier from the one at the other end. */
  private couple({ node, port }: LinkPlan['ends'][number], other: LinkPort): void {
    const heard = (event: SwitchEvent): void => {
      if (event.type !== 'port' || event.port.number !== port) return;
      other.peer((event.port.config & OFPPC.PORT_DOWN) === 0);
    };
    this.off.push(this.switch(node).on(heard));
  }

  /** The switch of a name. Throws a NetworkError. */
  switch(name: string): Switch {
    return known(this.switches, name, 'switch');
  }

  /** The host of a name. Throws a NetworkError. */
  host(name: string): HostPort {
    return known(this.hosts, name, 'host');
  }

  /** The first link between two nodes. Throws a NetworkError where there is none. */
  link(a: string, b: string): Link {
    const found = this.links.find((each) => each.joins(a, b));
    if (found) return found;
    const nodes = new Map<string, unknown>([...this.switches, ...this.hosts]);
    for (const name of [a, b]) known(nodes, name, 'switch or host');
    throw new NetworkError(`no link joins ${a} and ${b}`);
  }

  /** Opens what is given, at each switch. Resolves to where they listen, by name. */
  async start({
    controllers = [],
    listen = () => [],
    tls,
  }: NetworkStart = {}): Promise<ReadonlyMap<string, readonly string[]>> {
    const listening = new Map<string, readonly string[]>();
    for (const [i, [name, sw]] of [...this.switches].entries()) {
      listening.set(name, (await sw.start({ controllers, listen: listen(i, name), tls })).listening);
    }
    return listening;
  }

  /** Calls `watcher` for every event of every switch, until what it returns is called. */
  on(watcher: (name: string, event: SwitchEvent) => void): () => void {
    const off = [...this.switches].map(([name, sw]) => sw.on((event) => watcher(name, event)));
    return () => {
      for (const end of off) end();
    };
  }

  /** Closes all switches. */
  async close(): Promise<void> {
    for (const off of this.off.splice(0)) off();
    await Promise.all([...this.switches.values()].map((sw) => sw.close()));
  }
}

function known<T>(map: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = map.get(name);
  if (found !== undefined) return found;
  const names = [...map.keys()];
  const few = names.length > 12 ? '' : `: there are ${names.join(', ')}`;
  throw new NetworkError(`there is no ${what} "${name}"${didYouMean(name, names) || few}`);
}
