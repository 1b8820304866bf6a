/**
 * Cases by hand, one a feature, among them the smallest cases of differences that random ones have shown. `npm run
 * compare` puts them to Open vSwitch first; its answers are kept in fixtures/compare, for machines without it.
 */
import type { SimulateCase, SimulateStep } from '../../lib/simulate/case.js';
import {
  arp,
  ethernet,
  icmp4,
  icmp6,
  inner,
  ip4,
  ip6,
  ipv6Bytes,
  tcp4,
  tcp6,
  udp4,
  udp6,
} from '../../spec/support/frames.js';
import { ACTION_SUITE } from './suite-actions.js';
import { LEARNING_SUITE } from './suite-learning.js';

const IN = { src: '10.0.0.1', dst: '192.0.2.9' };
const OUT = { src: '192.0.2.9', dst: '10.0.0.1' };
const A = '50:54:00:00:00:01';
const B = '50:54:00:00:00:02';

function at(port: number | string, ...frames: Uint8Array[]): SimulateStep[] {
  return frames.map((frame): SimulateStep => [port, Buffer.from(frame).toString('hex')]);
}

/** The same, with the connections after it. */
function tracked(port: number, frame: Uint8Array): SimulateStep {
  return { port, frame: Buffer.from(frame).toString('hex'), ct: true };
}

const FIREWALL = (proto: string) => [
  `table=0,priority=10,${proto},ct_state=-trk,actions=ct(table=1)`,
  `table=1,priority=30,in_port=1,${proto},ct_state=+trk+new,actions=ct(commit),2`,
  `table=1,priority=20,${proto},ct_state=+trk+est-rpl,actions=2`,
  `table=1,priority=21,${proto},ct_state=+trk+rpl,actions=1`,
  'table=1,priority=5,ct_state=+trk+inv,actions=drop',
];

const neighbour = (type: number, option: number[], target = '2001:db8::9') =>
  icmp6({ type, payload: Uint8Array.from([...ipv6Bytes(target), ...option]) });

