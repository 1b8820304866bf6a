/** The suite's cases for Nicira's actions (suite.ts): one a feature. */
import type { SimulateCase, SimulateStep } from '../../lib/simulate/case.js';
import { ethernet, ip4, tcp4, tcp6, udp4, udp6 } from '../../spec/support/frames.js';

const IN = { src: '10.0.0.1', dst: '192.0.2.9' };
const OUT = { src: '192.0.2.9', dst: '10.0.0.1' };
const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex');
const at = (port: number, ...frames: Uint8Array[]): SimulateStep[] =>
  frames.map((frame): SimulateStep => [port, hex(frame)]);

const SHORT = udp4({ ...IN, sport: 1000, dport: 53 });
const LONG = udp4({ ...IN, sport: 1000, dport: 53, payload: 'x'.repeat(200) });
const FRAMES = [...at(1, SHORT, LONG, tcp4({ ...IN, flags: 'syn' })), ...at(2, SHORT)];

function simple(...flows: string[]): SimulateCase {
  return { flows, packets: FRAMES };
}

/** A service header (RFC 8300) of metadata type 1, behind an Ethernet header. */
function service(np: number, ttl: number, inner: Uint8Array): Uint8Array {
  const base = [ttl >> 2, ((ttl & 3) << 6) | 6, 1, np, 0, 0, 0x12, 0xff];
  const metadata = [1, 2, 3, 4].flatMap((n) => [0, 0, 0, n]);
  return ethernet(0x894f, Uint8Array.of(...base, ...metadata, ...inner));
}

const SERVICES = [
  ...at(1, service(3, 63, SHORT), service(3, 1, SHORT), service(1, 63, SHORT.slice(14))),
  ...at(1, service(2, 63, udp6({ sport: 1000, dport: 53 }).slice(14)), service(4, 63, service(3, 9, LONG).slice(14))),
  ...at(1, service(9, 63, SHORT), service(3, 63, SHORT).slice(0, 30)),
];

