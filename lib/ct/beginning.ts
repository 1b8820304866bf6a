/**
 * What a tracker begins with: nothing stored, or, for a scratch tracker, what another one stores. A scratch tracker
 * reads through to that one and keeps to itself all that it changes: a connection is copied when it is first found. So
 * it says what the other would do, and what would come after, at no cost that grows with the table. It holds as long as
 * the other stands still.
 */
import type { Random } from '../bytes/index.js';
import { Connections } from './connections.js';
import { type Expectation, Expectations } from './expectations.js';
import { Fragments } from './fragments.js';
import { SequenceShifts } from './helpers/shifts.js';
import { UnfinishedLines } from './helpers/unfinished.js';
import { ReadThrough } from './read-through.js';
import { Rules } from './rules.js';
import { TimeoutPolicies } from './timeouts.js';
import type { TrackerOptions } from './tracker-options.js';
import { Zones } from './zones.js';

/** The parts of a tracker that hold its state. */
export interface Beginning {
  readonly seed: number;
  /** Where NAT's free choices come from. */
  readonly chance: Random;
  readonly zones: Zones;
  readonly timeouts: TimeoutPolicies;
  readonly rules: Rules;
  readonly fragments: Fragments;
  readonly connections: Connections;
  readonly expectations: Expectations;
  readonly shifts: SequenceShifts;
  readonly lines: UnfinishedLines;
}

/** Nothing is stored. */
export function nothing(options: TrackerOptions): Beginning {
  const zones = new Zones(options.limits?.zone ?? 0);
  const seed = options.random.u32() | 0;
  const timeouts = new TimeoutPolicies();
  return {
    seed,
    chance: options.random.stream('nat'),
    zones,
    timeouts,
    rules: new Rules(timeouts),
    fragments: new Fragments(options.smallestFragment),
    connections: new Connections(zones, seed),
    expectations: new Expectations(seed),
    shifts: new SequenceShifts(),
    lines: new UnfinishedLines(),
  };
}

/** What another tracker stores. */
export function scratchOf(other: Beginning): Beginning {
  const zones = other.zones.scratch();
  const { seed } = other;
  const connections = new Connections(zones, seed);
  const expectations = new Expectations(seed);
  const shifts = new SequenceShifts();
  const lines = new UnfinishedLines();
  const there = new ReadThrough(connections, other.connections, zones, (slot, own) => {
    shifts.take(other.shifts, slot, own);
    lines.adopt(other.lines, slot, own);
  });
  connections.showAlso(there, other.connections);
  expectations.readThrough((tuple) => {
    const found = other.expectations.find(tuple);
    if (found === null) return null;
    const parent = there.adopt(found.parent);
    return { ...found, parent } satisfies Expectation;
  });
  const fragments = other.fragments.copy();
  return { ...other, chance: other.chance.copy(), zones, fragments, connections, expectations, shifts, lines };
}
