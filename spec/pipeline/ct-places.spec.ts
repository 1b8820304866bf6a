/**
 * Where a ct action may stand: apply-actions, groups, the action set, packet-out (ovs-actions(7), ct), with what goes
 * on behind it and in which order.
 */
import { expect } from 'chai';
import { parseFlow } from '../../lib/text/index.js';
import { udp4 } from '../support/frames.js';
import { BenchSwitch } from './bench-switch.js';

const UDP = udp4({ src: '10.0.0.1', dst: '10.0.0.2' });
const tracked = (bench: BenchSwitch): string[] => bench.sw.conntrackText();

describe('pipeline: places of ct', () => {
  it('apply-actions: the copy runs to its end at its place in the list, then the packet goes on untracked', () => {
    const bench = new BenchSwitch(`
      table=0,udp,actions=load:7->NXM_NX_REG3[],1,ct(commit,table=1),mod_nw_ttl:9,2,resubmit(,2)
      table=1,udp,ct_state=+trk+new,reg3=7,actions=mod_nw_ttl:5,2
      table=2,udp,ct_state=0,actions=3
    `);
    const out = bench
      .frames('LOCAL', UDP)
      .map(([port, frame]) => `${port}:${Number.parseInt(frame.slice(44, 46), 16)}`);
    expect(out).to.deep.equal(['1:64', '2:5', '2:9', '3:9']);
    expect(tracked(bench)).to.have.length(1);
  });

  it('a bucket with nothing but ct: it runs, on a copy of its own', () => {
    const bench = new BenchSwitch('table=1,udp,ct_state=+trk,actions=3');
    bench.sw.groups.add('group_id=1,type=all,bucket=actions=ct(commit,table=1),bucket=actions=output:2');
    bench.sw.flows.add('table=0,udp,actions=group:1');
    expect(bench.send(1, UDP)).to.deep.equal([2, 3]);
    expect(tracked(bench)).to.have.length(1);
  });

  it('a bucket with ct and output: ct does not run (ovs-actions(7))', () => {
    const bench = new BenchSwitch('table=1,udp,actions=3');
    bench.sw.groups.add('group_id=1,type=indirect,bucket=actions=ct(commit,table=1),output:2');
    bench.sw.flows.add('table=0,udp,actions=group:1');
    expect(bench.send(1, UDP)).to.deep.equal([2]);
    expect(tracked(bench)).to.deep.equal([]);
  });

  it('the action set: last, where there is no output, group or resubmit', () => {
    const bench = new BenchSwitch(`
      table=0,priority=2,udp,tp_dst=80,actions=write_actions(ct(commit,table=1),set_field:9->nw_ttl)
      table=0,priority=1,udp,actions=write_actions(ct(commit,table=1),output:2)
      table=1,udp,nw_ttl=9,ct_state=+trk,actions=3
    `);
    expect(bench.send(1, UDP)).to.deep.equal([3]);
    expect(bench.send(1, udp4({ dport: 81 }))).to.deep.equal([2]);
    expect(tracked(bench)).to.have.length(1);
  });

  it('with a non-empty action set at the fork copy and original both run it', () => {
    const bench = new BenchSwitch(`
      table=0,udp,actions=write_actions(set_field:9->nw_ttl,output:2),goto_table:1
      table=1,udp,actions=ct(commit,table=2),3
      table=2,udp,ct_state=+trk,actions=1
    `);
    const out = bench
      .frames('LOCAL', UDP)
      .map(([port, frame]) => `${port}:${Number.parseInt(frame.slice(44, 46), 16)}`);
    expect(out).to.deep.equal(['1:64', '2:9', '2:9', '3:64']);
  });

  it('a packet-out', () => {
    const bench = new BenchSwitch('table=1,udp,ct_state=+trk+new,actions=3');
    const { apply = [] } = parseFlow('udp,actions=ct(commit,table=1),2').instructions;
    bench.sw.pipeline.packetOut({ inPort: 1, actions: apply, frame: UDP.slice() });
    expect(bench.taken().map(([port]) => port)).to.deep.equal([2, 3]);
    expect(tracked(bench)).to.have.length(1);
  });

  it('what is no IP and comes through a group is inv', () => {
    const bench = new BenchSwitch('table=1,priority=2,ct_state=+inv+trk,actions=3\ntable=1,priority=1,actions=2');
    bench.sw.groups.add('group_id=1,type=indirect,bucket=actions=ct(table=1)');
    bench.sw.flows.add('table=0,actions=group:1');
    const arp = Uint8Array.from([...UDP.slice(0, 12), 8, 6, ...new Uint8Array(28)]);
    expect(bench.send(1, arp)).to.deep.equal([3]);
  });
});
