import { expect } from 'chai';
import { parseActions } from '../../lib/nxm/action-text.js';
import { OFPP } from '../../lib/nxm/index.js';
import { arp, tcp4, udp4 } from '../support/frames.js';
import { BenchSwitch } from './bench-switch.js';

const A = '50:54:00:00:00:0a';
const B = '50:54:00:00:00:0b';
const FRAME = udp4({ eth_src: A, eth_dst: B });

describe('pipeline: output (OpenFlow 1.3.5 §4.5, §5.6)', () => {
  const cases: [actions: string, from: number | 'LOCAL', out: (number | 'LOCAL')[]][] = [
    ['output:2', 1, [2]],
    ['output:1', 1, []],
    ['IN_PORT', 1, [1]],
    ['ALL', 1, [2, 3, 'LOCAL']],
    ['FLOOD', 3, [1, 2, 'LOCAL']],
    ['LOCAL', 1, ['LOCAL']],
    ['LOCAL', 'LOCAL', []],
    ['output:2,output:3,output:2', 1, [2, 2, 3]],
    ['output:77', 1, []],
    ['drop', 1, []],
  ];
  for (const [actions, from, out] of cases) {
    it(`${actions} from port ${from} comes out of ${out.length > 0 ? out.join(', ') : 'none'}`, () => {
      expect(new BenchSwitch(`actions=${actions}`).send(from, FRAME)).to.deep.equal(out);
    });
  }

  it('a packet that no flow matches is dropped (§5.4)', () => {
    expect(new BenchSwitch('tcp,actions=output:2').send(1, FRAME)).to.deep.equal([]);
  });

  it('CONTROLLER sends a packet-in with the reason, the table, the cookie and what was asked for', () => {
    const bench = new BenchSwitch(
      'cookie=7,udp,actions=goto_table:3\ntable=3,cookie=9,actions=load:5->NXM_NX_REG2[],CONTROLLER:20',
    );
    bench.send(2, FRAME);
    const [packet] = bench.packetIns;
    expect(packet.reason).to.equal('action');
    expect([packet.tableId, packet.cookie, packet.maxLen, packet.frame.length]).to.deep.equal([
      3,
      9n,
      20,
      FRAME.length,
    ]);
    const told = packet.fields.map(({ field, value }) => [field.name, [...value]]);
    expect(told).to.deep.equal([
      ['in_port_oxm', [0, 0, 0, 2]],
      ['reg2', [0, 0, 0, 5]],
    ]);
  });

  it('the reason is no_match only from the flow of priority 0 that matches all (§7.4.1)', () => {
    const bench = new BenchSwitch('priority=0,actions=CONTROLLER:128\npriority=0,udp,actions=CONTROLLER:128');
    bench.send(1, arp({}));
    bench.send(1, FRAME);
    expect(bench.packetIns.map((packet) => packet.reason)).to.include('no_match');
    expect(bench.packetIns[0].reason).to.equal('no_match');
  });

  it('dec_ttl at 1: an invalid_ttl packet-in, and what was sent before stays sent', () => {
    const bench = new BenchSwitch('ip,actions=output:2,dec_ttl,output:3');
    expect(bench.send(1, udp4({ ttl: 1 }))).to.deep.equal([2]);
    expect(bench.packetIns.map((packet) => packet.reason)).to.deep.equal(['invalid_ttl']);
    expect(bench.send(1, udp4({ ttl: 2 }))).to.deep.equal([2, 3]);
  });

  it('a packet-out runs its actions; TABLE sends it through the tables', () => {
    const bench = new BenchSwitch('in_port=3,udp,actions=output:1');
    const out = (actions: string) => {
      bench.sw.pipeline.packetOut({ inPort: 3, actions: parseActions(actions, { line: 1, column: 1 }), frame: FRAME });
      return bench.taken().map(([port]) => port);
    };
    expect(out('output:2')).to.deep.equal([2]);
    expect(out('output:TABLE')).to.deep.equal([1]);
    expect(out('ALL')).to.deep.equal([1, 2, 'LOCAL']);
    expect(bench.packets(0x8000)).to.equal(1);
  });

  it('LINK_DOWN and a port that is taken away end output there', async () => {
    const bench = new BenchSwitch('actions=output:2,output:3');
    expect(bench.send(1, FRAME)).to.deep.equal([2, 3]);
    bench.sw.setLink(2, false);
    expect(bench.send(1, FRAME)).to.deep.equal([3]);
    await bench.sw.removePort(3);
    expect(bench.send(1, FRAME)).to.deep.equal([]);
  });
});

