/** A scratch tracker does what its original would do, and the original stays as it is. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FATE, formatConnection, lookupRequest, type Tracker } from '../../lib/ct/index.js';
import { Zones } from '../../lib/ct/zones.js';
import { extract, Key, Packet } from '../../lib/packet/index.js';
import { digest } from '../support/digest.js';
import { icmp4, tcp4, udp4, udp6 } from '../support/frames.js';
import { commit, nat, Tracking } from './tracking.js';

/** What a lookup leaves behind, for its caller alone. */
const FLEETING = new Set(['Connections.hash', 'Connections.reply', 'Connections.stale']);

const HOSTS = ['10.0.0.1', '10.0.0.2', '192.0.2.1'];
const packet = fc.record({
  kind: fc.constantFrom('udp', 'tcp', 'tcp', 'icmp', 'udp6', 'fragment'),
  src: fc.constantFrom(...HOSTS),
  dst: fc.constantFrom(...HOSTS),
  sport: fc.constantFrom(1000, 1001),
  dport: fc.constantFrom(21, 80),
  flags: fc.constantFrom('syn', 'syn|ack', 'ack', 'fin|ack', 'rst'),
  zone: fc.constantFrom(0, 0, 7),
  ask: fc.constantFrom(
    {},
    commit(),
    commit({ nat: nat('src', '192.0.2.9', [7, 9], { random: true }) }),
    commit({ nat: nat('dst', '10.0.0.2') }),
    commit({ markValue: 5, markMask: 0xff, helper: 'ftp' }),
    commit({ force: true }),
    { nat: nat() },
  ),
  wait_s: fc.constantFrom(0, 0, 0, 1, 35),
});
type Sent = typeof packet extends fc.Arbitrary<infer T> ? T : never;

function frame({ kind, src, dst, sport, dport, flags }: Sent): Uint8Array {
  if (kind === 'icmp') return icmp4({ src, dst, id: sport });
  if (kind === 'udp6') return udp6({ src: `2001:db8::${HOSTS.indexOf(src)}`, dst: '2001:db8::9', sport, dport });
  if (kind === 'fragment') return udp4({ src, dst, mf: sport === 1000, offset: sport === 1000 ? 0 : 24, id: 9 });
  const payload = flags === 'ack' ? 'PORT 10,0,0,1,4,1\r\n' : '';
  return kind === 'udp' ? udp4({ src, dst, sport, dport }) : tcp4({ src, dst, sport, dport, flags, payload });
}

/** What a tracker makes of a frame: verdict, fate, reason and the frame itself. */
function told(tracker: Tracker, sent: Sent, now_ms: number): unknown[] {
  const held = new Packet().attach(frame(sent));
  extract(held, new Key(), 1);
  const request = { ...lookupRequest(), zone: sent.zone, ...sent.ask };
  const why = tracker.explain(held, request, now_ms);
  const result = tracker.process(held, request, now_ms);
  const { state, zone, mark, label, family, tp_src, tp_dst, reply, fate } = result;
  const [src, dst] = [result.src, result.dst].map((address) => address.slice(0, family === 4 ? 4 : 16));
  if (fate === FATE.held) return ['held', why];
  return [
    ...[state, zone, mark, [...label], [...src], [...dst], tp_src, tp_dst, reply, fate],
    why.replace(/timeout=\d+/, ''),
    Buffer.from(held.frame()).toString('hex'),
  ];
}

