/**
 * What a network is made of, as plain data: switches, hosts, and the cables between them, with the names, port numbers
 * and addresses that Mininet gives (s1, h1, s1-eth1, 10.0.0.1/8). A shape or a file makes a plan, Network builds it.
 */
import { formatMac } from '../bytes/index.js';
import type { WireSettings } from '../ports/wire.js';

/** Most switches, and most hosts, of a network. */
export const MAX_NODES = 4096;
/** Characters of a port's name (OpenFlow 1.3.5 §7.2.1: 16 bytes with a zero at the end). */
const MAX_PORT_NAME = 15;

/** A switch to be. */
export interface SwitchPlan {
  readonly name: string;
  readonly dpid: bigint;
  /** Flows to begin with, in ovs-ofctl's syntax. */
  readonly flows?: string;
}

/** A host to be. */
export interface HostPlan {
  readonly name: string;
  readonly mac: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly gateway?: string;
  /** Ports that echo; 7 and 80, 7 and 53 unless told. */
  readonly tcp?: readonly number[];
  readonly udp?: readonly number[];
}

/** An end of a cable: a host, or a port of a switch. */
export interface End {
  readonly node: string;
  /** 0 for a host. */
  readonly port: number;
}

/** A link to be. */
export interface LinkPlan extends WireSettings {
  readonly ends: readonly [End, End];
}

/** A network to be: data, checked. */
export interface Plan {
  readonly switches: readonly SwitchPlan[];
  readonly hosts: readonly HostPlan[];
  readonly links: readonly LinkPlan[];
}

/** Why something can't be in a plan. */
export class PlanError extends Error {}

type Given<T extends { name: string }> = Partial<Omit<T, 'name'>>;

/** The number in a name: 12 for "s12". */
function numberIn(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0);
}

/** "s1-eth3" */
export function portName({ node, port }: End): string {
  return `${node}-eth${port}`;
}

/** A switch's ports by their names, for its flows. */
export function portNames({ links }: Plan, node: string): ReadonlyMap<string, number> {
  const own = links.flatMap(({ ends }) => ends.filter((end) => end.node === node));
  return new Map(own.map((end) => [portName(end), end.port]));
}

/** The nth of the hosts' IPv4 addresses, counted from 1, in 10.0.0.0/8. */
function ipv4(n: number): string {
  return `10.${(n >>> 16) & 0xff}.${(n >>> 8) & 0xff}.${n & 0xff}/8`;
}

function mac(n: number): string {
  return formatMac(Uint8Array.of(0, 0, 0, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff));
}

/** Echo's own port, and those of HTTP and DNS. */
const OPEN = { tcp: [7, 80], udp: [7, 53] };

/** The addresses of the nth host, counted from 1. */
export function addressesOf(n: number): Pick<HostPlan, 'mac' | 'ipv4' | 'ipv6'> {
  return { mac: mac(n), ipv4: ipv4(n), ipv6: `2001:db8::${n.toString(16)}/64` };
}

/** Gathers a plan. What can't be is a PlanError that says why. */
export class Planner {
  private readonly switches = new Map<string, SwitchPlan>();
  private readonly hosts = new Map<string, HostPlan>();
  private readonly links: LinkPlan[] = [];
  /** Ports that are taken, of each switch; for a host, its one cable. */
  private readonly taken = new Map<string, Set<number>>();
  private readonly dpids = new Map<bigint, string>();

  /** Names of all switches and hosts. */
  get names(): string[] {
    return [...this.switches.keys(), ...this.hosts.keys()];
  }

  /** Is it the name of a host? */
  isHost(name: string): boolean {
    return this.hosts.has(name);
  }

  private name(name: string, count: number): void {
    if (this.taken.has(name)) throw new PlanError(`${name} is there already`);
    if (portName({ node: name, port: 1 }).length > MAX_PORT_NAME) {
      throw new PlanError(
        `the name ${name} is too long: its ports would have names of more than ${MAX_PORT_NAME} characters`,
      );
    }
    if (count >= MAX_NODES) throw new PlanError(`a network has at most ${MAX_NODES} switches, and as many hosts`);
    this.taken.set(name, new Set());
  }

  /** Adds a switch; its datapath id is the number in its name unless told. */
  addSwitch(name: string, given: Given<SwitchPlan> = {}): string {
    this.name(name, this.switches.size);
    const dpid = given.dpid ?? BigInt(numberIn(name) || this.switches.size + 1);
    const other = this.dpids.get(dpid);
    if (other !== undefined)
      throw new PlanError(`${name} would have the datapath id of ${other}, ${dpid}: give it a dpid`);
    this.dpids.set(dpid, name);
    this.switches.set(name, { ...given, name, dpid });
    return name;
  }

  /** Adds a host; the nth has the address 10.0.0.n/8 unless told. */
  addHost(name: string, given: Given<HostPlan> = {}): string {
    this.name(name, this.hosts.size);
    this.hosts.set(name, { ...addressesOf(this.hosts.size + 1), ...OPEN, ...given, name });
    return name;
  }

  /** Joins two nodes, at the lowest free ports of switches unless told. */
  addLink(a: string, b: string, settings: WireSettings = {}, ports: readonly (number | undefined)[] = []): void {
    if (a === b) throw new PlanError(`${a} can't be joined to itself`);
    if (this.isHost(a) && this.isHost(b)) throw new PlanError(`${a} and ${b} are hosts: one end of a link is a switch`);
    const ends = [this.end(a, ports[0]), this.end(b, ports[1])] as const;
    this.links.push({ ...settings, ends });
  }

  private end(node: string, wanted: number | undefined): End {
    const taken = this.taken.get(node);
    if (!taken) throw new PlanError(`there is no switch or host "${node}"`);
    if (this.isHost(node)) {
      if (wanted !== undefined) throw new PlanError(`${node} is a host: its one port has no number`);
      if (taken.size > 0) throw new PlanError(`${node} has a link already: a host has one`);
      taken.add(0);
      return { node, port: 0 };
    }
    let port = wanted ?? 1;
    while (wanted === undefined && taken.has(port)) port++;
    if (taken.has(port)) throw new PlanError(`port ${port} of ${node} is taken`);
    if (portName({ node, port }).length > MAX_PORT_NAME)
      throw new PlanError(`"${node}-eth${port}" is too long for a port`);
    taken.add(port);
    return { node, port };
  }

  /** The plan. */
  plan(): Plan {
    return { switches: [...this.switches.values()], hosts: [...this.hosts.values()], links: this.links };
  }
}
