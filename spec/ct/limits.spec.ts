/** Limits: what happens at them, and that memory stays bounded. */
import { expect } from 'chai';
import { DEFAULT_LIMIT } from '../../lib/ct/index.js';
import { tcp4, udp4 } from '../support/frames.js';
import { commit, Tracking } from './tracking.js';

const client = (n: number): { src: string; sport: number } => ({
  src: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
  sport: 1000,
});

describe('ct/limits', () => {
  it('are 3,000,000 connections and none for a zone by default', () => {
    const { tracker } = new Tracking();
    expect(tracker.limit).to.equal(DEFAULT_LIMIT).and.to.equal(3_000_000);
    expect(tracker.zones.defaultLimit).to.equal(0);
  });

  it('beyond the limit: new|trk, exec lost, nothing stored, counted', () => {
    const t = new Tracking({ limits: { connections: 2 } });
    for (let n = 1; n <= 2; n++) t.send(udp4(client(n)), commit());
    const refused = t.track(udp4(client(3)), commit({ markValue: 5, markMask: 0xff }));
    expect(refused).to.include({ state: 0x21, mark: 0, connection: -1 });
    expect(t.dump()).to.have.length(2);
    expect(t.tracker.counters).to.include({ committed: 2, refused: 1, refused_by_zone: 0 });
    expect(t.send(udp4(client(1)))).to.equal('new|trk');
    expect(t.track(udp4(client(1))).connection).to.not.equal(-1);
  });

  it('a connection that ended makes room, swept or not', () => {
    const t = new Tracking({ limits: { connections: 2 } });
    for (let n = 1; n <= 2; n++) t.send(udp4(client(n)), commit());
    t.wait(60);
    t.send(udp4(client(3)), commit());
    expect(t.only()).to.contain('src=10.0.0.3');
    t.tracker.flush({}, t.now_ms);
    for (let n = 5; n <= 6; n++) t.send(udp4(client(n)), commit());
    expect(t.dump()).to.have.length(2);
  });

  it("a zone's own limit, and the default for the others; 0 is none", () => {
    const t = new Tracking({ limits: { zone: 1 } });
    t.tracker.zones.setLimit(5, 2);
    t.tracker.zones.setLimit(6, 0);
    for (const zone of [4, 5, 6]) for (let n = 1; n <= 4; n++) t.send(udp4(client(n)), commit({ zone }));
    expect([4, 5, 6].map((zone) => t.tracker.zones.count(zone))).to.deep.equal([1, 2, 4]);
    expect(t.tracker.counters.refused_by_zone).to.equal(5);
    expect(t.tracker.zones.limited()).to.deep.equal([
      [5, 2],
      [6, 0],
    ]);
    t.tracker.zones.setLimit(5, null);
    expect(t.tracker.zones.limit(5)).to.equal(1);
  });

  it('a SYN flood at the limit leaves memory bounded and established connections unharmed', () => {
    const limit = 5000;
    const t = new Tracking({ limits: { connections: limit } });
    const there = { src: '192.0.2.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
    const back = { src: '10.0.0.2', dst: '192.0.2.1', sport: 80, dport: 1000 };
    t.send(tcp4({ ...there, flags: 'syn', seq: 1 }), commit());
    t.send(tcp4({ ...back, flags: 'syn|ack', seq: 1, ack: 2 }), commit());
    t.send(tcp4({ ...there, flags: 'ack', seq: 2, ack: 2 }), commit());
    let bytes = 0;
    for (let n = 1; n <= 40_000; n++) {
      if (n % 1000 === 0) t.wait(5);
      expect(t.send(tcp4({ ...client(n), flags: 'syn' }), commit())).to.equal('new|trk');
      if (n === 2 * limit) bytes = t.tracker.connections.bytes;
    }
    expect(t.tracker.count).to.be.at.most(limit);
    expect(t.tracker.counters.refused).to.be.above(0);
    expect(t.tracker.counters.committed).to.be.above(2 * limit);
    expect(t.tracker.connections.bytes).to.equal(bytes);
    expect(t.send(tcp4({ ...there, flags: 'psh|ack', seq: 2, ack: 2, payload: 'x' }))).to.equal('est|trk');
  });

  it('flushing and filling again takes no more memory than filling once', () => {
    const t = new Tracking({ limits: { connections: 20_000 } });
    const fill = (from: number): void => {
      for (let n = 0; n < 20_000; n++) t.send(udp4(client(from + n)), commit());
    };
    fill(0);
    const { bytes } = t.tracker.connections;
    for (let round = 1; round < 4; round++) {
      t.tracker.flush(round % 2 ? {} : { zone: 0 }, t.now_ms);
      expect(t.tracker.count).to.equal(0);
      fill(round * 20_000);
      expect(t.tracker.count).to.equal(20_000);
    }
    expect(t.tracker.connections.bytes).to.be.below(bytes * 1.1);
  });
});