describe('pipeline: NORMAL', () => {
  it('floods what it does not know and learns where it came from', () => {
    const bench = new BenchSwitch('actions=NORMAL');
    expect(bench.send(1, FRAME)).to.deep.equal([2, 3, 'LOCAL']);
    expect(bench.send(2, udp4({ eth_src: B, eth_dst: A }))).to.deep.equal([1]);
    expect(bench.send(1, FRAME)).to.deep.equal([2]);
    // B sits behind port 2: from there it needs no switch.
    expect(bench.send(2, FRAME)).to.deep.equal([]);
  });

  it('keeps VLANs apart', () => {
    const bench = new BenchSwitch('actions=NORMAL');
    bench.send(2, udp4({ eth_src: B, eth_dst: A, vlan: [5] }));
    expect(bench.send(1, udp4({ eth_src: A, eth_dst: B, vlan: [5] }))).to.deep.equal([2]);
    expect(bench.send(1, udp4({ eth_src: A, eth_dst: B, vlan: [6] }))).to.deep.equal([2, 3, 'LOCAL']);
    expect(bench.send(1, FRAME)).to.deep.equal([2, 3, 'LOCAL']);
  });

  it('follows an address that moves, at once', () => {
    const bench = new BenchSwitch('actions=NORMAL');
    const fromB = udp4({ eth_src: B, eth_dst: A });
    bench.send(2, fromB);
    bench.send(1, FRAME);
    expect(bench.send(1, FRAME)).to.deep.equal([2]);
    bench.send(3, fromB);
    expect(bench.send(1, FRAME)).to.deep.equal([3]);
  });

  it('forgets an address after 300 s without a frame, and when its link goes down', () => {
    const bench = new BenchSwitch('actions=NORMAL');
    const fromB = udp4({ eth_src: B, eth_dst: A });
    bench.send(2, fromB);
    bench.clock.advance(299_000);
    expect(bench.send(1, FRAME)).to.deep.equal([2]);
    bench.clock.advance(2_000);
    expect(bench.send(1, FRAME)).to.deep.equal([2, 3, 'LOCAL']);
    bench.send(2, fromB);
    bench.sw.setLink(2, false);
    expect(bench.send(1, FRAME)).to.deep.equal([3, 'LOCAL']);
  });

  it('keeps reserved group addresses to itself, and does not learn group addresses', () => {
    const bench = new BenchSwitch('actions=NORMAL');
    expect(bench.send(1, udp4({ eth_src: A, eth_dst: '01:80:c2:00:00:00' }))).to.deep.equal([]);
    expect(bench.send(1, udp4({ eth_src: A, eth_dst: '01:80:c2:00:00:10' }))).to.deep.equal([2, 3, 'LOCAL']);
    bench.send(2, udp4({ eth_src: '01:00:5e:00:00:01', eth_dst: A }));
    expect(bench.sw.pipeline.macs.size).to.equal(1);
  });

  it('is bounded: the table holds 8192 addresses, and goes on learning', () => {
    const bench = new BenchSwitch('actions=NORMAL');
    for (let i = 0; i < 9000; i++) {
      bench.send(
        1 + (i % 3),
        udp4({ eth_src: `50:54:00:00:${(i >> 8).toString(16)}:${(i & 255).toString(16)}`, eth_dst: A }),
      );
    }
    expect(bench.sw.pipeline.macs.size).to.equal(8192);
    bench.send(2, udp4({ eth_src: B, eth_dst: A }));
    expect(bench.send(1, FRAME)).to.deep.equal([2]);
  });
});

