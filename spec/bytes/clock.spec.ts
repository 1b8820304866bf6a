import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';

describe('the manual clock', () => {
  it('goes on, and never back', () => {
    const clock = new ManualClock();
    for (const by of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => clock.advance(by)).to.throw(RangeError, `not by ${by}`);
    }
    expect(clock.now()).to.equal(0);
  });

  it('may be advanced by one of its timers', () => {
    const clock = new ManualClock();
    const told: number[] = [];
    clock.after(10, () => clock.advance(100));
    clock.after(50, () => told.push(clock.now()));
    clock.advance(20);
    expect(clock.now()).to.equal(110);
    expect(told).to.deep.equal([50]);
  });
});
