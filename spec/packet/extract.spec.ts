import { expect } from 'chai';
import { extract } from '../../lib/packet/extract.js';
import { ETH_TYPE_NONE, Key, type Slot, slots } from '../../lib/packet/key.js';
import { Packet } from '../../lib/packet/packet.js';
import { arp, ethernet, icmp4, ip4, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';

function keyOf(frame: Uint8Array, key = new Key()): Key {
  extract(new Packet().attach(frame), key, 7);
  return key;
}
const read = (frame: Uint8Array, slot: Slot): number => keyOf(frame).get(slot);

describe('packet/extract', () => {
  it('OpenFlow 1.3.5 §7.2.3.7: 802.3 with SNAP and OUI 0 takes its type from SNAP, other LLC is 0x05ff', () => {
    const snap = ethernet(12, [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x06, 1, 2, 3, 4]);
    const otherOui = ethernet(12, [0xaa, 0xaa, 3, 0, 0, 1, 0x08, 0x06, 1, 2, 3, 4]);
    const llc = ethernet(3, [0x42, 0x42, 3]);
    expect([snap, otherOui, llc].map((frame) => read(frame, slots.eth_type))).to.deep.equal([
      0x0806,
      ETH_TYPE_NONE,
      ETH_TYPE_NONE,
    ]);
  });

  it('a priority tag is a tag; without one the TCI is zero', () => {
    expect(read(udp4({ vlan: [{ vid: 0, pcp: 0 }] }), slots.vlan_tci)).to.equal(0x1000);
    expect(read(udp4({ vlan: [{ vid: 5, pcp: 3 }, 6] }), slots.vlan_tci)).to.equal(0x7005);
    expect(read(udp4({ vlan: [5, 6] }), slots.inner_vlan_tci)).to.equal(0x1006);
    expect(read(udp4({ vlan: [5, 6] }), slots.eth_type)).to.equal(0x0800);
    expect(read(udp4(), slots.vlan_tci)).to.equal(0);
  });

  it('14 bytes are a frame, fewer are none', () => {
    const frame = ethernet(0x0800, []);
    expect(frame.length).to.equal(14);
    expect(read(frame, slots.eth_type)).to.equal(0x0800);
    expect(read(frame.slice(0, 13), slots.eth_type)).to.equal(0);
  });

  it('reads ports, flags, ICMP, ARP, and in_port', () => {
    const tcp = keyOf(tcp4({ src: '1.2.3.4', sport: 5, dport: 6, flags: 'syn|ack', ttl: 9 }));
    expect(
      [slots.tp_src, slots.tp_dst, slots.tcp_flags, slots.nw_ttl, slots.nw_proto].map((s) => tcp.get(s)),
    ).to.deep.equal([5, 6, 0x12, 9, 6]);
    expect([...tcp.getBytes(slots.ipv4_src)]).to.deep.equal([1, 2, 3, 4]);
    expect([tcp.get(slots.in_port), tcp.get(slots.in_phy_port)]).to.deep.equal([7, 7]);
    const icmp = keyOf(icmp4({ type: 3, code: 1 }));
    expect([icmp.get(slots.tp_src), icmp.get(slots.tp_dst)]).to.deep.equal([3, 1]);
    expect(read(arp({}), slots.arp_op)).to.be.oneOf([1, 2]);
  });

  it('a later fragment has no ports, the first one has', () => {
    const first = keyOf(ip4(17, Uint8Array.of(0, 5, 0, 6, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8), { mf: true }));
    const later = keyOf(ip4(17, Uint8Array.of(0, 5, 0, 6), { offset: 16 }));
    expect([first.get(slots.nw_frag), first.get(slots.tp_src)]).to.deep.equal([1, 5]);
    expect([later.get(slots.nw_frag), later.get(slots.tp_src)]).to.deep.equal([3, 0]);
  });

  it('stops at the last whole layer, at every length and for every changed byte, and never throws', () => {
    for (const frame of [tcp4({ payload: 'abc' }), udp6({ vlan: [3] }), tcp6({ payload: 'x' }), arp({})]) {
      for (let n = 0; n <= frame.length; n++) expect(() => keyOf(frame.slice(0, n))).not.to.throw();
      for (let at = 12; at < frame.length; at++) {
        for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
          const changed = frame.slice();
          changed[at] = byte;
          expect(() => keyOf(changed)).not.to.throw();
        }
      }
    }
    expect(read(tcp4({ payload: 'abc' }).slice(0, 40), slots.nw_proto)).to.equal(0);
  });

  it('leaves nothing of the packet before: the same key, used again, equals a fresh one', () => {
    const frames = [tcp6({}), udp4({}), arp({}), udp4({ vlan: [1, 2] }), icmp4({}), udp6({}), ethernet(0x88b5, [1])];
    const used = new Key();
    for (const a of frames) {
      for (const b of frames) {
        keyOf(a, used);
        keyOf(b, used);
        expect([...used.words]).to.deep.equal([...keyOf(b).words]);
      }
    }
  });
});
