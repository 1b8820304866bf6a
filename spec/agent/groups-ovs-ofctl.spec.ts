/**
 * Groups, meters and queues of a whole switch with the real ovs-ofctl as their controller, and its texts against ours.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ManualClock, TextError } from '../../lib/bytes/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { formatGroupStats, formatMeterStats, parseMeter } from '../../lib/text/index.js';
import { udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';

const run = promisify(execFile);
const UDP = udp4({});

const GROUPS = [
  'group_id=1,type=all,bucket=actions=output:1,bucket=actions=set_field:10.0.0.9->ip_src,output:2',
  'group_id=2,type=select,bucket=weight:50,actions=output:1,bucket=weight:1,actions=output:2,bucket=actions=drop',
  'group_id=3,type=indirect,bucket=actions=push_vlan:0x8100,set_field:4103->vlan_vid,output:3',
  'group_id=4,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_port:2,watch_group:1,actions=group:1',
  'group_id=4294967040,type=all',
  'group_id=6,type=fast_failover,bucket=watch_group:2,actions=group:2',
  'group_id=7,type=all,bucket=output:1,output:2,bucket=actions=set_queue:3,output:IN_PORT',
  'group_id=8 type=select bucket=weight=7 actions=CONTROLLER:20 bucket=watch_port=3,actions=LOCAL',
];
const METERS = [
  'meter=1,kbps,bands=type=drop,rate=1000',
  'meter=2,pktps,burst,stats,bands=type=drop,rate=100,burst_size=10',
  'meter=3 kbps burst bands= type=dscp_remark rate=10 burst_size=20 prec_level=1 type=drop rate=30 burst_size=40',
  'meter=controller,pktps,bands=type=drop,rate=4294967295',
  'meter=slowpath,pktps,stats,bands=type=drop,rate=0x10',
];
/** What ovs-ofctl refuses, and so do we. */
const BAD_GROUPS = [
  'type=all',
  'group_id=1',
  'group_id=4294967041,type=all',
  'group_id=1,type=none',
  'group_id=1,type=all,bucket=weight:1,actions=output:1',
  'group_id=1,type=ff,bucket=actions=output:1',
  'group_id=1,type=all,bucket=',
  'group_id=1,type=select,bucket=weight:65536,actions=output:1',
  'group_id=1,type=all,bucket=watch_port:,actions=output:1',
  'group_id=1,type=indirect,bucket=actions=output:1,bucket=actions=output:2',
  'group_id=1,type=all,bukket=actions=output:1',
  'group_id=1,type=all,selection_method=hash',
  'group_id=1,type=all,bucket=actions=nonsense',
];
const BAD_METERS = [
  'kbps,bands=type=drop,rate=1',
  'meter=0,kbps,bands=type=drop,rate=1',
  'meter=4294901761,kbps,bands=type=drop,rate=1',
  'meter=1,bands=type=drop,rate=1',
  'meter=1,kbps',
  'meter=1,kbps,bands=',
  'meter=1,kbps,bands=rate=1',
  'meter=1,kbps,bands=type=drop',
  'meter=1,kbps,bands=type=pass,rate=1',
  'meter=1,kbps,burst,bands=type=drop,rate=1',
  'meter=1,kbps,bands=type=drop,rate=1,burst_size=1',
  'meter=1,kbps,bands=type=dscp_remark,rate=1',
  'meter=1,kbps,bands=type=drop,rate=1,prec_level=1',
  'meter=1,kbps,fast,bands=type=drop,rate=1',
];