describe('ct: a scratch tracker', () => {
  it('answers as its original would, packet after packet, and changes nothing of it', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 40 }), fc.array(packet, { maxLength: 6 }), (before, packets) => {
        const t = new Tracking({ limits: { zone: 30 } });
        for (const sent of before) {
          t.wait(sent.wait_s);
          t.track(frame(sent), { zone: sent.zone, ...sent.ask });
        }
        const was = digest(t.tracker, FLEETING);
        const scratch = t.tracker.scratch();
        const foretold = packets.map((sent) => told(scratch, sent, t.now_ms));
        expect(digest(t.tracker, FLEETING)).to.equal(was);
        expect(packets.map((sent) => told(t.tracker, sent, t.now_ms))).to.deep.equal(foretold);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a connection whose replies would look like those of one that the original stores', () => {
    const t = new Tracking();
    t.track(udp4({ src: '10.0.0.9', dst: '10.0.0.1' }), commit({ nat: nat('dst', '10.0.0.2') }));
    const held = new Packet().attach(udp4({ src: '10.0.0.9', dst: '10.0.0.2' }));
    extract(held, new Key(), 1);
    const request = { ...lookupRequest(), ...commit({ markValue: 5, markMask: 0xff }) };
    expect(t.tracker.scratch().process(held, request, t.now_ms).mark).to.equal(0);
    expect(t.tracker.process(held, request, t.now_ms).mark).to.equal(0);
  });

  it("a refused fragment has its own action's zone, whatever was tracked before it", () => {
    const t = new Tracking();
    t.track(udp4({ mf: true, payload: 'x'.repeat(24) }), { zone: 5 });
    t.track(udp4(), { zone: 7 });
    expect(t.track(udp4({ mf: true, payload: 'x'.repeat(24) }), { zone: 5 }).zone).to.equal(5);
  });

  it('finds a connection whose record was another one when that was met', () => {
    const t = new Tracking();
    const seen = (tracker: Tracker, sport: number): string => {
      const held = new Packet().attach(udp4({ sport }));
      extract(held, new Key(), 1);
      return tracker.explain(held, lookupRequest(), t.now_ms).split(';')[0];
    };
    t.track(udp4({ sport: 1 }), commit());
    const scratch = t.tracker.scratch();
    expect(seen(scratch, 1)).to.equal('belongs to a stored connection');
    t.tracker.flush({ zone: 0 }, t.now_ms);
    t.tracker.sweep(t.now_ms);
    t.track(udp4({ sport: 2 }), commit());
    expect([...t.tracker.dump(t.now_ms)]).to.have.length(1);
    expect(seen(scratch, 2)).to.equal('belongs to a stored connection');
    // What it stores itself isn't flushed by what its original flushed before.
    expect(seen(scratch, 3)).to.match(/^no stored connection/);
    const held = new Packet().attach(udp4({ sport: 3 }));
    extract(held, new Key(), 1);
    scratch.process(held, { ...lookupRequest(), commit: true }, t.now_ms);
    expect(seen(scratch, 3)).to.equal('belongs to a stored connection');
  });

  it('counts zones above those of its original, which stay', () => {
    const zones = new Zones(2);
    for (const zone of [3, 3, 700]) zones.added(zone);
    const scratch = zones.scratch();
    scratch.added(65_535);
    scratch.moved(700);
    const again = scratch.scratch();
    again.added(700);
    expect([...zones.occupied()]).to.deep.equal([3, 700]);
    expect([...scratch.occupied()]).to.deep.equal([3, 65_535]);
    expect([...again.occupied()]).to.deep.equal([3, 700, 65_535]);
    expect([scratch.total, scratch.count(3), scratch.full(3), scratch.full(700)]).to.deep.equal([3, 2, true, false]);
    expect(scratch.flush(3)).to.equal(2);
    expect([scratch.flushed(3, 1), zones.flushed(3, 1), scratch.count(65_535)]).to.deep.equal([true, false, 1]);
    expect([zones.total, zones.count(3), zones.count(65_535), scratch.total]).to.deep.equal([3, 2, 0, 1]);
    expect(scratch.flush(-1)).to.equal(1);
    expect([...scratch.occupied(), zones.epoch, scratch.epoch]).to.deep.equal([1, 3]);
  });

  it('keeps what it stores to itself', () => {
    const t = new Tracking();
    const scratch = t.tracker.scratch();
    const held = new Packet().attach(udp4());
    extract(held, new Key(), 1);
    scratch.process(held, { ...lookupRequest(), commit: true }, t.now_ms);
    expect([...scratch.dump(t.now_ms)].map((c) => formatConnection(c))).to.have.length(1);
    expect(t.dump()).to.deep.equal([]);
    expect(scratch.explain(held, lookupRequest(), t.now_ms)).to.match(/belongs to a stored connection/);
    expect(t.why(udp4())).to.equal('no stored connection has this tuple');
  });
});
