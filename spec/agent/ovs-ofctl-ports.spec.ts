/** The real ovs-ofctl on a whole switch: ports, fragments, tables, many flows, and what a profile or desc says. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';

const run = promisify(execFile);

describe('switch with ovs-ofctl', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
  let sw: Switch;
  let ports: MemoryPort[];
  let address = '';

  before(function () {
    requires(this, 'ovs-ofctl');
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    const description = { manufacturer: 'M', hardware: 'H', software: 'S', serial: '1', datapath: 'D' };
    sw = new Switch({ agent: { description } });
    ports = [1, 2, 3].map((number) => sw.addPort(number, memory({ name: `p${number}` })));
    const { listening } = await sw.start({
      listen: [{ address: 'ptcp:0', profile: 'minimal' }, `punix:${folder}/mgmt`],
    });
    address = `tcp:127.0.0.1:${listening[0].split(':')[1]}`;
  });
  afterEach(() => sw.close());

  async function ofctl(command: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await run('ovs-ofctl', ['-O', 'OpenFlow13', '--no-names', command, address, ...args]);
    expect(stderr).to.equal('');
    return stdout;
  }
  const config = async (): Promise<string | undefined> =>
    (await ofctl('show')).match(/ 1\(p1\)[\s\S]*?config: +(.*)/)?.[1];

  it('mod-port', async () => {
    for (const [change, shown] of [
      ['down', 'PORT_DOWN'],
      ['up', '0'],
      ['no-receive', 'NO_RECV'],
      ['receive', '0'],
      ['no-forward', 'NO_FWD'],
      ['no-packet-in', 'NO_FWD NO_PACKET_IN'],
      ['forward', 'NO_PACKET_IN'],
      ['packet-in', '0'],
    ]) {
      await ofctl('mod-port', '1', change);
      expect(await config(), change).to.equal(shown);
    }
    await ofctl('add-flow', 'in_port=2,actions=1,3');
    await ofctl('mod-port', '1', 'down');
    ports[1].inject(udp4());
    expect([ports[0].taken().length, ports[2].taken().length]).to.deep.equal([0, 1]);
  });

  it('monitor hears of each change of a port', async () => {
    const child = spawn('ovs-ofctl', ['-O', 'OpenFlow13', '--no-names', 'monitor', address], {
      env: { ...process.env, OVS_RUNDIR: folder },
    });
    try {
      let text = '';
      child.stdout.on('data', (data: Buffer) => {
        text += data.toString();
      });
      child.stderr.on('data', (data: Buffer) => {
        text += data.toString();
      });
      const until = async (what: () => boolean): Promise<void> => {
        for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
      };
      await until(() => sw.controllers().some(({ state }) => state === 'open'));
      await ofctl('mod-port', '2', 'no-forward');
      await until(() => /NO_FWD/.test(text));
      expect(text).to.match(/OFPT_PORT_STATUS \(OF1.3\) \(xid=0x0\): MOD: 2\(p2\)[\s\S]*config: +NO_FWD/);
    } finally {
      child.kill();
    }
  });

  it('set-frags and get-frags', async () => {
    expect(await ofctl('get-frags')).to.equal('normal\n');
    await ofctl('set-frags', 'drop');
    expect(await ofctl('get-frags')).to.equal('drop\n');
  });

  it('dump-table-features shows what the profile of its address lets it see', async () => {
    expect(await ofctl('dump-table-features')).to.not.include('ct_state');
    const { stdout } = await run('ovs-ofctl', ['-O', 'OpenFlow13', 'dump-table-features', `unix:${folder}/mgmt`]);
    expect(stdout).to.include('ct_{state');
  });

  it('dump-desc shows the five strings that the switch was given', async () => {
    expect(await ofctl('dump-desc')).to.include(
      'Manufacturer: M\nHardware: H\nSoftware: S\nSerial Num: 1\nDP Description: D\n',
    );
  });

  it('a flow for a table that is none, and a flow that says nothing', async () => {
    // It sends table 0 for a flow that names no table, or 255.
    await ofctl('add-flow', 'table=255,arp,actions=1');
    await ofctl('add-flow', 'priority=0,actions=drop');
    expect((await ofctl('dump-flows')).match(/arp/g)).to.have.length(1);
    const refused = await run('ovs-ofctl', ['-O', 'OpenFlow13', 'add-flow', address, 'table=254,actions=1']).catch(
      (error: Error) => String(error),
    );
    expect(typeof refused === 'string' ? refused : refused.stderr + refused.stdout).to.include('BAD_TABLE_ID');
  });

  it('10,000 flows in, out and away', async () => {
    const count = 10_000;
    const lines = Array.from({ length: count }, (_, i) => `ip,nw_dst=10.1.${i >> 8}.${i & 255},actions=2`);
    writeFileSync(`${folder}/flows`, lines.join('\n'));
    await ofctl('add-flows', `${folder}/flows`);
    const { stdout } = await run('ovs-ofctl', ['-O', 'OpenFlow13', 'dump-flows', address], { maxBuffer: 1 << 24 });
    expect(stdout.match(/nw_dst=10\.1\./g)).to.have.length(count);
    await ofctl('del-flows', 'ip');
    expect(await ofctl('dump-aggregate')).to.include('flow_count=0');
  });
});
