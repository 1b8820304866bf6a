/**
 * Those who want the tracker to choke: floods, scans, collisions, announcements without end. Memory has bounds, what is
 * least useful goes first and is counted, and connections that are there go on. (SYN floods: limits.spec.ts; NAT used
 * up: nat.spec.ts; broken headers: bad-input, invalid and icmp-errors; FTP in pieces and lies: ftp-joined and helpers.)
 */
import { expect } from 'chai';
import { HashIndex } from '../../lib/ct/hash-index.js';
import { MAX_EXPECTATIONS, MAX_OF_PARENT, MAX_PIECES } from '../../lib/ct/index.js';
import { Tuple } from '../../lib/ct/tuple.js';
import { icmp4, ip4, tcp4, udp4 } from '../support/frames.js';
import { commit, nat, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 };

/** A tracker with one connection that has been answered. */
function established(options = {}): Tracking {
  const t = new Tracking(options);
  t.send(udp4(there), commit());
  t.send(udp4(back));
  return t;
}
function unharmed(t: Tracking): void {
  expect(t.send(udp4(there))).to.equal('est|trk');
}

describe('ct: floods', () => {
  it('a port scan stores nothing where nothing is committed, and takes no memory', () => {
    const t = established();
    const { bytes } = t.tracker.connections;
    for (let port = 1; port < 20_000; port++) {
      t.send(tcp4({ src: '192.0.2.66', dst: '10.0.0.1', sport: 4000, dport: port, flags: 'syn' }));
    }
    expect(t.tracker.count).to.equal(1);
    expect(t.tracker.connections.bytes).to.equal(bytes);
    unharmed(t);
  });

  it('a scan that is committed meets the limit, counted; its connections go after 30 s, and make room', () => {
    const t = established({ limits: { connections: 1000 } });
    for (let port = 1; port < 3000; port++) {
      t.send(tcp4({ src: '192.0.2.66', dst: '10.0.0.1', sport: 4000, dport: port, flags: 'syn' }), commit());
    }
    expect(t.tracker.count).to.equal(1000);
    expect(t.tracker.counters.refused).to.equal(2000);
    unharmed(t);
    t.wait(29.999);
    unharmed(t);
    t.wait(0.001);
    expect(t.send(udp4({ ...there, sport: 7 }), commit())).to.equal('new|trk');
    expect(t.why(udp4({ ...there, sport: 7 }))).to.match(/^belongs to a stored connection/);
    unharmed(t);
  });

  it('a flood of fragments: so many pieces are held, the oldest go, whole datagrams pass in between', () => {
    const t = established();
    const { fragments } = t.tracker;
    for (let i = 0; i < 5 * MAX_PIECES; i++) {
      t.track(ip4(17, new Uint8Array(32), { src: '192.0.2.66', dst: '10.0.0.1', id: i & 0xffff, mf: true }));
      expect(fragments.counters.held).to.be.at.most(MAX_PIECES);
      if (i % 500 !== 0) continue;
      const datagram = udp4({ ...there, payload: 'x'.repeat(40) }).slice(34);
      t.track(ip4(17, datagram.slice(0, 24), { src: there.src, dst: there.dst, id: i, mf: true }));
      const whole = t.track(ip4(17, datagram.slice(24), { src: there.src, dst: there.dst, id: i, offset: 24 }));
      expect(whole.state, `datagram ${i}`).to.equal(0x22);
    }
    expect(fragments.counters.crowded).to.equal(4 * MAX_PIECES);
    unharmed(t);
  });

  it('a flood of ICMP errors and of answers without queries stores nothing and moves no timer', () => {
    const t = established();
    const timeout = [...t.tracker.dump(t.now_ms)][0].timeout_s;
    t.wait(3);
    for (let id = 0; id < 2000; id++) t.send(icmp4({ type: 0, id }), commit());
    for (let n = 0; n < 2000; n++)
      t.send(icmp4({ type: 3, src: back.src, dst: there.src, payload: udp4(there).slice(14) }));
    expect(t.tracker.count).to.equal(1);
    expect([...t.tracker.dump(t.now_ms)][0].timeout_s).to.equal(timeout - 3);
  });

  it('tuples that collide under one seed do not under another; those that do are all found and removed', () => {
    const tuple = new Tuple();
    tuple.proto = 17;
    const low = (seed: number, n: number): number => {
      tuple.src = n;
      tuple.setPorts(1000, 80);
      return tuple.hash(seed) & 0xff;
    };
    const colliding = Array.from({ length: 200_000 }, (_, n) => n).filter((n) => low(1, n) === 7);
    const elsewhere = new Set(colliding.map((n) => low(2, n)));
    expect(colliding.length).to.be.greaterThan(500);
    expect(elsewhere.size).to.be.greaterThan(200);
    const index = new HashIndex();
    for (let record = 0; record < 3000; record++) index.insert(7, record);
    for (let record = 0; record < 3000; record++) expect(index.remove(7, record)).to.equal(true);
    expect(index.count).to.equal(0);
  });

  it('clients that share all but their address, behind one address: each its own port, and answers find them', () => {
    const t = new Tracking();
    const outside = new Set<string>();
    for (let n = 1; n <= 100; n++) {
      t.send(udp4({ ...there, src: `10.0.1.${n}` }), commit({ nat: nat('src', '192.0.2.1') }));
      outside.add(
        [...t.tracker.dump(t.now_ms)].map(({ reply }) => ('dport' in reply ? String(reply.dport) : '')).at(-1) ?? '',
      );
    }
    expect(outside.size).to.equal(100);
  });

  it('announcements without end: the oldest of a parent make way, and all together have a bound', () => {
    const t = new Tracking();
    const control = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 21 };
    t.send(tcp4({ ...control, flags: 'syn', seq: 100 }), commit({ helper: 'ftp' }));
    t.send(
      tcp4({
        ...control,
        src: control.dst,
        dst: control.src,
        sport: 21,
        dport: 1000,
        flags: 'syn|ack',
        seq: 500,
        ack: 101,
      }),
    );
    let seq = 101;
    for (let n = 1; n <= 500; n++) {
      const payload = `PORT 10,0,0,1,8,${n % 250}\r\nPORT 10,0,0,1,9,${n % 250}\r\n`;
      t.send(tcp4({ ...control, flags: 'psh|ack', seq, ack: 501, payload }));
      seq += payload.length;
    }
    const { counters } = t.tracker.expectations;
    expect(counters.expected).to.equal(MAX_OF_PARENT);
    expect(counters.replaced).to.be.greaterThan(100);
    expect(MAX_OF_PARENT).to.be.lessThan(MAX_EXPECTATIONS);
  });
});
