import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { PortQueues, QUEUE_FRAMES } from '../../lib/datapath/queues.js';

/** Queues of one port, and when what left it. */
class Shaped {
  readonly clock = new ManualClock();
  readonly sent: { readonly at_ms: number; readonly first: number; readonly length: number }[] = [];
  lost = 0;
  readonly queues = new PortQueues(this.clock, {
    send: (bytes, start, end) => {
      this.sent.push({ at_ms: this.clock.now(), first: bytes[start], length: end - start });
    },
    lost: () => {
      this.lost++;
    },
  });

  /** Sends `count` frames of 1,000 bits whose first byte is `mark`. */
  send(queue: number, mark: number, count = 1): void {
    const frame = new Uint8Array(125).fill(mark);
    for (let i = 0; i < count; i++) this.queues.send(queue, frame, 0, frame.length);
  }

  /** Offers a frame to each queue every millisecond, for so long. */
  flood(queues: readonly number[], for_ms: number): void {
    for (let t = 0; t < for_ms; t++) {
      for (const queue of queues) this.send(queue, queue, 5);
      this.clock.advance(1);
    }
  }

  /** Bits that left with a mark since a time. */
  bits(mark: number, since_ms = 0): number {
    return this.sent.filter(({ first, at_ms }) => first === mark && at_ms >= since_ms).length * 1000;
  }
}

/** What a shaper may send at once: 12,144 bits, or 10 ms of its rate. */
const BURST_BITS = (bps: number) => Math.max(12_144, bps / 100);

describe('queues of a port (OpenFlow 1.3.5 §7.2.2)', () => {
  for (const bps of [8_000, 100_000, 1_000_000, 3_333_333]) {
    it(`max rate: at ${bps} b/s, burst + rate × time leaves, within one frame`, () => {
      const shaped = new Shaped();
      shaped.queues.set(1, { max_rate_bps: bps });
      shaped.flood([1], 1000);
      expect(shaped.bits(1)).to.be.closeTo(BURST_BITS(bps) + bps, 1000);
    });
  }

  it('a frame that may leave leaves at once; others wait in order, and leave when their time comes', () => {
    const shaped = new Shaped();
    shaped.queues.set(1, { max_rate_bps: 100_000 });
    for (let mark = 0; mark < 20; mark++) shaped.send(1, mark);
    expect(shaped.sent.map(({ first }) => first)).to.deep.equal(Array.from({ length: 12 }, (_, i) => i));
    shaped.clock.advance(200);
    expect(shaped.sent.map(({ first }) => first)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i));
    const gaps = shaped.sent.slice(13).map(({ at_ms }, i) => at_ms - shaped.sent[12 + i].at_ms);
    for (const gap of gaps) expect(gap).to.be.closeTo(10, 0.1);
  });

  it('a queue without rates, or a port without queues, holds nothing back', () => {
    const shaped = new Shaped();
    shaped.queues.set(2, {});
    shaped.send(2, 2, 50);
    shaped.send(-1, 9, 50);
    shaped.send(77, 7, 50);
    expect([shaped.bits(2), shaped.bits(9), shaped.bits(7)]).to.deep.equal([50_000, 50_000, 50_000]);
  });

  it('a port held to a rate shares it among its queues', () => {
    const shaped = new Shaped();
    shaped.queues.set(1, {});
    shaped.queues.set(2, {});
    shaped.queues.setRate(1_000_000);
    shaped.flood([1, 2], 2000);
    expect(shaped.bits(1, 1000)).to.be.closeTo(500_000, 2000);
    expect(shaped.bits(2, 1000)).to.be.closeTo(500_000, 2000);
  });

  it('min rate: a queue gets what was promised, the rest is shared', () => {
    const shaped = new Shaped();
    shaped.queues.set(1, { min_rate_bps: 600_000 });
    shaped.queues.set(2, {});
    shaped.queues.set(3, { min_rate_bps: 200_000, max_rate_bps: 200_000 });
    shaped.queues.setRate(1_000_000);
    shaped.flood([1, 2, 3], 2000);
    const [first, second, third] = [1, 2, 3].map((queue) => shaped.bits(queue, 1000));
    expect(first).to.be.within(600_000 - 2000, 705_000);
    expect(third).to.be.closeTo(200_000, 2000);
    expect(second).to.be.within(95_000, 202_000);
    expect(first + second + third).to.be.closeTo(1_000_000, 3000);
  });

  it('what nobody uses is free for others', () => {
    const shaped = new Shaped();
    shaped.queues.set(1, { min_rate_bps: 900_000 });
    shaped.queues.set(2, {});
    shaped.queues.setRate(1_000_000);
    shaped.flood([2], 2000);
    expect(shaped.bits(2, 1000)).to.be.closeTo(1_000_000, 3000);
  });

  it('a queue takes so many frames and no more; what is lost is counted', () => {
    const shaped = new Shaped();
    shaped.queues.set(1, { max_rate_bps: 1_000 });
    shaped.send(1, 1, 12 + QUEUE_FRAMES + 5);
    expect(shaped.lost).to.equal(5);
    expect(shaped.queues.list()[0]).to.include({ packets: 12, bytes: 12 * 125, errors: 5 });
  });

  it('more promised than there is, or too many queues, is refused', () => {
    const shaped = new Shaped();
    shaped.queues.setRate(1_000);
    shaped.queues.set(1, { min_rate_bps: 600 });
    expect(() => shaped.queues.set(2, { min_rate_bps: 500 })).to.throw(RangeError, 'min rates');
    shaped.queues.set(1, { min_rate_bps: 900 });
    expect(() => shaped.queues.setRate(800)).to.throw(RangeError, 'min rates');
    for (let id = 2; id <= 64; id++) shaped.queues.set(id, {});
    expect(() => shaped.queues.set(65, {})).to.throw(RangeError, 'at most 64');
  });

  it('rates that change hold from then on; a queue that goes takes its frames along', () => {
    const shaped = new Shaped();
    shaped.queues.set(1, { max_rate_bps: 1_000 });
    shaped.send(1, 1, 20);
    shaped.queues.set(1, {});
    expect(shaped.sent).to.have.length(20);
    shaped.queues.set(1, { max_rate_bps: 1_000 });
    shaped.send(1, 2, 20);
    shaped.queues.set(1, null);
    shaped.clock.advance(60_000);
    expect(shaped.bits(2)).to.equal(12_000);
    expect(shaped.queues.list()).to.deep.equal([]);
  });
});
