import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { type MeterMod, OFPM, OFPMF, OFPP } from '../../lib/nxm/index.js';
import { arp, tcp4, udp4, udp6 } from '../support/frames.js';
import { GroupSwitch, refused } from './group-switch.js';

const UDP = udp4({ payload: 'x'.repeat(83) });
const BITS = UDP.length * 8;

/** How many of `count` frames came out anywhere. */
function passed(bench: GroupSwitch, count: number, frame = UDP): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += bench.outputs(1, frame).length;
  return sum;
}

const mod = (values: Partial<MeterMod>): MeterMod => ({
  command: 'add',
  flags: OFPMF.KBPS,
  meterId: 1,
  bands: [],
  ...values,
});

describe('meters: OpenFlow 1.3.5 §5.7, bands', () => {
  for (const rate of [1, 10, 333, 5000]) {
    it(`drop, pktps ${rate}: burst + rate × time, over memory ports with a manual clock`, () => {
      const bench = new GroupSwitch(
        'actions=meter:1,output:2',
        '',
        `meter=1,pktps,burst,bands=type=drop,rate=${rate},burst_size=5`,
      );
      let sum = 0;
      const step_ms = 400 / rate;
      for (let t = 0; t <= 500; t++) {
        sum += passed(bench, 1);
        bench.clock.advance(step_ms);
      }
      expect(sum).to.be.closeTo(5 + (rate * 500 * step_ms) / 1000, 1);
    });
  }

  it('drop, kbps: counts the bits of whole frames', () => {
    const bench = new GroupSwitch(
      'actions=meter:1,output:2',
      '',
      'meter=1,kbps,burst,bands=type=drop,rate=100,burst_size=10',
    );
    let sum = 0;
    for (let t = 0; t < 1000; t++) {
      sum += passed(bench, 1);
      bench.clock.advance(1);
    }
    expect(sum * BITS).to.be.closeTo(10_000 + 100_000, 2 * BITS);
  });

  it('dscp_remark raises the drop precedence within an AF class, to 3 at most; checksums stay right', () => {
    const cases: [dscp: number, level: number, remarked: number][] = [
      [10, 1, 12],
      [10, 2, 14],
      [12, 2, 14],
      [18, 1, 20],
      [38, 1, 38],
      [0, 1, 0],
      [46, 1, 46],
      [8, 1, 8],
      [11, 1, 11],
      [42, 1, 42],
    ];
    for (const [dscp, level, remarked] of cases) {
      const meter = `meter=1,pktps,burst,bands=type=dscp_remark,rate=1,burst_size=1,prec_level=${level}`;
      const bench = new GroupSwitch('actions=meter:1,output:2', '', meter);
      const tos = (value: number) => tcp4({ tos: value * 4 + 1, payload: 'abc' });
      bench.send(1, tos(dscp));
      expect(bench.send(1, tos(dscp)), `DSCP ${dscp}`).to.deep.equal({ 2: [toHex(tos(remarked))] });
      bench.clock.advance(10_000);
      const v6 = (value: number) => udp6({ traffic_class: value * 4 + 2 });
      expect(bench.send(1, v6(dscp))).to.deep.equal({ 2: [toHex(v6(dscp))] });
      expect(bench.send(1, v6(dscp)), `DSCP ${dscp}`).to.deep.equal({ 2: [toHex(v6(remarked))] });
    }
  });

  it('dscp_remark leaves what is no IP alone', () => {
    const meter = 'meter=1,pktps,burst,bands=type=dscp_remark,rate=1,burst_size=1,prec_level=1';
    const bench = new GroupSwitch('actions=meter:1,output:2', '', meter);
    bench.send(1, arp({}));
    expect(bench.send(1, arp({}))).to.deep.equal({ 2: [toHex(arp({}))] });
  });

  it('several bands: below all, remarked, dropped, by the band with the highest rate that is exceeded', () => {
    const bench = new GroupSwitch(
      'actions=meter:1,output:2',
      '',
      'meter=1,pktps,burst,bands=type=drop,rate=30,burst_size=3,type=dscp_remark,rate=10,burst_size=1,prec_level=1',
    );
    const frame = (dscp: number) => udp4({ tos: dscp * 4 });
    const outcomes = Array.from({ length: 5 }, () => bench.send(1, frame(10))[2]?.[0]);
    expect(outcomes).to.deep.equal([frame(10), frame(12), frame(12), undefined, undefined].map((f) => f && toHex(f)));
    const [meter] = bench.sw.meters.list();
    expect(meter).to.include({ packets: 5, bytes: 5 * 42, flows: 1 });
    expect(meter.bands.map(({ packets, bytes }) => [packets, bytes])).to.deep.equal([
      [2, 84],
      [2, 84],
    ]);
  });

  it('what is remarked is what later tables, sets and groups see', () => {
    const bench = new GroupSwitch(
      `table=0,actions=meter:1,goto_table:1
       table=1,ip,ip_dscp=10,actions=output:2
       table=1,ip,ip_dscp=12,actions=output:3`,
      '',
      'meter=1,pktps,burst,bands=type=dscp_remark,rate=1,burst_size=1,prec_level=1',
    );
    const frame = udp4({ tos: 40 });
    expect([1, 2, 3].flatMap(() => bench.outputs(1, frame))).to.deep.equal([2, 3, 3]);
    const again = new GroupSwitch(
      'ip,actions=meter:1,set_field:10->ip_dscp,output:2,write_actions(set_field:10->ip_dscp,output:3)',
      '',
      'meter=1,pktps,burst,bands=type=dscp_remark,rate=1,burst_size=1,prec_level=1',
    );
    again.send(1, frame);
    expect(again.send(1, frame)).to.deep.equal({ 2: [toHex(frame)], 3: [toHex(frame)] });
  });

  it('a remark behind a resubmit goes on with the rest of the caller', () => {
    const bench = new GroupSwitch(
      `table=0,ip,actions=resubmit(,1),resubmit(,2),output:4
       table=1,actions=meter:1,load:7->NXM_NX_REG1[]
       table=2,reg1=7,ip,ip_dscp=12,actions=output:3`,
      '',
      'meter=1,pktps,burst,bands=type=dscp_remark,rate=1,burst_size=1,prec_level=1',
    );
    expect(bench.outputs(1, udp4({ tos: 40 }))).to.deep.equal([4]);
    expect(bench.outputs(1, udp4({ tos: 40 }))).to.deep.equal([3, 4]);
  });

  it('a packet that is dropped counts for its flow, and for nothing behind the meter', () => {
    for (const caching of [1, 20]) {
      const bench = new GroupSwitch(
        `table=0,actions=meter:1,goto_table:1
         table=1,actions=group:1`,
        'group_id=1,type=all,bucket=actions=output:2',
        'meter=1,pktps,burst,bands=type=drop,rate=1,burst_size=3',
      );
      for (let i = 0; i < caching; i++) passed(bench, 1);
      const expected = Math.min(3, caching);
      expect(bench.sw.flows.list().map(({ packets }) => packets)).to.deep.equal([caching, expected]);
      expect(bench.sw.groups.list()[0]).to.include({ packets: expected, bytes: expected * UDP.length });
      expect(bench.sw.pipeline.tables()[1]).to.include({ lookups: expected, matched: expected });
    }
  });

  it('a meter in one bucket does not drop the packet of the next one', () => {
    const bench = new GroupSwitch(
      `table=0,actions=group:1
       table=1,actions=meter:1,output:2`,
      'group_id=1,type=all,bucket=actions=resubmit(,1),bucket=actions=output:3',
      'meter=1,pktps,burst,bands=type=drop,rate=1,burst_size=1',
    );
    expect(bench.outputs(1, UDP)).to.deep.equal([2, 3]);
    expect(bench.outputs(1, UDP)).to.deep.equal([3]);
    const [group] = bench.sw.groups.list();
    expect(group.buckets.map(({ packets }) => packets)).to.deep.equal([2, 2]);
  });

  it('flows that share a meter share its rate', () => {
    const bench = new GroupSwitch(
      'priority=1,in_port=1,actions=meter:1,output:3\npriority=1,in_port=2,actions=meter:1,output:3',
      '',
      'meter=1,pktps,burst,bands=type=drop,rate=1,burst_size=3',
    );
    const out = [1, 2, 1, 2, 1].map((port) => bench.outputs(port, UDP).length);
    expect(out).to.deep.equal([1, 1, 1, 0, 0]);
    expect(bench.sw.meters.list()[0]).to.include({ flows: 2 });
  });
});

