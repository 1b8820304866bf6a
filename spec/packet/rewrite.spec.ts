import { expect } from 'chai';
import { checksum, crc32c, ManualClock, Random, toHex } from '../../lib/bytes/index.js';
import { type Field, fields, formatValue, numberOf, slotOf } from '../../lib/nxm/index.js';
import { extract } from '../../lib/packet/extract.js';
import { Key } from '../../lib/packet/key.js';
import { Packet } from '../../lib/packet/packet.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { arp, icmp4, icmp6, ip4, ip6, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';

const SEED = Number(process.env.SEED ?? 1);

/** Sends a frame through one flow and returns what comes out of port 2. */
function through(flow: string, frame: Uint8Array): Uint8Array | undefined {
  const sw = new Switch({ clock: new ManualClock() });
  const a = sw.addPort(1, memory());
  const b = sw.addPort(2, memory());
  sw.flows.add(flow);
  a.inject(frame);
  return b.taken()[0];
}

function keyOf(frame: Uint8Array): { key: Key; packet: Packet } {
  const key = new Key();
  const packet = new Packet().attach(frame);
  extract(packet, key, 1);
  return { key, packet };
}

/** A wrong checksum's name, or null: computed anew, not from the code under test. */
function wrongChecksum(frame: Uint8Array): string | null {
  const { packet } = keyOf(frame);
  const b = frame;
  const { l3, l4, l3End } = packet;
  const version = b[l3] >> 4;
  const type = (b[packet.typeAt] << 8) | b[packet.typeAt + 1];
  if (type === 0x0800 && checksum(b, l3, l3 + (b[l3] & 15) * 4) !== 0) return 'ip';
  if ((type !== 0x0800 && type !== 0x86dd) || l4 < 0) return null;
  const proto = version === 4 ? b[l3 + 9] : packet.proto6;
  const length = l3End - l4;
  let pseudo = proto + length;
  const [from, to] = version === 4 ? [l3 + 12, l3 + 20] : [l3 + 8, l3 + 40];
  for (let i = from; i < to; i += 2) pseudo += (b[i] << 8) | b[i + 1];
  if (proto === 132) {
    const at = l4 + 8;
    const found = (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0;
    return found === crc32c(b, l4, l3End, at) ? null : 'sctp';
  }
  if (proto === 1) return checksum(b, l4, l3End) === 0 ? null : 'icmp';
  if (proto === 17 && ((b[l4 + 6] << 8) | b[l4 + 7]) === 0) return version === 4 ? null : 'udp6 zero';
  if (proto === 6 || proto === 17 || proto === 58)
    return checksum(b, l4, l3End, pseudo) === 0 ? null : `proto ${proto}`;
  return null;
}

function sctp4(): Uint8Array {
  const body = Uint8Array.of(0, 80, 3, 232, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 4);
  const crc = crc32c(body, 0, body.length, 8);
  for (let i = 0; i < 4; i++) body[8 + i] = crc >>> (8 * i);
  return ip4(132, body);
}

function neighbourSolicitation(): Uint8Array {
  const target = [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 2];
  const body = [...target, 1, 1, 2, 2, 2, 2, 2, 2];
  return icmp6({ type: 135, code: 0, id: 0, icmp_seq: 0, payload: Uint8Array.from(body) });
}

/** Frames with the match that names them, and the fields that may be set in them. */
const SAMPLES: [name: string, match: string, frame: Uint8Array, settable: Field[]][] = [
  [
    'tcp',
    'tcp',
    tcp4({ payload: 'odd' }),
    [fields.ip_src, fields.ip_dst, fields.tcp_src, fields.tcp_dst, fields.nw_ttl, fields.ip_dscp, fields.nw_ecn],
  ],
  ['udp', 'udp', udp4({ payload: 'hello' }), [fields.ip_src, fields.udp_src, fields.udp_dst, fields.nw_tos]],
  ['icmp', 'icmp', icmp4({ payload: 'ping' }), [fields.ip_dst, fields.icmp_type, fields.icmp_code]],
  ['sctp', 'sctp', sctp4(), [fields.sctp_src, fields.sctp_dst, fields.ip_src]],
  [
    'tcp6',
    'tcp6',
    tcp6({ payload: 'x' }),
    [fields.ipv6_src, fields.ipv6_dst, fields.ipv6_label, fields.tcp_dst, fields.nw_ttl, fields.ip_dscp, fields.nw_ecn],
  ],
  ['udp6', 'udp6', udp6({ payload: 'xy' }), [fields.ipv6_src, fields.udp_src]],
  ['icmp6', 'icmp6', icmp6({ payload: 'abc' }), [fields.ipv6_dst, fields.icmpv6_type, fields.icmpv6_code]],
  ['nd', 'icmp6,icmp_type=135,icmp_code=0', neighbourSolicitation(), [fields.nd_target, fields.nd_sll]],
  ['arp', 'arp', arp({}), [fields.arp_spa, fields.arp_tpa, fields.arp_sha, fields.arp_tha, fields.arp_op]],
  ['vlan', 'dl_vlan=5,udp', udp4({ vlan: [5], payload: 'q' }), [fields.vlan_pcp, fields.ip_src, fields.udp_dst]],
  ['other ipv6', 'ipv6,nw_proto=99', ip6(99, 'data'), [fields.ipv6_src, fields.nw_ttl]],
];
const EVERYWHERE = [fields.eth_src, fields.eth_dst];

describe('packet/rewrite', () => {
  for (const [name, match, frame, settable] of SAMPLES) {
    for (const field of [...settable, ...EVERYWHERE]) {
      it(`sets ${field.name} in ${name}, nothing else, and leaves every checksum right (seed ${SEED})`, () => {
        const random = new Random(SEED, `${name} ${field.name}`);
        expect(wrongChecksum(frame), 'the sample itself').to.equal(null);
        for (let round = 0; round < 20; round++) {
          const value = Uint8Array.from({ length: field.bytes }, () => random.below(256));
          if (field.bits && field.bytes <= 4) {
            for (let i = 0; i < field.bytes; i++) value[i] &= field.bits >>> (8 * (field.bytes - 1 - i));
          }
          // A new ICMP type must not make it an ND message or turn its fields into others.
          if (field === fields.icmpv6_type && numberOf(value) >= 133) value[0] = 128;
          const out = through(
            `${match},actions=set_field:${formatValue(field, value, null)}->${field.name},output:2`,
            frame,
          );
          if (out === undefined) throw new Error('nothing came out');
          const wanted = keyOf(frame).key;
          if (slotOf(field).size > 4) wanted.setBytes(slotOf(field), value);
          else wanted.set(slotOf(field), numberOf(value));
          const got = keyOf(out);
          expect(toHex(got.key.bytes), `${field.name} = ${toHex(value)}: ${toHex(out)}`).to.equal(toHex(wanted.bytes));
          expect(out.length).to.equal(frame.length);
          expect(wrongChecksum(out)).to.equal(null);
        }
      });
    }
  }

  it('leaves a UDP checksum of zero alone over IPv4', () => {
    const frame = udp4({ payload: 'hello', checksum: 0 });
    const out = through('udp,actions=set_field:9.9.9.9->ip_src,set_field:7->udp_dst,output:2', frame) as Uint8Array;
    const { l4 } = keyOf(out).packet;
    expect([out[l4 + 6], out[l4 + 7]]).to.deep.equal([0, 0]);
    expect(wrongChecksum(out)).to.equal(null);
  });

  it('leaves a frame alone in which a part of the TCI is set when its tag is gone', () => {
    const flow = 'vlan_tci=0x1000/0x1000,actions=pop_vlan,move:NXM_NX_REG0[0..2]->NXM_OF_VLAN_TCI[13..15],output:2';
    expect(through(flow, udp6({ vlan: [0xa064] }))).to.deep.equal(udp6());
  });

  it('leaves the ports of a TCP header alone that is longer than its segment', () => {
    const whole = tcp4({ payload: 'abcd' });
    const broken = whole.slice();
    broken[14 + 20 + 12] = 0x70;
    for (const [frame, changed] of [
      [whole, true],
      [broken, false],
    ] as const) {
      const sent = through('tcp,actions=set_field:99->tcp_dst,output:2', frame.slice());
      expect(toHex(sent ?? new Uint8Array()) !== toHex(frame)).to.equal(changed);
    }
  });

  it('leaves a neighbour solicitation alone that is cut off inside its target', () => {
    const frame = icmp6({ type: 135, code: 0, id: 0, icmp_seq: 0, payload: Uint8Array.from([1, 2, 3, 4]) });
    const out = through(
      'icmp6,icmp_type=135,icmp_code=0,actions=set_field:9->nd_reserved,output:2',
      frame,
    ) as Uint8Array;
    expect(toHex(out)).to.equal(toHex(frame));
  });

  it('leaves the payload of a later fragment alone', () => {
    const frame = ip4(17, 'these are not ports', { offset: 8 });
    const out = through('udp,actions=set_field:9.9.9.9->ip_src,set_field:7->udp_dst,output:2', frame) as Uint8Array;
    expect(toHex(out.subarray(34))).to.equal(toHex(frame.subarray(34)));
  });

  it('pushes and pops tags, with the tag of before as a model (OpenFlow 1.3.5 §5.12)', () => {
    const plain = udp4({ payload: 'p' });
    const tagged = through('udp,actions=push_vlan:0x8100,set_field:0x1007->vlan_vid,output:2', plain) as Uint8Array;
    expect(toHex(tagged)).to.equal(toHex(udp4({ payload: 'p', vlan: [7] })));
    const outer = udp4({ payload: 'p', vlan: [{ vid: 5, pcp: 3 }] });
    const twice = through('dl_vlan=5,actions=push_vlan:0x88a8,output:2', outer) as Uint8Array;
    expect(toHex(twice)).to.equal(
      toHex(
        udp4({
          payload: 'p',
          vlan: [
            { vid: 5, pcp: 3, tpid: 0x88a8 },
            { vid: 5, pcp: 3 },
          ],
        }),
      ),
    );
    const popped = through('dl_vlan=5,actions=pop_vlan,output:2', outer) as Uint8Array;
    expect(toHex(popped)).to.equal(toHex(plain));
  });
});
