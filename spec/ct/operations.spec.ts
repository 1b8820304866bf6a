/** Dump, flush, statistics and the stream of events. */
import { expect } from 'chai';
import type { CtEvent } from '../../lib/ct/index.js';
import { icmp4, icmp6, ip4, tcp4, udp4, udp6 } from '../support/frames.js';
import { commit, label, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 };

describe('ct/operations', () => {
  describe('dump', () => {
    const plain = { statistics: false };
    it('UDP: both tuples; zone, mark and labels only when not zero', () => {
      const t = new Tracking();
      t.send(udp4(there), commit());
      const tuples =
        'udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000)';
      expect(t.only(plain)).to.equal(tuples);
      const ask = { zone: 9, markValue: 3, markMask: 3, labelValue: label('ab0'), labelMask: label('fff') };
      t.send(udp4(there), commit(ask));
      expect(t.dump(plain)[1]).to.equal(`${tuples},zone=9,mark=3,labels=0xab0`);
      expect(t.dump({ statistics: true, more: true })[1]).to.equal(
        `${tuples},id=0,zone=9,status=0,timeout=60,mark=3,labels=0xab0`,
      );
    });

    it('ICMP has id, type and code', () => {
      const t = new Tracking();
      t.send(icmp4({ id: 300 }), commit());
      t.send(icmp6({ id: 301 }), commit());
      expect(t.dump(plain)).to.deep.equal([
        'icmp,orig=(src=10.0.0.1,dst=10.0.0.2,id=300,type=8,code=0),reply=(src=10.0.0.2,dst=10.0.0.1,id=300,type=0,code=0)',
        'icmpv6,orig=(src=2001:db8::1,dst=2001:db8::2,id=301,type=128,code=0),' +
          'reply=(src=2001:db8::2,dst=2001:db8::1,id=301,type=129,code=0)',
      ]);
    });

    it('other protocols have their name or number, and ports 0', () => {
      const t = new Tracking();
      for (const proto of [2, 33, 136, 47]) t.send(ip4(proto, 'abcdefgh'), commit());
      expect(t.dump(plain).map((line) => line.split(',')[0])).to.deep.equal(['igmp', 'dccp', 'udplite', '47']);
      expect(t.dump(plain)[3]).to.equal(
        '47,orig=(src=10.0.0.1,dst=10.0.0.2,sport=0,dport=0),reply=(src=10.0.0.2,dst=10.0.0.1,sport=0,dport=0)',
      );
    });

    it('TCP has protoinfo: one state, or with -m both, scales and flags', () => {
      const t = new Tracking();
      t.send(tcp4({ ...there, flags: 'syn', wscale: 7 }), commit());
      expect(t.only(plain)).to.match(/,protoinfo=\(state=SYN_SENT\)$/);
      expect(t.only({ more: true })).to.match(
        /,id=0,status=0,protoinfo=\(state_orig=SYN_SENT,state_reply=CLOSED,wscale_orig=7,wscale_reply=0,flags_orig=WINDOW_SCALE,flags_reply=0\)$/,
      );
      t.send(tcp4({ ...there, sport: 1001, flags: 'ack' }), commit());
      expect(t.dump({ more: true })[1]).to.match(/state_reply=CLOSED,flags_orig=BE_LIBERAL,flags_reply=BE_LIBERAL\)$/);
    });

    it('as plain objects, and of one zone', () => {
      const t = new Tracking();
      t.send(udp6(), commit({ zone: 1 }));
      t.send(udp4(), commit({ zone: 2 }));
      const [only, ...rest] = t.tracker.dump(t.now_ms, { zone: 1 });
      expect(rest).to.deep.equal([]);
      expect(only).to.deep.equal({
        zone: 1,
        orig: { family: 6, proto: 17, src: '2001:db8::1', dst: '2001:db8::2', sport: 1000, dport: 80 },
        reply: { family: 6, proto: 17, src: '2001:db8::2', dst: '2001:db8::1', sport: 80, dport: 1000 },
        mark: 0,
        label: '0'.repeat(32),
        timeout_s: 60,
        replied: false,
        tcp: null,
        sctp: null,
        helper: null,
        parent: null,
      });
    });
  });

  describe('flush', () => {
    const fill = (): Tracking => {
      const t = new Tracking();
      for (let zone = 0; zone < 3; zone++) {
        for (let n = 1; n <= 4; n++) {
          t.send(udp4({ ...there, sport: n }), commit({ zone, markValue: n, markMask: 0xff }));
        }
      }
      return t;
    };
    const left = (t: Tracking): string[] =>
      [...t.tracker.dump(t.now_ms)].map((c) => `${c.zone}/${'sport' in c.orig ? c.orig.sport : ''}`);
    const swept = (t: Tracking): Tracking => {
      for (let due = 0; due === 0; ) due = t.tracker.sweep(t.now_ms, 5);
      return t;
    };

    it('all, at once for every lookup', () => {
      const t = fill();
      t.tracker.flush({}, t.now_ms);
      expect(left(t)).to.deep.equal([]);
      expect(t.tracker.count).to.equal(0);
      expect(t.track(udp4({ ...there, sport: 1 })).connection).to.equal(-1);
      expect(left(swept(t))).to.deep.equal([]);
    });

    it('a zone; those committed afterwards stay', () => {
      const t = fill();
      t.tracker.flush({ zone: 1 }, t.now_ms);
      t.send(udp4({ ...there, sport: 9 }), commit({ zone: 1 }));
      t.send(udp4({ ...there, sport: 1 }), commit({ zone: 1 }));
      const expected = ['0/1', '0/2', '0/3', '0/4', '1/1', '1/9', '2/1', '2/2', '2/3', '2/4'];
      expect(left(t).sort()).to.deep.equal(expected);
      expect(left(swept(t)).sort()).to.deep.equal(expected);
      expect(t.tracker.count).to.equal(10);
    });

    it('one by its tuple, in either direction', () => {
      const t = fill();
      const tuple = { family: 4 as const, proto: 17, src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 2 };
      t.tracker.flush({ zone: 2, tuple }, t.now_ms);
      expect(left(t)).to.have.length(11).and.not.include('2/2');
      t.tracker.flush({ tuple: { ...tuple, src: '10.0.0.1', dst: '10.0.0.2', sport: 3, dport: 80 } }, t.now_ms);
      expect(left(t)).to.have.length(10).and.not.include('0/3');
      t.tracker.flush({ tuple }, t.now_ms);
      t.tracker.flush({ tuple }, t.now_ms);
      t.tracker.flush({ tuple: { ...tuple, src: 'nonsense' } }, t.now_ms);
      expect(left(t)).to.have.length(9);
    });

    it('an ICMP query by its tuple', () => {
      const t = new Tracking();
      t.send(icmp6({ id: 4 }), commit());
      const tuple = {
        family: 6 as const,
        proto: 58,
        src: '2001:db8::1',
        dst: '2001:db8::2',
        id: 4,
        type: 128,
        code: 0,
      };
      t.tracker.flush({ tuple }, t.now_ms);
      expect(left(t)).to.deep.equal([]);
    });

    it('by mark, everywhere or in a zone; a connection that is marked afterwards stays', () => {
      const t = fill();
      t.tracker.flush({ zone: 1, mark: 2 }, t.now_ms);
      expect(left(t)).to.have.length(11).and.not.include('1/2');
      t.tracker.flush({ mark: 1, markMask: 1 }, t.now_ms);
      const expected = ['0/2', '0/4', '1/4', '2/2', '2/4'];
      expect(left(t)).to.deep.equal(expected);
      t.send(udp4({ ...there, sport: 4 }), commit({ markValue: 1, markMask: 0xff }));
      expect(left(t)).to.deep.equal(expected);
      expect(left(swept(t))).to.deep.equal(expected);
      expect(t.tracker.count).to.equal(5);
    });

    it('by label', () => {
      const t = fill();
      t.send(udp4({ ...there, sport: 4 }), commit({ labelValue: label('700'), labelMask: label('f00') }));
      t.tracker.flush({ label: label('100'), labelMask: label('100') }, t.now_ms);
      expect(left(t)).to.have.length(11).and.not.include('0/4');
    });

    it('by mark while a sweep is under way still meets every record', () => {
      const t = fill();
      t.wait(30);
      t.tracker.sweep(t.now_ms, 6);
      t.tracker.flush({ mark: 1 }, t.now_ms);
      for (let n = 0; n < 10; n++) t.tracker.sweep(t.now_ms, 6);
      expect(t.tracker.count).to.equal(9);
      expect(left(t)).to.not.include('0/1');
    });
  });

  it('many flushes by mark in a row, each at once for lookups', () => {
    const t = new Tracking();
    for (let n = 1; n <= 300; n++) t.send(udp4({ sport: n }), commit({ markValue: n, markMask: 0xffff }));
    for (let n = 1; n <= 200; n++) {
      t.tracker.flush({ mark: n }, t.now_ms);
      expect(t.send(udp4({ sport: n }))).to.equal('new|trk');
      expect(t.track(udp4({ sport: n + 1 })).mark).to.equal(n + 1);
    }
    expect(t.dump()).to.have.length(100);
  });

  it('settings: what is set can be read', () => {
    const { tracker } = new Tracking({ smallestFragment: { ipv4: 1200, ipv6: 1280 } });
    tracker.limit = 1000;
    tracker.zones.defaultLimit = 10;
    tracker.zones.setLimit(5, 3);
    tracker.timeouts.set('short', { udp_first: 1 });
    tracker.timeouts.choose(9, 'short');
    tracker.tcpSequenceChecks = false;
    tracker.natExhausted = 'drop';
    const settings = tracker.settings();
    expect(settings).to.deep.include({
      limit: 1000,
      zone_limit: 10,
      zone_limits: [{ zone: 5, limit: 3, count: 0 }],
      zone_policies: [{ zone: 9, policy: 'short' }],
      tcp_sequence_checks: false,
      nat_exhausted: 'drop',
      smallest_fragment: { ipv4: 1200, ipv6: 1280 },
    });
    expect(settings.policies.map(({ name, timeouts }) => [name, timeouts.udp_first])).to.deep.equal([
      ['default', 60],
      ['short', 1],
    ]);
  });

  it('dump and statistics in turns give the same as at once, by zone, protocol and mark, too', () => {
    const t = new Tracking();
    for (let n = 1; n <= 50; n++) {
      t.send(udp4({ sport: n }), commit({ zone: n % 3, markValue: n % 4, markMask: 0xff }));
      t.send(tcp4({ sport: n, flags: 'syn' }), commit({ zone: n % 3 }));
    }
    for (const filter of [{}, { zone: 1 }, { proto: 17, zone: 2 }, { mark: 1, markMask: 1 }]) {
      const steps = [...t.tracker.dumpSteps(t.now_ms, filter, 7)];
      expect(steps.length).to.equal(15);
      expect(steps.flat()).to.deep.equal([...t.tracker.dump(t.now_ms, filter)]);
      const counting = t.tracker.statisticsSteps(t.now_ms, filter, 7);
      let turns = 1;
      let step = counting.next();
      for (; !step.done; step = counting.next()) turns++;
      expect(turns).to.equal(15);
      expect(step.value).to.deep.equal(t.tracker.statistics(t.now_ms, filter));
      expect(step.value).to.have.property('total', steps.flat().length);
    }
  });

  it('statistics: by protocol and TCP state', () => {
    const t = new Tracking();
    t.send(udp4(), commit());
    t.send(udp6(), commit());
    t.send(tcp4({ ...there, flags: 'syn' }), commit());
    t.send(tcp4({ ...there, sport: 7, flags: 'syn' }), commit());
    t.send(tcp4({ ...back, flags: 'syn|ack', ack: 1 }), commit());
    expect(t.tracker.statistics(t.now_ms)).to.deep.equal({
      total: 4,
      protocols: { udp: 2, tcp: 2 },
      tcp_states: { SYN_SENT: 1, ESTABLISHED: 1 },
      sctp_states: {},
    });
  });

  it('events: new, updated with state or mark, destroyed and why', () => {
    const t = new Tracking();
    const seen: string[] = [];
    t.tracker.listen((event: CtEvent) => {
      const { orig, mark, tcp } = event.connection;
      const why = event.type === 'destroyed' ? ` ${event.why}` : '';
      const state = tcp === null ? '' : ` ${tcp.orig.state}/${tcp.reply.state}`;
      seen.push(`${event.type}${why} ${orig.proto} mark=${mark}${state}`);
    });
    const took = (): string[] => seen.splice(0);
    t.send(udp4(there), commit({ markValue: 1, markMask: 1 }));
    expect(took()).to.deep.equal(['new 17 mark=1']);
    t.send(udp4(back));
    t.send(udp4(there));
    expect(took()).to.deep.equal(['updated 17 mark=1']);
    t.send(udp4(there), commit({ markValue: 2, markMask: 3 }));
    t.send(udp4(there), commit({ markValue: 2, markMask: 3 }));
    expect(took()).to.deep.equal(['updated 17 mark=2']);
    t.send(udp4(back), commit({ force: true }));
    expect(took()).to.deep.equal(['destroyed replaced 17 mark=2', 'new 17 mark=0']);
    t.send(tcp4({ ...there, flags: 'syn' }), commit());
    t.send(tcp4({ ...back, flags: 'syn|ack', ack: 1 }));
    expect(took()).to.deep.equal(['new 6 mark=0 SYN_SENT/CLOSED', 'updated 6 mark=0 ESTABLISHED/SYN_SENT']);
    t.tracker.flush({}, t.now_ms);
    t.tracker.sweep(t.now_ms);
    expect(took()).to.deep.equal(['destroyed flushed 17 mark=0', 'destroyed flushed 6 mark=0 ESTABLISHED/SYN_SENT']);
    t.send(udp4(there), commit());
    t.wait(100);
    t.tracker.sweep(t.now_ms);
    expect(took()).to.deep.equal(['new 17 mark=0', 'destroyed expired 17 mark=0']);
    t.tracker.listen(null);
    t.send(udp4(there), commit());
    expect(took()).to.deep.equal([]);
  });
});
