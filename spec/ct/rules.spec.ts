/** Beyond Open vSwitch: notrack, timeouts by rule, seen-reply (docs/conntrack-extensions.md). */
import { expect } from 'chai';
import { type CtRule, MAX_RULES, why } from '../../lib/ct/index.js';
import { icmp4, inner, tcp4, udp4, udp6 } from '../support/frames.js';
import { commit, nat, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 53 };
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 53, dport: 1000 };

function tracking(...rules: CtRule[]): Tracking {
  const t = new Tracking();
  t.tracker.timeouts.set('short', { udp_first: 5, udp_single: 6, udp_multiple: 7, tcp_syn_sent: 8 });
  t.tracker.timeouts.set('long', { udp_first: 500 });
  t.tracker.rules.set(rules);
  return t;
}
const expiry = (t: Tracking): number[] => [...t.tracker.dump(t.now_ms)].map(({ timeout_s }) => timeout_s);

describe('ct/rules: notrack', () => {
  const rule = (match: CtRule): Tracking => tracking({ ...match, track: false });

  it('a packet that it meets has no ct_* field, is stored nowhere and translated nowhere, in either direction', () => {
    const t = rule({ proto: 'udp', dport: 53 });
    const ask = commit({ markValue: 5, markMask: 0xff, nat: nat('src', '192.0.2.1') });
    expect(t.send(udp4(there), ask)).to.equal('');
    expect(t.through(udp4(there), ask)).to.deep.equal(udp4(there));
    expect(t.track(udp4(back), ask)).to.include({ state: 0, zone: 0, mark: 0, family: 0, tp_src: 0, connection: -1 });
    expect(t.dump()).to.deep.equal([]);
    expect(t.tracker.counters.notrack).to.equal(3);
    expect(t.why(udp4(there))).to.equal('a rule says that it is not tracked');
  });

  const cases: [string, CtRule, Uint8Array, boolean][] = [
    ['zone', { zone: 1 }, udp4(there), false],
    ['protocol by number', { proto: 17 }, udp4(there), true],
    ['another protocol', { proto: 'tcp' }, udp4(there), false],
    ['source', { src: '10.0.0.1' }, udp4(there), true],
    ['source of the other direction', { src: '10.0.0.1' }, udp4(back), true],
    ['a prefix', { dst: '10.0.0.0/30' }, udp4(there), true],
    ['a prefix beside it', { dst: '10.0.0.4/30' }, udp4(there), false],
    ['every IPv4 address', { dst: '0.0.0.0/0' }, udp4(there), true],
    ['the other family', { dst: '0.0.0.0/0' }, udp6(), false],
    ['an IPv6 prefix across words', { dst: '2001:db8::/33' }, udp6(), true],
    ['an IPv6 prefix beside it', { dst: '2001:db8:8000::/33' }, udp6(), false],
    ['both, in one direction', { src: '10.0.0.1', dport: 53 }, udp4(there), true],
    ['both, of different directions', { src: '10.0.0.2', dport: 53 }, udp4(there), false],
    ['ports have no query', { dport: 53 }, icmp4({ id: 53 }), false],
    [
      'an error by what it quotes',
      { dport: 53 },
      icmp4({ type: 3, src: back.src, dst: there.src, payload: inner(udp4(there)) }),
      true,
    ],
  ];
  for (const [what, match, frame, meets] of cases) {
    it(`${what}: ${meets ? 'met' : 'not met'}`, () => {
      expect(rule(match).send(frame.slice()) === '').to.equal(meets);
    });
  }

  it('a broken packet is inv as ever, and what was inv stays inv', () => {
    const t = rule({ proto: 'udp' });
    expect(t.send(udp4({ ...there, checksum: 1 }))).to.equal('inv|trk');
    expect(t.send(udp4(there), {}, t.keep(udp4({ ...there, checksum: 1 })))).to.equal('inv|trk');
  });

  it('pieces of a datagram go on untracked once it is whole', () => {
    const t = rule({ proto: 'udp', dport: 53 });
    const whole = udp4({ ...there, payload: 'x'.repeat(24), id: 7 }).slice(34);
    const piece = (from: number, to: number, mf: boolean) => {
      const frame = udp4({ ...there, payload: 'x'.repeat(to - from - 8), id: 7, mf, offset: from });
      frame.set(whole.slice(from, to), 34);
      return frame;
    };
    t.track(piece(0, 16, true));
    expect(t.track(piece(16, 32, false)).state).to.equal(0);
    expect(t.tracker.released?.pieces).to.have.length(2);
    expect(t.tracker.released?.result.state).to.equal(0);
  });

  it('the first rule that meets decides; marks are not asked', () => {
    const t = tracking({ dport: 53, timeouts: 'short' }, { proto: 'udp', track: false });
    expect(t.send(udp4(there))).to.equal('new|trk');
    expect(t.send(udp4({ ...there, dport: 54 }))).to.equal('');
    const marked = tracking({ mark: 1, timeouts: 'short' }, { proto: 'udp', track: false });
    expect(marked.send(udp4(there))).to.equal('');
  });
});

