import { expect } from 'chai';
import { ManualClock, OpenFlowError, toHex } from '../../lib/bytes/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { formatGroupStats, formatMeterStats, parseMeter } from '../../lib/text/index.js';
import { udp4 } from '../support/frames.js';
import { LearningPipeline } from './learning-pipeline.js';
import { GROUP_COUNT, METER_COUNT, RandomPipeline } from './random-pipeline.js';

/** A switch on four memory ports that tells everything a user could notice. */
class Observed {
  readonly clock = new ManualClock();
  readonly sw: Switch;
  private readonly ports: MemoryPort[];
  private readonly events: string[] = [];

  constructor(
    caching: boolean,
    flows: readonly string[],
    groups: readonly string[] = [],
    meters: readonly string[] = [],
  ) {
    this.sw = new Switch({ clock: this.clock, caching });
    this.ports = [1, 2, 3, 4].map((number) => this.sw.addPort(number, memory()));
    this.sw.on((event) => {
      if (event.type === 'packet_in') {
        const { reason, tableId, frame, fields } = event.packet;
        const told = fields.map(({ field, value }) => `${field.name}=${toHex(value)}`);
        this.events.push(`packet_in ${reason} ${tableId} ${told.join(',')} ${toHex(frame)}`);
      } else if (event.type === 'flow_removed') {
        this.events.push(`removed ${event.reason} ${event.flow.tableId}/${event.flow.priority} ${event.flow.packets}`);
      }
    });
    this.sw.meters.load(meters.join('\n'));
    this.sw.groups.load(groups.join('\n'));
    this.sw.flows.load(flows.join('\n'));
  }

  send(port: number, frame: Uint8Array): string[] {
    this.ports[port - 1].inject(frame);
    const out = this.ports.flatMap((p, i) => p.taken().map((sent) => `${i + 1}: ${toHex(sent)}`));
    return [...out, ...this.events.splice(0)];
  }

  /** Flows with their counters, tables, connections, addresses. */
  state(): string[] {
    const tables = this.sw.pipeline.tables().filter((table) => table.lookups > 0);
    return [
      ...this.sw.flows.dump(),
      ...tables.map((table) => JSON.stringify(table)),
      ...this.sw.groups.list().map((group) => formatGroupStats(group)),
      ...this.sw.meters.list().map((meter) => formatMeterStats(meter)),
      ...this.sw.conntrackText({}, { more: true }).sort(),
      ...this.sw.pipeline.macs
        .list(this.clock.now())
        .map(({ vlan, mac, port }) => `${vlan} ${toHex(mac)} ${port}`)
        .sort(),
    ];
  }
}

const CASES = 40;
const STEPS = 150;
const first = Number(process.env.SEED ?? 1);

describe('pipeline: caching', () => {
  for (let seed = first; seed < first + CASES; seed += 10) {
    it(`a cached run equals an uncached one in frames, packet-ins and counters (seeds ${seed}–${seed + 9})`, () => {
      for (let s = seed; s < seed + 10; s++) compare(new RandomPipeline(s));
    });
    it(`… with groups and meters, too (seeds ${seed}–${seed + 9})`, () => {
      for (let s = seed; s < seed + 10; s++) compare(new RandomPipeline(s, true), true);
    });
    it(`… with flows that teach and choose, too (seeds ${seed}–${seed + 4})`, () => {
      for (let s = seed; s < seed + 5; s++) compare(new LearningPipeline(s));
    });
  }

  it('answers most packets from the cache', () => {
    const random = new RandomPipeline(first);
    const observed = new Observed(true, random.flows(30));
    for (let i = 0; i < 2000; i++) observed.send(1 + random.below(4), random.frame());
    const { hits, misses } = observed.sw.pipeline.datapath.counters;
    expect(hits).to.be.greaterThan(misses);
  });
});

function compare(random: RandomPipeline, withGroups = false): void {
  const { seed } = random;
  const groups = withGroups ? Array.from({ length: GROUP_COUNT }, (_, i) => random.group(i + 1)) : [];
  const meters = withGroups ? Array.from({ length: METER_COUNT }, (_, i) => random.meter(i + 1)) : [];
  const flows = random.flows(30);
  const cached = new Observed(true, flows, groups, meters);
  const plain = new Observed(false, flows, groups, meters);
  for (let step = 0; step < STEPS; step++) {
    const where = `seed ${seed}, step ${step}`;
    if (random.chance(8)) {
      if (withGroups && random.chance(30)) changeGroups(random, [cached, plain]);
      else change(random, [cached, plain]);
    } else if (random.chance(3)) {
      const by = random.pick([500, 3000, 40_000, 310_000]);
      cached.clock.advance(by);
      plain.clock.advance(by);
    } else {
      const port = 1 + random.below(4);
      const frame = random.frame();
      expect(cached.send(port, frame), `${where}\n${flows.join('\n')}`).to.deep.equal(plain.send(port, frame));
    }
    if (step % 50 === 49) expect(cached.state(), where).to.deep.equal(plain.state());
  }
}

