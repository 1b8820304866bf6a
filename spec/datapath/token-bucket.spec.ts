import { expect } from 'chai';
import { Meter } from '../../lib/datapath/meter.js';
import { TokenBucket } from '../../lib/datapath/token-bucket.js';

describe('token buckets', () => {
  it('begin full, refuse what they lack, and fill up to their capacity', () => {
    const bucket = new TokenBucket(2, 10, 0);
    bucket.take(8);
    bucket.fill(1);
    expect([bucket.tokens, bucket.has(4), bucket.has(5)]).to.deep.equal([4, true, false]);
    bucket.fill(100);
    expect(bucket.tokens).to.equal(10);
    bucket.fill(200, 3);
    expect(bucket.tokens).to.equal(13);
  });

  it('tell how long it takes until there is enough', () => {
    const bucket = new TokenBucket(2, 10, 0);
    bucket.take(10);
    expect(bucket.wait_ms(5)).to.equal(2.5);
    bucket.fill(2.5);
    expect(bucket.wait_ms(5)).to.equal(0);
    expect(new TokenBucket(0, 10, 0).wait_ms(5)).to.equal(0);
  });

  it('let what costs more than they hold pass when they are full, and owe the rest', () => {
    const bucket = new TokenBucket(1, 10, 0);
    expect(bucket.has(25)).to.equal(true);
    bucket.take(25);
    expect(bucket.tokens).to.equal(-15);
    bucket.fill(24);
    expect(bucket.has(25)).to.equal(false);
    bucket.fill(25);
    expect(bucket.has(25)).to.equal(true);
  });

  it("don't mind a clock that stands still or steps back", () => {
    const bucket = new TokenBucket(1, 10, 50);
    bucket.take(10);
    bucket.fill(40);
    bucket.fill(50);
    expect(bucket.tokens).to.equal(0);
  });
});

describe('meters at work (OpenFlow 1.3.5 §5.7)', () => {
  const RATES = [1, 2, 3, 7, 10, 99, 100, 1000, 4321, 10_000, 100_000, 999_999, 1_000_000];

  /** Offers `perMs` packets of `bytes` each in every millisecond; returns how many passed. */
  function passed(meter: Meter, bytes: number, perStep: number, steps: number, step_ms: number): number {
    let sum = 0;
    for (let t = 0; t <= steps; t++) {
      for (let i = 0; i < perStep; i++) if (meter.measure(bytes, t * step_ms) === 0) sum++;
    }
    return sum;
  }

  for (const rate of RATES) {
    it(`pktps ${rate}: passed = burst + rate × time, within one packet`, () => {
      const meter = new Meter();
      const burst = Math.ceil(rate / 10);
      meter.set(true, [{ rate, burst, levels: 0 }], 0);
      // Twice as many as pass, in steps that don't divide what comes in.
      const step_ms = Math.max(0.7, 700 / rate);
      const steps = 2000;
      const perStep = Math.ceil((2 * rate * step_ms) / 1000) + 1;
      const expected = burst + (rate * steps * step_ms) / 1000;
      expect(passed(meter, 100, perStep, steps, step_ms)).to.be.within(
        Math.floor(expected) - 1,
        Math.ceil(expected) + 1,
      );
    }).timeout(60_000);

    it(`kbps ${rate}: passed = burst + rate × time, within one packet`, () => {
      const meter = new Meter();
      const burst = Math.max(1, Math.ceil(rate / 5));
      meter.set(false, [{ rate, burst, levels: 0 }], 0);
      const bytes = rate < 100 ? 64 : 1500;
      const packets_s = (rate * 1000) / (bytes * 8);
      const step_ms = Math.max(0.7, 700 / packets_s);
      const steps = 2000;
      const perStep = Math.ceil((2 * packets_s * step_ms) / 1000) + 1;
      const expected = burst * 1000 + rate * steps * step_ms;
      const bits = passed(meter, bytes, perStep, steps, step_ms) * bytes * 8;
      expect(bits).to.be.within(expected - bytes * 8, expected + bytes * 8);
    }).timeout(60_000);
  }

  it('burst packets pass at once, and no more, however long it was quiet', () => {
    const meter = new Meter();
    meter.set(true, [{ rate: 3, burst: 4, levels: 0 }], 0);
    expect(passed(meter, 64, 20, 0, 1)).to.equal(4);
    expect(meter.measure(64, 10_000)).to.equal(0);
    expect(Array.from({ length: 20 }, () => meter.measure(64, 20_000)).filter((v) => v === 0)).to.have.length(4);
  });

  it('a band without a burst holds one second of its rate', () => {
    const meter = new Meter();
    meter.set(true, [{ rate: 5, burst: 0, levels: 0 }], 0);
    expect(passed(meter, 64, 100, 0, 1)).to.equal(5);
  });

  it('of the bands that a packet exceeds the one with the highest rate acts, in whatever order they stand', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
    ]) {
      const bands = [
        { rate: 2, burst: 2, levels: 1 },
        { rate: 4, burst: 4, levels: 2 },
        { rate: 6, burst: 6, levels: 0 },
      ];
      const meter = new Meter();
      meter.set(
        true,
        order.map((i) => bands[i]),
        0,
      );
      const verdicts = Array.from({ length: 8 }, () => meter.measure(10, 0));
      expect(verdicts).to.deep.equal([0, 0, 1, 1, 2, 2, -1, -1]);
      expect(order.map((i) => meter.bands[order.indexOf(i)].packets)).to.deep.equal([2, 2, 2]);
      expect([meter.packets, meter.bytes]).to.deep.equal([8, 80]);
    }
  });
});