describe('meters: OpenFlow 1.3.5 §7.3.4.4, changes', () => {
  const band = { type: 'drop', rate: 1, burst: 0 } as const;

  it('ids: 0 and those above OFPM_MAX are invalid, but for CONTROLLER and SLOWPATH', () => {
    const { sw } = new GroupSwitch();
    for (const meterId of [0, OFPM.MAX + 1, OFPM.ALL]) {
      refused('OFPMMFC_INVALID_METER', () => sw.meters.apply(mod({ meterId, bands: [band] })));
    }
    for (const meterId of [1, OFPM.MAX, OFPM.CONTROLLER, OFPM.SLOWPATH]) {
      sw.meters.apply(mod({ meterId, bands: [band] }));
    }
    expect(sw.meters.list()).to.have.length(4);
  });

  it('METER_EXISTS, UNKNOWN_METER, and silence for a delete of none', () => {
    const { sw } = new GroupSwitch();
    sw.meters.apply(mod({}));
    refused('OFPMMFC_METER_EXISTS', () => sw.meters.apply(mod({})));
    refused('OFPMMFC_UNKNOWN_METER', () => sw.meters.apply(mod({ command: 'modify', meterId: 2 })));
    refused('OFPMMFC_UNKNOWN_METER', () => sw.pipeline.meters(2));
    sw.meters.apply(mod({ command: 'delete', meterId: 77 }));
    expect(sw.meters.list()).to.have.length(1);
  });

  it('BAD_FLAGS, BAD_RATE, BAD_BAND, BAD_BAND_VALUE, OUT_OF_BANDS; nothing changes', () => {
    const { sw } = new GroupSwitch();
    refused('OFPMMFC_BAD_FLAGS', () => sw.meters.apply(mod({ flags: OFPMF.KBPS | OFPMF.PKTPS })));
    refused('OFPMMFC_BAD_FLAGS', () => sw.meters.apply(mod({ flags: OFPMF.KBPS | 0x10 })));
    refused('OFPMMFC_BAD_FLAGS', () => sw.meters.apply(mod({ flags: OFPMF.BURST | OFPMF.STATS })));
    refused('OFPMMFC_BAD_RATE', () => sw.meters.apply(mod({ bands: [{ ...band, rate: 0 }] })));
    const experimenter = { type: 'experimenter', rate: 1, burst: 0, experimenter: 1, data: new Uint8Array() } as const;
    refused('OFPMMFC_BAD_BAND', () => sw.meters.apply(mod({ bands: [experimenter] })));
    for (const precLevel of [0, 4, 255]) {
      const remark = { type: 'dscp_remark', rate: 1, burst: 0, precLevel } as const;
      refused('OFPMMFC_BAD_BAND_VALUE', () => sw.meters.apply(mod({ bands: [remark] })));
    }
    refused('OFPMMFC_OUT_OF_BANDS', () => sw.meters.apply(mod({ bands: Array(17).fill(band) })));
    expect(sw.meters.list()).to.deep.equal([]);
  });

  it('a flow that names an unknown or a virtual meter: INVALID_METER', () => {
    const { sw } = new GroupSwitch('', '', 'meter=controller,pktps,bands=type=drop,rate=1');
    refused('OFPMMFC_INVALID_METER', () => sw.flows.add('actions=meter:1,output:1'));
    refused('OFPMMFC_INVALID_METER', () => sw.flows.add(`actions=meter:${OFPM.CONTROLLER},output:1`));
    expect(sw.flows.list()).to.deep.equal([]);
  });

  it('deleting a meter deletes its flows; deleting all, all', () => {
    const meters = 'meter=1,pktps,bands=type=drop,rate=1\nmeter=2,pktps,bands=type=drop,rate=1';
    const bench = new GroupSwitch(
      'priority=1,send_flow_rem,actions=meter:1,output:2\npriority=2,tcp,actions=meter:2,output:2\npriority=3,arp,actions=drop',
      '',
      meters,
    );
    bench.sw.meters.apply(mod({ command: 'delete', meterId: 1 }));
    expect(bench.sw.flows.list().map(({ priority }) => priority)).to.deep.equal([2, 3]);
    expect(bench.events.flatMap((event) => (event.type === 'flow_removed' ? event.reason : []))).to.deep.equal([
      'delete',
    ]);
    expect(bench.outputs(1, UDP)).to.deep.equal([]);
    bench.sw.meters.apply(mod({ command: 'delete', meterId: OFPM.ALL }));
    expect(bench.sw.flows.list().map(({ priority }) => priority)).to.deep.equal([3]);
    expect(bench.sw.meters.list()).to.deep.equal([]);
  });

  it("a modify is in force for the next packet, keeps the meter's counters and begins its bands' anew", () => {
    const bench = new GroupSwitch(
      'actions=meter:1,output:2',
      '',
      'meter=1,pktps,burst,bands=type=drop,rate=1,burst_size=1',
    );
    expect(passed(bench, 3)).to.equal(1);
    bench.clock.advance(100);
    bench.sw.meters.apply(
      mod({ command: 'modify', flags: OFPMF.PKTPS | OFPMF.BURST, bands: [{ type: 'drop', rate: 1, burst: 2 }] }),
    );
    expect(passed(bench, 3)).to.equal(2);
    const [meter] = bench.sw.meters.list();
    expect(meter).to.include({ packets: 6, bytes: 6 * UDP.length, duration_ms: 100 });
    expect(meter.bands[0]).to.include({ packets: 1 });
  });

  it('the meter CONTROLLER holds packet-ins, whatever they come from', () => {
    const bench = new GroupSwitch(
      'priority=0,actions=CONTROLLER\npriority=1,udp,actions=dec_ttl,output:2,CONTROLLER',
      '',
      'meter=controller,pktps,burst,stats,bands=type=drop,rate=1,burst_size=2',
    );
    const packetIns = () => bench.events.filter(({ type }) => type === 'packet_in').length;
    expect(passed(bench, 5, udp4({ ttl: 9 }))).to.equal(5);
    expect(packetIns()).to.equal(2);
    bench.clock.advance(2000);
    passed(bench, 3, udp4({ ttl: 1 }));
    passed(bench, 1, arp({}));
    expect(packetIns()).to.equal(4);
    expect(bench.sw.meters.list()[0]).to.include({ packets: 9 });
  });
});

