import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { type Bucket, type GroupMod, OFPG, OFPP } from '../../lib/nxm/index.js';
import { arp, ethernet, tcp4, tcp6, udp4 } from '../support/frames.js';
import { GroupSwitch, refused } from './group-switch.js';

const UDP = udp4({ ttl: 64 });
const bucket = (values: Partial<Bucket> = {}): Bucket => ({
  weight: 0,
  watchPort: OFPP.ANY,
  watchGroup: OFPG.ANY,
  actions: [],
  ...values,
});
const toGroup = (group: number): Bucket => bucket({ actions: [{ type: 'group', group }] });
const mod = (groupId: number, groupType: GroupMod['groupType'], ...buckets: Bucket[]): GroupMod => ({
  command: 'add',
  groupId,
  groupType,
  buckets,
});

describe('groups: OpenFlow 1.3.5 §5.6.1, what types do', () => {
  it('all: every bucket gets a packet of its own', () => {
    const bench = new GroupSwitch(
      'ip,actions=group:1,output:4',
      'group_id=1,type=all,bucket=actions=set_field:192.0.2.1->ip_src,output:2,bucket=actions=dec_ttl,output:3',
    );
    expect(bench.send(1, UDP)).to.deep.equal({
      2: [toHex(udp4({ ttl: 64, src: '192.0.2.1' }))],
      3: [toHex(udp4({ ttl: 63 }))],
      4: [toHex(UDP)],
    });
  });

  it('all: pushed tags of a bucket are not in the next one, whatever was set before is', () => {
    const bench = new GroupSwitch(
      'ip,actions=set_field:50:54:00:00:00:09->eth_dst,group:1',
      'group_id=1,type=all,bucket=actions=push_vlan:0x8100,set_field:0x1007->vlan_vid,output:2,bucket=actions=output:3',
    );
    const eth_dst = '50:54:00:00:00:09';
    expect(bench.send(1, UDP)).to.deep.equal({
      2: [toHex(udp4({ ttl: 64, eth_dst, vlan: [7] }))],
      3: [toHex(udp4({ ttl: 64, eth_dst }))],
    });
  });

  it('all: a bucket that pushes MPLS leaves the next one as it was', () => {
    const bench = new GroupSwitch(
      'ip,actions=group:1',
      'group_id=1,type=all,bucket=actions=push_mpls:0x8847,output:2,bucket=actions=output:3',
    );
    const { 2: labelled, 3: plain } = bench.send(1, UDP);
    expect(plain).to.deep.equal([toHex(UDP)]);
    expect(labelled[0].slice(24, 28)).to.equal('8847');
  });

  it('all: a bucket that outputs to the ingress port is left out, IN_PORT is not', () => {
    const groups = 'group_id=1,type=all,bucket=actions=output:1,bucket=actions=IN_PORT,bucket=actions=output:2';
    expect(new GroupSwitch('actions=group:1', groups).outputs(1, UDP)).to.deep.equal([1, 2]);
  });

  it('indirect: its one bucket', () => {
    const bench = new GroupSwitch('actions=group:7', 'group_id=7,type=indirect,bucket=actions=output:3');
    expect(bench.outputs(1, UDP)).to.deep.equal([3]);
  });

  it('a group without buckets drops', () => {
    for (const type of ['all', 'select', 'ff']) {
      expect(new GroupSwitch('actions=group:1', `group_id=1,type=${type}`).outputs(1, UDP)).to.deep.equal([]);
    }
  });

  it('fast failover: the first bucket whose port is live, at once', () => {
    const bench = new GroupSwitch(
      'actions=group:1',
      'group_id=1,type=ff,bucket=watch_port:2,actions=output:2,bucket=watch_port:3,actions=output:3',
    );
    const now = () => bench.outputs(1, UDP);
    expect(now()).to.deep.equal([2]);
    bench.ports[1].link(false);
    expect(now()).to.deep.equal([3]);
    bench.ports[2].link(false);
    expect(now()).to.deep.equal([]);
    bench.ports[1].link(true);
    expect(now()).to.deep.equal([2]);
  });

  it('fast failover: a port that is configured down, or taken away, is not live', async () => {
    const bench = new GroupSwitch(
      'actions=group:1',
      'group_id=1,type=ff,bucket=watch_port:2,actions=output:4,bucket=watch_port:3,actions=output:3',
    );
    const entry = bench.sw.pipeline.datapath.ports.get(2);
    if (!entry) throw new Error('no port 2');
    bench.sw.pipeline.modifyPort({ port: 2, mac: entry.mac, config: 1, mask: 1, advertise: 0 });
    expect(bench.outputs(1, UDP)).to.deep.equal([3]);
    bench.sw.pipeline.modifyPort({ port: 2, mac: entry.mac, config: 0, mask: 1, advertise: 0 });
    expect(bench.outputs(1, UDP)).to.deep.equal([4]);
    await bench.sw.removePort(2);
    expect(bench.outputs(1, UDP)).to.deep.equal([3]);
  });

  it('fast failover: a watched group lives while one of its buckets does', () => {
    const bench = new GroupSwitch(
      'actions=group:2',
      `group_id=1,type=ff,bucket=watch_port:2,actions=output:2,bucket=watch_port:3,actions=output:3
       group_id=2,type=ff,bucket=watch_group:1,actions=group:1,bucket=watch_port:4,actions=output:4`,
    );
    const now = () => bench.outputs(1, UDP);
    expect(now()).to.deep.equal([2]);
    bench.ports[1].link(false);
    expect(now()).to.deep.equal([3]);
    bench.ports[2].link(false);
    expect(now()).to.deep.equal([4]);
  });

  it('groups in groups, each bucket with a copy of what its group got', () => {
    const bench = new GroupSwitch(
      'ip,actions=group:1',
      `group_id=2,type=all,bucket=actions=dec_ttl,output:2,bucket=actions=output:3
       group_id=1,type=all,bucket=actions=set_field:192.0.2.1->ip_src,group:2,bucket=actions=output:4`,
    );
    expect(bench.send(1, UDP)).to.deep.equal({
      2: [toHex(udp4({ ttl: 63, src: '192.0.2.1' }))],
      3: [toHex(udp4({ ttl: 64, src: '192.0.2.1' }))],
      4: [toHex(UDP)],
    });
  });

  it('groups that multiply beyond bounds drop the packet, and are counted', () => {
    const chain = Array.from({ length: 20 }, (_, i) => {
      const next = i === 0 ? 'output:2' : `group:${i}`;
      return `group_id=${i + 1},type=all,bucket=actions=${next},bucket=actions=${next}`;
    });
    const bench = new GroupSwitch('actions=group:20', chain.join('\n'));
    expect(bench.outputs(1, UDP)).to.deep.equal([]);
    expect(bench.sw.pipeline.tooDeep).to.equal(1);
  });
});

