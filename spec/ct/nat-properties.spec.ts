/** Whatever is asked for, no two living connections share a tuple, and every one is found from both sides. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Connection, ConnectionTuple } from '../../lib/ct/index.js';
import { icmp4, tcp4, udp4 } from '../support/frames.js';
import { commit, nat, Tracking } from './tracking.js';

const HOSTS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '192.0.2.1', '192.0.2.2'];
const PORTS = [1, 80, 1000, 1001, 65_535];
const NATS = [
  null,
  nat(),
  nat('src'),
  nat('src', '192.0.2.1'),
  nat('src', '192.0.2.1 192.0.2.2', [1000, 1001]),
  nat('src', '192.0.2.1', [80, 81], { random: true }),
  nat('dst', '10.0.0.3'),
  nat('dst', '10.0.0.2 10.0.0.3', [80, 81]),
  nat('dst', '10.0.0.1', [0, 0], { persistent: true }),
];

const packet = fc.record({
  proto: fc.constantFrom('udp', 'tcp', 'icmp'),
  src: fc.constantFrom(...HOSTS),
  dst: fc.constantFrom(...HOSTS),
  sport: fc.constantFrom(...PORTS),
  dport: fc.constantFrom(...PORTS),
  nat: fc.constantFrom(...NATS),
  commit: fc.boolean(),
  force: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  wait_s: fc.constantFrom(0, 0, 0, 0, 1, 35),
});

function key(zone: number, t: ConnectionTuple): string {
  const ends = 'id' in t ? `${t.id}/${t.type}` : `${t.sport}/${t.dport}`;
  return `${zone} ${t.proto} ${t.src} ${t.dst} ${ends}`;
}

function frame(p: { proto: string; src: string; dst: string; sport: number; dport: number }): Uint8Array {
  if (p.proto === 'icmp') return icmp4({ src: p.src, dst: p.dst, id: p.sport });
  return p.proto === 'udp' ? udp4(p) : tcp4({ ...p, flags: 'syn' });
}

describe('ct/nat: properties', () => {
  it('no tuple is shared, and each finds its connection', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
        const t = new Tracking();
        for (const p of packets) {
          t.wait(p.wait_s);
          const translated = p.commit ? p.nat : p.nat && nat();
          t.track(frame(p), p.commit ? commit({ nat: translated, force: p.force }) : { nat: translated });
        }
        const all: Connection[] = [...t.tracker.dump(t.now_ms)];
        const tuples = all.flatMap((c) => {
          const [orig, reply] = [key(c.zone, c.orig), key(c.zone, c.reply)];
          return orig === reply ? [orig] : [orig, reply];
        });
        expect(new Set(tuples).size).to.equal(tuples.length);
        for (const tuple of all.flatMap(({ orig, reply }) => [orig, reply])) {
          const before = t.tracker.count;
          t.tracker.flush({ tuple }, t.now_ms);
          expect(t.tracker.count).to.be.at.most(before);
        }
        expect(t.dump()).to.deep.equal([]);
      }),
      { numRuns: 150 },
    );
  });
});
