/**
 * Every command of `ctswitch ofctl` against a whole switch over a real socket: what people read, what programs read.
 */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { COMMANDS, Misuse, Refused } from '../../lib/ofctl/index.js';
import type { MemoryPort } from '../../lib/ports/memory.js';
import type { Switch } from '../../lib/switch.js';
import { udp4 } from '../support/frames.js';
import { type Answer, type DeskOptions, EXTENSIONS, listening, ofctl, rowsOf } from './desk.js';

/** Durations differ from run to run. */
function still(line: string): string {
  return line.replace(/duration=?[\d.]+s/, 'duration=0s').replace(/xid=0x[0-9a-f]+/, 'xid=0x2');
}

describe('ofctl: commands', () => {
  let sw: Switch;
  let address: string;
  let ports: MemoryPort[];
  /** Commands that these specs have run. */
  const run = new Set<string>();

  beforeEach(async () => {
    ({ sw, address, ports } = await listening());
  });
  afterEach(() => sw.close());

  async function lines(name: string, args: readonly string[] = [], options: DeskOptions = {}): Promise<string[]> {
    run.add(name);
    return (await ofctl(address, name, args, options)).lines.map(still);
  }
  async function rows(name: string, ...args: string[]) {
    run.add(name);
    return rowsOf(address, name, args);
  }
  async function failure(name: string, args: readonly string[], options: DeskOptions = {}): Promise<Error> {
    run.add(name);
    try {
      await ofctl(address, name, args, options);
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error(`${name} succeeded`);
  }
  const flows = () => lines('dump-flows', [], { stats: false });

  it('show tells features, ports and configuration', async () => {
    const shown = await lines('show');
    expect(shown.slice(0, 4)).to.deep.equal([
      'OFPT_FEATURES_REPLY (OF1.3) (xid=0x2): dpid:0000000000000001',
      'n_tables:254, n_buffers:0',
      'capabilities: FLOW_STATS TABLE_STATS PORT_STATS GROUP_STATS QUEUE_STATS',
      'OFPST_PORT_DESC reply (OF1.3) (xid=0x2):',
    ]);
    expect(shown.filter((line) => line.includes('addr:')).map((line) => line.split(':')[0])).to.deep.equal([
      ' 1(p1)',
      ' 2(p2)',
      ' 3(p3)',
      ' LOCAL(pLOCAL)',
    ]);
    expect(shown.at(-1)).to.equal('OFPT_GET_CONFIG_REPLY (OF1.3) (xid=0x2): frags=normal miss_send_len=128');
    const told = await rows('show');
    expect(told.map(({ schema }) => schema)).to.deep.equal([
      ...['switch@1', 'port-desc@1', 'port-desc@1', 'port-desc@1', 'port-desc@1', 'config@1'],
    ]);
    expect(told[0]).to.include({ datapath_id: '0000000000000001', tables: 254 });
    expect(told[4]).to.include({ number: 'LOCAL', name: 'pLOCAL', state: 'up' });
  });

  it('dump-desc tells the five strings', async () => {
    expect(await lines('dump-desc')).to.include.members(['Manufacturer: Nicira, Inc.', 'Serial Num: None']);
    expect((await rows('dump-desc'))[0]).to.include({ schema: 'desc@1', hardware: 'Open vSwitch' });
  });

  it('dump-tables and dump-table-features say once what many tables share', async () => {
    sw.flows.load('table=1,actions=drop');
    expect(await lines('dump-tables')).to.deep.equal([
      'OFPST_TABLE reply (OF1.3) (xid=0x2):',
      ...['  table 0:', '    active=0, lookup=0, matched=0', ''],
      ...['  table 1:', '    active=1, lookup=0, matched=0', ''],
      ...['  table 2:', '    active=0, lookup=0, matched=0', ''],
      '  tables 3...253: ditto',
    ]);
    expect((await rows('dump-tables'))[1]).to.deep.equal({
      ...{ schema: 'table-stats@1', table_id: 1, active: 1, lookups: 0, matched: 0 },
    });
    const features = await lines('dump-table-features');
    expect(features.filter((line) => /table/.test(line) && !/^ {4}/.test(line))).to.deep.equal([
      '  table 0:',
      '  tables 1...252: ditto',
      '  table 253:',
    ]);
    expect(features).to.include('      next tables: 1-253');
    const told = await rows('dump-table-features');
    expect(told).to.have.length(254);
    expect(told[3].others).to.have.property('instructions').that.includes('goto_table');
    expect(told[3].matching).to.have.property('masked').that.includes('eth_src');
  });

  it('a filter that reads like a delete is called by its command', async () => {
    for (const name of ['dump-flows', 'dump-aggregate']) {
      expect((await failure(name, ['priority=5'])).message).to.include(`priority is not for ${name}`);
      expect((await failure(name, ['actions=1'])).message).to.include(`${name} takes no actions`);
    }
  });

  it('add-flow, mod-flows and del-flows change what dump-flows shows', async () => {
    await lines('add-flow', ['table=1,priority=5,cookie=0x9,ip,nw_src=10.0.0.0/8,idle_timeout=60,actions=output:p2']);
    await lines('add-flow', ['in_port=p1,actions=p2,CONTROLLER:128']);
    expect((await lines('dump-flows')).sort()).to.deep.equal([
      ' cookie=0x0, duration=0s, table=0, n_packets=0, n_bytes=0, in_port=1 actions=output:2,CONTROLLER:128',
      ' cookie=0x9, duration=0s, table=1, n_packets=0, n_bytes=0, idle_timeout=60, priority=5,ip,nw_src=10.0.0.0/8' +
        ' actions=output:2',
      'OFPST_FLOW reply (OF1.3) (xid=0x2):',
    ]);
    expect(await lines('dump-flows', ['table=0'], { names: true, stats: false })).to.deep.equal([
      ' in_port=p1 actions=output:p2,CONTROLLER:128',
    ]);
    const [flow] = await rows('dump-flows', 'table=1');
    expect(flow).to.include({
      schema: 'flow@1',
      table_id: 1,
      priority: 5,
      cookie: '0x9',
      packets: 0,
      idle_timeout_s: 60,
    });
    expect(flow).to.include({ match: 'ip,nw_src=10.0.0.0/8', actions: 'output:2' });
    await lines('mod-flows', ['in_port=1,actions=3']);
    expect(await flows()).to.include(' in_port=1 actions=output:3');
    await lines('mod-flows', ['in_port=1,priority=7,actions=1'], { strict: true });
    expect(await flows()).to.include(' in_port=1 actions=output:3');
    await lines('del-flows', ['ip'], { strict: true });
    expect(await flows()).to.have.length(2);
    await lines('del-flows', ['ip']);
    expect(await flows()).to.deep.equal([' in_port=1 actions=output:3']);
    await lines('del-flows');
    expect(await flows()).to.deep.equal([]);
  });

  it('dump-flows sorts by priority and by fields; a flow without the field comes last', async () => {
    const file = 'priority=1,tcp,tp_dst=80,actions=1\npriority=9,tcp,tp_dst=22,actions=1\npriority=5,actions=1\n';
    await lines('add-flows', ['f'], { files: { f: file } });
    const by = async (key: string, descending: boolean) =>
      (await lines('dump-flows', [], { stats: false, sort: [{ by: key, descending }] })).map((line) =>
        line.replace(/.*priority=(\d).*/, '$1'),
      );
    expect(await by('priority', false)).to.deep.equal(['1', '5', '9']);
    expect(await by('priority', true)).to.deep.equal(['9', '5', '1']);
    expect(await by('tcp_dst', false)).to.deep.equal(['9', '1', '5']);
    expect(await by('tcp_dst', true)).to.deep.equal(['1', '9', '5']);
    expect((await failure('dump-flows', [], { sort: [{ by: 'colour', descending: false }] })).message).to.match(
      /colour/,
    );
  });

  it('dump-aggregate sums what matches', async () => {
    sw.flows.load('in_port=1,actions=2\nin_port=2,actions=1');
    ports[0].inject(udp4());
    const bytes = udp4().length;
    expect(await lines('dump-aggregate')).to.deep.equal([
      `OFPST_AGGREGATE reply (OF1.3) (xid=0x2): packet_count=1 byte_count=${bytes} flow_count=2`,
    ]);
    expect(await rows('dump-aggregate', 'in_port=2')).to.deep.equal([
      { schema: 'aggregate@1', packets: 0, bytes: 0, flows: 1 },
    ]);
  });

  it('add-flows takes commands in front of lines, comments and empty lines; nothing is sent of a file with a mistake', async () => {
    const file = '# first\nin_port=1,actions=2\n\nadd in_port=2,actions=1\ndelete in_port=1\n';
    await lines('add-flows', ['-'], { files: { '-': file } });
    expect(await flows()).to.deep.equal([' in_port=2 actions=output:1']);
    const wrong = await failure('add-flows', ['x'], { files: { x: 'in_port=3,actions=1\nin_prot=1,actions=2' } });
    expect(wrong.message).to.equal('x:2:1: unknown keyword "in_prot" (did you mean "in_port"?)');
    expect(await flows()).to.have.length(1);
    const refused = await failure('add-flows', ['y'], { files: { y: 'in_port=3,actions=1\n\nactions=group:7' } });
    expect(refused).to.be.instanceOf(Refused);
    expect(refused.message).to.equal(
      'y:3: OFPBAC_BAD_OUT_GROUP: the switch refused OFPT_FLOW_MOD: ADD actions=group:7',
    );
    expect(await rowsOf(address, 'add-flow', ['actions=drop'])).to.deep.equal([{ schema: 'changed@1', requests: 1 }]);
  });

  it('replace-flows makes the fewest changes; diff-flows tells what differs', async () => {
    sw.flows.load('in_port=1,actions=2\nin_port=2,actions=1\ntable=2,priority=3,udp,actions=drop');
    const f = 'in_port=2,actions=3\ntable=2,priority=3,udp,actions=drop\nin_port=3,actions=1';
    const diff = async (): Promise<Answer> => ofctl(address, 'diff-flows', [address, 'f'], { files: { f } });
    run.add('diff-flows');
    const before = await diff();
    expect(before.result).to.equal(true);
    expect([...before.lines].sort()).to.deep.equal([
      '+in_port=2 actions=output:3',
      '+in_port=3 actions=output:1',
      '-in_port=1 actions=output:2',
      '-in_port=2 actions=output:1',
    ]);
    const replace = await ofctl(address, 'replace-flows', ['f'], { files: { f }, json: true });
    run.add('replace-flows');
    expect(replace.rows).to.deep.equal([{ schema: 'changed@1', requests: 3 }]);
    expect((await diff()).result).to.equal(false);
    const again = await ofctl(address, 'replace-flows', ['f'], { files: { f }, json: true, readd: true });
    expect(again.rows[0].requests).to.equal(3);
  });

  it('dump-ports and dump-ports-desc tell of all ports or one, by number or name', async () => {
    ports[0].inject(udp4());
    const shown = await lines('dump-ports', ['p1']);
    expect(shown).to.deep.equal([
      'OFPST_PORT reply (OF1.3) (xid=0x2): 1 ports',
      `  port  1: rx pkts=1, bytes=${udp4().length}, drop=0, errs=0, frame=0, over=0, crc=0`,
      '           tx pkts=0, bytes=0, drop=0, errs=0, coll=0',
      '           duration=0s',
    ]);
    expect(await rows('dump-ports')).to.have.length(4);
    expect((await rows('dump-ports', '1'))[0]).to.include({ schema: 'port-stats@1', port: 1, rx_packets: 1 });
    expect((await lines('dump-ports-desc', ['LOCAL'])).slice(1)).to.deep.equal([
      ` LOCAL(pLOCAL): addr:${(await rows('dump-ports-desc', 'LOCAL'))[0].mac}`,
      '     config:     0',
      '     state:      LIVE',
      '     speed: 0 Mbps now, 0 Mbps max',
    ]);
    expect((await failure('dump-ports', ['p9'])).message).to.equal('the switch has no port "p9"');
  });

  it('mod-port changes one bit at a time', async () => {
    const config = async () => (await rows('dump-ports-desc', '2'))[0].config;
    await lines('mod-port', ['p2', 'no-forward']);
    await lines('mod-port', ['2', 'down']);
    expect(await config()).to.deep.equal(['PORT_DOWN', 'NO_FWD']);
    await lines('mod-port', ['2', 'up']);
    await lines('mod-port', ['2', 'forward']);
    for (const action of ['no-receive', 'no-packet-in']) await lines('mod-port', ['2', action]);
    expect(await config()).to.deep.equal(['NO_RECV', 'NO_PACKET_IN']);
    for (const action of ['receive', 'packet-in']) await lines('mod-port', ['2', action]);
    expect(await config()).to.deep.equal([]);
    for (const [args, said] of [
      [['2', 'dwn'], /"dwn" is nothing to do with a port: up, down/],
      [['2', 'no-flood'], /no-flood is OpenFlow 1.0's/],
      [['9', 'down'], /no port "9"/],
    ] as const) {
      const error = await failure('mod-port', args);
      expect(error).to.be.instanceOf(Misuse);
      expect(error.message).to.match(said);
    }
  });

  it('queue-stats and queue-get-config tell of queues', async () => {
    sw.setPortRate(1, 10_000_000);
    sw.setQueue(1, 5, { min_rate_bps: 1_000_000, max_rate_bps: 5_000_000 });
    expect(await lines('queue-stats')).to.deep.equal([
      'OFPST_QUEUE reply (OF1.3) (xid=0x2): 1 queues',
      '  port 1 queue 5: bytes=0, pkts=0, errors=0, duration=0s',
    ]);
    expect((await rows('queue-stats', 'p1', '5'))[0]).to.include({ schema: 'queue-stats@1', port: 1, queue: 5 });
    expect(await lines('queue-get-config', ['p1'])).to.deep.equal([
      'OFPT_QUEUE_GET_CONFIG_REPLY (OF1.3) (xid=0x2):',
      'port=1 queue 5: min_rate:10.0% max_rate:50.0%',
    ]);
    expect((await rows('queue-get-config'))[0]).to.deep.equal({
      ...{ schema: 'queue@1', port: 1, queue: 5, min_rate_permille: 100, max_rate_permille: 500 },
    });
    expect((await failure('queue-stats', ['1', '9'])).message).to.match(/^OFPQOFC_BAD_QUEUE: .*port=1 queue=9$/);
    expect((await failure('queue-stats', ['1', 'x'])).message).to.equal('"x" is no queue');
  });

  it('get-frags and set-frags', async () => {
    expect(await lines('get-frags')).to.deep.equal(['normal']);
    await lines('set-frags', ['drop']);
    expect(await rows('get-frags')).to.deep.equal([{ schema: 'config@1', frags: 'drop', miss_send_len: 128 }]);
    expect((await failure('set-frags', ['drp'])).message).to.match(/"drp" is no way .*normal, drop, reassemble/);
  });

  it('groups are added, changed, deleted, shown and counted', async () => {
    await lines('add-group', ['group_id=1,type=select,bucket=weight:50,actions=output:p1,bucket=weight:10,output:2']);
    await lines('add-groups', ['g'], {
      files: { g: 'group_id=2,type=all,bucket=actions=2\ngroup_id=3,type=indirect,bucket=3' },
    });
    await lines('mod-group', ['group_id=3,type=indirect,bucket=output:1']);
    expect(await lines('dump-groups')).to.deep.equal([
      'OFPST_GROUP_DESC reply (OF1.3) (xid=0x2):',
      ' group_id=1,type=select,bucket=weight:50,actions=output:1,bucket=weight:10,actions=output:2',
      ' group_id=2,type=all,bucket=actions=output:2',
      ' group_id=3,type=indirect,bucket=actions=output:1',
    ]);
    expect(await rows('dump-groups', '2')).to.deep.equal([
      { schema: 'group@1', group_id: 2, type: 'all', buckets: 1, group: 'group_id=2,type=all,bucket=actions=output:2' },
    ]);
    expect(await lines('dump-group-stats', ['group_id=2'])).to.deep.equal([
      'OFPST_GROUP reply (OF1.3) (xid=0x2):',
      ' group_id=2,duration=0s,ref_count=0,packet_count=0,byte_count=0,bucket0:packet_count=0,byte_count=0',
    ]);
    expect(await rows('dump-group-stats')).to.have.length(3);
    expect(await lines('dump-group-features')).to.include('       max_groups=0x10000');
    const [features] = await rows('dump-group-features');
    expect(features.types).to.have.length(4);
    const exists = await failure('add-group', ['group_id=2,type=all']);
    expect(exists.message).to.equal('OFPGMFC_GROUP_EXISTS: the switch refused OFPT_GROUP_MOD: add group_id=2,type=all');
    await lines('del-groups', ['group_id=2']);
    expect(await rows('dump-groups')).to.have.length(2);
    await lines('del-groups');
    expect(await rows('dump-groups')).to.have.length(0);
  });

  it('meters are added, changed, deleted, shown and counted', async () => {
    await lines('add-meter', ['meter=1,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=500']);
    await lines('add-meter', ['meter=2 pktps bands=type=dscp_remark rate=10 prec_level=1']);
    await lines('mod-meter', ['meter=1 pktps stats bands=type=drop rate=9']);
    expect(await lines('dump-meters')).to.deep.equal([
      'OFPST_METER_CONFIG reply (OF1.3) (xid=0x2):',
      'meter=1 pktps stats bands=',
      'type=drop rate=9',
      '',
      'meter=2 pktps bands=',
      'type=dscp_remark rate=10 prec_level=1',
    ]);
    expect((await rows('dump-meters', '2'))[0]).to.deep.equal({
      ...{ schema: 'meter@1', meter_id: 2, flags: ['pktps'] },
      bands: [{ type: 'dscp_remark', rate: 10, burst_size: 0, prec_level: 1 }],
    });
    expect((await lines('meter-stats', ['meter=1'])).map((line) => line.replace(/:[\d.]+s/, ':0s'))).to.deep.equal([
      'OFPST_METER reply (OF1.3) (xid=0x2):',
      'meter:1 flow_count:0 packet_in_count:0 byte_in_count:0 duration:0s bands:',
      '0: packet_count:0 byte_count:0',
    ]);
    expect(await rows('meter-stats')).to.have.length(2);
    expect(await lines('meter-features')).to.include('band_types: drop dscp_remark');
    expect((await rows('meter-features'))[0]).to.include({ max_bands: 16 });
    expect((await failure('dump-meters', ['7'])).message).to.match(/^OFPMMFC_UNKNOWN_METER: .*meter=7$/);
    await lines('del-meters', ['1']);
    await lines('del-meters');
    expect(await rows('dump-meters')).to.deep.equal([]);
  });

  it('packet-out, in both of its syntaxes', async () => {
    const frame = toHex(udp4());
    await lines('packet-out', [`in_port=controller,packet=${frame},actions=output:p2`]);
    await lines('packet-out', ['LOCAL', '3,1', frame, frame]);
    expect(ports.map((port) => port.taken().length)).to.deep.equal([2, 1, 2, 0]);
    for (const [text, said] of [
      ['in_port=1,actions=2', /needs packet=/],
      ['in_port=flood,packet=00,actions=2', /can't come from port "flood"/],
      ['packet=zz,actions=2', /"z" at digit 1 is not hexadecimal/],
      ['packet=0011,actions=2', /at least 14 bytes/],
      [`pakcet=${frame},actions=2`, /unknown keyword "pakcet" \(did you mean "packet"\?\)/],
      [`packet=${frame},actions=outptu:2`, /unknown action "outptu"/],
      [`packet=${frame},actions=group:4`, /^OFPBAC_BAD_OUT_GROUP: .*OFPT_PACKET_OUT: in_port=CONTROLLER/],
    ] as const) {
      expect((await failure('packet-out', [text])).message).to.match(said);
    }
  });

  it('monitor tells what comes until it is interrupted', async () => {
    let interrupt: (value?: unknown) => void = () => {};
    const interrupted = new Promise((resolve) => {
      interrupt = resolve;
    });
    let ready: (value?: unknown) => void = () => {};
    const began = new Promise((resolve) => {
      ready = resolve;
    });
    let count = 0;
    const heard = (): void => {
      if (count++ === 0) ready();
      if (count === 5) interrupt();
    };
    run.add('monitor');
    const monitoring = ofctl(address, 'monitor', ['65535'], { json: true, interrupted, heard });
    await began;
    sw.flows.load('in_port=1,actions=CONTROLLER\nin_port=2,send_flow_rem,cookie=0x7,actions=drop');
    ports[0].inject(udp4());
    await lines('del-flows', ['in_port=2']);
    await lines('mod-port', ['3', 'down']);
    await lines('mod-port', ['3', 'up']);
    const { rows: told } = await monitoring;
    expect(told.map(({ schema }) => schema)).to.deep.equal([
      ...['ready@1', 'packet-in@1', 'flow-removed@1', 'port@1', 'port@1'],
    ]);
    expect(told[1]).to.include({ reason: 'action', in_port: 1, frame: toHex(udp4()) });
    expect(told[2]).to.include({ reason: 'delete', cookie: '0x7', flow: 'in_port=2' });
    expect(told[3].port).to.include({ number: 3, state: 'off' });
    expect((await failure('monitor', ['resume'])).message).to.match(/resume is for other versions/);
  });

  it('monitor for people', async () => {
    let count = 0;
    let interrupt: (value?: unknown) => void = () => {};
    const interrupted = new Promise((resolve) => {
      interrupt = resolve;
    });
    const heard = (): void => {
      if (++count === 3) interrupt();
    };
    const monitoring = ofctl(address, 'monitor', [], { interrupted, heard });
    while (sw.controllers().every(({ state }) => state !== 'open'))
      await new Promise((resolve) => setTimeout(resolve, 5));
    sw.flows.load('in_port=1,actions=CONTROLLER\nudp,in_port=2,priority=3,send_flow_rem,idle_timeout=5,actions=drop');
    ports[0].inject(udp4());
    await lines('del-flows', ['in_port=2']);
    await lines('mod-port', ['3', 'no-forward']);
    const size = udp4().length;
    expect((await monitoring).lines.map(still).slice(0, 4)).to.deep.equal([
      `OFPT_PACKET_IN (OF1.3) (xid=0x2): cookie=0x0 total_len=${size} in_port=1 (via action) data_len=${size} (unbuffered)`,
      `${size} bytes from 1`,
      'OFPT_FLOW_REMOVED (OF1.3) (xid=0x2): priority=3,udp,in_port=2 reason=delete table_id=0 duration=0s idle5 pkts0 bytes0',
      `OFPT_PORT_STATUS (OF1.3) (xid=0x2): MOD: 3(p3): addr:${(await rows('dump-ports-desc', '3'))[0].mac}`,
    ]);
  });

  it('probe and ping', async () => {
    expect(await lines('probe')).to.deep.equal([]);
    expect(await rows('probe')).to.deep.equal([{ schema: 'echo@1', address, bytes: 0 }]);
    const pings = await lines('ping', ['9']);
    expect(pings).to.have.length(10);
    expect(pings[0]).to.match(/^9 bytes from tcp:127\.0\.0\.1:\d+: xid=[0-9a-f]{8} time=[\d.]+ ms$/);
    expect((await rows('ping'))[0]).to.include({ schema: 'echo@1', bytes: 64 });
    expect((await failure('ping', ['99999'])).message).to.match(/up to 65527/);
  });

  it('benchmark', async () => {
    const said = await lines('benchmark', ['9', '20']);
    expect(said[0]).to.equal('Sending 20 packets * 17 bytes (with header) = 340 bytes total');
    expect(said[1]).to.match(/^Finished in [\d.]+ ms \(\d+ packets\/s\) \(\d+ bytes\/s\)$/);
    expect((await rows('benchmark', '9', '2'))[0]).to.include({ schema: 'benchmark@1', bytes: 9, count: 2 });
    expect((await failure('benchmark', ['9', 'x'])).message).to.match(/a number of echoes up to 1000000, not "x"/);
  });

  it('mod-table gives a table a name, and changes nothing else', async () => {
    const before = await rows('dump-table-features');
    await lines('mod-table', ['3', 'name:edge']);
    expect(await rows('dump-table-features')).to.deep.equal(
      before.map((row) => (row.table_id === 3 ? { ...row, name: 'edge' } : row)),
    );
    await lines('mod-table', ['edge', 'name:']);
    expect(await rows('dump-table-features')).to.deep.equal(before);
    expect((await failure('mod-table', ['9000', 'name:x'])).message).to.equal('the switch has no table "9000"');
    expect((await failure('mod-table', ['3', 'evict'])).message).to.match(/in OpenFlow 1\.3 there is name:NAME/);
    expect((await failure('mod-table', ['3', `name:${'x'.repeat(32)}`])).message).to.match(/at most 31 bytes/);
  });

  it('no command was forgotten here', () => {
    const others = COMMANDS.map(({ name }) => name).filter((name) => !EXTENSIONS.includes(name));
    expect(others.filter((name) => !run.has(name))).to.deep.equal([]);
  });
});