describe('groups: OpenFlow 1.3.5 §5.10, buckets and the action set', () => {
  it('a bucket is an action set: its actions run in the order of §5.10', () => {
    const bench = new GroupSwitch(
      'ip,actions=group:1',
      'group_id=1,type=all,bucket=actions=output:2,set_field:0x1007->vlan_vid,push_vlan:0x8100',
    );
    expect(bench.send(1, UDP)).to.deep.equal({ 2: [toHex(udp4({ ttl: 64, vlan: [7] }))] });
  });

  it('a group in the action set replaces output', () => {
    const bench = new GroupSwitch(
      'actions=write_actions(output:2,group:1)',
      'group_id=1,type=all,bucket=actions=output:3,bucket=actions=output:4',
    );
    expect(bench.outputs(1, UDP)).to.deep.equal([3, 4]);
  });

  it("a bucket does not run the packet's action set; what tables behind it write there runs in the end", () => {
    const bench = new GroupSwitch(
      `table=0,actions=write_actions(output:4),goto_table:1
       table=1,actions=group:1
       table=2,in_port=2,actions=write_actions(output:1)`,
      'group_id=1,type=all,bucket=actions=resubmit(,2),bucket=actions=output:3',
    );
    expect(bench.outputs(1, UDP)).to.deep.equal([3, 4]);
    expect(bench.outputs(2, UDP)).to.deep.equal([1, 3]);
  });

  it('dec_ttl of an expired packet ends its bucket, not the others', () => {
    const bench = new GroupSwitch(
      'ip,actions=group:1',
      'group_id=1,type=all,bucket=actions=dec_ttl,output:2,bucket=actions=output:3',
    );
    expect(bench.outputs(1, udp4({ ttl: 1 }))).to.deep.equal([3]);
    expect(bench.events.filter(({ type }) => type === 'packet_in')).to.have.length(1);
  });

  it('a packet that ct tracked in a bucket is untracked in the next one', () => {
    const bench = new GroupSwitch(
      `table=0,ip,actions=group:1
       table=1,ct_state=+trk+new,ip,actions=output:2
       table=2,ct_state=-trk,ip,actions=output:3`,
      'group_id=1,type=all,bucket=actions=ct(commit,table=1),bucket=actions=resubmit(,2)',
    );
    expect(bench.outputs(1, UDP)).to.deep.equal([2, 3]);
    expect(bench.outputs(1, udp4({ sport: 77 }))).to.deep.equal([2, 3]);
  });
});

