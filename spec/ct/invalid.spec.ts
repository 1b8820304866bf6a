/** What makes a packet inv, and what doesn't. */
import { expect } from 'chai';
import { arp, ethernet, icmp4, icmp6, ip4, ip6, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';
import { Tracking } from './tracking.js';

const VALID = 'new|trk';
const INVALID = 'inv|trk';

const cases: [what: string, frame: Uint8Array, state: string, why?: RegExp][] = [
  ['UDP', udp4(), VALID],
  ['UDP over IPv6', udp6(), VALID],
  ['a bad IP checksum', udp4({ ip_checksum: 0x1234 }), INVALID, /IP checksum/],
  ['IP options', udp4({ ip_options: Uint8Array.of(1, 1, 1, 0) }), VALID],
  ['a bad IP checksum over options', udp4({ ip_options: Uint8Array.of(1, 1, 1, 0), ip_checksum: 1 }), INVALID],
  ['a bad UDP checksum', udp4({ checksum: 0x1234 }), INVALID, /L4 checksum/],
  ['UDP checksum 0 over IPv4', udp4({ checksum: 0 }), VALID],
  ['UDP checksum 0 over IPv6', udp6({ checksum: 0 }), INVALID, /L4 checksum/],
  ['a bad UDP checksum over IPv6', udp6({ checksum: 7 }), INVALID],
  ['a bad TCP checksum', tcp4({ flags: 'syn', checksum: 7 }), INVALID],
  ['a bad TCP checksum over IPv6', tcp6({ flags: 'syn', checksum: 7 }), INVALID],
  ['a bad ICMP checksum', icmp4({ checksum: 7 }), INVALID],
  ['a bad ICMPv6 checksum', icmp6({ checksum: 7 }), INVALID],
  ['an odd length', udp4({ payload: 'abc' }), VALID],
  ['Ethernet padding', udp4({ padding: 18 }), VALID],
  ['Ethernet padding in TCP', tcp4({ flags: 'syn', padding: 6 }), VALID],
  ['TTL 0', udp4({ ttl: 0 }), VALID],
  ['hop limit 0', udp6({ hop_limit: 0 }), VALID],
  ['UDP source port 0', udp4({ sport: 0 }), INVALID, /port 0/],
  ['UDP destination port 0', udp4({ dport: 0 }), INVALID],
  ['TCP source port 0', tcp4({ flags: 'syn', sport: 0 }), INVALID],
  ['TCP destination port 0', tcp6({ flags: 'syn', dport: 0 }), INVALID],
  ['UDP length below 8', udp4({ udp_length: 7, checksum: 0 }), INVALID, /length/],
  ['UDP length beyond the payload', udp4({ udp_length: 9, checksum: 0 }), INVALID, /length/],
  ['a datagram longer than its frame', udp4({ total_length: 100 }), INVALID, /cut off/],
  ['UDP cut off', ip4(17, 'abcdefg'), INVALID],
  ['TCP cut off', ip4(6, 'x'.repeat(19)), INVALID],
  ['ICMP cut off', ip4(1, Uint8Array.of(8, 0, 0xf7, 0xff, 0, 0)), INVALID],
  [
    'a TCP header longer than the segment',
    ip4(6, Uint8Array.of(0, 1, 0, 1, ...Array(8).fill(0), 0xf0, 2, ...Array(6).fill(0))),
    INVALID,
  ],
  ['GRE', ip4(47, 'abcd'), VALID],
  ['another protocol without payload', ip4(50, ''), VALID],
  ['another protocol over IPv6', ip6(47, 'abcd'), VALID],
  ['IPv6 without next header', ip6(59, ''), VALID],
  ['UDP behind a destination header', udp6({ extensions: [{ type: 60, body: new Uint8Array(6) }] }), VALID],
  [
    'a bad checksum behind a hop-by-hop header',
    udp6({ extensions: [{ type: 0, body: new Uint8Array(6) }], checksum: 9 }),
    INVALID,
  ],
  ['VLAN and QinQ', udp4({ vlan: [{ vid: 7, tpid: 0x88a8 }, 8] }), VALID],
  ['ARP', arp(), INVALID, /not IPv4 or IPv6/],
  ['anything else that is not IP', ethernet(0x88cc, [1, 2, 3]), INVALID],
  ['an ICMP echo request', icmp4({ type: 8 }), VALID],
  ['an ICMP timestamp', icmp4({ type: 13 }), VALID],
  ['an ICMP information request', icmp4({ type: 15 }), VALID],
  ['an ICMP echo reply without request', icmp4({ type: 0 }), INVALID, /no stored query/],
  ['an ICMP timestamp reply without request', icmp4({ type: 14 }), INVALID],
  ['an ICMP information reply without request', icmp4({ type: 16 }), INVALID],
  ['an ICMP query with a code', icmp4({ type: 8, code: 1 }), INVALID],
  ['an ICMP address mask request', icmp4({ type: 17 }), INVALID],
  ['an ICMP router advertisement', icmp4({ type: 9 }), INVALID],
  ['an ICMPv6 echo request', icmp6({ type: 128 }), VALID],
  ['an ICMPv6 echo reply without request', icmp6({ type: 129 }), INVALID],
  ['an ICMPv6 echo with a code', icmp6({ type: 128, code: 1 }), INVALID],
  ['ICMPv6 over IPv4', ip4(58, 'abcdefgh'), INVALID, /over IPv4/],
  ['ICMP over IPv6', ip6(1, 'abcdefgh'), INVALID, /over IPv6/],
  ['neighbour solicitation', icmp6({ type: 135, payload: 'x'.repeat(16) }), INVALID],
  ['a multicast listener report', icmp6({ type: 131, payload: 'x'.repeat(16) }), INVALID],
];

describe('ct/invalid', () => {
  for (const [what, frame, state, why] of cases) {
    it(`${what}: ${state}`, () => {
      const t = new Tracking();
      if (why) expect(t.why(frame)).to.match(why);
      expect(t.send(frame)).to.equal(state);
      expect(t.tracker.counters.invalid).to.equal(state === INVALID ? 1 : 0);
    });
  }

  it('no cut of a frame throws, and only the whole one is valid', () => {
    for (const whole of [udp4({ payload: 'abcdef' }), tcp6({ flags: 'syn', wscale: 3 }), icmp4({ payload: 'abc' })]) {
      const t = new Tracking();
      for (let length = 0; length < whole.length; length++) {
        expect(t.send(whole.slice(0, length)), `${length} bytes`).to.equal(INVALID);
      }
      expect(t.send(whole)).to.equal(VALID);
    }
  });

  it('no changed byte behind the Ethernet header is overlooked, but those of fields that no checksum covers', () => {
    const whole = tcp4({ flags: 'syn', payload: 'data' });
    const t = new Tracking();
    for (let at = 14; at < whole.length; at++) {
      const changed = whole.slice();
      changed[at] ^= 0x10;
      expect(t.send(changed), `byte ${at}`).to.equal(INVALID);
    }
  });
});
