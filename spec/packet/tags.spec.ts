import { expect } from 'chai';
import { checksum, fromHex, toHex } from '../../lib/bytes/index.js';
import { extract } from '../../lib/packet/extract.js';
import { Key, slots } from '../../lib/packet/key.js';
import { Packet } from '../../lib/packet/packet.js';
import { changeTags, TAG } from '../../lib/packet/tags.js';
import { ethernet, icmp6, ip6, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';

const ADDRESSES = '505400000002505400000001';

function packetOf(frame: Uint8Array): { packet: Packet; key: Key } {
  const packet = new Packet().attach(frame.slice());
  const key = new Key();
  extract(packet, key, 1);
  return { packet, key };
}

/** A frame after changes, in hexadecimal, "_" for what isn't shown. */
function after(frame: Uint8Array, ...changes: [kind: number, a?: number, b?: number][]): string {
  const { packet } = packetOf(frame);
  for (const [kind, a = 0, b = 0] of changes) changeTags(packet, kind, a, b);
  return toHex(packet.frame());
}

const plain = udp4({ payload: 'hello' });
const behind = toHex(plain).slice(28);

describe('packet/tags', () => {
  it('puts labels behind VLAN tags and takes them away', () => {
    const tagged = udp4({ payload: 'hello', vlan: [5, 6] });
    const labelled = after(tagged, [TAG.pushMpls, 0x8847, 0x00010140], [TAG.pushMpls, 0x8848, 0x00011041]);
    expect(labelled).to.equal(`${ADDRESSES}81000005810000068848000110410001 0140${behind}`.replaceAll(' ', ''));
    expect(after(fromHex(labelled), [TAG.popMpls, 0x8847], [TAG.popMpls, 0x0800])).to.equal(toHex(tagged));
  });

  it('finds a label behind SNAP, and changes the length in front of it', () => {
    const snap = ethernet(20, [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const labelled = `${ADDRESSES}0018aaaa030000008847000101400102030405060708090a0b0c`;
    expect(after(snap, [TAG.pushMpls, 0x8847, 0x00010140])).to.equal(labelled);
    expect(after(fromHex(labelled), [TAG.popMpls, 0x0800])).to.equal(toHex(snap));
  });

  it('takes 0x8100 and 0x88a8 for tags, and nothing else (IEEE 802.1Q §9.5)', () => {
    for (const [tpid, at] of [
      [0x8100, 16],
      [0x88a8, 16],
      [0x9100, 12],
    ]) {
      const packet = new Packet().attach(udp4({ vlan: [{ vid: 5, tpid }] }));
      extract(packet, new Key(), 1);
      expect(packet.typeAt - packet.start).to.equal(at);
    }
  });

  it('leaves a frame without an EtherType alone', () => {
    const llc = ethernet(3, [0x42, 0x42, 3]);
    expect(after(llc, [TAG.pushMpls, 0x8847, 1], [TAG.ethType, 0x0800])).to.equal(toHex(llc));
  });

  it('puts the backbone header in front of the whole frame and takes it away', () => {
    const tagged = udp4({ payload: 'hello', vlan: [5] });
    const pushed = after(tagged, [TAG.pushPbb, 0x60abcdef]);
    expect(pushed).to.equal(`${ADDRESSES}88e760abcdef${toHex(tagged)}`);
    expect(after(fromHex(pushed), [TAG.popPbb])).to.equal(toHex(tagged));
  });

  it("keeps the backbone's VLAN tag, which pop_vlan takes (OpenFlow 1.3.5 §5.12)", () => {
    const backbone = fromHex(`0a0a0a0a0a0a0b0b0b0b0b0b88a8000988e700abcdef${toHex(plain)}`);
    expect(after(backbone, [TAG.popPbb])).to.equal(`${ADDRESSES}88a800090800${behind}`);
  });

  it('copies TTLs between labels, and between a label and IP', () => {
    const labels = (outer: string, inner: string) => fromHex(`${ADDRESSES}8847${outer}${inner}0000`);
    expect(after(labels('00010005', '00011140'), [TAG.copyTtlOut])).to.equal(toHex(labels('00010040', '00011140')));
    expect(after(labels('00010005', '00011140'), [TAG.copyTtlIn])).to.equal(toHex(labels('00010005', '00011105')));
    const label = (ttl: string, frame: Uint8Array) => fromHex(`${ADDRESSES}8847000101${ttl}${toHex(frame).slice(28)}`);
    for (const make of [tcp4, tcp6]) {
      const ttl = (n: number) => make({ ttl: n, hop_limit: n });
      expect(after(label('05', ttl(64)), [TAG.copyTtlOut])).to.equal(toHex(label('40', ttl(64))));
      expect(after(label('05', ttl(64)), [TAG.copyTtlIn])).to.equal(toHex(label('05', ttl(5))));
    }
  });

  it('copies no TTL out of what is neither, or too short', () => {
    for (const rest of ['0001', '450000', '60000000000011', `20${'00'.repeat(40)}`]) {
      const frame = fromHex(`${ADDRESSES}884700010105${rest}`);
      expect(after(frame, [TAG.copyTtlOut])).to.equal(toHex(frame));
      expect(after(frame, [TAG.copyTtlIn])).to.equal(toHex(frame));
    }
  });

  it('takes nothing away from a frame that is too short for it', () => {
    const short = fromHex(`${ADDRESSES}88470001`);
    expect(after(short, [TAG.popMpls, 0x0800])).to.equal(toHex(short));
    const cut = fromHex(`${ADDRESSES}88e700000001${ADDRESSES}`);
    expect(after(cut, [TAG.popPbb])).to.equal(toHex(cut));
  });

  it("writes IP's protocol and carries it into the checksums that count it", () => {
    const changed = fromHex(after(tcp4({ payload: 'abc' }), [TAG.ipProto, 17]));
    const original = tcp4({ payload: 'abc' });
    expect(changed[23]).to.equal(17);
    expect(checksum(changed, 14, 34)).to.equal(0);
    // The sum over the pseudo-header with the new protocol is right where TCP has its checksum.
    let pseudo = 17 + (original.length - 34);
    for (let i = 26; i < 34; i += 2) pseudo += (changed[i] << 8) | changed[i + 1];
    expect(checksum(changed, 34, changed.length, pseudo)).to.equal(0);
  });

  it('writes the protocol behind extension headers', () => {
    const extensions = [
      { type: 0, body: new Uint8Array(6) },
      { type: 60, body: new Uint8Array(6) },
    ];
    const frame = ip6(99, 'data', { extensions });
    const changed = fromHex(after(frame, [TAG.ipProto, 98]));
    expect(toHex(changed)).to.equal(toHex(ip6(98, 'data', { extensions })));
    const fragment = ip6(44, Uint8Array.of(17, 0, 0, 8, 0, 0, 0, 1, 9, 9));
    expect(after(fragment, [TAG.ipProto, 6]), 'a later fragment').to.equal(toHex(fragment));
  });

  it('keeps its offsets: what is behind can still be rewritten', () => {
    const { packet } = packetOf(udp6({ payload: 'x', vlan: [9] }));
    const before = [packet.typeAt, packet.l3, packet.l4].map((at) => at - packet.start);
    changeTags(packet, TAG.pushMpls, 0x8847, 0x00010140);
    expect(packet.l3 - packet.start).to.equal(before[1]);
    changeTags(packet, TAG.popMpls, 0x86dd, 0);
    expect([packet.typeAt, packet.l3, packet.l4].map((at) => at - packet.start)).to.deep.equal(before);
  });
});

describe('packet/extract', () => {
  const tags = (n: number) => udp4({ vlan: Array.from({ length: n }, (_, i) => i + 1) });

  it('shows two VLAN tags and counts the others', () => {
    for (const [n, outer, inner, more] of [
      [0, 0, 0, 0],
      [1, 0x1001, 0, 0],
      [2, 0x1001, 0x1002, 0],
      [3, 0x1001, 0x1002, 1],
      [8, 0x1001, 0x1002, 6],
    ]) {
      const { key } = packetOf(tags(n));
      const got = [slots.vlan_tci, slots.inner_vlan_tci, slots.vlan_more].map((slot) => key.get(slot));
      expect(got, `${n} tags`).to.deep.equal([outer, inner, more]);
      expect(key.get(slots.eth_type)).to.equal(0x0800);
    }
  });

  it('shows three labels', () => {
    const frame = fromHex(`${ADDRESSES}88470001000100011002000120030001310400000000`);
    const { key } = packetOf(frame);
    const got = [slots.mpls0, slots.mpls1, slots.mpls2].map((slot) => key.get(slot).toString(16));
    expect(got).to.deep.equal(['10001', '11002', '12003']);
  });

  it("shows PBB's service id and the bit for customer addresses", () => {
    const { key } = packetOf(fromHex(`${ADDRESSES}88e708abcdef${toHex(plain)}`));
    expect([key.get(slots.pbb_isid), key.get(slots.pbb_uca)]).to.deep.equal([0xabcdef, 1]);
  });

  /** OFPIEH_* bits (OpenFlow 1.3.5 §7.2.3.8) by a list of extension headers. */
  const CHAINS: [chain: number[], last: number, bits: number][] = [
    [[], 6, 0],
    [[], 59, 0x001],
    [[0], 6, 0x040],
    [[0, 60, 43, 51, 60], 17, 0x040 | 0x008 | 0x020 | 0x004],
    [[60, 60], 6, 0x008],
    [[60, 60, 60], 6, 0x008 | 0x080],
    [[43, 43], 6, 0x020 | 0x080],
    [[43, 0], 6, 0x020 | 0x040 | 0x100],
    [[51, 43], 58, 0x004 | 0x020 | 0x100],
    [[0], 50, 0x040 | 0x002],
  ];
  for (const [chain, last, bits] of CHAINS) {
    it(`IPv6 extension headers ${JSON.stringify(chain)} before ${last}: 0x${bits.toString(16)}`, () => {
      const extensions = chain.map((type) => ({ type, body: new Uint8Array(type === 51 ? 10 : 6) }));
      const frame = last === 58 ? icmp6({ extensions }) : ip6(last, new Uint8Array(24), { extensions });
      const { key } = packetOf(frame);
      expect(key.get(slots.ipv6_exthdr).toString(16)).to.equal(bits.toString(16));
      expect(key.get(slots.nw_proto)).to.equal(last);
    });
  }
});