describe('groups: OpenFlow 1.3.5 §5.6.1, select', () => {
  const THREE =
    'group_id=1,type=select,bucket=weight:50,actions=output:2,bucket=weight:30,actions=output:3,' +
    'bucket=weight:20,actions=output:4';
  const flowOf = (i: number) => tcp4({ src: `10.0.${i >> 8}.${i & 255}`, sport: 1000 + (i % 7), dport: 80 });

  function shares(bench: GroupSwitch, frame: (i: number) => Uint8Array, count = 10_000): number[] {
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) for (const port of bench.outputs(1, frame(i))) sums[port - 1]++;
    return sums.map((sum) => sum / count);
  }

  const VARIED: [what: string, frame: (i: number) => Uint8Array][] = [
    ['IPv4 sources', flowOf],
    ['TCP ports', (i) => tcp4({ sport: 1024 + i })],
    ['IPv6 addresses', (i) => tcp6({ src: `2001:db8::${i.toString(16)}` })],
    ['Ethernet addresses', (i) => ethernet(0x88b5, [1], { eth_src: `02:00:00:00:${hex(i >> 8)}:${hex(i & 255)}` })],
    ['VLANs', (i) => ethernet(0x88b5, [1], { vlan: [i % 4096], eth_src: `02:00:00:00:00:0${i >> 12}` })],
    ['ARP addresses', (i) => arp({ spa: `10.0.${i >> 8}.${i & 255}` })],
  ];
  for (const [what, frame] of VARIED) {
    it(`the share of 10,000 flows of different ${what} is within 5 % of the weight`, () => {
      const [, second, third, fourth] = shares(new GroupSwitch('actions=group:1', THREE), frame);
      expect(second).to.be.closeTo(0.5, 0.025);
      expect(third).to.be.closeTo(0.3, 0.015);
      expect(fourth).to.be.closeTo(0.2, 0.01);
    });
  }

  it('a flow keeps its bucket, whatever its other fields, the time, counters and unrelated changes', () => {
    const bench = new GroupSwitch('actions=group:1', THREE);
    const again = new GroupSwitch('actions=group:1', THREE);
    for (let i = 0; i < 200; i++) {
      const options = { src: `10.0.0.${i}`, sport: 1000, dport: 80 };
      const [port] = bench.outputs(1, tcp4(options));
      bench.clock.advance(1000);
      bench.sw.flows.add(`table=${1 + (i % 9)},priority=${i},actions=drop`);
      const other = tcp4({ ...options, ttl: 1 + (i % 60), tos: 4 * (i % 60), seq: i, flags: 'syn', payload: 'x' });
      expect(bench.outputs(1, other)).to.deep.equal([port]);
      expect(again.outputs(1, other), 'in another switch').to.deep.equal([port]);
    }
  });

  it('the translation marks exactly what it hashes: other fields share a cache entry', () => {
    const bench = new GroupSwitch('actions=group:1', THREE);
    for (let i = 0; i < 50; i++) bench.send(1, tcp4({ ttl: 1 + i, tos: 4 * i, seq: i, payload: `${i}` }));
    expect(bench.sw.pipeline.datapath.counters).to.include({ misses: 1, hits: 49 });
    bench.send(1, tcp4({ sport: 5 }));
    expect(bench.sw.pipeline.datapath.counters.misses).to.equal(2);
  });

  it('fragments of a packet stay together', () => {
    const bench = new GroupSwitch('actions=group:1', THREE);
    for (let i = 0; i < 50; i++) {
      const options = { src: `10.0.1.${i}`, sport: 1000 + i };
      const first = bench.outputs(1, udp4({ ...options, mf: true, payload: 'x'.repeat(24) }));
      const later = bench.outputs(1, udp4({ ...options, offset: 32, payload: 'y' }));
      expect(later).to.deep.equal(first);
    }
  });

  it('when a bucket dies only its flows move, and they come back', () => {
    const groups =
      'group_id=1,type=select,bucket=watch_port:2,actions=output:2,bucket=watch_port:3,actions=output:3,' +
      'bucket=watch_port:4,actions=output:4';
    const bench = new GroupSwitch('actions=group:1', groups);
    const where = () => Array.from({ length: 300 }, (_, i) => bench.outputs(1, flowOf(i))[0]);
    const before = where();
    bench.ports[2].link(false);
    const meanwhile = where();
    expect(meanwhile).to.not.include(3);
    for (const [i, port] of before.entries()) if (port !== 3) expect(meanwhile[i]).to.equal(port);
    bench.ports[2].link(true);
    expect(where()).to.deep.equal(before);
  });

  it('a bucket of weight 0 gets nothing', () => {
    const groups = 'group_id=1,type=select,bucket=weight:0,actions=output:2,bucket=actions=output:3';
    expect(shares(new GroupSwitch('actions=group:1', groups), flowOf, 200)).to.deep.equal([0, 0, 1, 0]);
  });
});

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

