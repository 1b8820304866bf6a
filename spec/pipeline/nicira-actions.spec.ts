/**
 * What Nicira's actions do where no comparison with Open vSwitch shows it (those are in spec/compare): bounds,
 * counters, the places where bench/compare/on-purpose.ts has them otherwise, and traces.
 */
import { expect } from 'chai';
import { Random } from '../../lib/bytes/index.js';
import { MAX_RECIRCULATIONS } from '../../lib/datapath/index.js';
import { MAX_STACK } from '../../lib/pipeline/pass.js';
import { udp4 } from '../support/frames.js';
import { BenchSwitch } from './bench-switch.js';

const SHORT = udp4({ src: '10.0.0.1', dst: '10.0.0.2', sport: 1, dport: 2 });
const LONG = udp4({ src: '10.0.0.1', dst: '10.0.0.2', sport: 1, dport: 2, payload: 'x'.repeat(100) });

describe('pipeline: check_pkt_larger', () => {
  const FLOWS = [
    'table=0,priority=9,actions=check_pkt_larger(100)->reg0[0],resubmit(,1)',
    'table=1,priority=1,reg0=1,actions=output:2',
    'table=1,priority=2,reg0=0,actions=output:3',
  ].join('\n');

  it('flows count the packets that they see, cached too', () => {
    const bench = new BenchSwitch(FLOWS);
    for (let i = 0; i < 3; i++) expect(bench.send(1, SHORT)).to.deep.equal([3]);
    for (let i = 0; i < 2; i++) expect(bench.send(1, LONG)).to.deep.equal([2]);
    expect([9, 1, 2].map((priority) => bench.packets(priority))).to.deep.equal([5, 2, 3]);
    expect(bench.sw.counters().misses).to.equal(3);
  });

  it('one program goes both ways: it depends on no bit of the frame', () => {
    const bench = new BenchSwitch(FLOWS);
    bench.send(1, SHORT);
    const { misses } = bench.sw.counters();
    bench.send(1, udp4({ src: '10.9.9.9', dst: '10.8.8.8', sport: 7, dport: 8 }));
    expect(bench.sw.counters().misses).to.equal(misses);
  });

  it('behind a resubmit the caller goes on with what became of the packet, and the action set runs once', () => {
    const bench = new BenchSwitch(
      [
        'table=0,actions=resubmit(,1),output:NXM_NX_REG0[],write_actions(output:1),goto_table:9',
        'table=1,actions=load:2->reg0,check_pkt_larger(100)->reg0[0],set_field:50:54:00:00:00:77->eth_dst',
        'table=9,actions=drop',
      ].join('\n'),
    );
    const [[port, frame], ...rest] = bench.frames('LOCAL', LONG);
    expect([port, frame.slice(0, 12)]).to.deep.equal([1, '505400000077']);
    expect(rest.map(([number]) => number)).to.deep.equal([3]);
  });

  it("writes a header's bit both ways", () => {
    const bench = new BenchSwitch('ip,actions=set_field:64->nw_ttl,check_pkt_larger(100)->nw_ttl[0],2');
    expect(bench.frames(1, SHORT)[0][1].slice(44, 46)).to.equal('40');
    expect(bench.frames(1, LONG)[0][1].slice(44, 46)).to.equal('41');
  });
});

describe('pipeline: exit and the action set', () => {
  it('the set still runs, whole', () => {
    const flows = [
      'table=0,udp,actions=write_actions(set_field:50:54:00:00:00:77->eth_dst,dec_ttl,output:3),goto_table:1',
      'table=1,udp,actions=exit,output:2',
    ];
    const [[port, frame], ...rest] = new BenchSwitch(flows.join('\n')).frames(1, SHORT);
    expect([port, frame.slice(0, 12), frame.slice(44, 46), rest.length]).to.deep.equal([3, '505400000077', '3f', 0]);
  });

  it('clear_actions before exit discards it', () => {
    const flows = [
      'table=0,udp,actions=write_actions(output:3),goto_table:1',
      'table=1,udp,actions=clear_actions,goto_table:2',
      'table=2,udp,actions=exit',
    ];
    expect(new BenchSwitch(flows.join('\n')).send(1, SHORT)).to.deep.equal([]);
  });

  it("in a bucket ends that bucket's list alone", () => {
    const bench = new BenchSwitch('');
    bench.sw.groups.load('group_id=1,type=all,bucket=actions=resubmit(,1),bucket=actions=output:3');
    bench.sw.flows.load('table=0,actions=group:1,output:2\ntable=1,actions=exit');
    expect(bench.send(1, SHORT)).to.deep.equal([2, 3]);
  });
});

describe('pipeline: output cut off', () => {
  it('goes back to the port it came from as IN_PORT, and through a queue', () => {
    const bench = new BenchSwitch('actions=output(port=IN_PORT,max_len=20),set_queue:1,output(port=2,max_len=30),3');
    const frames = bench.frames(1, SHORT).map(([port, frame]) => [port, frame.length / 2]);
    expect(frames).to.deep.equal([
      [1, 20],
      [2, 30],
      [3, 42],
    ]);
  });

  it('counts the bytes that were sent', () => {
    const bench = new BenchSwitch('actions=output(port=2,max_len=20)');
    bench.send(1, SHORT);
    expect(bench.sw.ports().find(({ number }) => number === 2)?.counters.txBytes).to.equal(20);
  });
});

