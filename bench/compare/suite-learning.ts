/**
 * Cases by hand of what packets teach and what is chosen for them: learn, fin_timeout, multipath, bundle, conjunctions.
 */
import type { SimulateCase, SimulateStep } from '../../lib/simulate/case.js';
import { arp, ethernet, icmp4, ip4, ip6, tcp4, tcp6, udp4, udp6 } from '../../spec/support/frames.js';

const MAC = (n: number) => `50:54:00:00:00:0${n}`;

function at(port: number | string, ...frames: Uint8Array[]): SimulateStep[] {
  return frames.map((frame): SimulateStep => [port, Buffer.from(frame).toString('hex')]);
}

const from = (src: number, dst: number) => udp4({ eth_src: MAC(src), eth_dst: MAC(dst) });

/** Packets of many kinds, with and without tags. */
const MANY = [
  ...[1, 2, 3].flatMap((n) => [
    udp4({ eth_src: MAC(n), src: `10.0.0.${n}`, sport: n * 7, dport: n }),
    tcp4({ eth_src: MAC(n), dst: `10.1.0.${n}`, sport: n * 1000, dport: 80 }),
    tcp4({ eth_dst: MAC(n), vlan: [n], sport: n, dport: 443 }),
    tcp6({ eth_src: MAC(n), src: `2001:db8::${n}`, sport: n, dport: 80 }),
    udp6({ dst: `2001:db8::${n}`, sport: n, dport: 53 }),
    arp({ eth_src: MAC(n) }),
    ethernet(0x88b5, [1, 2, 3, n], { eth_src: MAC(n), vlan: [5, n] }),
  ]),
  icmp4(),
  ip4(132, '0123456789ab'),
  ip6(59, 'x'),
  tcp4({ mf: true, payload: 'first' }),
  ip4(6, 'later on', { offset: 16 }),
];

const HASHED = ['eth_src', 'symmetric_l4', 'symmetric_l3l4', 'symmetric_l3l4+udp', 'nw_src', 'nw_dst', 'symmetric_l3'];

/** A number in a register, shown in a packet-in. */
function shown(action: (i: number) => string): string {
  return `${HASHED.map((_, i) => action(i)).join(',')},CONTROLLER`;
}

const choice = (algorithm: string, links: number, arg: number) =>
  shown((i) => `multipath(${HASHED[i]},${i * 50},${algorithm},${links},${arg},NXM_NX_REG${i}[])`);

const REVERSED =
  'eth_type=0x800,nw_proto=6,NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],NXM_OF_IP_DST[]=NXM_OF_IP_SRC[],NXM_OF_TCP_SRC[]=NXM_OF_TCP_DST[],NXM_OF_TCP_DST[]=NXM_OF_TCP_SRC[]';

