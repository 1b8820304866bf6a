/** The store: records found from both sides through growth, expiry and flushes, compared with a Map. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Random } from '../../lib/bytes/index.js';
import { Connections } from '../../lib/ct/connections.js';
import { HashIndex } from '../../lib/ct/hash-index.js';
import { CHUNK_MASK, Pool } from '../../lib/ct/pool.js';
import { Tuple } from '../../lib/ct/tuple.js';
import { Zones } from '../../lib/ct/zones.js';

const PROTOS = [17, 6, 1, 47];

/** The n-th of many tuples; families, zones and protocols mixed. */
function tuple(n: number): Tuple {
  const t = new Tuple();
  t.family = n % 7 === 0 ? 6 : 4;
  t.zone = n % 5;
  t.proto = t.family === 6 && n % 4 === 2 ? 58 : PROTOS[n % 4];
  t.src = 0x0a000000 + n;
  t.dst = 0x0b000000 + (n % 3);
  t.src6.set([0x20010db8, 0, n >> 4, n]);
  t.dst6.set([0x20010db8, 1, 0, n % 3]);
  if (t.proto === 47) t.setPorts(0, 0);
  else if (t.proto === 1) t.setQuery(t.family === 4 ? 8 : 0, n & 0xffff);
  else if (t.proto === 58) t.setQuery(128, n & 0xffff);
  else t.setPorts(1024 + (n % 60000), 80);
  return t;
}

describe('ct/connections', () => {
  it('growth and expiry of 300,000 connections keep every live one findable', function () {
    this.timeout(60_000);
    const random = new Random(42);
    const zones = new Zones();
    const connections = new Connections(zones, 12345);
    const model = new Map<number, { expiry: number; mark: number }>();
    let now = 0;
    let next = 0;
    const check = (n: number): void => {
      const t = tuple(n);
      const expected = model.get(n);
      const lives = expected !== undefined && expected.expiry > now;
      const reply = random.below(2) === 1;
      if (reply) t.reverse();
      const slot = connections.find(t, now);
      if (slot >= 0 !== lives) throw new Error(`tuple ${n}: ${lives ? 'not found' : 'found'} at ${now}`);
      if (!lives || expected === undefined) return;
      if (connections.reply !== reply) throw new Error(`tuple ${n}: the wrong direction`);
      if (connections.mark(slot) !== expected.mark) throw new Error(`tuple ${n}: another's mark`);
    };
    while (next < 300_000) {
      const n = next++;
      const slot = connections.insert(tuple(n));
      const expiry = now + 1000 + random.below(200_000);
      connections.setExpiry(slot, expiry);
      connections.setMark(slot, n);
      model.set(n, { expiry, mark: n });
      check(random.below(next + 10));
      if (n % 100 === 0) now += 100;
      if (n % 50 === 0) connections.sweep(now, 400);
    }
    for (let n = 0; n < 300_000; n += 3) check(n);
    now += 100_000;
    for (let n = 1; n < 300_000; n += 3) check(n);
    const live = [...model.values()].filter(({ expiry }) => expiry > now).length;
    for (let due = connections.sweep(now + 0, 5000); due === 0; ) due = connections.sweep(now, 5000);
    now += 20_000;
    for (let due = 0; due === 0; ) due = connections.sweep(now, 5000);
    const later = [...model.values()].filter(({ expiry }) => expiry > now).length;
    expect(later).to.be.below(live).and.above(0);
    expect(zones.total).to.equal(later);
    for (let n = 2; n < 300_000; n += 3) check(n);
  });

  it('any order of insertions, ends, flushes, sweeps and waits agrees with a Map', () => {
    const command = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('insert' as const), n: fc.nat(60), life: fc.nat(30) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), n: fc.nat(60), life: fc.constant(0) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('flush' as const),
          n: fc.integer({ min: -1, max: 4 }),
          life: fc.constant(0),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), n: fc.nat(10), life: fc.constant(0) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('sweep' as const), n: fc.nat(40), life: fc.constant(0) }) },
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const connections = new Connections(new Zones(), 99);
        const model = new Map<number, number>();
        let now = 0;
        for (const { do: what, n, life } of commands) {
          const slot = connections.find(tuple(Math.max(n, 0)), now);
          if (what === 'insert' && slot < 0) {
            if (connections.stale >= 0) connections.remove(connections.stale, 'expired');
            connections.setExpiry(connections.insert(tuple(n)), now + life);
            model.set(n, now + life);
          } else if (what === 'end' && slot >= 0) {
            connections.remove(slot, 'closed');
            model.delete(n);
          } else if (what === 'flush') {
            connections.flushZone(n);
            for (const m of [...model.keys()]) if (n < 0 || tuple(m).zone === n) model.delete(m);
          } else if (what === 'wait') now += n;
          else if (what === 'sweep') connections.sweep(now, n);
          for (let m = 0; m <= 60; m++) {
            const lives = (model.get(m) ?? -1) > now;
            expect(connections.find(tuple(m), now) >= 0, `tuple ${m}`).to.equal(lives);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('a tuple and its reverse have one hash; others rarely share it', () => {
    const seen = new Set<number>();
    for (let n = 0; n < 20_000; n++) {
      const t = tuple(n);
      const hash = t.hash(7);
      t.reverse();
      expect(t.hash(7)).to.equal(hash);
      seen.add(hash);
    }
    expect(seen.size).to.be.above(19_990);
  });

  for (const family of [4, 6]) {
    it(`a reply tuple of its own is found instead of the inverse, and goes with the connection (IPv${family})`, () => {
      const connections = new Connections(new Zones(), 1);
      const [orig, reply, out] = [new Tuple(), new Tuple(), new Tuple()];
      for (const t of [orig, reply]) {
        t.family = family;
        t.proto = 17;
        t.src6.set([1, 2, 3, 4]);
        t.dst6.set([5, 6, 7, 8]);
        t.src = 1;
        t.dst = 2;
        t.setPorts(1000, 80);
      }
      reply.reverse();
      reply.dst = 9;
      reply.dst6[3] = 9;
      reply.setPorts(80, 4000);
      const slot = connections.insert(orig, reply);
      connections.setExpiry(slot, 10);
      expect(connections.find(orig, 0)).to.equal(slot);
      expect(connections.reply).to.equal(false);
      expect(connections.find(reply, 0)).to.equal(slot);
      expect(connections.reply).to.equal(true);
      connections.replyOf(slot, out);
      expect(out.hash(1)).to.equal(reply.hash(1));
      expect(out.ports).to.equal(reply.ports);
      const inverse = new Tuple();
      inverse.copy(orig);
      inverse.reverse();
      expect(connections.find(inverse, 0)).to.equal(-1);
      connections.remove(slot, 'closed');
      for (const t of [orig, reply]) {
        expect(connections.find(t, 0)).to.equal(-1);
        expect(connections.stale).to.equal(-1);
      }
    });
  }

  it('IPv4 without label or own reply tuple takes at most 150 bytes', () => {
    const connections = new Connections(new Zones(), 1);
    const t = new Tuple();
    t.proto = 17;
    // The least favourable number: the index has just grown.
    const n = 2 ** 18 + 1;
    for (t.src = 0; t.src < n; t.src++) connections.setExpiry(connections.insert(t), 10);
    expect(connections.bytes / n).to.be.below(150);
  });

  it('a tuple whose sides are the same runs in the original direction', () => {
    const connections = new Connections(new Zones(), 1);
    const t = new Tuple();
    t.proto = 17;
    t.src = t.dst = 0x7f000001;
    t.setPorts(5, 5);
    connections.setExpiry(connections.insert(t), 10);
    expect(connections.find(t, 0)).to.be.at.least(0);
    expect(connections.reply).to.equal(false);
  });
});

