/** ICMP errors: related to the connection whose packet they quote. */
import { expect } from 'chai';
import { icmp4, icmp6, inner, ip4, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';
import { commit, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 };
const there6 = { src: '2001:db8::1', dst: '2001:db8::2', sport: 1000, dport: 80 };

describe('ct/icmp errors', () => {
  for (const type of [3, 4, 5, 11, 12]) {
    it(`ICMP ${type} about a stored connection is rel|rpl where it goes against the original direction`, () => {
      const t = new Tracking();
      t.send(udp4(there), commit());
      const quote = inner(udp4(there), 28);
      expect(t.send(icmp4({ type, src: '10.0.0.2', dst: '10.0.0.1', payload: quote }))).to.equal('rel|rpl|trk');
      expect(t.send(icmp4({ type, src: '10.7.7.7', dst: '10.0.0.1', payload: quote }))).to.equal('rel|rpl|trk');
    });
  }

  for (const type of [1, 2, 3, 4]) {
    it(`ICMPv6 ${type}`, () => {
      const t = new Tracking();
      t.send(udp6(there6), commit());
      const quote = inner(udp6(there6));
      expect(t.send(icmp6({ type, src: '2001:db8::9', dst: '2001:db8::1', payload: quote }))).to.equal('rel|rpl|trk');
    });
  }

  it('about a reply it is rel without rpl', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    const error = icmp4({ type: 3, src: '10.0.0.1', dst: '10.0.0.2', payload: inner(udp4(back)) });
    expect(t.send(error)).to.equal('rel|trk');
  });

  it('is inv without a stored connection, and begins none', () => {
    const t = new Tracking();
    const error = icmp4({ type: 3, src: '10.0.0.2', dst: '10.0.0.1', payload: inner(udp4(there)) });
    expect(t.send(error, commit())).to.equal('inv|trk');
    expect(t.dump()).to.deep.equal([]);
  });

  it('is inv where its receiver did not send the quoted packet', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    const error = icmp4({ type: 3, src: '10.0.0.2', dst: '10.0.0.3', payload: inner(udp4(there)) });
    expect(t.send(error)).to.equal('inv|trk');
    t.send(udp6(there6), commit());
    const error6 = icmp6({ type: 1, src: '2001:db8::2', dst: '2001:db8::3', payload: inner(udp6(there6)) });
    expect(t.send(error6)).to.equal('inv|trk');
  });

  it('moves no timer and no state', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    t.wait(10);
    t.send(icmp4({ type: 3, src: '10.0.0.2', dst: '10.0.0.1', payload: inner(udp4(there)) }));
    expect(t.only()).to.contain('timeout=50');
    expect(t.send(udp4(there))).to.equal('new|trk');
  });

  it('IPv4 needs 8 bytes of the quoted L4 header', () => {
    const t = new Tracking();
    t.send(tcp4({ ...there, flags: 'syn' }), commit());
    const error = (bytes: number): Uint8Array =>
      icmp4({ type: 3, src: '10.0.0.2', dst: '10.0.0.1', payload: inner(tcp4({ ...there, flags: 'syn' }), bytes) });
    expect(t.send(error(28))).to.equal('rel|rpl|trk');
    expect(t.send(error(27))).to.equal('inv|trk');
    expect(t.send(error(19))).to.equal('inv|trk');
  });

  it('IPv6 needs a whole TCP header, and 8 bytes of UDP', () => {
    const t = new Tracking();
    t.send(tcp6({ ...there6, flags: 'syn' }), commit());
    t.send(udp6(there6), commit());
    const error = (quote: Uint8Array): string =>
      t.send(icmp6({ type: 3, src: '2001:db8::2', dst: '2001:db8::1', payload: quote }));
    expect(error(inner(tcp6({ ...there6, flags: 'syn' }), 60))).to.equal('rel|rpl|trk');
    expect(error(inner(tcp6({ ...there6, flags: 'syn' }), 59))).to.equal('inv|trk');
    expect(error(inner(udp6(there6), 48))).to.equal('rel|rpl|trk');
    expect(error(inner(udp6(there6), 47))).to.equal('inv|trk');
  });

  it('does not look at checksums inside, but at those of the error', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    const quote = inner(udp4({ ...there, checksum: 1, ip_checksum: 2 }));
    const to = { type: 3, src: '10.0.0.2', dst: '10.0.0.1', payload: quote };
    expect(t.send(icmp4(to))).to.equal('rel|rpl|trk');
    expect(t.send(icmp4({ ...to, checksum: 3 }))).to.equal('inv|trk');
  });

  it('may quote a query by its id, and a protocol without ports', () => {
    const t = new Tracking();
    const ping = { src: '10.0.0.1', dst: '10.0.0.2', id: 9 };
    t.send(icmp4(ping), commit());
    t.send(ip4(47, 'abcd', ping), commit());
    const error = (quote: Uint8Array): string =>
      t.send(icmp4({ type: 11, src: '10.0.0.2', dst: '10.0.0.1', payload: quote }));
    expect(error(inner(icmp4(ping)))).to.equal('rel|rpl|trk');
    expect(error(inner(icmp4({ ...ping, id: 8 })))).to.equal('inv|trk');
    expect(error(inner(ip4(47, '', ping)))).to.equal('rel|rpl|trk');
  });

  it('quotes no error, no fragment and no nonsense', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    const error = (quote: Uint8Array): string =>
      t.send(icmp4({ type: 11, src: '10.0.0.2', dst: '10.0.0.1', payload: quote }));
    expect(error(inner(icmp4({ type: 3, ...there, payload: inner(udp4(there)) })))).to.equal('inv|trk');
    expect(error(inner(udp4({ ...there, mf: true })))).to.equal('inv|trk');
    expect(error(new Uint8Array(40))).to.equal('inv|trk');
    expect(error(new Uint8Array(0))).to.equal('inv|trk');
  });
});