describe('groups: OpenFlow 1.3.5 §6.7, what is refused', () => {
  it('an id above OFPG_MAX: INVALID_GROUP', () => {
    const { sw } = new GroupSwitch();
    for (const id of [OFPG.MAX + 1, OFPG.ALL, OFPG.ANY]) {
      refused('OFPGMFC_INVALID_GROUP', () => sw.groups.apply(mod(id, 'all')));
    }
    sw.groups.apply(mod(OFPG.MAX, 'all'));
    sw.groups.apply(mod(0, 'all'));
  });

  it('weights in a group that is no select: INVALID_GROUP', () => {
    const { sw } = new GroupSwitch();
    const watching = { weight: 1, watchPort: 1 };
    refused('OFPGMFC_INVALID_GROUP', () => sw.groups.apply(mod(1, 'all', bucket({ weight: 1 }))));
    refused('OFPGMFC_INVALID_GROUP', () => sw.groups.apply(mod(1, 'indirect', bucket({ weight: 1 }))));
    refused('OFPGMFC_INVALID_GROUP', () => sw.groups.apply(mod(1, 'ff', bucket(watching))));
    expect(sw.groups.list()).to.deep.equal([]);
  });

  it('select with all weights 0: INVALID_GROUP (Open vSwitch takes it)', () => {
    const { sw } = new GroupSwitch();
    refused('OFPGMFC_INVALID_GROUP', () => sw.groups.apply(mod(1, 'select', bucket(), bucket())));
    sw.groups.apply(mod(1, 'select', bucket(), bucket({ weight: 1 })));
    refused('OFPGMFC_INVALID_GROUP', () =>
      sw.groups.apply({ ...mod(1, 'select', bucket(), bucket()), command: 'modify' }),
    );
  });

  it('indirect without exactly one bucket: INVALID_GROUP', () => {
    const { sw } = new GroupSwitch();
    refused('OFPGMFC_INVALID_GROUP', () => sw.groups.apply(mod(1, 'indirect')));
    refused('OFPGMFC_INVALID_GROUP', () => sw.groups.apply(mod(1, 'indirect', bucket(), bucket())));
  });

  it('a group that is there: GROUP_EXISTS; a modify of one that is not: UNKNOWN_GROUP', () => {
    const { sw } = new GroupSwitch('', 'group_id=1,type=all');
    refused('OFPGMFC_GROUP_EXISTS', () => sw.groups.apply(mod(1, 'select')));
    refused('OFPGMFC_UNKNOWN_GROUP', () => sw.groups.apply({ ...mod(2, 'all'), command: 'modify' }));
  });

  it('watching where it counts for nothing: WATCH_UNSUPPORTED; not watching in ff: INVALID_GROUP', () => {
    const { sw } = new GroupSwitch();
    refused('OFPGMFC_WATCH_UNSUPPORTED', () => sw.groups.apply(mod(1, 'all', bucket({ watchPort: 1 }))));
    refused('OFPGMFC_WATCH_UNSUPPORTED', () => sw.groups.apply(mod(1, 'indirect', bucket({ watchGroup: 2 }))));
    refused('OFPGMFC_INVALID_GROUP', () => sw.groups.apply(mod(1, 'ff', bucket())));
  });

  it('a port that never can be, or a group that is not there, to watch: BAD_WATCH', () => {
    const { sw } = new GroupSwitch();
    for (const watchPort of [0, OFPP.CONTROLLER, OFPP.FLOOD, OFPP.MAX + 1]) {
      refused('OFPGMFC_BAD_WATCH', () => sw.groups.apply(mod(1, 'ff', bucket({ watchPort }))));
    }
    refused('OFPGMFC_BAD_WATCH', () => sw.groups.apply(mod(1, 'ff', bucket({ watchGroup: 9 }))));
    sw.groups.apply(mod(1, 'ff', bucket({ watchPort: 99 })));
  });

  it('an action that no flow may have: its error, and a group that is not there BAD_OUT_GROUP', () => {
    const { sw } = new GroupSwitch();
    refused('OFPBAC_BAD_OUT_GROUP', () => sw.groups.apply(mod(1, 'all', toGroup(2))));
    const bad = bucket({ actions: [{ type: 'output', port: 0, maxLen: 0 }] });
    refused('OFPBAC_BAD_OUT_PORT', () => sw.groups.apply(mod(1, 'all', bad)));
    const table = bucket({ actions: [{ type: 'output', port: OFPP.TABLE, maxLen: 0 }] });
    refused('OFPBAC_BAD_OUT_PORT', () => sw.groups.apply(mod(1, 'all', table)));
    expect(sw.groups.list()).to.deep.equal([]);
  });

  it('a loop of any length, on add and on modify: LOOP (Open vSwitch takes it)', () => {
    const { sw } = new GroupSwitch();
    refused('OFPGMFC_LOOP', () => sw.groups.apply(mod(1, 'all', toGroup(1))));
    for (const length of [1, 2, 5, 5000]) {
      sw.groups.apply({ command: 'delete', groupType: 'all', groupId: OFPG.ALL, buckets: [] });
      sw.groups.apply(mod(1, 'all'));
      for (let id = 2; id <= length; id++) sw.groups.apply(mod(id, 'all', toGroup(id - 1)));
      const closing = { ...mod(1, 'all', bucket(), toGroup(length)), command: 'modify' } as const;
      refused('OFPGMFC_LOOP', () => sw.groups.apply(closing));
      expect(sw.groups.list()[0].buckets, 'nothing has changed').to.deep.equal([]);
    }
  });

  it('groups that watch each other: LOOP', () => {
    const { sw } = new GroupSwitch();
    sw.groups.apply(mod(1, 'ff', bucket({ watchPort: 1 })));
    sw.groups.apply(mod(2, 'ff', bucket({ watchGroup: 1 })));
    refused('OFPGMFC_LOOP', () => sw.groups.apply({ ...mod(1, 'ff', bucket({ watchGroup: 2 })), command: 'modify' }));
    refused('OFPGMFC_LOOP', () => sw.groups.apply(mod(3, 'ff', bucket({ watchGroup: 3 }))));
  });

  it('a flow or packet-out to a group that is not there: BAD_OUT_GROUP', () => {
    const { sw } = new GroupSwitch();
    refused('OFPBAC_BAD_OUT_GROUP', () => sw.flows.add('actions=group:1'));
    refused('OFPBAC_BAD_OUT_GROUP', () => sw.flows.add('actions=write_actions(group:1)'));
    refused('OFPBAC_BAD_OUT_GROUP', () =>
      sw.pipeline.packetOut({ inPort: OFPP.CONTROLLER, actions: [{ type: 'group', group: 1 }], frame: UDP }),
    );
  });
});

