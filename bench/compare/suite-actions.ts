/** The suite's cases for Nicira's actions (suite.ts): one a feature. */
import type { SimulateCase, SimulateStep } from '../../lib/simulate/case.js';
import { ip4, tcp4, tcp6, udp4 } from '../../spec/support/frames.js';

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
};