describe('queues: OpenFlow 1.3.5 §5.12, set_queue', () => {
  it('outputs go through the queue that was set, buckets and ct included, and back to none in the next packet', () => {
    const bench = new GroupSwitch(
      `priority=2,tcp,actions=set_queue:5,output:2
       priority=1,udp,actions=set_queue:5,ct(table=1),group:1
       priority=0,actions=output:2
       table=1,udp,actions=output:2`,
      'group_id=1,type=all,bucket=actions=set_queue:6,output:2,bucket=actions=output:2',
    );
    bench.sw.setQueue(2, 5, {});
    bench.sw.setQueue(2, 6, {});
    const counts = () => bench.sw.queues().map(({ queueId, packets }) => [queueId, packets]);
    bench.send(1, tcp4({}));
    bench.send(1, arp({}));
    expect(counts()).to.deep.equal([
      [5, 1],
      [6, 0],
    ]);
    bench.send(1, udp4({}));
    expect(counts()).to.deep.equal([
      [5, 3],
      [6, 1],
    ]);
  });

  it('in the action set it comes before output, wherever it was written', () => {
    const bench = new GroupSwitch('actions=write_actions(output:2,set_queue:5)');
    bench.sw.setQueue(2, 5, {});
    bench.send(1, UDP);
    expect(bench.sw.queues()[0]).to.include({ port: 2, queueId: 5, packets: 1, bytes: UDP.length, errors: 0 });
  });

  it('shaping by max rate under the manual clock; counters of port and queue follow what left', () => {
    const bench = new GroupSwitch('actions=set_queue:1,output:2');
    bench.sw.setQueue(2, 1, { max_rate_bps: BITS * 100 });
    for (let i = 0; i < 200; i++) bench.ports[0].inject(UDP);
    const atOnce = bench.ports[1].taken().length;
    expect(atOnce).to.equal(Math.floor((1518 * 8) / BITS));
    bench.clock.advance(1000);
    expect(bench.ports[1].taken().length).to.be.closeTo(100, 1);
    expect(bench.sw.ports()[1].counters.txPackets).to.equal(bench.sw.queues()[0].packets);
  });

  it('a port without the queue, or without any, sends at once', () => {
    const bench = new GroupSwitch('actions=set_queue:9,output:2,output:3');
    bench.sw.setQueue(2, 1, { max_rate_bps: 1 });
    expect(bench.outputs(1, UDP)).to.deep.equal([2, 3]);
  });

  it('set_queue to OFPQ_ALL: BAD_QUEUE', () => {
    const { sw } = new GroupSwitch();
    refused('OFPBAC_BAD_QUEUE', () => sw.flows.add('actions=set_queue:4294967295,output:1'));
    refused('OFPBAC_BAD_QUEUE', () =>
      sw.pipeline.packetOut({
        inPort: OFPP.CONTROLLER,
        actions: [{ type: 'set_queue', queue: 0xffffffff }],
        frame: UDP,
      }),
    );
  });
});