describe('pipeline: bounds of nested actions', () => {
  it('clones that lead back too deep drop the packet, counted', () => {
    const bench = new BenchSwitch('table=0,actions=output:2,clone(resubmit(,0))');
    expect(bench.send(1, SHORT)).to.deep.equal([]);
    expect(bench.sw.counters().tooDeep).to.equal(1);
  });

  it('a field that says TABLE leads no further than a resubmit', () => {
    const bench = new BenchSwitch('table=0,actions=output:2,load:0xfff9->reg0,output:reg0');
    expect(bench.send(1, SHORT)).to.deep.equal([]);
    expect(bench.sw.counters().tooDeep).to.equal(1);
  });

  it(`${MAX_STACK} values lie on a stack; one more drops the packet, counted`, () => {
    const pushes = (n: number) => Array.from({ length: n }, () => 'push:reg0').join(',');
    const tables = Array.from(
      { length: MAX_STACK / 1024 },
      (_, i) => `table=${i},actions=${pushes(1024)},resubmit(,${i + 1})`,
    );
    const last = `table=${MAX_STACK / 1024}`;
    expect(new BenchSwitch([...tables, `${last},actions=output:2`].join('\n')).send(1, SHORT)).to.deep.equal([2]);
    const bench = new BenchSwitch([...tables, `${last},actions=push:reg0,output:2`].join('\n'));
    expect(bench.send(1, SHORT)).to.deep.equal([]);
    expect(bench.sw.counters().tooDeep).to.equal(1);
  });

  it(`a packet is read anew ${MAX_RECIRCULATIONS} times; then it is dropped, counted, and what was sent stays sent`, () => {
    const bench = new BenchSwitch('table=0,actions=output:2,debug_recirc,resubmit(,0)');
    expect(bench.send(1, SHORT)).to.have.length(1 + MAX_RECIRCULATIONS);
    expect(bench.sw.counters().recirculationsDropped).to.equal(1);
  });

  it('the reason stands in a trace', () => {
    const bench = new BenchSwitch('table=0,actions=clone(resubmit(,0))');
    expect(JSON.stringify(bench.sw.trace({ in_port: 1, frame: SHORT }))).to.include('resubmits lead too deep');
  });
});

describe('pipeline: samples', () => {
  it('are counted, as many as the probability says, the same for a seed', () => {
    const run = (seed: number): number => {
      const bench = new BenchSwitch('actions=sample(probability=16384,collector_set_id=1),2', { seed });
      for (let i = 0; i < 400; i++) bench.send(1, SHORT);
      return bench.sw.counters().samples;
    };
    const expected = Array.from(
      { length: 400 },
      (
        (random) => () =>
          random.below(65535)
      )(new Random(3).stream('sample')),
    );
    expect(run(3)).to.equal(expected.filter((n) => n < 16384).length);
    expect(run(3)).to.equal(run(3)).and.to.be.within(60, 140);
  });
});

describe('pipeline: packets without an Ethernet header', () => {
  it('go to no port, and to a controller as they are', () => {
    const bench = new BenchSwitch('actions=encap(nsh),output:2,NORMAL,FLOOD,CONTROLLER');
    expect(bench.send(1, SHORT)).to.deep.equal([]);
    const [{ frame, fields }] = bench.packetIns;
    expect(frame.length).to.equal(24 + SHORT.length);
    expect(fields.map(({ field }) => field.name)).to.deep.equal(['packet_type', 'in_port_oxm']);
  });

  it('are dropped, outputs before it too, where encap or decap has no way with them; counted, with the reason', () => {
    const bench = new BenchSwitch('actions=output:2,encap(ethernet)');
    expect(bench.send(1, SHORT)).to.deep.equal([]);
    expect(bench.sw.counters().wrongType).to.equal(1);
    expect(bench.sw.counters().tooDeep).to.equal(0);
    expect(JSON.stringify(bench.sw.trace({ in_port: 1, frame: SHORT }))).to.include('encap(ethernet) on a frame');
  });

  it('a bucket that has no way with a packet takes no other with it', () => {
    const bench = new BenchSwitch('');
    bench.sw.groups.load('group_id=1,type=all,bucket=actions=resubmit(,1),bucket=actions=output:3');
    bench.sw.flows.load('table=0,actions=group:1,output:2\ntable=1,actions=encap(ethernet)');
    expect(bench.send(1, SHORT)).to.deep.equal([2, 3]);
  });

  it('a label and the frame behind it come apart again', () => {
    const bench = new BenchSwitch('udp,actions=encap(mpls),decap(packet_type(ns=0,type=0)),output:2');
    expect(bench.frames(1, SHORT)).to.deep.equal([[2, Buffer.from(SHORT).toString('hex')]]);
  });

  it('match flows that look at their type, or at no header', () => {
    const flows = [
      'table=0,actions=encap(nsh),resubmit(,1)',
      'table=1,priority=9,dl_type=0x894f,actions=encap(ethernet),1',
      'table=1,priority=8,dl_src=0:0:0:0:0:0,actions=encap(ethernet),1',
      'table=1,priority=7,in_port=1,packet_type=(1,0x894f),nsh_si=255,actions=encap(ethernet),2',
      'table=1,priority=6,actions=encap(ethernet),3',
    ];
    const bench = new BenchSwitch(flows.join('\n'));
    expect(bench.send(1, SHORT)).to.deep.equal([2]);
    expect(bench.send(2, SHORT)).to.deep.equal([3]);
  });

  it('stand in traces as Open vSwitch writes what it does', () => {
    const bench = new BenchSwitch('actions=encap(nsh),set_field:7->nsh_si,encap(ethernet),2');
    const text = JSON.stringify(bench.sw.trace({ in_port: 1, frame: SHORT }));
    expect(text)
      .to.match(/push_nsh\(0x0fc60103000000ff/)
      .and.to.include('push_eth(');
  });
});
