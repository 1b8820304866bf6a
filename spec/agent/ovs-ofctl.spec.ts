/**
 * The real ovs-ofctl as a controller, over TCP and a unix socket, against the agent on a pipeline that forwards
 * nothing.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Agent } from '../../lib/agent/index.js';
import { type Log, silent } from '../../lib/bytes/index.js';
import { parsePassive } from '../../lib/channel/index.js';
import { type FieldValue, fieldNamed, fields } from '../../lib/nxm/index.js';
import type { PacketIn } from '../../lib/pipeline/types.js';
import { udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';
import { FakePipeline, portView } from './fake-pipeline.js';
import { RealClock } from './real-clock.js';

const run = promisify(execFile);

describe('agent with ovs-ofctl', function () {
  this.timeout(30_000);
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
  let pipeline: FakePipeline;
  let agent: Agent;
  let tcp = '';
  const unix = `unix:${folder}/s1.mgmt`;
  const lines: string[] = [];
  const children: ChildProcess[] = [];
  /** Types of the messages that the agent has sent. */
  const sent: number[] = [];
  const BARRIER_REPLY = 21;

  before(function () {
    requires(this, 'ovs-ofctl');
  });
  after(() => rmSync(folder, { recursive: true }));

  beforeEach(async () => {
    lines.length = 0;
    pipeline = new FakePipeline();
    const log: Log = { ...silent, warn: (line) => lines.push(line) };
    sent.length = 0;
    const onMessage = (direction: string, _: string, bytes: Uint8Array): void => {
      if (direction === 'out') sent.push(bytes[1]);
    };
    agent = new Agent({ pipeline, clock: new RealClock(), log, datapathId: 0xabcn, onMessage });
    const bound = await agent.listen(parsePassive('ptcp:0'));
    if (bound.kind !== 'ptcp') throw new Error('not a TCP address');
    tcp = `tcp:127.0.0.1:${bound.port}`;
    await agent.listen(parsePassive(`p${unix}`));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill();
    await agent.close();
  });

  /** Standard output; rejects where ovs-ofctl fails. */
  async function ofctl(command: string, address: string, ...args: string[]): Promise<string> {
    const { stdout } = await run('ovs-ofctl', ['-O', 'OpenFlow13', '--no-names', command, address, ...args]);
    return stdout;
  }

  async function failure(...args: string[]): Promise<string> {
    try {
      const { stdout } = await run('ovs-ofctl', args);
      throw new Error(`ovs-ofctl succeeded: ${stdout}`);
    } catch (error) {
      if (error instanceof Error && 'stderr' in error) return String(error.stderr);
      throw error;
    }
  }

  /** An ovs-ofctl that goes on running, and what it has written. */
  function start(...args: string[]): { text: () => string; until: (what: RegExp) => Promise<void> } {
    const child = spawn('ovs-ofctl', args, { env: { ...process.env, OVS_RUNDIR: folder } });
    children.push(child);
    let text = '';
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      text += data.toString();
    });
    const until = async (what: RegExp): Promise<void> => {
      for (let i = 0; i < 400 && !what.test(text); i++) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(text).to.match(what);
    };
    return { text: () => text, until };
  }

  /** `monitor` has chosen the format of packet-ins, and made sure with a barrier. */
  async function formatIsSet(): Promise<void> {
    for (let i = 0; i < 400 && !sent.includes(BARRIER_REPLY); i++) await new Promise((r) => setTimeout(r, 10));
    expect(sent).to.include(BARRIER_REPLY);
  }

  it('show', async () => {
    for (const address of [tcp, unix]) {
      const text = await ofctl('show', address);
      expect(text).to.include('dpid:0000000000000abc');
      expect(text).to.include('n_tables:254, n_buffers:0');
      expect(text).to.include('capabilities: FLOW_STATS TABLE_STATS PORT_STATS GROUP_STATS QUEUE_STATS\n');
      expect(text).to.match(/1\(p1\): addr:02:00:00:00:00:01\n\s+config:\s+0\n\s+state:\s+LIVE/);
      expect(text).to.include('speed: 10000 Mbps now');
      expect(text).to.include('frags=normal miss_send_len=128');
    }
    expect(lines).to.deep.equal([]);
  });

  it('add-flow, dump-flows, dump-aggregate, mod-flows, del-flows', async () => {
    const flow = 'table=3,priority=7,tcp,nw_src=10.0.0.0/8,tp_dst=80 actions=set_field:5->reg0,output:2';
    await ofctl('add-flow', tcp, `cookie=0x12,idle_timeout=30,${flow.replace(' ', ',')}`);
    await ofctl('add-flow', unix, 'arp,actions=NORMAL');
    const dump = await ofctl('dump-flows', tcp);
    expect(dump.trim().split('\n').slice(-2)).to.deep.equal([
      ' cookie=0x12, duration=1.500s, table=3, n_packets=7, n_bytes=700, idle_timeout=30, priority=7,tcp,' +
        'nw_src=10.0.0.0/8,tp_dst=80 actions=set_field:0x5->reg0,output:2',
      ' cookie=0x0, duration=1.500s, table=0, n_packets=7, n_bytes=700, arp actions=NORMAL',
    ]);
    expect(await ofctl('dump-flows', tcp, 'arp')).to.not.include('tcp');
    expect(await ofctl('dump-aggregate', tcp)).to.include('packet_count=14 byte_count=1400 flow_count=2');
    await ofctl('mod-flows', tcp, 'arp,actions=drop');
    expect(pipeline.applied.at(-1)?.command).to.equal('modify');
    await ofctl('del-flows', tcp, 'arp');
    expect(pipeline.flowList).to.have.length(1);
    await ofctl('del-flows', tcp);
    expect(await ofctl('dump-flows', tcp)).to.not.include('cookie');
    expect(lines).to.deep.equal([]);
  });

  it('add-flows with thousands, and their dump in many parts', async () => {
    const count = 3000;
    const texts = Array.from(
      { length: count },
      (_, i) => `priority=${i + 1},ip,nw_dst=10.0.${i >> 8}.${i & 255},actions=1`,
    );
    writeFileSync(`${folder}/flows`, texts.join('\n'));
    await ofctl('add-flows', unix, `${folder}/flows`);
    expect((await ofctl('dump-flows', unix)).match(/n_packets/g)).to.have.length(count);
  });

  it('dump-ports, dump-ports-desc, dump-desc', async () => {
    expect(await ofctl('dump-ports', tcp)).to.match(/2 ports\n\s+port\s+1: rx pkts=1, bytes=100, drop=3, errs=5/);
    expect(await ofctl('dump-ports', tcp, '2')).to.match(/1 ports\n\s+port\s+2:/);
    expect(await ofctl('dump-ports', tcp, '9')).to.include('OFPBRC_BAD_PORT');
    expect(await ofctl('dump-ports-desc', tcp)).to.include('2(p2): addr:02:00:00:00:00:02');
    expect(await ofctl('dump-desc', tcp)).to.match(
      /Manufacturer: Nicira, Inc.\nHardware: Open vSwitch\nSoftware: 2\..*\nSerial Num: None\nDP Description: None/,
    );
  });

  it('dump-tables and dump-table-features know all fields', async () => {
    expect(await ofctl('dump-tables', tcp))
      .to.include('table 0:')
      .and.include('tables 1...253: ditto');
    const text = await ofctl('dump-table-features', tcp);
    expect(text).to.include('max_entries=1000000').and.include('next tables: 1-253').and.include('table 253:');
    expect(text).to.include('instructions: meter apply_actions clear_actions write_actions write_metadata goto_table');
    expect(text).to.match(/actions: output group .*set_field .*strip_vlan push_vlan mod_nw_ttl dec_ttl.* set_queue/);
    expect(text).to.match(/arbitrary mask: .*metadata .*ct_\{state,mark,label,/);
    expect(text).to.match(/supported on Set-Field: .* reg0\.\.\.reg15 /);
    expect(lines).to.deep.equal([]);
  });

  it('packet-out', async () => {
    const frame = Buffer.from(udp4()).toString('hex');
    await ofctl('packet-out', tcp, `in_port=CONTROLLER,packet=${frame},actions=output:1,output:2`);
    expect(pipeline.packetOuts).to.have.length(1);
    expect(pipeline.packetOuts[0]).to.include({ inPort: 0xfffffffd });
    expect(Buffer.from(pipeline.packetOuts[0].frame).toString('hex')).to.equal(frame);
    expect(pipeline.packetOuts[0].actions).to.have.length(2);
  });

  it('ping, probe and benchmark', async () => {
    expect(await ofctl('probe', tcp)).to.equal('');
    expect(await ofctl('ping', unix, '1000')).to.match(/^1000 bytes from .*: xid=/);
    expect(await ofctl('benchmark', tcp, '100', '200')).to.include('Finished in');
  });

  for (const [format, option] of [
    ['NXT_PACKET_IN2', []],
    ['OFPT_PACKET_IN', ['-P', 'standard']],
  ] as const) {
    it(`monitor with ${format}`, async () => {
      const monitor = start('-O', 'OpenFlow13', '--no-names', ...option, 'monitor', tcp);
      await formatIsSet();
      agent.events.packetIn(packetIn(udp4(), 40));
      agent.events.port('modify', portView(1, 'p1'));
      await monitor.until(/OFPT_PORT_STATUS \(OF1.3\) \(xid=0x0\): MOD: 1\(p1\)/);
      expect(monitor.text()).to.include(`${format} (OF1.3) (xid=0x0)`);
      expect(monitor.text()).to.match(
        /table_id=3 cookie=0x77 total_len=42 reg1=0x9,in_port=2 \(via action\) data_len=40/,
      );
    });
  }

  it('is told what is wrong, and so is the log', async () => {
    expect(await ofctl('queue-stats', tcp, '9')).to.include('OFPQOFC_BAD_PORT');
    expect(lines.join('\n')).to.match(/MULTIPART_REQUEST queue refused: there is no port 9 \(OFPQOFC_BAD_PORT\)/);
  });

  it('with OpenFlow 1.0 is refused, and the log says what to do', async () => {
    expect(await failure('-O', 'OpenFlow10', 'show', tcp)).to.include('version negotiation failed');
    for (let i = 0; i < 400 && lines.length === 0; i++) await new Promise((r) => setTimeout(r, 10));
    expect(lines.join('\n')).to.match(/refused: it offers OpenFlow 1\.0, .* -O OpenFlow13/);
  });
});

const reg1 = fieldNamed('reg1') ?? fields.metadata;

function packetIn(frame: Uint8Array, maxLen: number): PacketIn {
  const values: FieldValue[] = [
    { field: fields.in_port_oxm, value: Uint8Array.of(0, 0, 0, 2), mask: null },
    { field: reg1, value: Uint8Array.of(0, 0, 0, 9), mask: null },
  ];
  return { reason: 'action', tableId: 3, cookie: 0x77n, maxLen, controllerId: 0, frame, fields: values };
}
