/**
 * No operation does work that grows with the table: records looked at and entries moved are counted, not timed (the
 * times are `npm run bench -- ct`'s).
 */
import { expect } from 'chai';
import { Random } from '../../lib/bytes/index.js';
import { Connections } from '../../lib/ct/connections.js';
import { HashIndex } from '../../lib/ct/hash-index.js';
import { Tracker } from '../../lib/ct/index.js';
import { MAX_MASKS, MAX_PENDING } from '../../lib/ct/marked-flushes.js';
import { udp4 } from '../support/frames.js';
import { commit, Tracking } from './tracking.js';

const MANY = 6_000;

/** Counts calls of Connections.used, which every look at a record begins with, while `run` runs. */
function looks(tracker: Tracker, run: () => void): number {
  const { connections } = tracker;
  let count = 0;
  const { used } = Connections.prototype;
  connections.used = (slot: number) => {
    count++;
    return used.call(connections, slot);
  };
  run();
  connections.used = used;
  return count;
}

function filled(): Tracking {
  const t = new Tracking();
  for (let i = 0; i < MANY; i++) {
    t.send(udp4({ src: `10.0.${i >> 8}.${i & 255}` }), commit({ zone: i % 3, markValue: i & 0xff, markMask: 0xff }));
  }
  expect(t.tracker.count).to.equal(MANY);
  return t;
}

describe('ct: work per step', () => {
  it('a flush looks at no record, whatever it flushes; sweeps reclaim so many a step', () => {
    for (const what of [
      {},
      { zone: 1 },
      { mark: 5 },
      { mark: 5, markMask: 7, zone: 2 },
      { label: new Uint32Array(4) },
    ]) {
      const t = filled();
      expect(
        looks(t.tracker, () => t.tracker.flush(what, t.now_ms)),
        JSON.stringify(what),
      ).to.equal(0);
      for (let due = 0; due === 0; ) {
        const seen = looks(t.tracker, () => {
          due = t.tracker.sweep(t.now_ms);
        });
        expect(seen).to.be.at.most(1024);
      }
    }
  });

  it('expiry, dumps and statistics look at so many records a step; with a listener a sweep looks at fewer', () => {
    const t = filled();
    for (const [steps, most] of [
      [t.tracker.dumpSteps(t.now_ms), 256],
      [t.tracker.statisticsSteps(t.now_ms), 16_384],
    ] as const) {
      for (let done: boolean | undefined = false; !done; ) {
        expect(looks(t.tracker, () => ({ done } = steps.next()))).to.be.at.most(most);
      }
    }
    t.wait(600);
    t.tracker.listen(() => {});
    expect(looks(t.tracker, () => t.tracker.sweep(t.now_ms))).to.equal(128);
    t.tracker.listen(null);
    expect(looks(t.tracker, () => t.tracker.sweep(t.now_ms))).to.equal(1024);
  });

  it('a commit into a full table, or beside flushed records, looks at 128 at most', () => {
    const t = filled();
    t.tracker.limit = MANY;
    const one = (n: number) => looks(t.tracker, () => t.send(udp4({ src: `10.9.0.${n}` }), commit()));
    expect(one(1)).to.be.at.most(128);
    t.tracker.flush({ zone: 0 }, t.now_ms);
    expect(one(2)).to.be.at.most(128);
  });

  it('an index grows by moving 16 places an insertion, and a sweep as many as its budget', () => {
    const index = new HashIndex();
    let grown = 0;
    for (let i = 0; i < 100_000; i++) {
      const before = index.old === null ? -1 : places(index);
      index.insert(Math.imul(i, 0x9e3779b1), i);
      if (index.old !== null && before >= 0) expect(places(index) - before).to.be.at.most(16);
      if (index.old !== null && before < 0) grown++;
    }
    expect(grown).to.be.greaterThan(5);
    function places(of: HashIndex): number {
      return (of as unknown as { moved: number }).moved;
    }
  });

  it('flushes by mark that wait cost a lookup one entry a mask; there are so many at most, and repeated ones count once', () => {
    const t = new Tracking();
    t.send(udp4(), commit({ markValue: 300, markMask: -1 }));
    const { marked } = t.tracker.connections;
    for (let mark = 0; mark < 256; mark++) t.tracker.flush({ mark }, t.now_ms);
    for (let mark = 0; mark < 256; mark++) t.tracker.flush({ mark }, t.now_ms);
    expect(marked.count).to.equal(256);
    expect((marked as unknown as { tables: unknown[] }).tables).to.have.length(1);
    expect(t.dump()).to.have.length(1);
    t.tracker.flush({ mark: 300 }, t.now_ms);
    expect(t.dump()).to.deep.equal([]);
    for (let bit = 1; bit < MAX_MASKS; bit++) t.tracker.flush({ mark: 0, markMask: bit }, t.now_ms);
    expect(() => t.tracker.flush({ mark: 0, markMask: 0x1000 }, t.now_ms)).to.throw(
      RangeError,
      /64 different masks wait/,
    );
    expect(marked.refused).to.equal(1);
    while (t.tracker.sweep(t.now_ms) === 0);
    expect(marked.count).to.equal(0);
    for (let mark = 0; mark < MAX_PENDING; mark++) t.tracker.flush({ mark }, t.now_ms);
    expect(() => t.tracker.flush({ mark: MAX_PENDING }, t.now_ms)).to.throw(RangeError, /16384 flushes/);
    t.tracker.flush({ mark: 5 }, t.now_ms);
  });

  it('a connection that is committed, or marked, after a flush by mark is none of its', () => {
    const t = new Tracking();
    t.tracker.flush({ mark: 7 }, t.now_ms);
    t.send(udp4(), commit({ markValue: 7, markMask: -1 }));
    t.send(udp4({ sport: 9 }), commit());
    t.send(udp4({ sport: 9 }), commit({ markValue: 7, markMask: -1 }));
    expect(t.dump()).to.have.length(2);
    t.tracker.flush({ mark: 7, zone: 1 }, t.now_ms);
    expect(t.dump()).to.have.length(2);
    t.tracker.flush({ mark: 7, zone: 0 }, t.now_ms);
    expect(t.dump()).to.deep.equal([]);
  });
});

describe('ct: what nobody asks for costs nothing', () => {
  it('without a listener no connection is described', () => {
    const tracker = new Tracker({ random: new Random(1) });
    expect(tracker.connections.onEnd).to.equal(null);
    tracker.listen(() => {});
    expect(tracker.connections.onEnd).to.not.equal(null);
    tracker.listen(null);
    expect(tracker.connections.onEnd).to.equal(null);
  });
});
