/** What the ct action asks: zone, commit, force, exec, and ct again (ovs-actions(7), "The ct action"). */
import { expect } from 'chai';
import { Prior } from '../../lib/ct/index.js';
import { icmp4, inner, tcp4, udp4 } from '../support/frames.js';
import { commit, label, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 };

describe('ct/action', () => {
  it('zone: each is a table of its own', () => {
    const t = new Tracking();
    t.send(udp4(there), commit({ zone: 5 }));
    expect(t.send(udp4(back), { zone: 5 })).to.equal('est|rpl|trk');
    expect(t.send(udp4(back), { zone: 6 })).to.equal('new|trk');
    expect(t.send(udp4(back))).to.equal('new|trk');
    expect(t.track(udp4(back), { zone: 65535 }).zone).to.equal(65535);
  });

  it('commit: without it, what was learned lives as long as the packet', () => {
    const t = new Tracking();
    t.send(udp4(there));
    expect(t.dump()).to.deep.equal([]);
    expect(t.send(udp4(back))).to.equal('new|trk');
  });

  describe('force', () => {
    it('ends a stored connection of the other direction; a new one with mark 0 begins', () => {
      const t = new Tracking();
      t.send(udp4(there), commit({ markValue: 9, markMask: 0xffffffff }));
      const result = t.track(udp4(back), commit({ force: true }));
      expect(result.state).to.equal(0x21);
      expect(result.mark).to.equal(0);
      expect(t.only()).to.match(/^udp,orig=\(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000\).*timeout=60$/);
    });

    it('does nothing in the same direction', () => {
      const t = new Tracking();
      t.send(udp4(there), commit({ markValue: 9, markMask: 0xff }));
      t.send(udp4(back));
      const result = t.track(udp4(there), commit({ force: true }));
      expect(result.state).to.equal(0x22);
      expect(result.mark).to.equal(9);
    });

    it('ends the connection even where the packet may not begin one', () => {
      const t = new Tracking();
      t.send(tcp4({ ...there, flags: 'syn' }), commit());
      expect(t.send(tcp4({ ...back, flags: 'syn|ack' }), commit({ force: true }))).to.equal('inv|trk');
      expect(t.dump()).to.deep.equal([]);
    });
  });

  describe('exec', () => {
    it('writes through masks', () => {
      const t = new Tracking();
      t.send(udp4(there), commit({ markValue: 0x12345678, markMask: 0xffffffff }));
      expect(t.track(udp4(there), commit({ markValue: 0xf0, markMask: 0xf0 })).mark).to.equal(0x123456f8);
      const ask = commit({
        labelValue: label('ff00000000000000000000000000ee00'),
        labelMask: label(`${'f'.repeat(32)}`),
      });
      t.send(udp4(there), ask);
      const low = t.track(udp4(there), commit({ labelValue: label('11'), labelMask: label('ff') }));
      expect([...low.label]).to.deep.equal([...label('ff00000000000000000000000000ee11')]);
      expect(t.only()).to.contain('mark=305420024,labels=0xff00000000000000000000000000ee11');
    });

    it('keeps marks beyond 2^31 positive', () => {
      const t = new Tracking();
      expect(t.track(udp4(there), commit({ markValue: 0xfedcba98, markMask: 0xffffffff })).mark).to.equal(0xfedcba98);
      expect(t.only()).to.contain('mark=4275878552');
    });

    it('works on a stored connection in either direction', () => {
      const t = new Tracking();
      t.send(udp4(there), commit());
      t.send(udp4(back), commit({ markValue: 5, markMask: 0xff }));
      expect(t.track(udp4(there)).mark).to.equal(5);
    });

    it('works through an ICMP error about the connection', () => {
      const t = new Tracking();
      t.send(udp4(there), commit());
      const error = icmp4({ type: 3, src: '10.0.0.2', dst: '10.0.0.1', payload: inner(udp4(there)) });
      t.send(error, commit({ markValue: 3, markMask: 0xff }));
      expect(t.track(udp4(there)).mark).to.equal(3);
    });

    it('does nothing on inv, which shows the mark of its connection all the same', () => {
      const t = new Tracking();
      t.send(tcp4({ ...there, flags: 'syn', seq: 1 }), commit({ markValue: 4, markMask: 0xff }));
      t.send(tcp4({ ...back, flags: 'syn|ack', seq: 1, ack: 2 }));
      const stray = t.track(
        tcp4({ ...there, flags: 'ack', seq: 1e9, ack: 2, payload: 'x' }),
        commit({ markValue: 8, markMask: 0xff }),
      );
      expect(stray.state).to.equal(0x30);
      expect(stray.mark).to.equal(4);
      expect(t.only()).to.contain('mark=4');
    });
  });

  describe('ct again', () => {
    it('in the same zone reads mark and label again; the machine does not advance', () => {
      const t = new Tracking();
      t.send(udp4(there), commit());
      const prior = t.keep(udp4(there));
      t.send(udp4(back), commit({ markValue: 6, markMask: 0xff }));
      t.wait(5);
      const again = t.track(udp4(there), {}, prior);
      expect(again.state).to.equal(0x21);
      expect(again.mark).to.equal(6);
      expect(t.only()).to.contain('timeout=25');
    });

    it('writes what its exec says', () => {
      const t = new Tracking();
      const prior = t.keep(udp4(there), commit());
      expect(t.track(udp4(there), commit({ markValue: 2, markMask: 3 }), prior).mark).to.equal(2);
      expect(t.only()).to.contain('mark=2');
    });

    it('commits what was not stored before', () => {
      const t = new Tracking();
      const prior = t.keep(udp4(there));
      expect(prior.connection).to.equal(-1);
      expect(t.send(udp4(there), commit(), prior)).to.equal('new|trk');
      expect(t.dump()).to.have.length(1);
    });

    it('in another zone tracks anew', () => {
      const t = new Tracking();
      t.send(udp4(there), commit());
      const prior = t.keep(udp4(back));
      expect(prior.state).to.equal(0x2a);
      expect(t.send(udp4(back), { zone: 2 }, prior)).to.equal('new|trk');
    });

    it('does not take a connection for the one that had its place before', () => {
      const t = new Tracking();
      const prior = t.keep(udp4(there), commit({ markValue: 1, markMask: 1 }));
      t.tracker.flush({}, t.now_ms);
      for (let due = 0; due === 0; ) due = t.tracker.sweep(t.now_ms);
      t.send(udp4({ ...there, sport: 2000 }), commit({ markValue: 6, markMask: 7 }));
      const again = t.track(udp4(there), {}, prior);
      expect(again.mark).to.equal(0);
      expect(again.tp_src).to.equal(1000);
    });

    it('leaves inv as it is until ct_clear', () => {
      const t = new Tracking();
      const pong = icmp4({ type: 0, id: 4, src: '10.0.0.2', dst: '10.0.0.1' });
      const prior = t.keep(pong);
      expect(prior.state).to.equal(0x30);
      t.send(icmp4({ id: 4 }), commit());
      expect(t.send(pong, {}, prior)).to.equal('inv|trk');
      prior.clear();
      expect(t.send(pong, {}, prior)).to.equal('est|rpl|trk');
    });

    it('with force looks afresh', () => {
      const t = new Tracking();
      t.send(udp4(there), commit());
      const prior = t.keep(udp4(back));
      expect(t.send(udp4(back), commit({ force: true }), prior)).to.equal('new|trk');
    });

    it('a prior that was never filled means nothing', () => {
      const t = new Tracking();
      t.send(udp4(there), commit());
      expect(t.send(udp4(back), {}, new Prior())).to.equal('est|rpl|trk');
    });
  });

  it('look answers like process, and changes nothing', () => {
    const t = new Tracking();
    expect(t.look(udp4(there), commit()).state).to.equal(0x21);
    expect(t.dump()).to.deep.equal([]);
    t.send(udp4(there), commit());
    const before = t.only({ statistics: true, more: true });
    t.wait(3);
    expect(t.look(udp4(back), commit({ force: true })).state).to.equal(0x21);
    expect(t.look(udp4(back)).state).to.equal(0x2a);
    expect(t.only({ statistics: true, more: true })).to.equal(before.replace('timeout=60', 'timeout=57'));
  });
});