/** Name → case. */
export const LEARNING_SUITE: Readonly<Record<string, SimulateCase>> = {
  'learn-addresses': {
    flows: [
      'table=0,priority=1,actions=learn(table=1,hard_timeout=10,priority=7,cookie=0x5,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[]),resubmit(,1)',
      'table=1,priority=0,actions=FLOOD',
    ],
    packets: [
      ...at(1, from(1, 2)),
      ...at(2, from(2, 1)),
      ...at(1, from(1, 2)),
      ...at(3, from(2, 3)),
      ...at(1, from(1, 2), udp4({ eth_src: MAC(1), eth_dst: MAC(2), vlan: [5] })),
      { warp: 8000 },
      ...at(1, from(1, 3)),
      { warp: 8000 },
      ...at(2, from(9, 1), from(9, 2)),
    ],
  },
  'learn-of-every-kind': {
    flows: [
      'table=0,priority=1,tcp,actions=learn(table=2,idle_timeout=3,fin_idle_timeout=2,fin_hard_timeout=4,send_flow_rem,cookie=0xffff0000,' +
        `${REVERSED},load:NXM_OF_ETH_SRC[]->NXM_NX_XXREG0[16..63],load:5->NXM_OF_TCP_SRC[],load:0x123456789abcdef01->NXM_NX_XXREG1[],output:NXM_OF_IN_PORT[])`,
      'table=0,priority=2,udp,actions=load:0xfffb->NXM_NX_REG0[],load:0xfffd->NXM_NX_REG1[],load:2->NXM_NX_REG2[16..31],' +
        'learn(table=2,priority=9,eth_type=0x800,nw_tos=0,NXM_OF_IN_PORT[0..7],in_port=3,vlan_vid=0x1005,output:NXM_NX_REG0[],output:NXM_NX_REG1[],output:NXM_NX_REG2[],output:NXM_NX_REG2[16..31])',
      'table=0,priority=3,ipv6,actions=learn(table=2,NXM_NX_REG3[]=NXM_NX_REG4[],eth_type=0x86dd,NXM_NX_IPV6_SRC[64..127]=NXM_NX_IPV6_DST[64..127],NXM_NX_IPV6_DST[]=NXM_NX_IPV6_SRC[],load:NXM_NX_IPV6_SRC[]->NXM_NX_XXREG2[])',
      'table=0,priority=4,arp,actions=learn(table=2,priority=1,eth_type=0x806,NXM_OF_ARP_TPA[]=NXM_OF_ARP_SPA[],NXM_OF_ARP_OP[]=1,load:NXM_NX_ARP_SHA[]->NXM_OF_ETH_DST[],output:OXM_OF_IN_PORT[]),resubmit(,2)',
      'table=0,priority=6,icmp,actions=learn(table=2,priority=2,NXM_OF_ETH_TYPE[],NXM_NX_REG5[]=NXM_NX_REG6[],output:NXM_OF_IN_PORT[])',
      'table=0,priority=5,in_port=4,actions=resubmit(,2),CONTROLLER',
    ],
    packets: [
      ...at(1, tcp4({ sport: 1000, dport: 80 }), udp4(), tcp6(), udp6(), arp(), icmp4()),
      ...at(2, arp(), tcp4({ src: '192.0.2.9', dst: '10.0.0.1', sport: 80, dport: 1000 })),
      ...at(4, tcp4({ src: '192.0.2.9', dst: '10.0.0.1', sport: 80, dport: 1000, flags: 'fin|ack' }), arp(), udp4()),
      { warp: 3000 },
      ...at(4, tcp4({ src: '192.0.2.9', dst: '10.0.0.1', sport: 80, dport: 1000 })),
    ],
  },
  'learn-is-invisible-at-first': {
    flows: [
      'table=0,priority=1,udp,actions=learn(table=2,priority=5,eth_type=0x800,nw_proto=17,output:NXM_OF_IN_PORT[]),resubmit(,2),ct(table=1)',
      'table=1,priority=1,actions=resubmit(,2),2',
      'table=2,priority=1,actions=3',
    ],
    packets: [...at(1, udp4()), ...at(2, udp4()), ...at(3, udp4())],
  },
  'learn-within-limits': {
    flows: [
      'table=0,priority=1,udp,actions=learn(table=1,limit=2,cookie=0x7,priority=3,NXM_OF_ETH_SRC[],result_dst=NXM_NX_REG0[3]),learn(table=1,limit=2,cookie=0x8,priority=4,NXM_OF_ETH_SRC[],result_dst=NXM_NX_REG0[0]),resubmit(,2)',
      'table=0,priority=2,tcp,actions=learn(table=1,cookie=0xffffffffffffffff,NXM_OF_ETH_SRC[]),2',
      'table=2,priority=1,reg0=9,actions=2',
      'table=2,priority=2,reg0=0,actions=3',
      'table=2,priority=3,actions=4',
    ],
    packets: [
      ...at(1, from(1, 2), from(2, 1), from(3, 1), from(1, 2), tcp4()),
      { ofctl: ['del-flows', 'br0', 'table=1,cookie=7/-1,dl_src=50:54:00:00:00:01'] },
      ...at(1, from(3, 1), from(1, 2)),
    ],
  },
  'learn-deletes-what-it-taught': {
    flows: [
      'table=0,priority=1,udp,actions=learn(table=1,delete_learned,cookie=0x5,send_flow_rem,priority=2,NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])',
      'table=0,priority=2,tcp,actions=learn(table=1,delete_learned,cookie=0x5,priority=3,NXM_OF_ETH_SRC[])',
      'table=1,priority=9,cookie=0x5,arp,actions=learn(table=3,delete_learned,cookie=0x6)',
      'table=3,priority=9,cookie=0x6,actions=drop',
    ],
    packets: [
      ...at(1, from(1, 2), tcp4({ eth_src: MAC(2) })),
      { ofctl: ['del-flows', 'br0', 'udp'] },
      ...at(2, tcp4({ eth_src: MAC(3) })),
      { ofctl: ['mod-flows', 'br0', 'tcp,actions=2'] },
      ...at(1, tcp4()),
    ],
  },
  'learn-changes-flows': {
    flows: [
      'table=0,priority=1,udp,actions=learn(table=1,priority=5,cookie=0x5,idle_timeout=9,eth_type=0x800,nw_proto=17,output:NXM_OF_IN_PORT[]),resubmit(,1)',
      'table=1,priority=5,cookie=0x9,idle_timeout=50,udp,actions=4',
    ],
    packets: [...at(1, udp4()), ...at(2, udp4()), ...at(3, udp4())],
  },
  'fin-shortens-timeouts': {
    flows: [
      'table=0,priority=1,tcp,tp_dst=80,idle_timeout=60,hard_timeout=90,send_flow_rem,actions=fin_timeout(idle_timeout=4,hard_timeout=6),2',
      'table=0,priority=2,tcp,tp_dst=81,actions=fin_timeout(hard_timeout=3),2',
      'table=0,priority=3,tcp,tp_dst=82,idle_timeout=2,actions=fin_timeout(idle_timeout=4),2',
    ],
    packets: [
      ...at(1, ...[80, 81, 82].map((dport) => tcp4({ dport, flags: 'ack' }))),
      ...at(1, ...[80, 81, 82].map((dport) => tcp4({ dport, flags: dport === 81 ? 'rst' : 'fin|ack' }))),
      { warp: 3000 },
      ...at(1, ...[80, 81, 82].map((dport) => tcp4({ dport, flags: 'ack' }))),
      { warp: 3500 },
      ...at(1, ...[80, 81, 82].map((dport) => tcp4({ dport, flags: 'ack' }))),
    ],
  },
  'multipath-by-every-hash': {
    flows: [
      `table=0,priority=1,in_port=1,actions=${choice('modulo_n', 65536, 0)}`,
      `table=0,priority=2,in_port=2,actions=${choice('hash_threshold', 1000, 0)}`,
      `table=0,priority=3,in_port=3,actions=${choice('hrw', 64, 0)}`,
      `table=0,priority=4,in_port=4,actions=${choice('iter_hash', 100, 128)}`,
      `table=0,priority=5,in_port=LOCAL,actions=${choice('hrw', 1000, 7)}`,
    ],
    packets: [1, 2, 3, 4, 'LOCAL'].flatMap((port) => at(port, ...MANY)),
  },
  'multipath-into-bits': {
    flows: [
      'table=0,priority=1,tcp,actions=multipath(symmetric_l4,7,hash_threshold,1,0,NXM_NX_REG0[]),multipath(symmetric_l4,7,iter_hash,3,0,NXM_NX_REG1[5..8]),multipath(nw_src,0,iter_hash,5,1000,OXM_OF_METADATA[60..63]),CONTROLLER',
      'table=0,priority=2,udp,actions=multipath(eth_src,1,hrw,16,0,NXM_OF_ETH_DST[4..7]),multipath(nw_dst,3,modulo_n,256,0,NXM_OF_UDP_SRC[8..15]),2',
    ],
    packets: at(1, ...MANY),
  },
  'bundles-choose-ports': {
    flows: [
      'table=0,priority=1,udp,actions=bundle(symmetric_l4,60,hrw,ofport,members:1,2,3,4,LOCAL)',
      'table=0,priority=2,tcp,actions=bundle_load(symmetric_l3l4,7,hrw,ofport,NXM_NX_REG0[],members:2,3,4),bundle_load(eth_src,0,active_backup,ofport,NXM_NX_REG1[8..31],members:9,LOCAL,3),CONTROLLER',
      'table=0,priority=3,arp,actions=bundle(eth_src,0,active_backup,ofport,members:9,ANY,3)',
      'table=0,priority=4,icmp,actions=bundle(eth_src,0,active_backup,ofport,members:7,FLOOD)',
      'table=0,priority=5,ipv6,actions=bundle(nw_src,0,hrw,ofport,members:2,3),bundle(nw_dst,0,hrw,ofport,members:9,3),bundle(nw_dst,0,hrw,ofport,members:),bundle_load(nw_dst,0,hrw,ofport,NXM_NX_REG3[],members:8,9),CONTROLLER',
    ],
    packets: at(1, ...MANY),
  },
  'conjunctions-meet': {
    flows: [
      'table=0,priority=100,ip,ip_src=10.0.0.1,actions=conjunction(1234,1/2)',
      'table=0,priority=100,ip,ip_src=10.0.0.4/30,actions=conjunction(1234,1/2),conjunction(7,1/3)',
      'table=0,priority=100,ip,ip_src=10.0.0.6,actions=conjunction(1235,1/2)',
      'table=0,priority=100,ip,ip_dst=10.0.0.2,actions=conjunction(1234,2/2)',
      'table=0,priority=100,ip,ip_dst=10.0.0.5,actions=conjunction(1235,2/2)',
      'table=0,priority=100,ip,ip_dst=10.0.0.7,actions=conjunction(1235,2/2),conjunction(7,2/3)',
      'table=0,priority=100,udp,udp_dst=53,actions=conjunction(7,3/3)',
      'table=0,priority=100,conj_id=1235,ip,actions=output:2',
      'table=0,priority=50,ip,conj_id=7,actions=set_field:9->nw_ttl,output:4',
      'table=0,priority=10,conj_id=1234,ip,actions=output:3,CONTROLLER',
      'table=0,priority=20,ip,ip_dst=10.0.0.2,ip_src=10.0.0.5,actions=output:LOCAL',
      'table=0,priority=99,ip,ip_dst=10.0.0.7,actions=CONTROLLER',
      'table=0,priority=1,ip,actions=IN_PORT',
    ],
    packets: [
      ...at(
        1,
        ...[1, 2, 4, 5, 6, 7].flatMap((a) =>
          [2, 5, 7, 8].map((b) => udp4({ src: `10.0.0.${a}`, dst: `10.0.0.${b}`, dport: 53 })),
        ),
      ),
      { ofctl: ['del-flows', 'br0', 'ip,ip_src=10.0.0.6'] },
      { ofctl: ['mod-flows', 'br0', 'ip,ip_src=10.0.0.1,actions=4'] },
      { ofctl: ['mod-flows', 'br0', 'udp,udp_dst=53,actions=conjunction(7,3/3),conjunction(1235,1/2)'] },
      ...at(
        1,
        ...[1, 4, 6].flatMap((a) => [2, 5, 7].map((b) => udp4({ src: `10.0.0.${a}`, dst: `10.0.0.${b}`, dport: 53 }))),
      ),
    ],
  },
};
