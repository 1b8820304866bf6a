import { expect } from 'chai';
import { RefusedError, TextError } from '../../lib/bytes/index.js';
import { type FieldValue, fields, Match } from '../../lib/nxm/index.js';
import { parseFlow } from '../../lib/text/index.js';
import { udp4 } from '../support/frames.js';
import { BenchSwitch } from './bench-switch.js';

const FRAME = udp4({ src: '10.0.0.1', dst: '10.0.0.2', sport: 1, dport: 53 });

describe('pipeline: flow-mod (OpenFlow 1.3.5 §6.4)', () => {
  it('an add over an identical flow keeps counters, takes cookie and actions, begins its duration again', () => {
    const bench = new BenchSwitch('cookie=1,udp,actions=output:2');
    bench.send(1, FRAME);
    bench.clock.advance(5000);
    bench.sw.flows.add('cookie=2,udp,actions=output:3');
    const [flow] = bench.sw.flows.list();
    expect([flow.packets, flow.cookie, flow.duration_ms]).to.deep.equal([1, 2n, 0]);
    expect(bench.send(1, FRAME)).to.deep.equal([3]);
    expect(bench.sw.flows.list()[0].packets).to.equal(2);
    bench.sw.flows.add('reset_counts,udp,actions=output:3');
    expect(bench.sw.flows.list()[0].packets).to.equal(0);
  });

  it('modify is loose, modify_strict is not, and neither adds', () => {
    const bench = new BenchSwitch('priority=5,udp,tp_dst=53,actions=output:2\npriority=6,tcp,actions=output:2');
    bench.sw.flows.load('modify udp,actions=output:3');
    expect(bench.send(1, FRAME)).to.deep.equal([3]);
    bench.sw.flows.load('modify_strict priority=5,udp,actions=output:2');
    expect(bench.send(1, FRAME)).to.deep.equal([3]);
    bench.sw.flows.load('modify_strict priority=5,udp,tp_dst=53,actions=output:2');
    expect(bench.send(1, FRAME)).to.deep.equal([2]);
    bench.sw.flows.load('modify arp,actions=output:3');
    expect(bench.sw.flows.list()).to.have.length(2);
  });

  it('modify keeps cookie, timeouts, counters and duration', () => {
    const bench = new BenchSwitch('cookie=7,idle_timeout=100,udp,actions=output:2');
    bench.send(1, FRAME);
    bench.clock.advance(3000);
    bench.sw.flows.load('modify cookie=7/-1,udp,actions=output:3');
    const [flow] = bench.sw.flows.list();
    expect([flow.cookie, flow.idleTimeout_s, flow.packets, flow.duration_ms]).to.deep.equal([7n, 100, 1, 3000]);
    bench.sw.flows.load('modify cookie=8/-1,udp,actions=output:1');
    expect(bench.send(1, FRAME)).to.deep.equal([3]);
  });

  it('delete goes by match, cookie and out_port, in one table or in all', () => {
    const flows =
      'table=0,cookie=0x10,udp,actions=output:2\ntable=1,cookie=0x11,udp,actions=output:3\ntable=2,tcp,actions=output:3';
    const left = (text: string) => {
      const bench = new BenchSwitch(flows);
      bench.sw.flows.load(text);
      return bench.sw.flows.list().map((flow) => flow.tableId);
    };
    expect(left('delete')).to.deep.equal([]);
    expect(left('delete table=1')).to.deep.equal([0, 2]);
    expect(left('delete udp')).to.deep.equal([2]);
    expect(left('delete cookie=0x10/0xff')).to.deep.equal([1, 2]);
    expect(left('delete cookie=0x10/0xf0')).to.deep.equal([2]);
    expect(left('delete out_port=3')).to.deep.equal([0]);
    expect(left('delete_strict table=0,priority=3,udp')).to.deep.equal([0, 1, 2]);
  });

  it('CHECK_OVERLAP refuses a flow that some packet could also meet', () => {
    const bench = new BenchSwitch('priority=5,udp,tp_dst=53,actions=output:2');
    expect(() => bench.sw.flows.add('check_overlap,priority=5,ip,nw_src=10.0.0.1,actions=drop')).to.throw(
      'OFPFMFC_OVERLAP',
    );
    expect(() => bench.sw.flows.add('check_overlap,priority=5,tcp,actions=drop')).not.to.throw();
    expect(() => bench.sw.flows.add('check_overlap,priority=6,udp,actions=drop')).not.to.throw();
  });

  it('a text with a flow that is refused, or can not be read, changes nothing, and names the line', () => {
    const bench = new BenchSwitch('udp,actions=output:2');
    const load = (text: string) => () => bench.sw.flows.load(text);
    expect(load('tcp,actions=drop\n\n  udp,actions=pop_vlan,output:3'))
      .to.throw(RefusedError)
      .with.include({ line: 3, column: 7 });
    expect(load('tcp,actions=drop\nudp,actions=outptu:3')).to.throw(TextError).with.include({ line: 2 });
    expect(bench.sw.flows.list()).to.have.length(1);
  });

  it('a refused flow changes nothing', () => {
    const bench = new BenchSwitch('udp,actions=output:2');
    expect(() => bench.sw.flows.add('udp,actions=pop_vlan,output:3')).to.throw('MATCH_INCONSISTENT');
    expect(() => bench.sw.flows.add('table=3,udp,actions=goto_table:2')).to.throw();
    expect(() => bench.sw.flows.add('udp,actions=set_field:1->ct_mark,output:3')).to.throw();
    expect(bench.send(1, FRAME)).to.deep.equal([2]);
    expect(bench.sw.flows.list()).to.have.length(1);
  });
});

