/** Every trace fits the published schema, and every form that the schema names is met. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import type { Trace } from '../../lib/trace/index.js';
import { GROUP_COUNT, METER_COUNT, RandomPipeline } from '../pipeline/random-pipeline.js';
import { departures } from '../support/json-schema.js';

const schema = JSON.parse(readFileSync('schemas/trace.schema.json', 'utf8'));
const first = Number(process.env.SEED ?? 1);

function traces(seed: number): Trace[] {
  const random = new RandomPipeline(seed, true);
  const sw = new Switch({ clock: new ManualClock() });
  for (const number of [1, 2, 3, 4]) sw.addPort(number, memory());
  sw.meters.load(Array.from({ length: METER_COUNT }, (_, i) => random.meter(i + 1)).join('\n'));
  sw.groups.load(Array.from({ length: GROUP_COUNT }, (_, i) => random.group(i + 1)).join('\n'));
  sw.flows.load(random.flows(30).join('\n'));
  return sw.trace(Array.from({ length: 40 }, () => ({ in_port: 1 + random.below(4), frame: random.frame() })));
}

/** Members named `kind` anywhere. */
function kinds(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [name, member] of Object.entries(value)) {
    if (name === 'kind') found.add(String(member));
    kinds(member, found);
  }
  return found;
}

describe('trace: schema', () => {
  it(`every trace fits schemas/trace.schema.json (seeds ${first}–${first + 9})`, () => {
    const seen = new Set<string>();
    for (let seed = first; seed < first + 10; seed++) {
      for (const trace of traces(seed)) {
        expect(departures(JSON.parse(JSON.stringify(trace)), schema), `seed ${seed}`).to.deep.equal([]);
        kinds(trace, seen);
      }
    }
    const named = ['table', 'action', 'bucket', 'action_set', 'note', 'output', 'controller', 'mac', 'conntrack'];
    expect([...seen]).to.have.members(named);
  });

  it('refuses what is no trace', () => {
    const [trace] = traces(first);
    expect(departures({ ...trace, more: 1 }, schema)).to.deep.equal(['$: more is not in the schema']);
    expect(departures({ ...trace, in_port: 'one' }, schema)).to.deep.equal(['$.in_port: is string, not integer']);
    expect(departures({ ...trace, outcome: { verdict: 'lost', reason: '', ports: [] } }, schema)).to.have.length(1);
  });
});
