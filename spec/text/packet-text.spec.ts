import { expect } from 'chai';
import { fold, Random, sumBytes, toHex } from '../../lib/bytes/index.js';
import { formatState, lookupRequest, Tracker } from '../../lib/ct/index.js';
import { extract, Key, Packet, slots } from '../../lib/packet/index.js';
import { parseMatch, parsePacket } from '../../lib/text/index.js';
import { ethernet, icmp4, tcp4, udp6 } from '../support/frames.js';

const MACS = 'dl_src=50:54:00:00:00:01,dl_dst=50:54:00:00:00:02';
const ETHERNET = { eth_src: '50:54:00:00:00:01', eth_dst: '50:54:00:00:00:02' };
const V4 = `${MACS},nw_src=10.0.0.1,nw_dst=10.0.0.2`;
const V6 = `${MACS},ipv6_src=2001:db8::1,ipv6_dst=2001:db8::2`;

/** Texts whose frame must meet them again, read back. */
const TEXTS = [
  'in_port=1',
  `in_port=1,${MACS},dl_type=0x1234`,
  `${MACS},dl_vlan=5,dl_vlan_pcp=3`,
  `tcp,${V4},tp_src=1000,tp_dst=80`,
  `tcp,${V4},tp_src=1000,tp_dst=80,tcp_flags=+fin+ack`,
  `dl_vlan=7,udp,${V4},nw_ttl=3,nw_tos=32,nw_ecn=1,tp_src=53,tp_dst=54`,
  `icmp,${V4}`,
  `icmp,${V4},icmp_type=3,icmp_code=1`,
  `ip,${V4},nw_proto=89`,
  `udp,${V4},nw_frag=first`,
  `udp,${V4},nw_frag=later`,
  `sctp,${V4},tp_src=1,tp_dst=2`,
  `tcp6,${V6},ipv6_label=0x12345,nw_tos=8,tp_src=1000,tp_dst=80`,
  `udp6,${V6},nw_frag=first,tp_src=1,tp_dst=2`,
  `icmp6,${V6},icmp_type=135,icmp_code=0,nd_target=2001:db8::2,nd_sll=50:54:00:00:00:01`,
  `icmp6,${V6},icmp_type=136,icmp_code=0,nd_target=2001:db8::2,nd_tll=50:54:00:00:00:01`,
  `arp,${MACS},arp_spa=10.0.0.1,arp_tpa=10.0.0.2,arp_op=2,arp_sha=50:54:00:00:00:01,arp_tha=50:54:00:00:00:02`,
  `mpls,${MACS},mpls_label=100,mpls_tc=2,mpls_bos=1,mpls_ttl=9`,
  'in_port=2,reg3=7,metadata=0x123456789,pkt_mark=5,tun_id=9,ip,ct_state=+trk+est,ct_zone=5,ct_mark=8,ct_label=0x1',
];

describe('text: packets', () => {
  for (const text of TEXTS) {
    it(`${text}: the frame meets what was said`, () => {
      expect(parseMatch(text).fits(parsePacket(text).key.words)).to.equal(true);
    });
  }

  it('are byte for byte what an independent builder makes', () => {
    const frame = (text: string) => toHex(parsePacket(text).frame);
    expect(frame(`tcp,${V4},tp_src=1000,tp_dst=80`)).to.equal(
      toHex(tcp4({ ...ETHERNET, flags: 'syn', sport: 1000, dport: 80, window: 0xffff, seq: 0, ack: 0 })),
    );
    expect(frame(`udp6,${V6},tp_src=1,tp_dst=2,nw_ttl=64`)).to.equal(
      toHex(udp6({ ...ETHERNET, src: '2001:db8::1', dst: '2001:db8::2', sport: 1, dport: 2, hop_limit: 64 })),
    );
    expect(frame(`icmp,${V4}`)).to.equal(toHex(icmp4({ ...ETHERNET, id: 0, icmp_seq: 0 })));
    expect(frame(`dl_vlan=7,dl_type=0x1234,${MACS}`)).to.equal(toHex(ethernet(0x1234, [], { ...ETHERNET, vlan: [7] })));
  });

  it('have right checksums: the tracker takes them, with payloads of any length', () => {
    const payload = Uint8Array.from({ length: 33 }, (_, i) => i * 7);
    for (const text of [
      `tcp,${V4},tp_src=1,tp_dst=2`,
      `udp,${V4},tp_src=1,tp_dst=2`,
      `icmp,${V4}`,
      `sctp,${V4},tp_src=1,tp_dst=2`,
      `tcp6,${V6},tp_src=1,tp_dst=2`,
      `udp6,${V6},tp_src=1,tp_dst=2`,
      `icmp6,${V6}`,
    ]) {
      for (const length of text.startsWith('sctp') ? [] : [0, 1, 32, 33]) {
        const { frame } = parsePacket(text, {}, { payload: payload.slice(0, length) });
        const packet = new Packet().attach(frame);
        extract(packet, new Key(), 1);
        const tracker = new Tracker({ random: new Random(1) });
        expect(formatState(tracker.process(packet, lookupRequest(), 0).state), `${text} ${length}`).to.equal('new|trk');
      }
      if (text.includes('nw_src')) {
        const { frame } = parsePacket(text);
        expect(fold(sumBytes(frame, 14, 34))).to.equal(0xffff);
      }
    }
  });

  it('have a TTL of 64, a SYN, a request, unless said', () => {
    const key = (text: string) => parsePacket(text).key;
    expect(key('tcp').get(slots.nw_ttl)).to.equal(64);
    expect(key('tcp,nw_ttl=0').get(slots.nw_ttl)).to.equal(0);
    expect(key('tcp').get(slots.tcp_flags)).to.equal(2);
    expect(key('tcp,tcp_flags=0').get(slots.tcp_flags)).to.equal(0);
    expect(key('icmp').get(slots.tp_src)).to.equal(8);
    expect(key('icmp,icmp_type=0').get(slots.tp_src)).to.equal(0);
    expect(key('arp').get(slots.arp_op)).to.equal(1);
  });

  it('say where they are wrong', () => {
    expect(() => parsePacket('in_port=1,tpc')).to.throw(/:11|column 11|unknown field "tpc"/);
  });
});
