/**
 * The rules of packets that implementers miss, through the whole switch (OpenFlow 1.3.5 §5.9, §5.10, §5.12, §7.2.3.7).
 */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { ethernet, icmp4, ip4, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';
import { GroupSwitch, refused } from './group-switch.js';

const UDP = udp4({ ttl: 64 });
const withFlows = (flows: string, groups = '') => new GroupSwitch(flows, groups);
/** The frame that comes out of port 2. */
const sent = (flows: string, frame: Uint8Array): string | undefined => withFlows(flows).send(1, frame)[2]?.[0];

describe('rules of packets', () => {
  describe('rule 16: VLAN ids, 802.3, short frames (§7.2.3.7)', () => {
    it('vlan_vid has OFPVID_PRESENT; a priority tag is a tag', () => {
      const bench = withFlows(
        'priority=3,vlan_vid=0x1000,actions=2\npriority=2,vlan_vid=0x1000/0x1000,actions=3\npriority=1,actions=4',
      );
      expect(bench.outputs(1, udp4({ vlan: [0] }))).to.deep.equal([2]);
      expect(bench.outputs(1, udp4({ vlan: [7] }))).to.deep.equal([3]);
      expect(bench.outputs(1, UDP)).to.deep.equal([4]);
    });

    it('802.3 with SNAP and OUI 0 has the type of SNAP, other LLC 0x05ff', () => {
      const bench = withFlows(
        'priority=2,dl_type=0x1234,actions=2\npriority=2,dl_type=0x05ff,actions=3\npriority=1,actions=4',
      );
      const llc = (...header: number[]) => ethernet(header.length, header);
      expect(bench.outputs(1, llc(0xaa, 0xaa, 3, 0, 0, 0, 0x12, 0x34))).to.deep.equal([2]);
      expect(bench.outputs(1, llc(0xaa, 0xaa, 3, 0, 0, 1, 0x12, 0x34))).to.deep.equal([3]);
      expect(bench.outputs(1, llc(0x42, 0x42, 3, 0))).to.deep.equal([3]);
    });

    it('a frame of 14 bytes is forwarded', () => {
      const frame = ethernet(0x1234, []);
      expect(frame).to.have.length(14);
      expect(sent('actions=2', frame)).to.equal(toHex(frame));
    });
  });

  describe('rule 17: the action set (§5.10)', () => {
    it('runs in the order of the specification, whatever order it was written in', () => {
      const set = ['output:2', 'set_field:0x1007->vlan_vid', 'push_vlan:0x8100', 'dec_ttl'];
      for (const order of [set, [...set].reverse(), [set[1], set[3], set[0], set[2]]]) {
        // Only behind push_vlan does set_field find a tag: the specification's order puts the push first.
        const [first, ...others] = order.map((action) => `write_actions(${action})`);
        const tables = [first, ...others].map((write, table) => {
          const next = table < others.length ? `,goto_table:${table + 1}` : '';
          const match = write.includes('vlan_vid') ? 'vlan_vid=0x1000/0x1000,ip' : 'ip';
          return `table=${table},${match},actions=${write}${next}`;
        });
        const tagged = udp4({ ttl: 64, vlan: [1] });
        expect(sent(tables.join('\n'), tagged), order.join(' ')).to.equal(toHex(udp4({ ttl: 63, vlan: [7, 1] })));
      }
    });

    it('a group in it replaces output', () => {
      const bench = withFlows('actions=write_actions(output:2,group:1)', 'group_id=1,type=all,bucket=actions=output:3');
      expect(bench.outputs(1, UDP)).to.deep.equal([3]);
    });
  });

  describe('rule 18: push, pop, TTL (§5.12)', () => {
    it('push takes over priority, id, TTL, label and traffic class', () => {
      const vlan = sent('actions=push_vlan:0x8100,2', udp4({ vlan: [(5 << 13) | 9] }));
      expect(vlan).to.equal(toHex(udp4({ vlan: [(5 << 13) | 9, (5 << 13) | 9] })));
      const label = (value: number, tc: number, bos: number, ttl: number) => [
        value >> 12,
        (value >> 4) & 0xff,
        ((value & 15) << 4) | (tc << 1) | bos,
        ttl,
      ];
      const labelled = ethernet(0x8847, [...label(0x12345, 3, 1, 77), 1, 2, 3, 4]);
      const twice = ethernet(0x8847, [...label(0x12345, 3, 0, 77), ...label(0x12345, 3, 1, 77), 1, 2, 3, 4]);
      expect(sent('mpls,actions=push_mpls:0x8847,2', labelled)).to.equal(toHex(twice));
      expect(sent('ip,actions=push_mpls:0x8847,2', UDP)?.slice(28, 36), 'TTL of IP').to.equal('00000140');
    });

    it('pop_mpls needs the type of what follows', () => {
      const frame = ethernet(0x8847, [0, 0, 1, 64, ...UDP.slice(14)]);
      expect(sent('mpls,actions=pop_mpls:0x0800,2', frame)).to.equal(toHex(UDP));
      expect(sent('mpls,actions=pop_mpls:0x0800,dec_ttl,2', frame)).to.equal(toHex(udp4({ ttl: 63 })));
    });

    for (const ttl of [0, 1]) {
      it(`dec_ttl at TTL ${ttl}: INVALID_TTL; what was sent stays, what comes later does not run`, () => {
        const bench = withFlows('ip,actions=output:2,dec_ttl,output:3');
        expect(bench.outputs(1, udp4({ ttl }))).to.deep.equal([2]);
        const reasons = bench.events.flatMap((event) => (event.type === 'packet_in' ? event.packet.reason : []));
        expect(reasons).to.deep.equal(['invalid_ttl']);
      });
    }
  });

  describe('rule 19: checksums stay right after every rewrite', () => {
    const A = '10.9.8.7';
    const L4 = { sport: 4321, dport: 99 };
    const TCP = { ...L4, seq: 5, ack: 6, flags: 'ack', payload: 'x' } as const;
    const sets = (proto: string) => `${proto},actions=set_field:${A}->ip_src,dec_ttl,set_field:99->${proto}_dst,2`;
    const cases: readonly (readonly [name: string, flows: string, frame: Uint8Array, wanted: Uint8Array])[] = [
      ['TCP', sets('tcp'), tcp4({ ...TCP, ttl: 9, dport: 80 }), tcp4({ ...TCP, ttl: 8, src: A })],
      ['UDP', sets('udp'), udp4({ ...L4, ttl: 9, dport: 80 }), udp4({ ...L4, ttl: 8, src: A })],
      [
        'UDP over IPv6',
        'udp6,actions=set_field:2001:db8::7->ipv6_src,2',
        udp6(L4),
        udp6({ ...L4, src: '2001:db8::7' }),
      ],
      [
        'TCP over IPv6',
        'tcp6,actions=set_field:2001:db8::7->ipv6_dst,2',
        tcp6({ ...TCP }),
        tcp6({ ...TCP, dst: '2001:db8::7' }),
      ],
      [
        'ICMP',
        'icmp,actions=set_field:3->icmp_type,set_field:1->icmp_code,2',
        icmp4({ type: 8, code: 0 }),
        icmp4({ type: 3, code: 1 }),
      ],
    ];
    for (const [name, flows, frame, wanted] of cases) {
      it(name, () => expect(sent(flows, frame)).to.equal(toHex(wanted)));
    }

    it('a UDP checksum of 0 stays 0 over IPv4', () => {
      expect(sent(sets('udp'), udp4({ ...L4, ttl: 9, dport: 80, checksum: 0 }))).to.equal(
        toHex(udp4({ ...L4, ttl: 8, src: A, checksum: 0 })),
      );
    });

    it('SCTP: CRC32c over what was changed', () => {
      const header = (dport: number) => [0x10, 0xe1, dport >> 8, dport & 0xff, 0, 0, 0, 9];
      const chunk = [1, 0, 0, 4];
      const frame = (dport: number) =>
        ip4(132, Uint8Array.from([...header(dport), ...crc32c(header(dport), chunk), ...chunk]));
      expect(sent('sctp,actions=set_field:99->sctp_dst,2', frame(80))).to.equal(toHex(frame(99)));
    });
  });

  it('a set_field whose prerequisite neither match nor an action before gives is refused (rule 12)', () => {
    refused('OFPBAC_MATCH_INCONSISTENT', () => withFlows('actions=set_field:10.0.0.1->ip_src,2'));
  });
});

/** The checksum of an SCTP packet, bit by bit (RFC 9260 Appendix A), least significant byte first. */
function crc32c(header: readonly number[], chunk: readonly number[]): number[] {
  let crc = 0xffffffff;
  for (const byte of [...header, 0, 0, 0, 0, ...chunk]) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  crc = ~crc;
  return [crc & 0xff, (crc >>> 8) & 0xff, (crc >>> 16) & 0xff, crc >>> 24];
}
