/**
 * A topology file (YAML) as a plan:
 *
 *     switches: [s1, s2]
 *     hosts: {h1: {ip: 10.0.0.1/24}, h2: }
 *     links:
 *     - [h1, s1]
 *     - [h2, s2:7]
 *     - {between: [s1, s2], delay: 5ms, loss: 1%, bw: 10mbit}
 *
 * A mistake is a TextError with its line and column, and the nearest known word where there is one.
 */
import { parseIpv4, parseIpv6, parseMac, type TextError } from '../bytes/index.js';
import type { NameMap } from '../nxm/index.js';
import { didYouMean } from '../nxm/suggestion.js';
import { host } from '../ports/host.js';
import { PortError } from '../ports/port.js';
import type { WireSettings } from '../ports/wire.js';
import { parseFlows } from '../text/index.js';
import { child, type MapTree, mistakeAt, parseYaml, type Spot, type Tree, textOf, Validator } from '../yaml/index.js';
import { addressesOf, type HostPlan, type Plan, PlanError, Planner, portNames, type SwitchPlan } from './plan.js';
import { TOPOLOGY_SCHEMA } from './schema.js';

/** The longest delay, in milliseconds. */
const MAX_DELAY_MS = 3_600_000;
const DELAY_UNITS_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };
const RATE_UNITS_BPS: Readonly<Record<string, number>> = { kbit: 1e3, mbit: 1e6, gbit: 1e9 };

type Draft<T> = { -readonly [K in keyof T]?: T[K] };

/** Reads a topology file. Rejects with a TextError. */
export async function parseTopology(text: string, file?: string): Promise<Plan> {
  const tree = await parseYaml(text, file);
  new Validator(TOPOLOGY_SCHEMA, file, 'a topology file').check(tree);
  return new TopologyReader(file).read(tree as MapTree);
}

class TopologyReader {
  private readonly planner = new Planner();

  constructor(private readonly file: string | undefined) {}

  read(tree: MapTree): Plan {
    for (const [name, at, settings] of named(child(tree, 'switches'))) {
      const given = this.switchSettings(settings);
      this.placed(at, () => this.planner.addSwitch(name, given));
    }
    for (const [name, at, settings] of named(child(tree, 'hosts'))) {
      const given = this.hostSettings(settings);
      this.placed(at, () => this.planner.addHost(name, given));
      this.checkHost({ ...addressesOf(1), ...given, name }, settings ?? at);
    }
    const joined = new Set<string>();
    for (const link of itemsOf(child(tree, 'links'))) for (const name of this.link(link)) joined.add(name);
    for (const [name, at] of named(child(tree, 'hosts'))) {
      if (!joined.has(name)) throw this.mistake(at, `${name} has no link`);
    }
    const plan = this.planner.plan();
    for (const [name, , settings] of named(child(tree, 'switches'))) {
      const flows = settings && child(settings, 'flows');
      if (flows) this.checkFlows(flows, portNames(plan, name));
    }
    return plan;
  }

  /** Finds a mistake in flows by its place in the file. */
  private checkFlows(tree: Tree, ports: NameMap): void {
    const block = tree.kind === 'scalar' ? tree.block : null;
    const [first, lines] = block ? [block.line, block.lines] : [tree.line, [textOf(tree).text]];
    for (const [i, line] of lines.entries())
      parseFlows(line, { command: 'any', file: this.file, line: first + i, ports });
  }

  private mistake(at: Spot, why: string): TextError {
    return mistakeAt(at, why, this.file);
  }

  /** What the planner refuses gets its place. */
  private placed(at: Spot, job: () => void): void {
    try {
      job();
    } catch (error) {
      throw error instanceof PlanError ? this.mistake(at, error.message) : error;
    }
  }

  /** Finds addresses that no host can have: a prefix that is too long, a MAC address of many. */
  private checkHost(plan: HostPlan, at: Spot): void {
    try {
      host(plan);
    } catch (error) {
      throw error instanceof PortError ? this.mistake(at, error.message) : error;
    }
  }