describe('groups: OpenFlow 1.3.5 §6.7, changes', () => {
  it('a modify is in force for the next packet', () => {
    const bench = new GroupSwitch('actions=group:1', 'group_id=1,type=all,bucket=actions=output:2');
    expect(bench.outputs(1, UDP)).to.deep.equal([2]);
    bench.sw.groups.load('modify group_id=1,type=indirect,bucket=actions=output:3');
    expect(bench.outputs(1, UDP)).to.deep.equal([3]);
  });

  it('deleting a group deletes the flows that point to it, and tells why', () => {
    const bench = new GroupSwitch(
      `table=0,priority=1,send_flow_rem,actions=group:1
       table=2,send_flow_rem,actions=write_actions(group:1)
       table=0,priority=2,tcp,actions=group:2`,
      'group_id=1,type=all,bucket=actions=output:2\ngroup_id=2,type=all',
    );
    bench.send(1, UDP);
    bench.sw.groups.load('delete group_id=1');
    const removed = bench.events.flatMap((event) => (event.type === 'flow_removed' ? [event] : []));
    expect(removed.map(({ flow, reason }) => [flow.tableId, flow.packets, reason])).to.deep.equal([
      [0, 1, 'group_delete'],
      [2, 0, 'group_delete'],
    ]);
    expect(bench.sw.flows.dump().map((line) => line.replace(/.*priority/, 'priority'))).to.deep.equal([
      'priority=2,tcp actions=group:2',
    ]);
    expect(bench.outputs(1, UDP)).to.deep.equal([]);
  });

  it('deleting all deletes all; deleting one that is not there says nothing', () => {
    const bench = new GroupSwitch('actions=group:2', 'group_id=1,type=all\ngroup_id=2,type=all,bucket=actions=group:1');
    bench.sw.groups.load('delete group_id=77');
    bench.sw.groups.load('delete');
    expect(bench.sw.groups.list()).to.deep.equal([]);
    expect(bench.sw.flows.list()).to.deep.equal([]);
  });

  it('a group that another one forwards to is not deleted alone: CHAINED_GROUP', () => {
    const { sw } = new GroupSwitch('', 'group_id=1,type=all\ngroup_id=2,type=all,bucket=actions=group:1');
    refused('OFPGMFC_CHAINED_GROUP', () => sw.groups.load('delete group_id=1'));
    sw.groups.load('modify group_id=2,type=all\ndelete group_id=1');
    expect(sw.groups.list().map(({ groupId }) => groupId)).to.deep.equal([2]);
  });
});

