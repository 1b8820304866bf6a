/** How long connections live. */
import { expect } from 'chai';
import { DEFAULT_TIMEOUTS, TIMEOUT_NAMES } from '../../lib/ct/index.js';
import { icmp4, ip4, udp4 } from '../support/frames.js';
import { commit, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 };

describe('ct/timeouts', () => {
  it("are Open vSwitch's", () => {
    expect(TIMEOUT_NAMES.map((name) => DEFAULT_TIMEOUTS[name])).to.deep.equal([
      30, 30, 86400, 900, 45, 30, 60, 60, 30, 60, 30,
    ]);
  });

  it('UDP: 60 s first, 60 s again, 30 s once a reply was seen', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    expect(t.only()).to.contain('timeout=60');
    t.wait(10).send(udp4(there));
    expect(t.only()).to.contain('timeout=60');
    t.wait(10).send(udp4(back));
    expect(t.only()).to.contain('timeout=30');
    t.wait(10).send(udp4(there));
    expect(t.only()).to.contain('timeout=30');
  });

  it('ICMP: 60 s until the reply, then 30 s', () => {
    const t = new Tracking();
    t.send(icmp4({ id: 1 }), commit());
    expect(t.only()).to.contain('timeout=60');
    t.wait(1).send(icmp4({ id: 1 }));
    expect(t.only()).to.contain('timeout=60');
    t.send(icmp4({ id: 1, type: 0, src: '10.0.0.2', dst: '10.0.0.1' }));
    expect(t.only()).to.contain('timeout=30');
  });

  it("every other protocol has UDP's", () => {
    const t = new Tracking();
    t.tracker.timeouts.set('default', { udp_first: 11, udp_single: 12, udp_multiple: 13 });
    t.send(ip4(47, 'abcd'), commit());
    expect(t.only()).to.contain('timeout=11');
    t.send(ip4(47, 'abcd'));
    expect(t.only()).to.contain('timeout=12');
    t.send(ip4(47, 'abcd', { src: '10.0.0.2', dst: '10.0.0.1' }));
    expect(t.only()).to.contain('timeout=13');
  });

  it('gone when now ≥ expiry, and invisible at once, without a sweep', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    t.now_ms += 59_999;
    expect(t.look(udp4(back)).state).to.equal(0x2a);
    expect(t.dump()).to.have.length(1);
    t.now_ms += 1;
    expect(t.look(udp4(back)).state).to.equal(0x21);
    expect(t.dump()).to.deep.equal([]);
    expect(t.send(udp4(there))).to.equal('new|trk');
  });

  it('an expired connection with the same tuple makes way for a new one', () => {
    const t = new Tracking();
    t.send(udp4(there), commit({ markValue: 1, markMask: 1 }));
    t.wait(60);
    t.send(udp4(back), commit());
    expect(t.only()).to.match(/orig=\(src=10.0.0.2.*timeout=60$/);
    expect(t.tracker.count).to.equal(1);
  });

  it('a sweep begins every 20 s and goes on in steps', () => {
    const t = new Tracking();
    for (let i = 0; i < 100; i++) t.send(udp4({ ...there, sport: 1000 + i }), commit());
    expect(t.tracker.sweep(t.now_ms, 1000)).to.equal(20_000);
    t.wait(61);
    expect(t.tracker.count).to.equal(100);
    expect(t.tracker.sweep(t.now_ms, 30)).to.equal(0);
    expect(t.tracker.count).to.equal(70);
    expect(t.tracker.sweep(t.now_ms, 30)).to.equal(0);
    expect(t.tracker.sweep(t.now_ms, 30)).to.equal(0);
    expect(t.tracker.sweep(t.now_ms, 30)).to.equal(20_000);
    expect(t.tracker.count).to.equal(0);
    t.wait(5);
    expect(t.tracker.sweep(t.now_ms, 30)).to.equal(15_000);
  });

  describe('policies', () => {
    it('belong to zones by name', () => {
      const t = new Tracking();
      t.tracker.timeouts.set('short', { udp_first: 5 });
      t.tracker.timeouts.choose(9, 'short');
      t.send(udp4(there), commit({ zone: 9 }));
      expect(t.only()).to.contain('timeout=5');
      t.send(udp4(there), commit({ zone: 8 }));
      expect(t.dump()[1]).to.contain('timeout=60');
      expect(t.tracker.timeouts.get('short')).to.deep.include({ udp_first: 5, udp_single: 60 });
      expect(t.tracker.timeouts.names()).to.deep.equal(['default', 'short']);
    });

    it('refuse what is not there', () => {
      const { timeouts } = new Tracking().tracker;
      expect(() => timeouts.choose(1, 'none')).to.throw(RangeError, 'no timeout policy is named none');
      expect(() => timeouts.set('x', { udp: 1 } as object)).to.throw(RangeError, 'no timeout is named udp');
      expect(() => timeouts.set('x', { udp_first: -1 })).to.throw(RangeError, 'udp_first must be');
      expect(timeouts.get('x')).to.equal(null);
    });
  });
});