/** Does the same to both; both take it, or both refuse it. */
function alike(both: readonly Observed[], run: (observed: Observed) => void): void {
  const outcomes = both.map((observed) => {
    try {
      run(observed);
      return 'taken';
    } catch (error) {
      if (error instanceof OpenFlowError) return error.message;
      throw error;
    }
  });
  expect(outcomes[0]).to.equal(outcomes[1]);
}

/** Groups and meters come, change and go between packets. */
function changeGroups(random: RandomPipeline, both: readonly Observed[]): void {
  if (random.chance(60)) {
    const id = 1 + random.below(GROUP_COUNT);
    const line = random.chance(30) ? `delete group_id=${id}` : `${random.pick(['add', 'modify'])} ${random.group(id)}`;
    alike(both, ({ sw }) => sw.groups.load(line));
    return;
  }
  const id = 1 + random.below(METER_COUNT);
  const command = random.pick(['add', 'modify', 'delete'] as const);
  const text = command === 'delete' ? `meter=${id}` : random.meter(id);
  alike(both, ({ sw }) => sw.meters.apply(parseMeter(text, { command })));
}

/** The journal's part: flows come, change and go between packets. */
function change(random: RandomPipeline, both: readonly Observed[]): void {
  const line = random.flow(true);
  const kind = random.below(5);
  if (kind < 3) {
    alike(both, ({ sw }) => sw.flows.add(line));
  } else if (kind === 3) {
    const match = line
      .replace(/,priority=\d+/, '')
      .replace(/,[a-z]*_timeout=\d+/, '')
      .replace(/,?actions=.*/, '');
    for (const { sw } of both) sw.flows.load(`delete ${match}`);
  } else {
    const port = 1 + random.below(4);
    const up = random.chance(50);
    for (const { sw } of both) sw.setLink(port, up);
  }
}

describe('pipeline: the journal', () => {
  const UDP = udp4({ eth_dst: '50:54:00:00:00:01', src: '10.0.0.1', dst: '10.0.0.2', sport: 1, dport: 2 });
  const renewed = (observed: Observed) => observed.sw.pipeline.datapath.counters.renewed;
  const FLOWS = [
    'table=0,priority=5,dl_dst=50:54:00:00:00:01,udp,actions=set_field:50:54:00:00:00:02->eth_dst,resubmit(,1)',
    'table=1,priority=1,udp,actions=output:2',
  ];

  it("a change in a table that wasn't visited keeps a program", () => {
    const observed = new Observed(true, FLOWS);
    observed.send(1, UDP);
    observed.sw.flows.add('table=2,udp,actions=output:3');
    expect(observed.send(1, UDP)).to.have.length(1);
    expect(renewed(observed)).to.equal(0);
  });

  it('a change for other packets keeps a program', () => {
    const observed = new Observed(true, FLOWS);
    observed.send(1, UDP);
    observed.sw.flows.add('table=0,priority=9,tcp,tp_dst=80,actions=output:3');
    observed.send(1, UDP);
    expect(renewed(observed)).to.equal(0);
  });

  it('a change that meets what the pipeline rewrote is in force for the next packet', () => {
    const observed = new Observed(true, FLOWS);
    observed.send(1, UDP);
    observed.sw.flows.add('table=1,priority=9,dl_dst=50:54:00:00:00:02,actions=output:4');
    expect(observed.send(1, UDP)[0]).to.match(/^4: /);
    observed.sw.flows.load('delete table=1,dl_dst=50:54:00:00:00:02');
    expect(observed.send(1, UDP)[0]).to.match(/^2: /);
  });

  it('after more changes than it remembers, programs are made again', () => {
    const observed = new Observed(true, FLOWS);
    observed.send(1, UDP);
    for (let i = 0; i < 70; i++) observed.sw.flows.add(`table=9,priority=${i},actions=drop`);
    observed.send(1, UDP);
    expect(renewed(observed)).to.equal(1);
  });
});
