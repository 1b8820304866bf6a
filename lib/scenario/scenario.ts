/**
 * A scenario as plain data: a file's tree, held to the schema, then read: ports, tables, and steps with their packets
 * and expectations. Everything that can be wrong without running is found here.
 */
import { OFPP } from '../nxm/index.js';
import { didYouMean } from '../nxm/suggestion.js';
import {
  child,
  isEmpty,
  type Located,
  type MapTree,
  mistakeAt,
  parseYaml,
  type Spot,
  type Tree,
  textOf,
  Validator,
} from '../yaml/index.js';
import { type CtPattern, parseCtPattern, parseState, type StatePattern } from './ct-pattern.js';
import { type PacketText, parsePacket } from './packet-text.js';
import { EXPECT_WORDS, SCENARIO_SCHEMA } from './schema.js';
import { readSettings, type Settings } from './settings.js';

/** Lines of flows, groups or meters, with empty ones in front, so that a line's number is the file's. */
export type Block = string;

/** Changes of the switch, in the order in which they are made. */
export interface Changes {
  readonly settings: Settings | null;
  readonly meters: Block | null;
  readonly groups: Block | null;
  readonly flows: Block | null;
}

/** A packet-in; what isn't there may be anything. */
export interface ControllerExpectation extends Spot {
  readonly packet?: PacketText;
  readonly reason?: string;
  readonly table?: number;
  readonly cookie?: bigint;
  readonly maxLen?: number;
  readonly match?: Located;
}

/** What leaves at a port, or comes of something else. `open`: nothing is written yet; `--update` fills it. */
export interface Expected<T> {
  readonly at: Spot;
  readonly open: boolean;
  readonly items: readonly T[];
}

export interface Expectation {
  readonly ports: ReadonlyMap<string, Expected<PacketText>>;
  readonly controller: Expected<ControllerExpectation> | null;
  /** An empty list says that there is none. */
  readonly ct: Expected<CtPattern> | null;
  /** `count` null: nothing is written yet. */
  readonly connections: { readonly at: Spot; readonly count: number | null } | null;
  readonly state: Expected<StatePattern> | null;
}

/** A step as it was read. */
export interface Step extends Changes {
  readonly name: string;
  readonly at: Spot;
  readonly tree: MapTree;
  readonly wait_ms: number;
  readonly links: readonly { readonly port: string; readonly up: boolean }[];
  /** Connections that are ended: of a zone, or of all. */
  readonly flush: { readonly zone?: number } | null;
  readonly sends: readonly { readonly port: string; readonly packet: PacketText }[];
  /** Null: nothing is written; then nothing may leave. */
  readonly expect: Expectation | null;
}

/** A scenario as it was read. */
export interface Scenario extends Changes {
  readonly file: string | undefined;
  readonly name: string;
  readonly at: Spot;
  readonly seed: number;
  /** Names and numbers. */
  readonly ports: ReadonlyMap<string, number>;
  readonly steps: readonly Step[];
}

/** Most steps of a file. */
export const MAX_STEPS = 20_000;
/** The longest wait, in ms: 31 days. */
export const MAX_WAIT_MS = 31 * 24 * 3600 * 1000;
/** All of a scenario's together: 100 days. */
export const MAX_WAITS_MS = 100 * 24 * 3600 * 1000;

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const NOTHING: Changes = { settings: null, meters: null, groups: null, flows: null };

/** Reads a scenario file's text. Throws a TextError with file, line and column. */
export async function parseScenarios(text: string, file?: string): Promise<Scenario[]> {
  const tree = await parseYaml(text, file);
  new Validator(SCENARIO_SCHEMA, file).check(tree);
  return new FileReader(file).scenarios(tree as MapTree);
}

class FileReader {
  private steps = 0;

  constructor(private readonly file: string | undefined) {}

  scenarios(map: MapTree): Scenario[] {
    const several = child(map, 'scenarios');
    const own = child(map, 'steps');
    if (several && own) throw this.mistake(several, 'a file has "steps" or "scenarios", not both');
    if (several?.kind === 'list') return several.items.map((item) => this.scenario(item as MapTree, map));
    if (!own) throw this.mistake(map, 'a scenario file needs "steps" or "scenarios"');
    return [this.scenario(map, map)];
  }