/** Name → case. */
export const SUITE: Readonly<Record<string, SimulateCase>> = {
  ...ACTION_SUITE,
  'firewall-udp': {
    flows: FIREWALL('udp'),
    packets: [
      ...at(2, udp4({ ...OUT, sport: 53, dport: 1000 })),
      tracked(1, udp4({ ...IN, sport: 1000, dport: 53 })),
      ...at(1, udp4({ ...IN, sport: 1000, dport: 53 })),
      tracked(2, udp4({ ...OUT, sport: 53, dport: 1000, payload: 'answer' })),
      ...at(1, udp4({ ...IN, sport: 1000, dport: 53 })),
      ...at(2, udp4({ ...OUT, sport: 54, dport: 1000 }), udp4({ ...OUT, sport: 53, dport: 1000, checksum: 1 })),
      { warp: 31_000 },
      ...at(2, udp4({ ...OUT, sport: 53, dport: 1000 })),
    ],
    ct_opts: ['-s'],
  },
  'firewall-icmp': {
    flows: FIREWALL('icmp'),
    packets: [
      ...at(2, icmp4({ ...OUT, type: 0, id: 7 })),
      tracked(1, icmp4({ ...IN, type: 8, id: 7 })),
      tracked(2, icmp4({ ...OUT, type: 0, id: 7 })),
      ...at(2, icmp4({ ...OUT, type: 0, id: 8 }), icmp4({ ...OUT, type: 8, id: 7 })),
      ...at(1, icmp4({ ...IN, type: 8, id: 7, code: 1 })),
    ],
    ct_opts: ['-m', '-s'],
  },
  'firewall-tcp': {
    flows: FIREWALL('tcp'),
    packets: [
      ...at(2, tcp4({ ...OUT, sport: 80, dport: 1000, flags: 'syn' })),
      tracked(1, tcp4({ ...IN, flags: 'syn', seq: 100 })),
      tracked(2, tcp4({ ...OUT, sport: 80, dport: 1000, flags: 'syn|ack', seq: 500, ack: 101 })),
      tracked(1, tcp4({ ...IN, flags: 'ack', seq: 101, ack: 501, payload: 'hello' })),
      ...at(1, tcp4({ ...IN, flags: 'ack', seq: 9_000_000, ack: 501 })),
      tracked(1, tcp4({ ...IN, flags: 'fin|ack', seq: 106, ack: 501 })),
      tracked(2, tcp4({ ...OUT, sport: 80, dport: 1000, flags: 'fin|ack', seq: 501, ack: 107 })),
      tracked(1, tcp4({ ...IN, flags: 'ack', seq: 107, ack: 502 })),
    ],
    ct_opts: ['-m'],
  },
  'ct-zones-marks-and-labels': {
    flows: [
      'table=0,priority=1,udp,in_port=1,actions=load:5->NXM_NX_REG0[0..15],ct(commit,zone=NXM_NX_REG0[0..15],exec(set_field:0x7->ct_mark,set_field:0x1/0xf->ct_label,move:NXM_OF_ETH_SRC[]->NXM_NX_CT_LABEL[64..111])),2',
      'table=0,priority=2,udp,in_port=2,actions=ct(table=1,zone=5)',
      'table=0,priority=3,udp,in_port=3,actions=ct(table=1,zone=6)',
      'table=1,priority=4,udp,ct_mark=0x7,ct_zone=5,ct_label=0x1/0xf,actions=1,CONTROLLER',
      'table=1,priority=1,actions=3',
    ],
    packets: [
      ...at(1, udp4(IN)),
      ...at(2, udp4({ ...OUT, sport: 80, dport: 1000 })),
      ...at(3, udp4({ ...OUT, sport: 80, dport: 1000 })),
    ],
  },
  'ct-forks-in-order': {
    flows: [
      'table=0,priority=1,udp,actions=1,ct(table=1),mod_nw_ttl:9,2,ct(table=1,zone=3),ct_clear,3',
      'table=1,priority=1,udp,ct_zone=3,actions=mod_nw_tos:32,2,4',
      'table=1,priority=2,udp,actions=mod_nw_ttl:5,2',
    ],
    packets: at('LOCAL', udp4(IN)),
  },
  'icmp-errors': {
    flows: [
      'table=0,priority=1,ip,actions=ct(table=1)',
      'table=1,priority=2,in_port=1,ip,ct_state=+trk+new,actions=ct(commit,exec(set_field:3->ct_mark)),2',
      'table=1,priority=3,ip,ct_state=+rel,actions=CONTROLLER,1',
      'table=1,priority=1,ip,actions=CONTROLLER',
    ],
    packets: [
      ...at(1, udp4(IN)),
      ...at(2, icmp4({ src: '192.0.2.1', dst: '10.0.0.1', type: 3, payload: inner(udp4(IN), 28) })),
      ...at(2, icmp4({ src: '192.0.2.1', dst: '10.0.0.7', type: 3, payload: inner(udp4(IN), 28) })),
      ...at(2, icmp4({ src: '192.0.2.1', dst: '10.0.0.1', type: 3, payload: inner(udp4({ ...IN, sport: 9 }), 28) })),
    ],
  },
  'ports-of-fragments': {
    flows: [
      'table=0,priority=3,udp,udp_src=1000,actions=2',
      'table=0,priority=2,udp,udp_src=0,ip_frag=first,actions=set_field:7->udp_dst,3',
      'table=0,priority=1,ip,ip_frag=later,actions=4',
    ],
    packets: at(1, udp4({ payload: 'whole' }), udp4({ mf: true, payload: 'a' }), ip4(17, 'abc', { offset: 8 })),
  },
  'normal-learns': {
    flows: ['table=0,priority=0,actions=NORMAL'],
    packets: [
      ...at(1, udp4({ eth_src: A, eth_dst: B })),
      ...at(2, udp4({ eth_src: B, eth_dst: A })),
      ...at(1, udp4({ eth_src: A, eth_dst: B }), udp4({ eth_src: A, eth_dst: A })),
      ...at(3, udp4({ eth_src: '50:54:00:00:00:03', eth_dst: '50:54:00:00:00:03' })),
      ...at(4, udp4({ eth_src: '50:54:00:00:00:04', eth_dst: B, vlan: [5] })),
      ...at(2, arp({ eth_src: B }), ethernet(0x88cc, [1, 2], { eth_dst: '01:80:c2:00:00:0e' })),
      ...at(3, udp4({ vlan: [5] }).slice(0, 17)),
    ],
  },
  'resubmit-goes-as-deep': {
    flows: [
      'table=0,priority=1,udp,actions=resubmit(,1)',
      'table=1,priority=1,udp,actions=resubmit(,1)',
      'table=0,priority=2,tcp,actions=2,resubmit(1,0)',
      'table=0,priority=3,icmp,actions=goto_table:2',
      'table=2,priority=1,icmp,actions=resubmit(1,0)',
    ],
    packets: at(1, udp4(), tcp4(), icmp4()),
  },
  'resubmit-lends-a-port': {
    flows: [
      'table=0,priority=1,actions=resubmit(3,1),IN_PORT',
      'table=1,priority=1,in_port=3,actions=FLOOD,resubmit(,2)',
      'table=2,priority=1,in_port=1,actions=CONTROLLER',
    ],
    packets: [
      ...at(1, udp4()),
      { ofctl: ['add-flow', 'br0', 'table=1,priority=9,in_port=3,udp,actions=4'] },
      ...at(1, udp4()),
    ],
  },
  'action-set': {
    flows: [
      'table=0,priority=1,cookie=0x5,udp,actions=write_actions(output:2,set_field:5->nw_ttl,dec_ttl),goto_table:1',
      'table=0,priority=2,cookie=0x6,tcp,actions=write_actions(CONTROLLER),goto_table:1',
      'table=0,priority=3,icmp,actions=write_actions(output:2),clear_actions,goto_table:1',
      'table=1,priority=1,cookie=0x7,actions=write_metadata:0x1200/0xff00,write_actions(set_field:50:54:00:00:00:09->eth_dst),goto_table:2',
      'table=2,priority=1,metadata=0x1200/0xff00,actset_output=2,actions=3',
    ],
    packets: at(1, udp4(), tcp4(), icmp4()),
  },
  tags: {
    flows: [
      'table=0,priority=1,vlan_tci=0x0000/0x1fff,udp,actions=push_vlan:0x8100,set_field:4101->vlan_vid,set_field:3->vlan_pcp,2,pop_vlan,3',
      'table=0,priority=2,dl_vlan=5,actions=mod_vlan_vid:7,2,strip_vlan,3,mod_vlan_pcp:2,4',
      'table=0,priority=3,vlan_tci=0x2000/0xe000,dl_vlan=100,actions=load:0x9->NXM_OF_VLAN_TCI[0..11],2',
      'table=0,priority=4,vlan_tci=0x0000/0x1fff,tcp,actions=mod_vlan_pcp:6,2,push_vlan:0x88a8',
    ],
    packets: at(
      1,
      udp4(),
      udp4({ vlan: [{ vid: 5, pcp: 3 }] }),
      udp4({ vlan: [{ vid: 100, pcp: 1 }] }),
      tcp4(),
      arp({ vlan: [5] }),
    ),
  },
  'time-to-live': {
    flows: ['table=0,priority=1,ip,actions=2,dec_ttl,3', 'table=0,priority=2,ipv6,actions=dec_ttl,3'],
    packets: at(1, ...[64, 2, 1, 0].flatMap((ttl) => [udp4({ ttl }), udp6({ hop_limit: ttl })])),
  },
  'tos-leaves-ecn': {
    flows: [
      'table=0,priority=1,udp,actions=load:0x4->NXM_OF_IP_TOS[],2,mod_nw_ecn:1,3',
      'table=0,priority=2,tcp,actions=move:NXM_OF_IP_TOS[]->NXM_NX_REG0[0..7],move:NXM_NX_REG0[0..7]->NXM_NX_REG1[0..7],CONTROLLER',
      'table=0,priority=3,ipv6,actions=set_field:46->ip_dscp,2',
    ],
    packets: at(1, udp4({ tos: 0xff }), tcp4({ tos: 0xff }), udp6({ traffic_class: 3 })),
  },
  addresses: {
    flows: [
      'table=0,priority=1,ip,actions=set_field:198.51.100.1->nw_src,load:0x7->NXM_OF_IP_DST[0..7],2',
      'table=0,priority=2,ipv6,actions=set_field:2001:db8::77->ipv6_src,set_field:::5/::f->ipv6_dst,set_field:0x7->ipv6_label,2',
    ],
    packets: at(
      1,
      ...[udp4(), udp4({ checksum: 0 }), tcp4(), icmp4(), udp6(), tcp6(), icmp6()],
      ...[tcp4({ checksum: 1 }), ip4(47, 'gre'), ip6(59, '')],
      udp6({ extensions: [{ type: 60, body: new Uint8Array(6) }] }),
    ),
  },
  'a-route-with-segments-left': {
    flows: ['table=0,priority=1,ipv6,actions=set_field:::5/::f->ipv6_dst,2'],
    packets: at(
      1,
      ...[0, 1].map((left) => udp6({ extensions: [{ type: 43, body: Uint8Array.of(0, left, 0, 0, 0, 0) }] })),
    ),
  },
  'transport-fields': {
    flows: [
      'table=0,priority=1,tcp,tcp_flags=+syn-ack,actions=set_field:99->tcp_src,2',
      'table=0,priority=2,tcp,tcp_flags=0x010/0x012,tcp_dst=80/0xfff0,actions=set_field:99->tcp_dst,3',
      'table=0,priority=3,udp,actions=mod_tp_src:7,mod_tp_dst:8,2',
      'table=0,priority=4,icmp,actions=set_field:0->icmp_type,set_field:1->icmp_code,2',
      'table=0,priority=5,icmp6,actions=set_field:1->icmpv6_code,2',
    ],
    packets: at(
      1,
      tcp4({ flags: 'syn' }),
      tcp4({ dport: 85 }),
      tcp6({ flags: 'syn' }),
      udp4({ checksum: 0 }),
      udp6(),
      icmp4(),
      icmp6(),
    ),
  },
  'address-resolution': {
    flows: [
      'table=0,priority=1,arp,arp_op=1,arp_tpa=10.0.0.0/24,actions=set_field:2->arp_op,move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],set_field:50:54:00:00:00:0a->arp_sha,move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],IN_PORT',
      'table=0,priority=2,icmp6,icmpv6_type=135,icmpv6_code=0,nd_target=2001:db8::9,actions=set_field:50:54:00:00:00:0b->nd_sll,set_field:2001:db8::a->nd_target,2',
      'table=0,priority=3,icmp6,icmpv6_type=136,icmpv6_code=0,nd_tll=50:54:00:00:00:01,actions=set_field:50:54:00:00:00:0c->nd_tll,2',
    ],
    packets: at(
      1,
      arp(),
      arp({ tpa: '10.0.9.9' }),
      neighbour(135, [1, 1, 0x50, 0x54, 0, 0, 0, 1]),
      neighbour(135, []),
      neighbour(136, [2, 1, 0x50, 0x54, 0, 0, 0, 1]),
      neighbour(135, [1, 1, 0x50, 0x54, 0, 0, 0, 1], '2001:db8::8'),
    ),
  },
  'odd-frames': {
    flows: [
      'table=0,priority=1,ip,actions=set_field:9->nw_ttl,2',
      'table=0,priority=2,tcp,actions=set_field:9->tcp_dst,2',
      'table=0,priority=3,arp,actions=set_field:50:54:00:00:00:0a->arp_sha,2',
      'table=0,priority=4,dl_type=0x05ff,actions=3',
      'table=0,priority=0,actions=4',
    ],
    packets: at(
      1,
      ...[tcp4().slice(0, 40), tcp4().slice(0, 30), arp().slice(0, 30), udp4({ total_length: 19 })],
      ...[ethernet(20, [0x42, 0x42, 3, 1, 2, 3]), ethernet(60, [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...inner(udp4())])],
      ...[udp4({ padding: 9 }), udp4({ ip_options: Uint8Array.of(1, 1, 1, 0) }), ethernet(0x1234, [])],
      tcp4({ vlan: [0] }).slice(0, 16),
    ),
  },
  'packet-ins': {
    flows: [
      'table=0,priority=1,cookie=0xabc,udp,actions=set_field:0x1->reg0,set_field:0x2->pkt_mark,set_field:0x3->metadata,set_field:0x4->tun_id,mod_nw_ttl:3,CONTROLLER,ct(table=1)',
      'table=1,priority=0,actions=CONTROLLER',
      'table=0,priority=0,cookie=0x9,actions=CONTROLLER:65535',
    ],
    packets: [...at(2, udp4(), tcp4()), ...at('LOCAL', udp6())],
  },
  'reserved-ports': {
    flows: [
      'table=0,priority=1,udp,actions=IN_PORT,1,FLOOD,LOCAL,9',
      'table=0,priority=2,tcp,actions=ALL,mod_dl_dst:50:54:00:00:00:0f,ALL',
    ],
    packets: [...at(1, udp4(), tcp4()), ...at('LOCAL', udp4(), tcp4())],
  },
  'flow-mods': {
    flows: [
      'table=0,priority=1,cookie=0x11,udp,actions=2',
      'table=0,priority=2,cookie=0x12,udp,udp_dst=80,actions=3',
      'table=0,priority=3,cookie=0x12,tcp,send_flow_rem,no_packet_counts,actions=3',
    ],
    packets: [
      ...at(1, udp4(), tcp4()),
      { ofctl: ['mod-flows', 'br0', 'udp,actions=4'] },
      ...at(1, udp4(), udp4({ dport: 9 })),
      { ofctl: ['mod-flows', 'br0', '--strict', 'priority=1,udp,actions=2'] },
      { ofctl: ['add-flow', 'br0', 'priority=2,cookie=0x13,udp,udp_dst=80,actions=1,2'] },
      ...at(1, udp4(), udp4({ dport: 9 })),
      { ofctl: ['add-flow', 'br0', 'priority=1,udp,reset_counts,actions=drop'] },
      { ofctl: ['del-flows', 'br0', 'cookie=0x12/-1'] },
      ...at(1, udp4(), tcp4()),
      { ofctl: ['del-flows', 'br0', '--strict', 'priority=9,udp'] },
      { ofctl: ['add-flow', 'br0', 'priority=9,ip,actions=set_field:1->tcp_src'] },
    ],
  },
  timeouts: {
    flows: [
      'priority=1,udp,idle_timeout=3,actions=2',
      'priority=2,tcp,hard_timeout=3,actions=2',
      'priority=0,actions=3',
    ],
    packets: [
      ...at(1, udp4(), tcp4()),
      { warp: 2000 },
      ...at(1, udp4(), tcp4()),
      { warp: 2000 },
      ...at(1, udp4(), tcp4()),
      { warp: 4000 },
      ...at(1, udp4()),
    ],
  },
  'groups-copy-packets': {
    groups: [
      'group_id=1,type=all,bucket=actions=set_field:192.0.2.1->ip_src,output:2,bucket=actions=dec_ttl,output:3,' +
        'bucket=actions=push_vlan:0x8100,set_field:4103->vlan_vid,output:4,bucket=actions=output:4',
      'group_id=2,type=indirect,bucket=actions=set_field:50:54:00:00:00:09->eth_dst,output:2',
      'group_id=3,type=all',
      'group_id=4,type=all,bucket=actions=set_field:192.0.2.7->ip_dst,group:1,bucket=actions=group:2',
      'group_id=5,type=ff,bucket=watch_port:2,actions=output:2,bucket=watch_port:3,actions=output:3',
      'group_id=6,type=ff,bucket=watch_group:5,actions=group:5,bucket=watch_port:4,actions=output:4',
    ],
    flows: [
      'table=0,priority=1,udp,actions=group:1,output:3',
      'table=0,priority=2,tcp,actions=set_field:99->tcp_dst,group:4,output:4',
      'table=0,priority=3,arp,actions=write_actions(output:2,group:2),goto_table:1',
      'table=0,priority=4,icmp,actions=group:3,group:6',
      'table=1,actions=drop',
    ],
    packets: at(1, udp4({ ttl: 9 }), udp4({ ttl: 1 }), tcp4({}), arp({}), icmp4({}), udp4({ ttl: 9, vlan: [5] })),
  },
  'group-buckets-run-tables': {
    groups: [
      'group_id=1,type=all,bucket=actions=load:1->NXM_NX_REG1[],resubmit(,1),bucket=actions=resubmit(,1)',
      'group_id=2,type=all,bucket=actions=ct(commit,table=2),bucket=actions=resubmit(,1)',
    ],
    flows: [
      'table=0,priority=1,udp,actions=group:1,resubmit(,1)',
      'table=0,priority=2,tcp,actions=load:1->NXM_NX_REG1[],group:2,resubmit(,1)',
      'table=1,priority=2,ip,reg1=1,actions=output:2',
      'table=1,priority=1,ip,ct_state=-trk,actions=set_field:50:54:00:00:00:09->eth_dst,write_actions(output:4)',
      'table=2,priority=2,ip,ct_state=+trk+new,actions=output:3',
      'table=2,priority=1,ip,ct_state=+trk+est,actions=output:3,output:3',
    ],
    packets: at(1, udp4(), tcp4({ flags: 'syn' })),
  },
  'group-mods': {
    groups: ['group_id=1,type=all,bucket=actions=output:2', 'group_id=2,type=all,bucket=actions=output:3'],
    flows: ['priority=1,udp,actions=group:1', 'priority=2,tcp,actions=write_actions(group:2)'],
    packets: [
      ...at(1, udp4(), tcp4()),
      { ofctl: ['mod-group', 'br0', 'group_id=1,type=indirect,bucket=actions=output:4'] },
      ...at(1, udp4(), tcp4()),
      { ofctl: ['add-group', 'br0', 'group_id=1,type=all'] },
      { ofctl: ['mod-group', 'br0', 'group_id=7,type=all'] },
      { ofctl: ['add-flow', 'br0', 'actions=group:7'] },
      { ofctl: ['del-groups', 'br0', 'group_id=7'] },
      { ofctl: ['del-groups', 'br0', 'group_id=2'] },
      ...at(1, udp4(), tcp4()),
      { ofctl: ['del-groups', 'br0'] },
      ...at(1, udp4()),
    ],
  },
  'meters-drop': {
    meters: [
      'meter=1,pktps,burst,stats,bands=type=drop,rate=10,burst_size=3',
      'meter=2,kbps,burst,bands=type=drop,rate=42,burst_size=1',
      'meter=3,pktps,bands=type=drop,rate=5,type=drop,rate=2',
    ],
    flows: [
      'priority=1,udp,actions=meter:1,output:2',
      'priority=2,tcp,actions=meter:2,output:2',
      'priority=3,icmp,actions=meter:3,output:2',
    ],
    packets: [
      ...at(1, ...Array.from({ length: 5 }, () => udp4())),
      { warp: 100 },
      ...at(1, udp4(), udp4()),
      { warp: 200 },
      ...at(1, udp4(), udp4(), udp4()),
      ...at(1, ...Array.from({ length: 5 }, () => tcp4())),
      ...at(1, ...Array.from({ length: 8 }, () => icmp4())),
      { warp: 10_000 },
      ...at(1, ...Array.from({ length: 8 }, () => udp4())),
      { ofctl: ['del-meter', 'br0', 'meter=1'] },
      { ofctl: ['add-flow', 'br0', 'priority=9,udp,actions=meter:9'] },
      ...at(1, udp4(), tcp4()),
    ],
  },
  ...LEARNING_SUITE,
};