describe('groups, meters and queues with ovs-ofctl', function () {
  this.timeout(60_000);
  let sw: Switch;
  let clock: ManualClock;
  let address = '';

  before(function () {
    requires(this, 'ovs-ofctl');
  });

  beforeEach(async () => {
    clock = new ManualClock();
    sw = new Switch({ clock });
    for (const number of [1, 2, 3]) sw.addPort(number, memory({ name: `p${number}` }));
    const { listening } = await sw.start({ listen: ['ptcp:0:127.0.0.1'] });
    address = `tcp:127.0.0.1:${listening[0].split(':')[1]}`;
  });
  afterEach(() => sw.close());

  /** Lines of standard output, without the message's first; rejects where ovs-ofctl fails. */
  async function ofctl(command: string, ...args: string[]): Promise<string[]> {
    const { stdout } = await run('ovs-ofctl', ['-O', 'OpenFlow13', '--no-names', command, address, ...args]);
    return stdout.trimEnd().split('\n').slice(1);
  }

  async function failure(command: string, ...args: string[]): Promise<string> {
    try {
      await run('ovs-ofctl', ['-O', 'OpenFlow13', command, address, ...args]);
    } catch (error) {
      return String((error as { stderr: unknown }).stderr);
    }
    throw new Error(`${command} ${args.join(' ')} succeeded`);
  }

  it('add-group, dump-groups: what it sends and prints is what we read and print', async () => {
    for (const text of GROUPS) await ofctl('add-group', text);
    const theirs = await ofctl('dump-groups');
    expect(theirs).to.deep.equal(sw.groups.dump().map((line) => ` ${line}`));
    const sent = sw.groups.list();
    const own = new Switch({ clock });
    own.groups.load(GROUPS.join('\n'));
    expect(own.groups.list()).to.deep.equal(sent);
    const again = new Switch({ clock });
    again.groups.load(theirs.slice(0, 5).join('\n'));
    expect(again.groups.list()).to.have.length(5);
    await Promise.all([own.close(), again.close()]);
  });

  it('add-meter, dump-meters: what it sends and prints is what we read and print', async () => {
    for (const text of METERS) await ofctl('add-meter', text);
    const theirs = (await ofctl('dump-meters')).join('\n');
    expect(theirs.split(/\n*(?=meter=)/)).to.deep.equal(sw.meters.dump());
    const own = new Switch({ clock });
    own.meters.load(METERS.join('\n'));
    expect(own.meters.list()).to.deep.equal(sw.meters.list());
    for (const text of sw.meters.dump()) own.meters.apply(parseMeter(text, { command: 'modify' }));
    expect(own.meters.list()).to.deep.equal(sw.meters.list());
    await own.close();
  });

  for (const text of BAD_GROUPS) {
    it(`refuses as ovs-ofctl does: ${text}`, async () => {
      expect(await failure('add-group', text)).to.match(/ovs-ofctl: /);
      expect(() => sw.groups.load(text)).to.throw(TextError);
    });
  }
  for (const text of BAD_METERS) {
    it(`refuses as ovs-ofctl does: ${text}`, async () => {
      expect(await failure('add-meter', text)).to.match(/ovs-ofctl: /);
      expect(() => sw.meters.load(text)).to.throw(TextError);
    });
  }

  it('mod-group, del-groups', async () => {
    await ofctl('add-group', GROUPS[0]);
    await ofctl('add-group', GROUPS[1]);
    await ofctl('mod-group', 'group_id=2,type=all,bucket=actions=output:3');
    expect(sw.groups.list()[1].groupType).to.equal('all');
    await ofctl('add-flow', 'actions=group:2');
    await ofctl('del-groups', 'group_id=2');
    expect([sw.groups.list().length, sw.flows.list().length]).to.deep.equal([1, 0]);
    await ofctl('del-groups', 'group_id=77');
    await ofctl('del-groups');
    expect(sw.groups.list()).to.deep.equal([]);
  });

  it('is told of errors', async () => {
    await ofctl('add-group', GROUPS[0]);
    expect(await failure('add-group', GROUPS[0])).to.include('OFPGMFC_GROUP_EXISTS');
    expect(await failure('mod-group', GROUPS[1])).to.include('OFPGMFC_UNKNOWN_GROUP');
    expect(await failure('mod-group', 'group_id=1,type=all,bucket=actions=group:1')).to.include('OFPGMFC_LOOP');
    expect(await failure('add-flow', 'actions=group:9')).to.include('OFPBAC_BAD_OUT_GROUP');
    expect(await failure('add-flow', 'actions=meter:9')).to.include('OFPMMFC_INVALID_METER');
    expect(await failure('mod-meter', METERS[0])).to.include('OFPMMFC_UNKNOWN_METER');
  });

  it('dump-group-stats, of all, of one, and of one that is not there', async () => {
    await ofctl('add-group', GROUPS[0]);
    await ofctl('add-group', GROUPS[3]);
    await ofctl('add-flow', 'actions=group:4');
    clock.advance(12_345);
    for (let i = 0; i < 3; i++)
      sw.pipeline.packetOut({ inPort: 3, actions: [{ type: 'group', group: 4 }], frame: UDP });
    const expected = sw.groups.list().map((group) => ` ${formatGroupStats(group)}`);
    expect(await ofctl('dump-group-stats')).to.deep.equal(expected);
    expect(expected[1]).to.equal(
      ` group_id=4,duration=12.345s,ref_count=1,packet_count=3,byte_count=${3 * UDP.length},` +
        `bucket0:packet_count=3,byte_count=${3 * UDP.length},bucket1:packet_count=0,byte_count=0`,
    );
    expect(await ofctl('dump-group-stats', 'group_id=4')).to.deep.equal([expected[1]]);
    expect(await ofctl('dump-group-stats', 'group_id=5')).to.deep.equal([]);
  });

  it('dump-group-features', async () => {
    const text = (await ofctl('dump-group-features')).join('\n');
    expect(text).to.include('Types:  0xf').and.include('Capabilities:  0xf').and.include('fast failover group:');
    expect(text).to.include('max_groups=0x10000');
    expect(text).to.match(/actions: output group .*set_queue/);
  });

  it('meter-stats, meter-features, del-meter', async () => {
    await ofctl('add-meter', METERS[1]);
    await ofctl('add-meter', METERS[2]);
    await ofctl('add-flow', 'in_port=3,actions=meter:2,output:1');
    clock.advance(2000);
    const port = sw.portAt(3);
    if (port?.kind !== 'memory') throw new Error('no memory port');
    for (let i = 0; i < 12; i++) (port as MemoryPort).inject(UDP);
    const expected = sw.meters.list().map((meter) => formatMeterStats(meter));
    expect((await ofctl('meter-stats')).join('\n').split(/\n*(?=meter:)/)).to.deep.equal(expected);
    expect(expected[0]).to.equal(
      `meter:2 flow_count:1 packet_in_count:12 byte_in_count:${12 * UDP.length} duration:2s bands:\n` +
        `0: packet_count:2 byte_count:${2 * UDP.length}`,
    );
    expect(await ofctl('meter-stats', 'meter=2')).to.have.length(2);
    const unknown = await run('ovs-ofctl', ['-O', 'OpenFlow13', 'meter-stats', address, 'meter=9']);
    expect(unknown.stdout).to.include('OFPMMFC_UNKNOWN_METER');
    const features = (await ofctl('meter-features')).join('\n');
    expect(features).to.match(/max_meter:65536 max_bands:16 max_color:0/);
    expect(features).to.match(/band_types: drop dscp_remark\s+capabilities: kbps pktps burst stats/);
    await ofctl('del-meter', 'meter=2');
    expect([sw.meters.list().length, sw.flows.list().length]).to.deep.equal([1, 0]);
    await ofctl('del-meters');
    expect(sw.meters.list()).to.deep.equal([]);
  });

  it('queue-stats, queue-get-config', async () => {
    sw.setQueue(1, 0, { min_rate_bps: 250_000, max_rate_bps: 500_000 });
    sw.setQueue(1, 7, {});
    sw.setQueue(2, 1, { max_rate_bps: 1_000 });
    sw.setPortRate(1, 1_000_000);
    await ofctl('add-flow', 'actions=set_queue:7,output:1');
    await ofctl(
      'packet-out',
      `in_port=CONTROLLER,packet=${Buffer.from(UDP).toString('hex')},actions=set_queue:7,output:1`,
    );
    const stats = (await ofctl('queue-stats')).join('\n');
    expect(stats).to.match(/port {1,3}1 queue 7: bytes=42, pkts=1, errors=0/);
    expect((await ofctl('queue-stats', '2')).join()).to.match(/port {1,3}2 queue 1: bytes=0, pkts=0/);
    expect(await ofctl('queue-stats', '1', '7')).to.have.length(1);
    expect((await run('ovs-ofctl', ['-O', 'OpenFlow13', 'queue-stats', address, '1', '9'])).stdout).to.include(
      'OFPQOFC_BAD_QUEUE',
    );
    const { stdout } = await run('ovs-ofctl', ['-O', 'OpenFlow13', 'queue-get-config', address, '1']);
    expect(stdout)
      .to.match(/queue 0: *min_rate:25\.0%,? max_rate:50\.0%/)
      .and.include('queue 7:');
    expect(sw.flows.dump()[0]).to.include('actions=set_queue:7,output:1');
  });
});
