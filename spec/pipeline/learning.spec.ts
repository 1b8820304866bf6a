/**
 * learn and fin_timeout: what packets leave behind in the tables, when it is in force, and what takes it away again.
 */
import { expect } from 'chai';
import { formatTrace } from '../../lib/trace/index.js';
import { tcp4, udp4 } from '../support/frames.js';
import { BenchSwitch } from './bench-switch.js';

const A = '50:54:00:00:00:01';
const B = '50:54:00:00:00:02';
const C = '50:54:00:00:00:03';

/** Switching by learned addresses, as ovs-actions(7) shows it. */
const SWITCHING = `
  table=0,priority=1,actions=learn(table=1,hard_timeout=10,priority=7,cookie=0x5,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[]),resubmit(,1)
  table=1,priority=0,actions=FLOOD`;

const learned = ({ sw }: BenchSwitch, cookie = 0x5n) => sw.flows.list().filter((flow) => flow.cookie === cookie);
const texts = (bench: BenchSwitch) =>
  bench.sw.flows
    .dump()
    .map((line) => line.replace(/^ cookie=0x\w+, duration=[^,]*, |n_packets=.*?n_bytes=\d+, /g, ''))
    .filter((line) => /^table=[1-9]/.test(line));

describe('pipeline: learn', () => {
  it('makes a switch of two tables', () => {
    const bench = new BenchSwitch(SWITCHING);
    expect(bench.send(1, udp4({ eth_src: A, eth_dst: B }))).to.deep.equal([2, 3, 'LOCAL']);
    expect(bench.send(2, udp4({ eth_src: B, eth_dst: A }))).to.deep.equal([1]);
    expect(bench.send(1, udp4({ eth_src: A, eth_dst: B }))).to.deep.equal([2]);
    // An address that moves.
    expect(bench.send(3, udp4({ eth_src: B, eth_dst: C }))).to.deep.equal([1, 2, 'LOCAL']);
    expect(bench.send(1, udp4({ eth_src: A, eth_dst: B }))).to.deep.equal([3]);
    expect(learned(bench)).to.have.length(2);
  });

  it('writes the flow as ovs-ofctl prints it', () => {
    const bench = new BenchSwitch(
      `table=0,udp,actions=learn(table=2,idle_timeout=3,fin_idle_timeout=4,priority=9,send_flow_rem,
      eth_type=0x800,nw_proto=17,NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],udp_dst=53,NXM_OF_VLAN_TCI[0..11],NXM_NX_REG1[]=NXM_NX_REG0[],
      load:NXM_OF_ETH_SRC[]->NXM_NX_XXREG0[16..63],load:5->NXM_OF_UDP_SRC[],output:NXM_OF_IN_PORT[],output:NXM_NX_REG0[])`.replace(
        /\n\s*/g,
        '',
      ),
    );
    bench.send(3, udp4({ eth_src: A, dst: '192.0.2.7' }));
    expect(texts(bench)).to.deep.equal([
      'table=2, idle_timeout=3, send_flow_rem priority=9,udp,reg1=0,vlan_tci=0x0000/0x0fff,nw_src=192.0.2.7,tp_dst=53 ' +
        'actions=fin_timeout(idle_timeout=4),load:0x505400000001->NXM_NX_XXREG0[16..63],load:0x5->NXM_OF_UDP_SRC[],output:3,output:0',
    ]);
  });

  it("isn't seen by the packet's own resubmits, but by what goes through ct behind it", () => {
    const teach = 'learn(table=2,eth_type=0x800,nw_proto=17,output:NXM_OF_IN_PORT[])';
    const after = `
      table=0,udp,actions=${teach},resubmit(,2),ct(table=1)
      table=1,actions=resubmit(,2),2
      table=2,priority=1,actions=3`;
    const bench = new BenchSwitch(after);
    // Table 2 gives port 3 to the packet; to the tracked copy the flow that was learned: its ingress port, so nothing.
    expect(bench.send(1, udp4())).to.deep.equal([2, 3]);
    expect(bench.packets(32768)).to.equal(1);
    // From port 2: its own lookup meets what the first packet taught, the copy's what it has taught itself.
    expect(bench.send(2, udp4())).to.deep.equal([1]);
  });

  it('learns what was learned already by a time stamp: hard timeouts begin anew', () => {
    const bench = new BenchSwitch(SWITCHING);
    const frame = udp4({ eth_src: A, eth_dst: B });
    bench.send(1, frame);
    const [before] = learned(bench);
    for (let i = 0; i < 3; i++) {
      bench.clock.advance(8000);
      bench.send(1, frame);
    }
    expect(learned(bench)).to.have.length(1);
    expect(learned(bench)[0].instructions).to.equal(before.instructions);
    bench.clock.advance(11_000);
    expect(learned(bench)).to.deep.equal([]);
    bench.send(1, frame);
    expect(learned(bench)).to.have.length(1);
  });

  it('changes a flow of the same match: its actions and cookie, and not its timeouts', () => {
    const bench = new BenchSwitch(`
      table=0,in_port=1,actions=learn(table=1,priority=5,cookie=0x5,eth_type=0x800,output:NXM_OF_IN_PORT[])
      table=1,priority=5,cookie=0x9,idle_timeout=50,ip,actions=drop`);
    bench.send(1, udp4());
    expect(texts(bench)).to.deep.equal(['table=1, idle_timeout=50, priority=5,ip actions=output:1']);
    expect(learned(bench)).to.have.length(1);
  });

  it('adds nothing beyond its limit, counts that, and says so once a minute', () => {
    const said: string[] = [];
    const log = { debug() {}, info() {}, warn: (text: string) => said.push(text), error() {} };
    const bench = new BenchSwitch(
      'table=0,actions=learn(table=1,limit=2,cookie=0x5,NXM_OF_ETH_SRC[],result_dst=NXM_NX_REG0[3]),resubmit(,2)\n' +
        'table=2,reg0=8,actions=2\ntable=2,reg0=0,actions=3',
      { log },
    );
    const from = (eth_src: string) => bench.send(1, udp4({ eth_src }));
    expect([from(A), from(B), from(C), from(A), from(C)]).to.deep.equal([[2], [2], [3], [2], [3]]);
    expect(learned(bench)).to.have.length(2);
    expect(bench.sw.pipeline.notLearned).to.deep.equal({ limit: 2, table: 0 });
    expect(said).to.have.length(1);
    bench.clock.advance(61_000);
    from(C);
    expect(said).to.have.length(2);
    // The count decides: where there is room again, a cached program knows it.
    bench.sw.flows.load('delete table=1,dl_src=50:54:00:00:00:01');
    expect([from(C), from(A)]).to.deep.equal([[2], [3]]);
  });

  it('adds nothing to a table that is full', () => {
    const bench = new BenchSwitch('table=0,actions=learn(table=1,cookie=0x5,NXM_OF_ETH_SRC[]),2');
    const setups = [0, 1].map((id) => [id, { maxEntries: id === 1 ? 1 : 100, limits: null }] as const);
    bench.sw.pipeline.configureTables(new Map(setups));
    bench.send(1, udp4({ eth_src: A }));
    expect(bench.send(1, udp4({ eth_src: B }))).to.deep.equal([2]);
    expect(learned(bench)).to.have.length(1);
    expect(bench.sw.pipeline.notLearned).to.deep.equal({ limit: 0, table: 1 });
  });

  it('delete_learned takes what was learned along with the last flow that would learn it', () => {
    const teach = 'learn(table=1,delete_learned,cookie=0x5,send_flow_rem,NXM_OF_ETH_SRC[])';
    const bench = new BenchSwitch(`table=0,priority=1,udp,actions=${teach}\ntable=0,priority=2,tcp,actions=${teach}`);
    bench.send(1, udp4({ eth_src: A }));
    bench.sw.flows.load('delete udp');
    expect(learned(bench)).to.have.length(1);
    bench.sw.flows.load('modify tcp,actions=drop');
    expect(learned(bench)).to.deep.equal([]);
    expect(bench.removed).to.deep.equal(['delete 32768 0']);
  });

  it('learns in front of a meter that drops, and where the packet goes nowhere', () => {
    const bench = new BenchSwitch('table=0,udp,actions=learn(table=1,cookie=0x5,NXM_OF_ETH_SRC[]),resubmit(,0)');
    bench.send(1, udp4({ eth_src: A }));
    expect(learned(bench)).to.have.length(1);
    expect(bench.sw.pipeline.tooDeep).to.equal(1);
  });
});

