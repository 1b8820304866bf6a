/** The real ovs-ofctl with Nicira's messages and ONF's extensions, against the whole switch. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { tcp4, udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';

const run = promisify(execFile);
const UDP = udp4({});
const moment = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

interface Said {
  readonly ok: boolean;
  readonly out: string;
  readonly complaint: string;
}

describe('agent: extensions with ovs-ofctl', function () {
  this.timeout(60_000);
  let folder: string;
  let sw: Switch;
  let ports: readonly [MemoryPort, MemoryPort];
  let address = '';
  const children: ChildProcess[] = [];

  before(function () {
    requires(this, 'ovs-ofctl');
    folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
  });
  beforeEach(async () => {
    sw = new Switch({ clock: new ManualClock() });
    ports = [sw.addPort(1, memory()), sw.addPort(2, memory())];
    await sw.start({ listen: [`punix:${folder}/mgmt`] });
    address = `unix:${folder}/mgmt`;
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGTERM');
    await sw.close();
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true });
  });

  async function ofctl(command: string, ...words: string[]): Promise<Said> {
    const flags = command.split(' ');
    try {
      const { stdout, stderr } = await run('ovs-ofctl', ['-O', 'OpenFlow13', ...flags, address, ...words]);
      return { ok: true, out: stdout, complaint: stderr };
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      return { ok: false, out: stdout, complaint: stderr };
    }
  }
  async function must(command: string, ...words: string[]): Promise<string> {
    const { ok, out, complaint } = await ofctl(command, ...words);
    expect(ok, complaint).to.equal(true);
    return out;
  }
  function file(...lines: string[]): string {
    const path = `${folder}/lines.txt`;
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  }
  const flows = () => sw.flows.list().map(({ priority }) => priority);

  /** Runs `monitor` and gives what it has said once `until` is in it. */
  async function monitor(words: readonly string[]): Promise<(until: string) => Promise<string>> {
    const child = spawn('ovs-ofctl', ['-O', 'OpenFlow13', 'monitor', address, ...words]);
    children.push(child);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
    return async (until) => {
      for (const end = Date.now() + 10_000; !said.includes(until); await moment()) {
        if (Date.now() > end) throw new Error(`"${until}" didn't come; this did:\n${said}`);
      }
      return said;
    };
  }

  it('--bundle add-flows, replace-flows and diff-flows', async () => {
    const three = file(
      'priority=1,ip,actions=output:1',
      'priority=2,tcp,actions=output:2',
      'priority=3,arp,actions=drop',
    );
    await must('--bundle add-flows', three);
    expect(flows()).to.deep.equal([1, 2, 3]);
    const two = file('priority=1,ip,actions=output:2', 'priority=4,udp,actions=output:2');
    expect((await ofctl('diff-flows', two)).out).to.include('+priority=4,udp actions=output:2');
    await must('--bundle replace-flows', two);
    expect(flows().sort()).to.deep.equal([1, 4]);
    expect(await must('diff-flows', two)).to.equal('');
  });

  it('bundle: flows, groups and packet-outs, or none of them', async () => {
    const packet = Buffer.from(UDP).toString('hex');
    await must(
      'bundle',
      file(
        'group add group_id=5,type=all,bucket=output:1',
        'flow add priority=9,udp,actions=group:5',
        `packet-out in_port=2,packet=${packet},actions=table`,
        'flow delete arp',
      ),
    );
    expect([flows(), ports[0].taken().length]).to.deep.equal([[9], 1]);
    const failed = await ofctl('bundle', file('flow add priority=8,actions=drop', 'flow add actions=group:6'));
    expect(failed.complaint).to.match(/Error OFPBAC_BAD_OUT_GROUP for: OFPT_FLOW_MOD .*actions=group:6/);
    expect(failed.complaint).to.match(/Error OFPBFC_MSG_FAILED for: ONFT_BUNDLE_CONTROL/);
    expect(flows()).to.deep.equal([9]);
  });

  it('monitor watch: what there is, and what changes, with reasons', async () => {
    await must('add-flow', 'priority=5,ip,actions=output:1');
    const said = await monitor(['watch:']);
    expect(await said('ADDED')).to.match(/event=ADDED table=0 cookie=0 ip actions=output:1/);
    await must('add-flow', 'table=1,cookie=7,arp,actions=output:2');
    await must('mod-flows', 'table=1,arp,actions=output:1');
    await must('del-flows', 'arp');
    const told = (await said('DELETED reason=delete table=1 cookie=0x7 arp actions=output:1'))
      .split('\n')
      .filter((line) => line.includes('table=1'));
    expect(told).to.deep.equal([
      ' event=ADDED table=1 cookie=0x7 arp actions=output:2',
      ' event=MODIFIED table=1 cookie=0x7 arp actions=output:1',
      ' event=DELETED reason=delete table=1 cookie=0x7 arp actions=output:1',
    ]);
  });

  it('monitor watch: of a table, a port and a match, without what it does not want', async () => {
    const said = await monitor(['watch:!initial,!modify,!actions,table=1,out_port=2,ip']);
    await said('FLOW_MONITOR reply');
    for (const flow of [
      'table=1,ip,actions=2',
      'table=0,ip,actions=2',
      'table=1,arp,actions=2',
      'table=1,tcp,actions=1',
    ]) {
      await must('add-flow', flow);
    }
    await must('mod-flows', 'table=1,ip,actions=output:2,output:1');
    await must('del-flows', 'table=1');
    const lines = (await said('DELETED')).split('\n').filter((line) => line.includes('event='));
    expect(lines[0]).to.match(/^ event=ADDED table=1 cookie=0 ip$/);
    expect(lines.slice(1).every((line) => line.includes('DELETED'))).to.equal(true);
  });

  it('monitor resume: a packet-in with userdata and continuation, sent back', async () => {
    await must(
      'add-flows',
      file(
        'table=0,actions=load:7->NXM_NX_REG0[],push:NXM_NX_REG0[],resubmit(,1),output:2',
        'table=1,cookie=0x77,actions=controller(userdata=01.02.03,pause),pop:NXM_NX_REG2[],goto_table:2',
        'table=2,reg2=7,actions=mod_dl_dst:02:00:00:00:00:99,output:2',
      ),
    );
    const said = await monitor(['65534', 'resume', '-P', 'nxt_packet_in2']);
    await moment(300);
    ports[0].inject(UDP);
    const text = await said('send: NXT_RESUME');
    expect(text).to.match(/NXT_PACKET_IN2 .* table_id=1 cookie=0x77 .*reg0=0x7,in_port=1 \(via action\)/);
    expect(text).to.match(/userdata=01\.02\.03\n continuation\.bridge=/);
    expect(text).to.match(/continuation\.stack=\(top\) 0x7 \(bottom\)/);
    expect(text).to.match(/continuation\.actions=.*pop:NXM_NX_REG2\[\].*output:2/);
    expect(text).not.to.include('decode error');
    let out = ports[1].taken();
    for (const until = Date.now() + 5000; out.length === 0 && Date.now() < until; out = ports[1].taken()) {
      await moment();
    }
    expect(out.map((frame) => frame[5])).to.deep.equal([0x99, 0x99]);
  });

  for (const format of ['standard', 'nxt_packet_in', 'nxt_packet_in2']) {
    it(`monitor -P ${format}`, async () => {
      await must('add-flow', 'cookie=5,actions=load:9->NXM_NX_REG3[],CONTROLLER:20');
      const said = await monitor(['65534', '-P', format]);
      await moment(300);
      ports[0].inject(UDP);
      const name = { standard: 'OFPT_PACKET_IN', nxt_packet_in: 'NXT_PACKET_IN', nxt_packet_in2: 'NXT_PACKET_IN2' }[
        format
      ];
      expect(await said('data_len=20')).to.match(
        new RegExp(
          `${name} \\(OF1.3\\).* cookie=0x5 total_len=${UDP.length} reg3=0x9,in_port=1 \\(via action\\) data_len=20`,
        ),
      );
    });
  }

  it('ct-flush: a zone, a tuple, parts of tuples, all', async () => {
    await must('add-flows', file('udp,actions=ct(commit,zone=5)', 'tcp,actions=ct(commit,zone=6)'));
    const count = () => sw.conntrack().length;
    const fill = () => {
      for (const sport of [1000, 1001, 1002])
        ports[0].inject(udp4({ src: '10.0.0.1', dst: '10.0.0.2', sport, dport: 53 }));
      for (const sport of [2000, 2001]) ports[0].inject(tcp4({ src: '10.0.0.3', sport, dport: 80, flags: 'syn' }));
    };
    fill();
    expect(count()).to.equal(5);
    await must('ct-flush-zone', '6');
    expect(count()).to.equal(3);
    await must(
      'ct-flush',
      'zone=5',
      'ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_nw_proto=17,ct_tp_src=1000,ct_tp_dst=53',
    );
    expect(count()).to.equal(2);
    await must('ct-flush', 'ct_nw_proto=17,ct_tp_src=1001');
    expect(count()).to.equal(1);
    await must('ct-flush', 'zone=6', 'ct_nw_proto=17,ct_tp_src=1002');
    expect(count()).to.equal(1);
    await must('ct-flush', '', 'ct_nw_src=10.0.0.2');
    expect(count()).to.equal(0);
    fill();
    await must('ct-flush', 'zone=5');
    expect(count()).to.equal(2);
    await must('ct-flush');
    expect(count()).to.equal(0);
  });

  it('add-tlv-map, dump-tlv-map, del-tlv-map', async () => {
    await must(
      'add-tlv-map',
      '{class=0xffff,type=0x80,len=4}->tun_metadata0,{class=0xfffe,type=1,len=124}->tun_metadata5',
    );
    expect(await must('dump-tlv-map')).to.match(/0xffff +0x80 +4 +tun_metadata0\n +0xfffe +0x1 +124 +tun_metadata5/);
    const again = await ofctl(
      'add-tlv-map',
      '{class=1,type=1,len=4}->tun_metadata1,{class=0xffff,type=0x80,len=4}->tun_metadata2',
    );
    expect(again.out + again.complaint).to.include('NXTTMFC_DUP_ENTRY');
    await must('del-tlv-map', '{class=0xffff,type=0x80,len=4}->tun_metadata0');
    expect(await must('dump-tlv-map')).to.match(/allocated option space=124/);
    await must('del-tlv-map');
    expect(await must('dump-tlv-map')).to.match(/allocated option space=0/);
  });
});