  private switchSettings(tree: MapTree | null): Draft<SwitchPlan> {
    const given: Draft<SwitchPlan> = {};
    const dpid = tree && child(tree, 'dpid');
    if (dpid) {
      const digits = textOf(dpid).text.replace(/^0x/i, '').replace(/:/g, '');
      if (digits.length > 16 || /^0*$/.test(digits)) {
        throw this.mistake(dpid, 'a datapath id has 1 to 16 hexadecimal digits, not all of them zero');
      }
      given.dpid = BigInt(`0x${digits}`);
    }
    const flows = tree && child(tree, 'flows');
    if (flows) given.flows = textOf(flows).text;
    return given;
  }

  private hostSettings(tree: MapTree | null): Draft<HostPlan> {
    const given: Draft<HostPlan> = {};
    for (const { key, value } of tree?.entries ?? []) {
      const { text } = textOf(value);
      const address = text.replace(/\/\d+$/, '');
      if (key === 'mac') {
        if (parseMac(text) === null) throw this.mistake(value, `"${text}" is no MAC address`);
        given.mac = text;
      } else if (key === 'ip') {
        if (parseIpv4(address) === null) throw this.mistake(value, `"${text}" is no IPv4 address`);
        given.ipv4 = text;
      } else if (key === 'ip6') {
        if (parseIpv6(address) === null) throw this.mistake(value, `"${text}" is no IPv6 address`);
        given.ipv6 = text;
      } else if (key === 'gateway') {
        if (parseIpv4(text) === null && parseIpv6(text) === null) {
          throw this.mistake(value, `"${text}" is no IP address`);
        }
        given.gateway = text;
      } else if (key === 'tcp' || key === 'udp') {
        given[key] = itemsOf(value).map((item) => Number(textOf(item).text));
      }
    }
    return given;
  }

  /** Adds a link; the names of both ends. */
  private link(tree: Tree): string[] {
    const list = tree.kind === 'map' ? child(tree, 'between') : tree;
    const ends = itemsOf(list);
    if (ends.length !== 2) throw this.mistake(list ?? tree, `a link has two ends, not ${ends.length}`);
    const names = ends.map((end) => this.end(end));
    const settings = tree.kind === 'map' ? this.wire(tree) : {};
    const [[a, portA], [b, portB]] = names;
    this.placed(list ?? tree, () => this.planner.addLink(a, b, settings, [portA, portB]));
    return [a, b];
  }

  private end(tree: Tree): [name: string, port: number | undefined] {
    const [name, port] = textOf(tree).text.split(':');
    const { names } = this.planner;
    if (!names.includes(name)) {
      throw this.mistake(tree, `there is no switch or host "${name}"${didYouMean(name, names)}`);
    }
    if (port !== undefined && (Number(port) < 1 || Number(port) > 0xfeff)) {
      throw this.mistake(tree, `a port has a number from 1 to ${0xfeff}, not ${port}`);
    }
    return [name, port === undefined ? undefined : Number(port)];
  }

  private wire(tree: MapTree): WireSettings {
    const delay_ms = this.quantity(tree, 'delay', DELAY_UNITS_MS, 1, [0, MAX_DELAY_MS]);
    const percent = this.quantity(tree, 'loss', { '%': 1 }, 1, [0, 100]);
    const rate_bps = this.quantity(tree, 'bw', RATE_UNITS_BPS, RATE_UNITS_BPS.mbit, [1, 1e12]);
    return {
      ...(delay_ms === undefined ? {} : { delay_ms }),
      ...(percent === undefined ? {} : { loss: percent / 100 }),
      ...(rate_bps === undefined ? {} : { rate_bps }),
    };
  }

  private quantity(
    tree: MapTree,
    key: string,
    units: Readonly<Record<string, number>>,
    plain: number,
    [least, most]: readonly [number, number],
  ): number | undefined {
    const value = child(tree, key);
    if (!value) return undefined;
    const { text } = textOf(value);
    const [, digits, unit] = /^([\d.]+)(\D*)$/.exec(text) ?? [];
    const number = Number(digits) * (unit === '' ? plain : units[unit]);
    if (!(number >= least && number <= most)) throw this.mistake(value, `"${text}" is out of bounds for ${key}`);
    return number;
  }
}

function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : [];
}

/** Names, where they stand, and their settings. */
function named(tree: Tree | undefined): [name: string, at: Spot, settings: MapTree | null][] {
  if (tree?.kind === 'list') return tree.items.map((item) => [textOf(item).text, item, null]);
  if (tree?.kind !== 'map') return [];
  return tree.entries.map(({ key, keyAt, value }) => [key, keyAt, value.kind === 'map' ? value : null]);
}