describe('ct/rules: timeouts', () => {
  it('are chosen at the commit and kept, whatever ct action comes later', () => {
    const t = tracking({ dport: 53, timeouts: 'short' });
    t.send(udp4(there), commit());
    expect(expiry(t)).to.deep.equal([5]);
    t.send(udp4(there));
    expect(expiry(t)).to.deep.equal([6]);
    t.tracker.rules.set([]);
    t.send(udp4(back));
    expect(expiry(t)).to.deep.equal([7]);
    t.wait(7);
    expect(t.dump()).to.deep.equal([]);
  });

  it('by the mark that the commit gives, and by one that is written later: an expiry for each ct action', () => {
    const rule = { mark: 1, markMask: 0xf, timeouts: 'short' };
    const t = tracking(rule, { mark: 2, timeouts: 'long' });
    t.send(udp4(there), commit({ markValue: 0x11, markMask: 0xff }));
    expect(expiry(t)).to.deep.equal([5]);
    t.send(udp4(there), commit({ markValue: 2, markMask: 0xff }));
    expect(expiry(t)).to.deep.equal([60]);
    t.send(udp4({ ...there, sport: 9 }), commit());
    t.send(udp4({ ...there, sport: 8 }), commit({ markValue: 2, markMask: 0xff }));
    expect(expiry(t)).to.deep.equal([60, 60, 500]);
  });

  it('a changed policy counts from the next packet on; a zone without a rule keeps its own', () => {
    const t = tracking({ zone: 1, timeouts: 'short' });
    t.send(udp4(there), commit({ zone: 1 }));
    t.send(udp4(there), commit({ zone: 2 }));
    t.tracker.timeouts.set('short', { udp_single: 99 });
    expect(expiry(t)).to.deep.equal([5, 60]);
    t.send(udp4(there), { zone: 1 });
    expect(expiry(t)).to.deep.equal([99, 60]);
  });
});

describe('ct/rules: what is refused, with its number, changing nothing', () => {
  const wrong: [CtRule | object, RegExp][] = [
    [{ timeouts: 'shrot' }, /^rule 2: no timeout policy is named shrot$/],
    [{ proto: 'upd', track: false }, /^rule 2: no protocol is named upd$/],
    [{ proto: 256, track: false }, /proto must be 0 to 255, not 256/],
    [{ src: '10.0.0', track: false }, /"10.0.0" is no address/],
    [{ src: '10.0.0.0/33', track: false }, /the prefix is longer than the address/],
    [{ src: '10.0.0.1', dst: '::1', track: false }, /two families/],
    [{ sport: 70000, track: false }, /sport must be 0 to 65535/],
    [{ zone: -1, track: false }, /zone must be 0 to 65535/],
    [{ proto: 'icmp', dport: 1, track: false }, /protocol icmp has no ports/],
    [{ mark: 1, track: false }, /a mark beside track: false/],
    [{ markMask: 1, timeouts: 'short' }, /a markMask without a mark/],
    [{}, /either timeouts or track: false/],
    [{ timeouts: 'short', track: false }, /either timeouts or track: false/],
    [{ track: true }, /track can only be false/],
  ];
  for (const [rule, text] of wrong) {
    it(JSON.stringify(rule), () => {
      const t = tracking({ dport: 53, track: false });
      expect(() => t.tracker.rules.set([{ dport: 80, track: false }, rule as CtRule])).to.throw(RangeError, text);
      expect(t.tracker.rules.list()).to.deep.equal([{ dport: 53, track: false }]);
      expect(t.send(udp4(there))).to.equal('');
    });
  }

  it('too many rules, and too many policies that rules have named', () => {
    const t = tracking();
    const many = Array.from({ length: MAX_RULES + 1 }, (): CtRule => ({ track: false }));
    expect(() => t.tracker.rules.set(many)).to.throw(RangeError, /128 rules: at most 127/);
    for (let i = 0; i < MAX_RULES; i++) {
      t.tracker.timeouts.set(`p${i}`, {});
      t.tracker.rules.set([{ timeouts: `p${i}` }]);
    }
    expect(() => t.tracker.rules.set([{ timeouts: 'short' }])).to.throw(RangeError, /127 policies already/);
  });
});

describe('ct: seen-reply', () => {
  const replied = (t: Tracking): boolean[] => [...t.tracker.dump(t.now_ms)].map((connection) => connection.replied);

  it('from the first accepted packet of the reply direction on, in the dump as data and in the answer', () => {
    const t = new Tracking();
    expect(t.track(tcp4({ ...there, flags: 'syn' }), commit()).replied).to.equal(false);
    t.track(tcp4({ ...there, flags: 'syn' }));
    expect(replied(t)).to.deep.equal([false]);
    expect(t.track(tcp4({ ...back, flags: 'syn|ack', seq: 5, ack: 1 })).replied).to.equal(true);
    expect(replied(t)).to.deep.equal([true]);
    expect(t.dump({ more: true })[0]).not.to.match(/repl(ied|y_seen)/);
  });

  it('an invalid packet and an ICMP error are none', () => {
    const t = new Tracking();
    t.track(udp4(there), commit());
    expect(t.track(udp4({ ...back, checksum: 1 })).why).to.equal(why.l4_checksum);
    t.track(icmp4({ type: 3, src: back.src, dst: there.src, payload: inner(udp4(there)) }));
    expect(replied(t)).to.deep.equal([false]);
  });
});