describe('trace: learn', () => {
  it('tells of the flow, and learns nothing', () => {
    const bench = new BenchSwitch(SWITCHING);
    const frame = udp4({ eth_src: A, eth_dst: B });
    const text = formatTrace(bench.sw.trace({ in_port: 1, frame }));
    expect(text).to.include(
      'table=1, hard_timeout=10, priority=7,vlan_tci=0x0000/0x0fff,dl_dst=50:54:00:00:00:01 actions=load:0x1->NXM_NX_REG0[0..15],output:1',
    );
    expect(learned(bench)).to.deep.equal([]);
    bench.send(1, frame);
    expect(learned(bench)).to.have.length(1);
  });
});

describe('pipeline: fin_timeout', () => {
  const FLOWS =
    'table=0,priority=3,tcp,idle_timeout=300,hard_timeout=0,actions=fin_timeout(idle_timeout=5,hard_timeout=7),2';

  it('shortens timeouts where FIN or RST passes, cached or not', () => {
    for (const flags of ['fin|ack', 'rst']) {
      const bench = new BenchSwitch(FLOWS);
      bench.send(1, tcp4({ flags: 'syn' }));
      bench.send(1, tcp4({ flags: 'ack' }));
      expect(bench.sw.flows.list()[0]).to.include({ idleTimeout_s: 300, hardTimeout_s: 0 });
      expect(bench.send(1, tcp4({ flags }))).to.deep.equal([2]);
      expect(bench.sw.flows.list()[0]).to.include({ idleTimeout_s: 5, hardTimeout_s: 7 });
      bench.clock.advance(6000);
      expect(bench.sw.flows.list()).to.deep.equal([]);
    }
  });

  it('leaves timeouts that are shorter', () => {
    const bench = new BenchSwitch('priority=3,tcp,idle_timeout=2,actions=fin_timeout(idle_timeout=5),2');
    bench.send(1, tcp4({ flags: 'fin' }));
    expect(bench.sw.flows.list()[0]).to.include({ idleTimeout_s: 2, hardTimeout_s: 0 });
  });
});
