/**
 * What a trace says happens is what happens, and the trace itself changes nothing: over random pipelines, packets and
 * states.
 */
import { expect } from 'chai';
import { ManualClock, toHex } from '../../lib/bytes/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import type { Trace } from '../../lib/trace/index.js';
import { GROUP_COUNT, METER_COUNT, RandomPipeline } from '../pipeline/random-pipeline.js';
import { digest } from '../support/digest.js';

/** What a lookup leaves behind for its caller alone. */
const FLEETING = new Set([
  ...['Connections.hash', 'Connections.reply', 'Connections.stale'],
  ...['walkTable', 'walkMask', 'walkAt', 'walkHash', 'Classifier.visits'],
]);

class Observed {
  readonly clock = new ManualClock();
  readonly sw = new Switch({ clock: this.clock, seed: 3 });
  readonly ports: MemoryPort[] = [1, 2, 3, 4].map((number) => this.sw.addPort(number, memory()));
  private readonly packetIns: string[] = [];

  constructor(random: RandomPipeline) {
    this.sw.on((event) => {
      if (event.type === 'packet_in') this.packetIns.push(`${event.packet.reason} ${toHex(event.packet.frame)}`);
    });
    this.sw.meters.load(Array.from({ length: METER_COUNT }, (_, i) => random.meter(i + 1)).join('\n'));
    this.sw.groups.load(Array.from({ length: GROUP_COUNT }, (_, i) => random.group(i + 1)).join('\n'));
    this.sw.flows.load(random.flows(30).join('\n'));
  }

  send(port: number, frame: Uint8Array): string[] {
    this.ports[port - 1].inject(frame.slice());
    const out = this.ports.flatMap((p, i) => p.taken().map((sent) => `${i + 1}: ${toHex(sent)}`));
    return [...out, ...this.packetIns.splice(0)];
  }

  /** Everything: counters, tables, connections, caches, hints. */
  get state(): string {
    return digest([this.sw.pipeline, this.sw.tracker], FLEETING);
  }
}

/** What a trace says leaves the switch, port by port. */
function foretold({ effects }: Trace): string[] {
  const out = effects.flatMap((e) => (e.kind === 'output' ? [`${e.port}: ${e.frame}`] : []));
  const byPort = [1, 2, 3, 4].flatMap((port) => out.filter((text) => text.startsWith(`${port}:`)));
  return [...byPort, ...effects.flatMap((e) => (e.kind === 'controller' ? [`${e.reason} ${e.frame}`] : []))];
}

const first = Number(process.env.SEED ?? 1);
const SEEDS = 3;

describe('trace: foretold', () => {
  it(`is what happens then, packet by packet (seeds ${first}–${first + SEEDS - 1})`, function () {
    this.timeout(60_000);
    for (let seed = first; seed < first + SEEDS; seed++) {
      const random = new RandomPipeline(seed, true);
      const observed = new Observed(random);
      for (let step = 0; step < 60; step++) {
        if (random.chance(5)) observed.clock.advance(random.pick([500, 3000, 40_000]));
        const packet = { in_port: 1 + random.below(4), frame: random.frame() };
        const trace = observed.sw.trace(packet);
        expect(observed.send(packet.in_port, packet.frame), `seed ${seed}, step ${step}`).to.deep.equal(
          foretold(trace),
        );
      }
    }
  });

  it(`several packets in a row see what those before them did (seeds ${first}–${first + SEEDS - 1})`, function () {
    this.timeout(60_000);
    for (let seed = first; seed < first + SEEDS; seed++) {
      const random = new RandomPipeline(seed, true);
      const observed = new Observed(random);
      for (let round = 0; round < 10; round++) {
        const packets = Array.from({ length: 8 }, () => ({ in_port: 1 + random.below(4), frame: random.frame() }));
        const traces = observed.sw.trace(packets);
        for (const [i, { in_port, frame }] of packets.entries()) {
          expect(observed.send(in_port, frame), `seed ${seed}, ${round}/${i}`).to.deep.equal(foretold(traces[i]));
        }
      }
    }
  });

  it(`changes nothing: no counter, connection, MAC, flow, hint or cache (seeds ${first}–${first + SEEDS - 1})`, function () {
    this.timeout(60_000);
    for (let seed = first; seed < first + SEEDS; seed++) {
      const random = new RandomPipeline(seed, true);
      const observed = new Observed(random);
      for (let step = 0; step < 15; step++) {
        const before = observed.state;
        for (let i = 0; i < 5; i++) observed.send(1 + random.below(4), random.frame());
        const was = observed.state;
        // The digest sees what packets change.
        expect(was).not.to.equal(before);
        observed.sw.trace(Array.from({ length: 3 }, () => ({ in_port: 1 + random.below(4), frame: random.frame() })));
        expect(observed.state, `seed ${seed}, step ${step}`).to.equal(was);
      }
    }
  });
});