describe('pipeline: fail-mode', () => {
  it('secure: without a controller nothing but flows', () => {
    expect(new BenchSwitch('', { failMode: 'secure' }).send(1, FRAME)).to.deep.equal([]);
  });

  it('standalone: what no flow of table 0 matches is switched as by NORMAL, flows go on', () => {
    const bench = new BenchSwitch('tcp,actions=output:3', { failMode: 'standalone' });
    expect(bench.send(1, FRAME)).to.deep.equal([2, 3, 'LOCAL']);
    expect(bench.send(1, tcp4({ eth_src: A, eth_dst: B }))).to.deep.equal([3]);
    expect(bench.sw.standalone).to.equal(true);
  });
});

describe('pipeline: tables and action sets (OpenFlow 1.3.5 §5.9, §5.10)', () => {
  it('the action set runs at the end, in its order, whatever order it was written in', () => {
    const bench = new BenchSwitch(
      'table=0,ip,actions=write_actions(output:2,dec_ttl,set_field:9.9.9.9->ip_dst),goto_table:1\ntable=1,actions=output:3',
    );
    const frame = udp4({ ttl: 64, dst: '10.0.0.2' });
    const [two, three] = bench.frames(1, frame);
    expect([two[0], three[0]]).to.deep.equal([2, 3]);
    expect(two[1]).to.equal(Buffer.from(udp4({ ttl: 63, dst: '9.9.9.9' })).toString('hex'));
    expect(three[1]).to.equal(Buffer.from(frame).toString('hex'));
  });

  it('a later output replaces an earlier one; clear_actions empties the set', () => {
    const later = 'table=0,actions=write_actions(output:2),goto_table:1\ntable=1,actions=write_actions(output:3)';
    expect(new BenchSwitch(later).send(1, FRAME)).to.deep.equal([3]);
    const cleared = 'table=0,actions=write_actions(output:2),goto_table:1\ntable=1,actions=clear_actions';
    expect(new BenchSwitch(cleared).send(1, FRAME)).to.deep.equal([]);
  });

  it('write_metadata is seen by later tables', () => {
    const flows = 'table=0,actions=write_metadata:0x1234/0xff0f,goto_table:1\ntable=1,metadata=0x1204,actions=output:2';
    expect(new BenchSwitch(flows).send(1, FRAME)).to.deep.equal([2]);
  });

  it('resubmit comes back; the port it names counts for the lookup alone', () => {
    const flows = 'table=0,in_port=1,actions=resubmit(3,1),output:2\ntable=1,in_port=3,actions=IN_PORT';
    expect(new BenchSwitch(flows).send(1, FRAME)).to.deep.equal([1, 2]);
  });

  it('resubmits without end drop the packet, outputs before them included', () => {
    const bench = new BenchSwitch('table=0,actions=output:2,resubmit(,0)');
    expect(bench.send(1, FRAME)).to.deep.equal([]);
    expect(bench.sw.pipeline.tooDeep).to.equal(1);
  });
});

describe('pipeline: port numbers', () => {
  it('LOCAL is OFPP_LOCAL', () => {
    expect(new BenchSwitch('').sw.ports().at(-1)?.number).to.equal(OFPP.LOCAL);
  });

  it('a number that is taken or out of range is refused', () => {
    const { sw } = new BenchSwitch('');
    const port = sw.portAt(1);
    if (!port) throw new Error('no port 1');
    expect(() => sw.addPort(1, port)).to.throw(RangeError, 'port 1 is taken by p1');
    expect(() => sw.addPort(0, port)).to.throw(RangeError, '0 is no port number');
  });
});
