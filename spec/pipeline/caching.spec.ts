import { expect } from 'chai';
import { ManualClock, toHex } from '../../lib/bytes/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { RandomPipeline } from './random-pipeline.js';

/** A switch on four memory ports that tells everything a user could notice. */
class Observed {
  readonly clock = new ManualClock();
  readonly sw: Switch;
  private readonly ports: MemoryPort[];
  private readonly events: string[] = [];

  constructor(caching: boolean, flows: readonly string[]) {
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
      for (let s = seed; s < seed + 10; s++) compare(s);
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

function compare(seed: number): void {
  const random = new RandomPipeline(seed);
  const flows = random.flows(30);
  const cached = new Observed(true, flows);
  const plain = new Observed(false, flows);
  for (let step = 0; step < STEPS; step++) {
    const where = `seed ${seed}, step ${step}`;
    if (random.chance(8)) {
      change(random, [cached, plain]);
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

/** The journal's part: flows come, change and go between packets. */
function change(random: RandomPipeline, both: readonly Observed[]): void {
  const line = random.flow(true);
  const kind = random.below(5);
  if (kind < 3) {
    for (const { sw } of both) sw.flows.add(line);
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