describe('groups: OpenFlow 1.3.5 §7.3.5.9, statistics', () => {
  it('count packets and bytes of group and buckets, references and duration', () => {
    const bench = new GroupSwitch(
      'priority=1,udp,actions=group:1\npriority=2,tcp,actions=group:1,group:1',
      `group_id=1,type=ff,bucket=watch_port:2,actions=output:2,bucket=watch_port:3,actions=output:3
       group_id=2,type=all,bucket=actions=group:1,bucket=actions=group:1,output:4`,
    );
    bench.clock.advance(1500);
    for (let i = 0; i < 3; i++) bench.send(1, UDP);
    bench.ports[1].link(false);
    bench.send(1, UDP);
    const [first, second] = bench.sw.groups.list();
    expect(first).to.include({ packets: 4, bytes: 4 * UDP.length, references: 4, duration_ms: 1500 });
    expect(first.buckets.map(({ packets, bytes }) => [packets, bytes])).to.deep.equal([
      [3, 3 * UDP.length],
      [1, UDP.length],
    ]);
    expect(second).to.include({ packets: 0, references: 0 });
    expect(bench.sw.pipeline.groups(99)).to.deep.equal([]);
  });

  it("a modify keeps the group's counters and begins its buckets' anew", () => {
    const bench = new GroupSwitch('actions=group:1', 'group_id=1,type=all,bucket=actions=output:2');
    bench.send(1, UDP);
    bench.clock.advance(1000);
    bench.sw.groups.load('modify group_id=1,type=all,bucket=actions=output:3');
    bench.send(1, UDP);
    const [group] = bench.sw.groups.list();
    expect(group).to.include({ packets: 2, references: 1, duration_ms: 1000 });
    expect(group.buckets[0]).to.include({ packets: 1 });
  });

  it('references follow the flows: overwritten, modified, deleted, expired, and tables that are cleared', () => {
    const bench = new GroupSwitch('', 'group_id=1,type=all');
    const references = () => bench.sw.groups.list()[0].references;
    bench.sw.flows.load('priority=1,actions=group:1\npriority=2,hard_timeout=5,actions=write_actions(group:1)');
    expect(references()).to.equal(2);
    bench.sw.flows.add('priority=1,actions=group:1,output:2');
    expect(references()).to.equal(2);
    bench.clock.advance(6000);
    expect(references()).to.equal(1);
    bench.sw.flows.load('modify actions=drop');
    expect(references()).to.equal(0);
    bench.sw.flows.load('modify actions=group:1');
    expect(references()).to.equal(1);
    bench.sw.flows.load('delete');
    expect(references()).to.equal(0);
  });
});