export const ACTION_SUITE: Readonly<Record<string, SimulateCase>> = {
  'output-to-a-field': simple(
    'table=0,priority=1,udp,udp_dst=53,actions=load:2->reg0[0..15],output:reg0[0..15],output:reg0,resubmit(,1)',
    'table=0,priority=2,tcp,actions=load:0xfffd->reg0,output:reg0,load:0xfff8->reg0,output:reg0,load:0x10002->reg0,output:reg0',
    'table=1,priority=1,actions=load:0xfffb->reg0,output:reg0[0..15],output:in_port,load:0xfff9->reg1,resubmit(,2)',
    'table=2,priority=1,reg1=0xfff9,actions=output:reg1,3',
  ),
  'output-cut-off': simple(
    'table=0,priority=1,ip,actions=output(port=2,max_len=20),output(port=3,max_len=14),set_field:1.2.3.4->ip_src,3,output(port=3,max_len=1000)',
    'table=0,priority=2,tcp,actions=push_vlan:0x8100,set_field:4100->vlan_vid,2,output(port=LOCAL,max_len=18)',
  ),
  'stack-outlives-ct': simple(
    'table=0,priority=1,ip,actions=load:5->reg0,push:reg0,push:eth_type,ct(table=1),pop:reg1[0..15],pop:reg2,resubmit(,2)',
    'table=1,priority=1,ip,actions=pop:reg3,pop:reg2,resubmit(,2)',
    'table=2,priority=1,reg3=0x800,reg2=5,actions=3',
    'table=2,priority=2,reg1=0x800,reg2=5,actions=2',
  ),
  'stack-pads-and-trims': simple(
    'actions=load:0x12345678->reg0,push:reg0[8..23],push:reg0,pop:reg1[0..7],pop:reg2[0..31],pop:reg3,resubmit(,1)',
    'table=1,reg1=0x78,reg2=0x3456,reg3=0,actions=2',
  ),
  'clones-leave-nothing': simple(
    'table=0,priority=1,ip,actions=push:in_port,clone(set_field:50:54:00:00:00:33->eth_dst,dec_ttl,set_field:7->reg0,pop:reg1,2),resubmit(,1),4',
    'table=1,priority=1,reg0=0,reg1=0,actions=pop:reg1,clone(clone(push_vlan:0x8100,set_field:4100->vlan_vid,2),3),resubmit(,2)',
    'table=2,priority=1,reg1=1,actions=3',
  ),
  'clones-run-the-action-set': simple(
    'table=0,priority=1,ip,actions=write_actions(set_field:50:54:00:00:00:44->eth_dst,output:3),goto_table:1',
    'table=1,priority=1,ip,actions=clone(set_field:1.2.3.4->ip_src,2),4',
  ),
  'exit-ends-all-lists': simple(
    'table=0,priority=1,udp,actions=resubmit(,1),3,goto_table:2',
    'table=0,priority=2,tcp,actions=clone(2,exit,4),3',
    'table=1,priority=1,actions=2,exit,4',
    'table=2,priority=1,actions=4',
  ),
  'two-ways-by-length': simple(
    'table=0,priority=1,udp,actions=load:2->reg0,check_pkt_larger(100)->reg0[0],output:reg0,set_field:1.2.3.4->ip_src,4',
    'table=0,priority=2,tcp,actions=load:2->reg0,clone(check_pkt_larger(53)->reg0[0],check_pkt_larger(54)->reg0[1],output:reg0),4',
  ),
  'resubmit-with-the-original-tuple': {
    flows: [
      'table=0,priority=1,ct_state=-trk,udp,actions=ct(table=1)',
      'table=0,priority=1,ct_state=-trk,tcp6,actions=ct(table=1)',
      'table=1,priority=10,in_port=1,ct_state=+trk+new,udp,actions=ct(commit),2,resubmit(,2,ct)',
      'table=1,priority=11,in_port=1,ct_state=+trk+new,tcp6,actions=ct(commit),2,resubmit(,2,ct)',
      'table=1,priority=9,ct_state=+trk+est,ip,actions=resubmit(,2,ct),resubmit(,2)',
      'table=1,priority=8,ct_state=+trk+est,ipv6,actions=resubmit(,2,ct),resubmit(,2)',
      'table=2,priority=5,udp,nw_src=10.0.0.1,udp_dst=53,actions=3',
      'table=2,priority=4,ip,nw_src=192.0.2.9,actions=4',
      'table=2,priority=3,tcp6,ipv6_src=2001:db8::1,tcp_dst=80,actions=3',
      'table=2,priority=1,actions=CONTROLLER',
    ],
    packets: [
      ...at(1, SHORT),
      ...at(2, udp4({ ...OUT, sport: 53, dport: 1000 })),
      ...at(1, SHORT),
      ...at(1, tcp6({ src: '2001:db8::1', dst: '2001:db8::9', flags: 'syn', seq: 1 })),
      ...at(
        2,
        tcp6({ src: '2001:db8::9', dst: '2001:db8::1', sport: 80, dport: 1000, flags: 'syn|ack', seq: 9, ack: 2 }),
      ),
    ],
  },
  'dec-ttl-tells-controllers': {
    flows: ['ip,actions=2,dec_ttl(0,1),3'],
    packets: [0, 1, 2].flatMap((ttl) => at(1, ip4(99, 'data', { ...IN, ttl }))),
  },
  'queues-tunnel-ids-samples-notes': simple(
    'table=0,priority=1,udp,actions=enqueue:2:5,set_queue:1,3,pop_queue,4,sample(probability=65535,collector_set_id=1),note:00.11',
    'table=0,priority=2,tcp,actions=set_tunnel:5,move:tun_id[0..31]->reg0,set_tunnel64:0x500000000,move:tun_id[32..63]->reg1,resubmit(,1)',
    'table=1,priority=1,reg0=5,reg1=5,actions=2',
  ),
  'services-in-front': simple(
    'table=0,priority=1,in_port=1,udp,actions=encap(nsh(md_type=1)),set_field:0x1234->nsh_spi,set_field:7->nsh_si,set_field:0x11223344->nsh_c1,encap(ethernet),set_field:11:22:33:44:55:66->eth_dst,2,3',
    'table=0,priority=2,in_port=2,udp,actions=set_field:1.2.3.4->ip_src,encap(nsh(md_type=2,tlv(0x1000,10,0x123456),tlv(0x2000,20,0xfedcba9876543210))),encap(ethernet),3',
    'table=0,priority=3,tcp,actions=encap(nsh),CONTROLLER,2,encap(nsh),resubmit(,1)',
    'table=1,priority=5,packet_type=(1,0x894f),nsh_np=4,actions=dec_nsh_ttl,encap(ethernet),3',
    'table=1,priority=9,dl_type=0x894f,actions=encap(ethernet),4',
  ),
  'services-taken-away': {
    flows: [
      'table=0,priority=1,dl_type=0x894f,actions=decap(),decap(),resubmit(,1)',
      'table=1,priority=4,udp,udp_dst=53,actions=2',
      'table=1,priority=3,packet_type=(1,0x894f),actions=decap(),set_field:5->reg0,resubmit(,1)',
      'table=1,priority=2,packet_type=(1,0x800),actions=encap(ethernet),set_field:11:22:33:44:55:66->eth_dst,3',
      'table=1,priority=1,actions=CONTROLLER',
    ],
    packets: SERVICES,
  },
  'service-fields': {
    flows: [
      'table=0,priority=3,dl_type=0x894f,nsh_mdtype=1,nsh_spi=0x12,nsh_si=255,nsh_c1=1,nsh_np=3,actions=dec_nsh_ttl,set_field:1->nsh_flags,set_field:0x5->nsh_si,set_field:0x77777777->nsh_c4,set_field:0xabcdef->nsh_spi,2',
      'table=0,priority=2,dl_type=0x894f,nsh_ttl=63,actions=move:nsh_c2[]->nsh_c3[],3',
      'table=0,priority=1,actions=4',
    ],
    packets: SERVICES,
  },
  'labels-in-front-of-ethernet': simple(
    'table=0,priority=1,udp,actions=encap(mpls),set_field:5->mpls_label,encap(ethernet),set_field:11:22:33:44:55:66->eth_dst,2',
    'table=0,priority=2,tcp,actions=encap(mpls),encap(ethernet),decap(),decap(packet_type(ns=0,type=0)),resubmit(,1)',
    'table=0,priority=3,in_port=2,udp,actions=decap(),encap(mpls_mc),encap(ethernet),3',
    'table=1,priority=1,tcp,actions=3',
  ),
  'what-has-no-such-header': simple(
    'table=0,priority=1,udp,actions=2,encap(ethernet),3',
    'table=0,priority=2,tcp,actions=decap(),2,encap(ethernet),3',
    'table=0,priority=3,in_port=2,udp,actions=push_vlan:0x8100,set_field:4100->vlan_vid,4,decap(),3',
  ),
};
