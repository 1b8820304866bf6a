import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { formatTrace } from '../../lib/trace/index.js';
import { tcp4 } from '../support/frames.js';
import { departures } from '../support/json-schema.js';

const FIREWALL = `
table=0,priority=10,ip,ct_state=-trk,actions=ct(table=1,zone=5,nat)
table=1,priority=10,ct_state=+new+trk,tcp,in_port=1,actions=ct(commit,zone=5,nat(src=192.0.2.1)),output:2
table=1,priority=9,ct_state=+est+trk,ip,actions=dec_ttl,load:7->NXM_NX_REG0[],resubmit(,2)
table=2,reg0=7,actions=output:1`;

function switchOf(flows: string, groups = ''): Switch {
  const sw = new Switch({ clock: new ManualClock() });
  for (const number of [1, 2, 3]) sw.addPort(number, memory({ name: `p${number}` }));
  sw.groups.load(groups);
  sw.flows.load(flows);
  return sw;
}

const SYN = 'in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1000,tp_dst=80';
const ANSWER = 'in_port=2,tcp,nw_src=10.0.0.2,nw_dst=192.0.2.1,tp_src=80,tp_dst=1000,tcp_flags=+syn+ack';

describe('trace: text', () => {
  it('reads like ofproto/trace, with the connection that matched and what became of the packet', () => {
    const sw = switchOf(FIREWALL);
    const text = formatTrace(sw.trace([SYN, ANSWER])[1]);
    expect(
      text.split('\n').map((line) => (line.length > 100 ? `${line.slice(0, 70).trimEnd()}…` : line)),
    ).to.deep.equal([
      'Flow: tcp,in_port=2,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00…',
      '',
      'bridge("br0")',
      '-------------',
      ' 0. ct_state=-trk,ip, priority 10',
      '    ct(table=1,zone=5,nat)',
      '     -> a copy is tracked and goes on at table 1; the packet itself, untracked',
      '',
      'Final flow: unchanged',
      'Megaflow: recirc_id=0,ct_state=-trk,ip,in_port=2,nw_frag=no',
      'Datapath actions: ct(zone=5,nat),recirc(0x2)',
      '',
      '='.repeat(79),
      'recirc(0x2) - resume conntrack with ct_state=est|rpl|trk|dnat',
      ' -> zone 5: belongs to a stored connection; tcp,orig=(src=10.0.0.1,dst…',
      ' -> updated: tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),…',
      '='.repeat(79),
      '',
      'Flow: recirc_id=0x2,ct_state=est|rpl|trk|dnat,ct_zone=5,ct_nw_src=10.0…',
      '',
      'bridge("br0")',
      '-------------',
      '     -> resuming from table 1',
      ' 1. ct_state=+est+trk,ip, priority 9',
      '    dec_ttl',
      '     -> nw_ttl 64 → 63',
      '    load:0x7->NXM_NX_REG0[]',
      '     -> reg0 0 → 0x7',
      '    resubmit(,2)',
      '     2. reg0=0x7, priority 32768',
      '        output:1',
      '',
      'Final flow: recirc_id=0x2,ct_state=est|rpl|trk|dnat,ct_zone=5,ct_nw_sr…',
      'Megaflow: recirc_id=0x2,ct_state=-new+est+trk,tcp,in_port=2,nw_ttl=64,nw_frag=no',
      'Datapath actions: set(ipv4(ttl=63)),1',
      '',
      'Verdict: output: sent to 1',
    ]);
    expect(sw.conntrackText()).to.deep.equal([]);
  });

  it('says why nothing comes of a packet', () => {
    const sw = switchOf(`${FIREWALL}\ntable=0,arp,actions=drop\ntable=0,dl_type=0x88cc,actions=output:9,output:1`);
    const reason = (text: string) => sw.trace(text).outcome.reason;
    expect(reason('in_port=1,dl_type=0x1234')).to.equal('no flow of table 0 matches');
    expect(reason('in_port=1,arp')).to.equal('a flow of table 0 drops it');
    expect(reason(ANSWER)).to.equal('no flow of table 1 matches');
    expect(reason('in_port=1,dl_type=0x88cc')).to.match(/^not sent/);
    sw.addPort('LOCAL', memory());
    sw.setLink(0xfffffffe, false);
    sw.flows.load('table=0,dl_type=0x88cd,actions=LOCAL');
    expect(reason('in_port=1,dl_type=0x88cd')).to.equal('not sent: port LOCAL has no link');
    sw.setLink(2, false);
    expect(reason(SYN)).to.equal('not sent: port 2 has no link');
  });

  it('a packet-out is traced, too, and a frame as it stands', () => {
    const sw = switchOf(FIREWALL);
    const out = sw.trace({ flow: 'in_port=3,dl_type=0x1234', actions: 'push_vlan:0x8100,output:2' });
    expect(out.outcome.ports).to.deep.equal([2]);
    expect(out.passes[0].datapath_actions).to.equal('push_vlan(vid=0,pcp=0),2');
    const frame = tcp4({ flags: 'ack', seq: 7 });
    expect(sw.trace({ in_port: 1, frame }).frame).to.equal(Buffer.from(frame).toString('hex'));
    expect(() => sw.trace({ in_port: 1, frame: 'zz' })).to.throw(/not hexadecimal/);
    expect(sw.trace({ in_port: 1, frame: '0011' }).outcome.reason).to.equal('2 bytes are no Ethernet frame');
  });

  it('another state may be supposed; without a table it is new', () => {
    const sw = switchOf(FIREWALL);
    const supposed = sw.trace(SYN, { ctNext: [0x22] });
    expect(supposed.passes[1].conntrack).to.include({ ct_state: 'est|trk', source: 'supposed' });
    const assumed = sw.trace(ANSWER, { assumeNew: true });
    expect(assumed.passes[1].conntrack).to.include({ ct_state: 'new|trk', source: 'assumed' });
  });

  it('a flow that one packet teaches, the next one meets; the switch has learned nothing', () => {
    const sw = switchOf(
      'table=0,actions=learn(table=10,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),resubmit(,10)\ntable=10,priority=0,actions=FLOOD',
    );
    const [one, two] = ['00:00:00:00:00:01', '00:00:00:00:00:02'];
    const traces = sw.trace([`in_port=1,dl_src=${one},dl_dst=${two}`, `in_port=2,dl_src=${two},dl_dst=${one}`]);
    expect(traces.map(({ outcome }) => outcome.ports)).to.deep.equal([[2, 3], [1]]);
    const [taught] = traces[0].effects.filter(({ kind }) => kind === 'flow');
    expect(taught).to.deep.include({ kind: 'flow', added: true });
    expect(taught).to.have.nested.include({ 'flow.table_id': 10, 'flow.match': `dl_dst=${one}` });
    const schema = JSON.parse(readFileSync('schemas/trace.schema.json', 'utf8'));
    expect(departures(JSON.parse(JSON.stringify(traces[0])), schema)).to.deep.equal([]);
    expect(formatTrace(traces[0])).to.include(' -> table=10, dl_dst=00:00:00:00:00:01 actions=output:1\n');
    expect(sw.flows.list()).to.have.length(2);
  });

  it('groups, an action set, registers that a packet has, a queue, notes of NORMAL', () => {
    const sw = switchOf(
      'table=0,reg3=5,actions=set_queue:2,output:2\ntable=0,dl_type=0x1234,actions=write_actions(group:1)\ntable=0,arp,actions=NORMAL',
      'group_id=1,type=all,bucket=output:2,bucket=push_vlan:0x8100,output:3',
    );
    const text = (packet: string) => formatTrace(sw.trace(packet));
    expect(text('in_port=1,dl_type=0x1235,reg3=5')).to.include('Datapath actions: set(skb_priority(0x2)),2');
    expect(text('in_port=1,dl_type=0x1234')).to.match(
      /--\. Executing action set:\n {4}group:1\n {4}bucket 0\n {12}output:2\n {4}bucket 1\n/,
    );
    expect(text('in_port=1,arp,dl_dst=ff:ff:ff:ff:ff:ff')).to.include('flooding');
  });
});