describe('ct/hash-index', () => {
  const all = (index: HashIndex, hash: number): number[] => {
    const found: number[] = [];
    const walk = (table: Int32Array, mask: number): void => {
      for (let at = hash & mask; table[at * 2 + 1] !== 0; at = (at + 1) & mask) {
        if (table[at * 2] === hash) found.push(table[at * 2 + 1] - 1);
      }
    };
    walk(index.table, index.mask);
    if (index.old !== null) walk(index.old, index.oldMask);
    return found.sort((a, b) => a - b);
  };

  it('keeps every entry through growth, with hashes that crowd one place and wrap around the end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4000 }),
        fc.integer(),
        fc.integer({ min: 0, max: 12 }),
        (n, start, shift) => {
          const index = new HashIndex();
          // A multiple of a power of two makes long clusters.
          const hash = (i: number): number => (start + ((i % 50) << shift)) | 0;
          const model = new Map<number, Set<number>>();
          for (let i = 0; i < n; i++) {
            index.insert(hash(i), i);
            const here = model.get(hash(i)) ?? new Set();
            model.set(hash(i), here.add(i));
            if (i % 3 === 2) {
              expect(index.remove(hash(i - 1), i - 1)).to.equal(true);
              expect(index.remove(hash(i - 1), i - 1)).to.equal(false);
              model.get(hash(i - 1))?.delete(i - 1);
            }
          }
          for (const [h, records] of model) expect(all(index, h)).to.deep.equal([...records].sort((a, b) => a - b));
          expect(index.count).to.equal([...model.values()].reduce((sum, set) => sum + set.size, 0));
          while (!index.move(100));
          for (const [h, records] of model) expect(all(index, h)).to.deep.equal([...records].sort((a, b) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is at most half full', () => {
    const index = new HashIndex();
    for (let i = 0; i < 5000; i++) index.insert(Math.imul(i, 0x9e3779b1), i);
    while (!index.move(1000));
    expect(index.bytes).to.be.at.least(5000 * 2 * 8);
  });
});

describe('ct/pool', () => {
  it('gives released records again before new ones, and counts', () => {
    const pool = new Pool(4);
    const taken = [pool.take(), pool.take(), pool.take()];
    expect(taken).to.deep.equal([0, 1, 2]);
    pool.release(1);
    pool.release(0);
    expect([pool.take(), pool.take(), pool.take()]).to.deep.equal([0, 1, 3]);
    expect(pool).to.include({ used: 4, top: 4 });
  });

  it('grows by chunks without moving what is there', () => {
    const pool = new Pool(4);
    const first = pool.take();
    pool.chunks[0][3] = 77;
    while (pool.take() < CHUNK_MASK);
    const chunk = pool.chunks[0];
    for (let i = 0; i < 30_000; i++) pool.take();
    expect(pool.chunks[0]).to.equal(chunk);
    expect(pool.chunks).to.have.length(3);
    expect(pool.chunks[0][first * 4 + 3]).to.equal(77);
  });

  it('takes little memory for few records', () => {
    for (const first of [0, 1] as const) {
      const pool = new Pool(4, first);
      const sizes = new Set<number>();
      for (let i = first; i <= CHUNK_MASK; i++) {
        const record = pool.take();
        expect(record).to.equal(i);
        pool.doubles[0][record * 2 + 1] = i;
        sizes.add(pool.bytes);
      }
      expect([...sizes]).to.deep.equal([6, 7, 8, 9, 10, 11, 12, 13, 14].map((bits) => 16 << bits));
      for (let i = first; i <= CHUNK_MASK; i++) expect(pool.doubles[0][i * 2 + 1]).to.equal(i);
    }
  });
});