describe('pipeline: ports that a flow names', () => {
  const exact = (number: number) => Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
  const add = (bench: BenchSwitch, values: FieldValue[], port: number) =>
    bench.sw.flows.apply({
      ...parseFlow('actions=drop'),
      match: Match.of(values),
      instructions: { apply: [{ type: 'output', port, maxLen: 0 }] },
    });

  it('a number that no port can have is refused, in a match and in an output: ovs-ofctl could not read the flow', () => {
    const bench = new BenchSwitch('');
    const inPort = (number: number): FieldValue => ({ field: fields.in_port_oxm, value: exact(number), mask: null });
    expect(() => add(bench, [inPort(0x80abcd)], 1)).to.throw('OFPBMC_BAD_VALUE');
    expect(() => add(bench, [], 0x80abcd)).to.throw('OFPBAC_BAD_OUT_PORT');
    expect(() => add(bench, [inPort(0xfffffffe)], 0xfeff)).not.to.throw();
  });

  it('in_phy_port needs in_port before it (OpenFlow 1.3.5 §7.2.3.8), and is the same port', () => {
    const bench = new BenchSwitch('');
    const inPort = { field: fields.in_port_oxm, value: exact(1), mask: null };
    const phyPort = { field: fields.in_phy_port, value: exact(1), mask: null };
    expect(() => add(bench, [phyPort], 2)).to.throw('OFPBMC_BAD_PREREQ');
    add(bench, [inPort, phyPort], 2);
    expect(bench.send(1, FRAME)).to.deep.equal([2]);
    expect(bench.send(3, FRAME)).to.deep.equal([]);
  });
});

describe('pipeline: timeouts (OpenFlow 1.3.5 §5.5)', () => {
  it('an idle flow goes after its time without packets, a hard one in any case', () => {
    const bench = new BenchSwitch(
      'priority=1,send_flow_rem,idle_timeout=10,udp,actions=output:2\npriority=2,send_flow_rem,hard_timeout=25,tcp,actions=drop',
    );
    for (let i = 0; i < 3; i++) {
      bench.send(1, FRAME);
      bench.clock.advance(8000);
    }
    expect(bench.removed).to.deep.equal([]);
    bench.clock.advance(1000);
    expect(bench.removed).to.deep.equal(['hard_timeout 2 0']);
    bench.clock.advance(1000);
    expect(bench.removed).to.have.members(['hard_timeout 2 0', 'idle_timeout 1 3']);
    expect(bench.send(1, FRAME)).to.deep.equal([]);
  });

  it('packets from the cache count as use', () => {
    const bench = new BenchSwitch('idle_timeout=5,udp,actions=output:2');
    for (let i = 0; i < 20; i++) {
      bench.send(1, FRAME);
      bench.clock.advance(4000);
    }
    expect(bench.packets(0x8000)).to.equal(20);
  });
});
