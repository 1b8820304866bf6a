/** The fields of ct, rule by rule (ovs-fields(7), "Connection Tracking Fields"). */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import type { CtResult } from '../../lib/ct/index.js';
import { icmp4, icmp6, inner, ip4, tcp4, udp4, udp6 } from '../support/frames.js';
import { commit, label, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 };

function original(result: CtResult): string {
  const size = result.family === 4 ? 4 : 16;
  const address = (bytes: Uint8Array): string => toHex(bytes, 0, size);
  return `${result.proto} ${address(result.src)}:${result.tp_src} ${address(result.dst)}:${result.tp_dst}`;
}

describe('ct/fields', () => {
  describe('1. inv comes with trk alone; new and est, new and rpl exclude each other', () => {
    it('sets inv and trk, and no tuple', () => {
      const t = new Tracking();
      const result = t.track(udp4({ ...there, checksum: 1 }));
      expect(result.state).to.equal(0x30);
      expect(result).to.include({ family: 0, proto: 0, tp_src: 0, tp_dst: 0, connection: -1, mark: 0 });
      expect([...result.src, ...result.dst, ...result.label].every((n) => n === 0)).to.equal(true);
    });

    it('never sets them together, whatever comes', () => {
      const t = new Tracking();
      for (const flags of ['syn', 'syn|ack', 'syn', 'ack', 'fin|ack', 'ack', 'fin|ack', 'ack', 'syn', 'rst']) {
        for (const way of [there, back]) {
          const { state } = t.track(tcp4({ ...way, flags, seq: 1, ack: 1 }), commit());
          expect(state & 0x03, flags).to.not.equal(0x03);
          expect(state & 0x09, flags).to.not.equal(0x09);
          if (state & 0x10) expect(state, flags).to.equal(0x30);
        }
      }
    });
  });

  describe('2. est', () => {
    it('UDP: from the first reply on; until then every packet is new again, with mark and label', () => {
      const t = new Tracking();
      const ask = commit({ markValue: 7, markMask: 0xff, labelValue: label('1234'), labelMask: label('ffff') });
      expect(t.send(udp4(there), ask)).to.equal('new|trk');
      const again = t.track(udp4(there));
      expect(again.state).to.equal(0x21);
      expect(again.mark).to.equal(7);
      expect([...again.label]).to.deep.equal([...label('1234')]);
      expect(t.send(udp4(back))).to.equal('est|rpl|trk');
      expect(t.send(udp4(there))).to.equal('est|trk');
    });

    it('ICMP and any other protocol: the same', () => {
      const t = new Tracking();
      const gre = (src: string, dst: string): Uint8Array => ip4(47, 'abcd', { src, dst });
      const ping = { id: 5, src: '10.0.0.1', dst: '10.0.0.2' };
      const pong = { id: 5, src: '10.0.0.2', dst: '10.0.0.1', type: 0 };
      expect(t.send(icmp4(ping), commit())).to.equal('new|trk');
      expect(t.send(icmp4(ping))).to.equal('new|trk');
      expect(t.send(icmp4(pong))).to.equal('est|rpl|trk');
      expect(t.send(icmp4(ping))).to.equal('est|trk');
      expect(t.send(gre('10.0.0.1', '10.0.0.2'), commit())).to.equal('new|trk');
      expect(t.send(gre('10.0.0.1', '10.0.0.2'))).to.equal('new|trk');
      expect(t.send(gre('10.0.0.2', '10.0.0.1'))).to.equal('est|rpl|trk');
      expect(t.send(gre('10.0.0.1', '10.0.0.2'))).to.equal('est|trk');
    });

    it('TCP: every accepted packet of a stored connection, without waiting for a reply', () => {
      const t = new Tracking();
      expect(t.send(tcp4({ ...there, flags: 'ack', seq: 100 }), commit())).to.equal('new|trk');
      expect(t.send(tcp4({ ...there, flags: 'ack', seq: 100 }))).to.equal('est|trk');
    });

    it('TCP: a bare SYN from a side not beyond SYN_SENT is new, and without rpl even in the reply direction', () => {
      const t = new Tracking();
      expect(t.send(tcp4({ ...there, flags: 'syn', seq: 100 }), commit())).to.equal('new|trk');
      expect(t.send(tcp4({ ...there, flags: 'syn', seq: 100 }))).to.equal('new|trk');
      expect(t.send(tcp4({ ...back, flags: 'syn', seq: 900 }))).to.equal('new|trk');
    });
  });

  describe('3. rpl and rel only when the connection is stored', () => {
    it('sets neither for an uncommitted one', () => {
      const t = new Tracking();
      expect(t.send(udp4(there))).to.equal('new|trk');
      expect(t.send(udp4(back))).to.equal('new|trk');
      const error = icmp4({ type: 3, src: '10.0.0.2', dst: '10.0.0.1', payload: inner(udp4(there)) });
      expect(t.send(error)).to.equal('inv|trk');
      t.send(udp4(there), commit());
      expect(t.send(error)).to.equal('rel|rpl|trk');
    });
  });

  describe('5. the original tuple', () => {
    it("is an uncommitted packet's own headers", () => {
      const t = new Tracking();
      expect(original(t.track(udp4(back)))).to.equal('17 0a000002:80 0a000001:1000');
    });

    it('is that of the packet that began a stored connection, whatever the direction', () => {
      const t = new Tracking();
      t.send(tcp4({ ...there, flags: 'syn' }), commit());
      const reply = t.track(tcp4({ ...back, flags: 'syn|ack', ack: 1 }));
      expect(original(reply)).to.equal('6 0a000001:1000 0a000002:80');
    });

    it('is the connection that an ICMP error is about', () => {
      const t = new Tracking();
      t.send(udp4(there), commit());
      const error = icmp4({ type: 11, src: '10.9.9.9', dst: '10.0.0.1', payload: inner(udp4(there)) });
      expect(original(t.track(error))).to.equal('17 0a000001:1000 0a000002:80');
    });

    it("has ICMP's type and code", () => {
      const t = new Tracking();
      expect(original(t.track(icmp4({ id: 77 })))).to.equal('1 0a000001:8 0a000002:0');
      expect(original(t.track(icmp6({ id: 77 })))).to.match(/^58 20010db8\S+1:128 20010db8\S+2:0$/);
    });

    it('has IPv6 addresses whole', () => {
      const t = new Tracking();
      t.send(udp6({ src: '2001:db8:1:2:3:4:5:6', dst: 'fe80::1' }), commit());
      const reply = t.track(udp6({ src: 'fe80::1', dst: '2001:db8:1:2:3:4:5:6', sport: 80, dport: 1000 }));
      expect(reply.state).to.equal(0x2a);
      expect(original(reply)).to.equal('17 20010db8000100020003000400050006:1000 fe800000000000000000000000000001:80');
    });
  });
});
