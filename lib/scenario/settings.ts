/** What a scenario sets of the switch and its tracker. */
import type { TimeoutName, Timeouts } from '../ct/index.js';
import type { Switch, SwitchOptions } from '../switch.js';
import { child, type MapTree, mistakeAt, type Spot, type Tree, textOf } from '../yaml/index.js';

const ZONES = 0x10000;

export interface Settings {
  readonly at: Spot;
  readonly file: string | undefined;
  readonly failMode?: SwitchOptions['failMode'];
  readonly natExhausted?: 'continue' | 'drop';
  readonly tcpSequenceChecks?: boolean;
  readonly smallestFragment: { readonly ipv4?: number; readonly ipv6?: number };
  readonly connections?: number;
  readonly zoneConnections?: number;
  readonly zoneLimits: ReadonlyMap<number, number>;
  readonly timeouts: ReadonlyMap<string, Partial<Timeouts>>;
  readonly zoneTimeouts: readonly { readonly zone: number; readonly policy: string; readonly at: Spot }[];
}

/** Reads what the schema has let through. Throws a TextError for a zone that is none. */
export function readSettings(map: MapTree, file: string | undefined): Settings {
  const word = (key: string) => {
    const tree = child(map, key);
    return tree && textOf(tree).text;
  };
  const entries = (key: string) => {
    const tree = child(map, key);
    return tree?.kind === 'map' ? tree.entries : [];
  };
  const zone = (key: string, at: Spot): number => {
    const number = /^\d+$/.test(key) ? Number(key) : ZONES;
    if (number >= ZONES) throw mistakeAt(at, `"${key}" is no zone: 0 to ${ZONES - 1}`, file);
    return number;
  };
  const smallest = child(map, 'smallest_fragment');
  const checks = word('tcp_sequence_checks');
  return {
    at: map,
    file,
    failMode: word('fail_mode') as Settings['failMode'],
    natExhausted: word('nat_exhausted') as Settings['natExhausted'],
    tcpSequenceChecks: checks === undefined ? undefined : checks === 'true',
    smallestFragment: smallest?.kind === 'map' ? numbersOf(smallest) : {},
    connections: numberOf(child(map, 'connections')),
    zoneConnections: numberOf(child(map, 'zone_connections')),
    zoneLimits: new Map(
      entries('zone_limits').map(({ key, keyAt, value }) => [zone(key, keyAt), numberOf(value) ?? 0]),
    ),
    timeouts: new Map(
      entries('timeouts').map(({ key, value }) => [key, numbersOf(value as MapTree) as Partial<Timeouts>]),
    ),
    zoneTimeouts: entries('zone_timeouts').map(({ key, keyAt, value }) => ({
      zone: zone(key, keyAt),
      policy: textOf(value).text,
      at: value,
    })),
  };
}

function numberOf(tree: Tree | undefined): number | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'number' ? tree.value : undefined;
}

function numbersOf(map: MapTree): Partial<Record<TimeoutName | 'ipv4' | 'ipv6', number>> {
  return Object.fromEntries(map.entries.map(({ key, value }) => [key, numberOf(value)]));
}

/** Sets it. Throws a TextError for a policy that there isn't. */
export function applySettings(sw: Switch, settings: Settings): void {
  const { tracker } = sw;
  const { zones, timeouts } = tracker;
  tracker.natExhausted = settings.natExhausted ?? tracker.natExhausted;
  tracker.tcpSequenceChecks = settings.tcpSequenceChecks ?? tracker.tcpSequenceChecks;
  tracker.limit = settings.connections ?? tracker.limit;
  zones.defaultLimit = settings.zoneConnections ?? zones.defaultLimit;
  Object.assign(tracker.fragments.minimum, settings.smallestFragment);
  for (const [zone, limit] of settings.zoneLimits) zones.setLimit(zone, limit);
  for (const [name, times] of settings.timeouts) timeouts.set(name, times);
  for (const { zone, policy, at } of settings.zoneTimeouts) {
    try {
      timeouts.choose(zone, policy);
    } catch (error) {
      throw error instanceof RangeError ? mistakeAt(at, error.message, settings.file) : error;
    }
  }
}