  private mistake(at: Spot, why: string) {
    return mistakeAt(at, why, this.file);
  }

  /** A scenario whose keys take the place of those above it. */
  private scenario(map: MapTree, above: MapTree): Scenario {
    const find = (key: string) => child(map, key) ?? child(above, key);
    const ports = this.ports(find('ports'), map);
    const steps = child(map, 'steps');
    const name = find('name');
    const list = steps?.kind === 'list' ? steps.items.map((step) => this.step(step as MapTree, ports)) : [];
    const waits_ms = list.reduce((sum, { wait_ms }) => sum + wait_ms, 0);
    if (waits_ms > MAX_WAITS_MS) throw this.mistake(steps ?? map, 'the waits of a scenario last at most 100 days');
    return {
      file: this.file,
      name: name ? textOf(name).text : (this.file?.replace(/^.*\//, '').replace(/\.ct\.yaml$/, '') ?? 'scenario'),
      at: map,
      seed: number(find('seed')) ?? 1,
      ports,
      ...this.changes(find, this.file),
      steps: list,
    };
  }

  private ports(tree: Tree | undefined, map: MapTree): ReadonlyMap<string, number> {
    if (tree?.kind !== 'map' || tree.entries.length === 0) throw this.mistake(tree ?? map, 'a scenario needs "ports"');
    const ports = new Map<string, number>();
    for (const { key, keyAt, value } of tree.entries) {
      const own = textOf(value).text === 'LOCAL' ? OFPP.LOCAL : (number(value) as number);
      const other = [...ports].find(([, taken]) => taken === own);
      if (other) throw this.mistake(keyAt, `port ${own} is ${other[0]} already`);
      ports.set(key, own);
    }
    return ports;
  }

  private changes(find: (key: string) => Tree | undefined, file: string | undefined): Changes {
    const settings = find('settings');
    const block = (key: string) => {
      const tree = find(key);
      return tree && !isEmpty(tree) ? blockOf(tree) : null;
    };
    return {
      settings: settings?.kind === 'map' ? readSettings(settings, file) : null,
      meters: block('meters'),
      groups: block('groups'),
      flows: block('flows'),
    };
  }

  private step(map: MapTree, ports: ReadonlyMap<string, number>): Step {
    if (++this.steps > MAX_STEPS) throw this.mistake(map, `more than ${MAX_STEPS} steps`);
    const find = (key: string) => child(map, key);
    const name = find('name');
    const expect = find('expect');
    const fail = find('settings');
    const mode = fail?.kind === 'map' ? child(fail, 'fail_mode') : undefined;
    if (mode) throw this.mistake(mode, 'a switch keeps its fail_mode: set it above the steps');
    return {
      name: name ? textOf(name).text : '',
      at: map,
      tree: map,
      ...(map.entries.length > 0 ? this.changes(find, this.file) : NOTHING),
      wait_ms: this.wait(find('wait')),
      links: this.entries(find('link'), ports).map(({ key, value }) => ({
        port: key,
        up: textOf(value).text === 'up',
      })),
      flush: this.flush(find('flush')),
      sends: this.entries(find('send'), ports).flatMap(({ key, value }) =>
        texts(value).map((text) => ({ port: key, packet: this.sent(text) })),
      ),
      expect: expect && !isEmpty(expect) ? this.expectation(expect, ports) : null,
    };
  }

  private sent(text: Located): PacketText {
    const packet = parsePacket(text, this.file);
    if (packet.base === 'same') throw this.mistake(text, '"same" is for what is expected: here stands what is sent');
    return packet;
  }

  private expected(text: Located): PacketText[] {
    if (text.text === 'drop') return [];
    const packet = parsePacket(text, this.file);
    if (['reply', 'again', 'error'].includes(packet.base)) {
      throw this.mistake(
        text,
        `"${packet.base}" is for what is sent: expected is same, a match text, hex or pcap:FILE#N`,
      );
    }
    return [packet];
  }

  private wait(tree: Tree | undefined): number {
    if (!tree) return 0;
    const [, value, unit] = /^([\d.]+)(\w+)$/.exec(textOf(tree).text) ?? [];
    const wait_ms = Number(value) * UNITS_MS[unit];
    if (wait_ms > MAX_WAIT_MS) throw this.mistake(tree, 'a wait lasts at most 31 days');
    return wait_ms;
  }

  /** The entries of a mapping by ports. */
  private entries(tree: Tree | undefined, ports: ReadonlyMap<string, number>, words: readonly string[] = []) {
    if (tree?.kind !== 'map') return [];
    for (const { key, keyAt } of tree.entries) {
      if (ports.has(key) || words.includes(key)) continue;
      const known = [...ports.keys(), ...words];
      const near = didYouMean(key, known) || `; there are ${known.join(', ')}`;
      throw this.mistake(keyAt, `there is no port "${key}"${near}`);
    }
    return tree.entries;
  }

  private flush(tree: Tree | undefined): Step['flush'] {
    if (!tree) return null;
    return tree.kind === 'map' ? { zone: number(child(tree, 'zone')) } : {};
  }

  private expectation(tree: Tree, ports: ReadonlyMap<string, number>): Expectation {
    const entries = this.entries(tree, ports, EXPECT_WORDS);
    const find = (key: string) => entries.find((entry) => entry.key === key);
    const list = <T>(key: string, read: (tree: Tree) => T[]): Expected<T> | null => {
      const entry = find(key);
      if (!entry) return null;
      const { value, keyAt } = entry;
      const items = value.kind === 'list' ? value.items : isEmpty(value) ? [] : [value];
      return { at: keyAt, open: isEmpty(value), items: items.flatMap(read) };
    };
    const named = entries.filter(({ key }) => !EXPECT_WORDS.some((word) => word === key)).map(({ key }) => key);
    const count = find('connections');
    return {
      ports: new Map(
        named.map((port) => [port, list(port, (item) => this.expected(textOf(item))) as Expected<PacketText>]),
      ),
      controller: list('controller', (item) => (textOf(item).text === 'drop' ? [] : [this.controller(item)])),
      ct: list('ct', (item) => (textOf(item).text === 'none' ? [] : [parseCtPattern(textOf(item), this.file)])),
      connections: count ? { at: count.keyAt, count: number(count.value) ?? null } : null,
      state: list('state', (item) => [parseState(textOf(item), this.file)]),
    };
  }

  private controller(tree: Tree): ControllerExpectation {
    const { line, column } = tree;
    if (tree.kind !== 'map') return { line, column, packet: this.expected(textOf(tree))[0] };
    const find = (key: string) => child(tree, key);
    const [packet, cookie, match, reason] = ['packet', 'cookie', 'match', 'reason'].map(find);
    return {
      line,
      column,
      ...(packet ? { packet: this.expected(textOf(packet))[0] } : {}),
      ...(reason ? { reason: textOf(reason).text } : {}),
      ...(cookie ? { cookie: this.cookie(textOf(cookie)) } : {}),
      ...(match ? { match: textOf(match) } : {}),
      table: number(find('table')),
      maxLen: number(find('max_len')),
    };
  }

  private cookie(text: Located): bigint {
    if (/^(0x[0-9a-f]+|\d+)$/i.test(text.text)) return BigInt(text.text);
    throw this.mistake(text, `"${text.text}" is no cookie`);
  }
}

function number(tree: Tree | undefined): number | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'number' ? tree.value : undefined;
}

function texts(tree: Tree): Located[] {
  return tree.kind === 'list' ? tree.items.map(textOf) : [textOf(tree)];
}

/** The lines of a block where they stand in the file; of another text, its own lines from where it begins. */
function blockOf(tree: Tree): Block {
  if (tree.kind === 'scalar' && tree.block) return '\n'.repeat(tree.block.line - 1) + tree.block.lines.join('\n');
  return '\n'.repeat(tree.line - 1) + textOf(tree).text;
}
