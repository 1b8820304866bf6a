/** The library's builders beside those of specs, which share nothing with lib; answers; and what can't be built. */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { arp, frame, icmp, ManualClock, memory, reply, Switch, tcp, udp } from '../../lib/index.js';
import * as raw from '../support/frames.js';

const V6 = { src: '2001:db8::5', dst: '2001:db8::6' };
const CASES: Record<string, [built: () => Uint8Array, meant: () => Uint8Array]> = {
  'TCP as it is unless told': [() => tcp(), () => raw.tcp4({ window: 65535 })],
  'TCP with all it may say': [
    () =>
      tcp({
        ...{ from: '10.0.0.9:1234', to: '192.0.2.9:443', flags: 'psh|ack', seq: 0xfffffffe, ack: 7, window: 512 },
        ...{ payload: 'héllo', ttl: 3, ip_id: 9, eth_src: '02:00:00:00:00:01', eth_dst: '02:00:00:00:00:02' },
        ...{ vlan_vid: 5, vlan_pcp: 6 },
      }),
    () =>
      raw.tcp4({
        ...{ src: '10.0.0.9', dst: '192.0.2.9', sport: 1234, dport: 443, flags: 'psh|ack', seq: 0xfffffffe, ack: 7 },
        ...{ window: 512, payload: 'héllo', ttl: 3, id: 9, eth_src: '02:00:00:00:00:01' },
        ...{ eth_dst: '02:00:00:00:00:02', vlan: [{ vid: 5, pcp: 6 }] },
      }),
  ],
  'TCP over IPv6': [
    () => tcp({ from: '[2001:db8::5]:1', to: '[2001:db8::6]:2', flags: 'syn', window: 1 }),
    () => raw.tcp6({ ...V6, sport: 1, dport: 2, flags: 'syn', window: 1 }),
  ],
  'UDP without ports': [
    () => udp({ from: '10.1.0.1', to: '10.1.0.2' }),
    () => raw.udp4({ src: '10.1.0.1', dst: '10.1.0.2' }),
  ],
  'UDP over IPv6': [
    () => udp({ from: '2001:db8::5', payload: Uint8Array.of(1, 2, 3) }),
    () => raw.udp6({ src: V6.src, payload: Uint8Array.of(1, 2, 3) }),
  ],
  'fields of one’s own': [() => udp({ fields: 'nw_tos=184' }), () => raw.udp4({ tos: 184 })],
  'an echo request': [
    () => icmp({ ip_id: 3, id: 3, seq: 4, payload: 'x' }),
    () => raw.icmp4({ id: 3, icmp_seq: 4, payload: 'x' }),
  ],
  'an error of ICMPv6': [
    () => icmp({ from: V6.src, to: V6.dst, type: 1, code: 4, id: 0, seq: 0 }),
    () => raw.icmp6({ ...V6, type: 1, code: 4 }),
  ],
  "ARP's question": [
    () => arp({ from: '10.0.0.7', to: '10.0.0.8' }),
    () => raw.arp({ spa: '10.0.0.7', tpa: '10.0.0.8' }),
  ],
  "ARP's answer": [
    () => arp({ op: 'reply', eth_src: '02:00:00:00:00:09' }),
    () => raw.arp({ op: 2, eth_src: '02:00:00:00:00:09', tha: '50:54:00:00:00:02', eth_dst: '50:54:00:00:00:02' }),
  ],
  'a text': [
    () => frame('udp,nw_src=10.0.0.3,udp_dst=53', { payload: 'q' }),
    () => raw.udp4({ src: '10.0.0.3', dport: 53, payload: 'q' }),
  ],
  'hexadecimal digits': [() => frame(`0x${toHex(raw.udp4())}`), () => raw.udp4()],
  'the answer to SYN': [
    () => reply(tcp({ flags: 'syn', seq: 0xffffffff }), { seq: 500 }),
    () =>
      raw.tcp4({
        ...{ src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000, flags: 'syn|ack', seq: 500, ack: 0 },
        ...{ window: 65535, eth_src: '50:54:00:00:00:02', eth_dst: '50:54:00:00:00:01' },
      }),
  ],
  'the answer to a question, with fields': [
    () => reply(udp({ payload: 'q' }), { fields: 'nw_ttl=9', payload: 'answer' }),
    () =>
      raw.udp4({
        ...{ src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000, ttl: 9, payload: 'answer' },
        ...{ eth_src: '50:54:00:00:00:02', eth_dst: '50:54:00:00:00:01' },
      }),
  ],
};

const WRONG: Record<string, [() => Uint8Array, RegExp]> = {
  'two families': [() => tcp({ from: '10.0.0.1:1', to: '[2001:db8::1]:1' }), /one is IPv4, the other IPv6/],
  'no address': [() => udp({ from: 'localhost:80' }), /from: "localhost:80" is no address and port/],
  'a port that is none': [() => udp({ to: '10.0.0.1:70000' }), /to: "10.0.0.1:70000" is no address/],
  'a port of ICMP': [() => icmp({ to: '10.0.0.1:7' }), /has a port, which this protocol doesn't/],
  'flags that are none': [() => tcp({ flags: 'sin' }), /sin/],
  'numbers out of range': [() => tcp({ seq: 2 ** 32 }), /seq: 4294967296 is no number of 32 bits/],
  'fields of no packet': [() => frame('tcp,ct_mark=1'), /ct_mark is no part of a packet/],
  'some bits of a field': [() => frame('tcp,nw_src=10.0.0.0/8'), /a packet has one ip_src/],
  'payload in ARP': [() => frame('arp', { payload: 'x' }), /carries no payload/],
};

describe('frames: builders', () => {
  for (const [what, [built, meant]] of Object.entries(CASES)) {
    it(`builds ${what}`, () => expect(toHex(built())).to.equal(toHex(meant())));
  }

  for (const [what, [built, why]] of Object.entries(WRONG)) {
    it(`refuses ${what}`, () => expect(built).to.throw(RangeError, why));
  }

  it('a handshake with data goes through the tracker', () => {
    const sw = new Switch({ clock: new ManualClock() });
    const [a, b] = [sw.addPort(1, memory()), sw.addPort(2, memory())];
    sw.flows.load(`
      table=0,tcp,actions=ct(table=1)
      table=1,ct_state=+trk-inv,tcp,in_port=1,actions=ct(commit),2
      table=1,ct_state=+trk+est-inv,tcp,in_port=2,actions=1`);
    const syn = tcp({ from: '10.0.0.1:1000', to: '192.0.2.9:80', flags: 'syn', seq: 100 });
    a.inject(syn);
    const synAck = reply(b.taken()[0], { seq: 900 });
    b.inject(synAck);
    a.inject(reply(a.taken()[0]));
    a.inject(reply(synAck, { payload: 'GET / HTTP/1.1' }));
    expect(b.taken()).to.have.length(2);
    expect(sw.conntrackText()).to.have.length(1);
    expect(sw.conntrackText()[0]).to.contain('state=ESTABLISHED');
  });
});
