/** A network's management socket: `ctswitch ctl` and the genuine tools, on all of its switches, hosts and links. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ManagementClient } from '../../lib/manage/index.js';
import { requires } from '../support/needs.js';
import { ctswitch, endAll, NOBODY, Program } from './program.js';

const run = promisify(execFile);

describe('ctswitch --topo with ctl', function () {
  this.timeout(20_000);
  let made: string;
  let folder: string;
  beforeEach(() => {
    made = mkdtempSync(join(tmpdir(), 'net-ctl-'));
    // The run directory isn't there yet.
    folder = join(made, 'run');
  });
  afterEach(async () => {
    await endAll();
    rmSync(made, { recursive: true, force: true });
  });
  const ctl = async (...words: string[]) => ctswitch(['ctl', '--rundir', folder, ...words], '');

  async function started(...args: string[]): Promise<Program> {
    const program = new Program(['run', '--topo', 'linear,3', '--rundir', folder, '--json', ...args]);
    await program.until(/ready@1.*\n/);
    return program;
  }

  it('one socket knows all switches, hosts and links', async () => {
    const program = await started();
    const [ready] = program.json();
    expect(ready.ctl).to.equal(join(folder, `ctswitch.${program.child.pid}.ctl`));
    const client = await ManagementClient.open(String(ready.ctl));
    const told = async (...[method, ...params]: string[]) =>
      client.call(method, ...params).catch((error: Error) => `refused: ${error.message}`);
    expect(await told('h1', 'ping', 'h3', '1')).to.match(/h1 → h3 \(10\.0\.0\.3\): 1 of 1 pings answered/);
    expect(await told('fdb/show', 's2')).to.match(/ 2 +0 +00:00:00:00:00:01/);
    expect(await told('link', 's1', 's2', 'down')).to.equal('the link between s1 and s2 is down\n');
    expect(await told('s1', 'wait', 'port', 's1-eth2', 'down')).to.equal('');
    expect(await told('h1', 'ping', 'h3', '1')).to.match(
      /^refused: h1 → h3 \(10\.0\.0\.3\): 0 of 1 pings answered\n {2}1: no answer.*\n {2}the link between s2-eth2 and s1-eth2 is down/,
    );
    expect(await told('link', 's1', 's2', 'up')).to.match(/is up/);
    expect((await ctl('pingall')).out).to.match(/6\/6 pings answered/);
    expect((await told('switches')).trim().split('\n')).to.have.length(4);
    expect(await told('s2', 'flows/load', 'priority=3,udp,actions=drop')).to.equal('');
    expect(await told('s2', 'ports')).to.match(/ s2-eth3 .*(?<!s3-eth1.*)$/s);
    expect(await told('flows', 's2')).to.match(/priority=3,udp actions=drop/);
    client.close();
    const traced = await ctswitch(['trace', '--rundir', folder, '--switch', 's2', 'in_port=1,udp'], '');
    expect(traced.out).to.match(/Verdict: drop/);
    const which = await ctswitch(['trace', '--rundir', folder, 'in_port=1,udp'], '');
    expect(which.status).to.equal(2);
    expect(which.err).to.equal('ctswitch: there are several switches: name one with --switch; there are s1, s2, s3\n');
    const none = await ctswitch(['trace', '--rundir', folder, '--switch', 's9', 'in_port=1,udp'], '');
    expect(none.err).to.equal('ctswitch: --switch s9: there is no such switch (did you mean "s1"?)\n');
    expect((await ctl('exit')).status).to.equal(0);
    expect((await program.ended).status).to.equal(0);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('the genuine tools find each switch by its name', async function () {
    requires(this, 'ovs-ofctl', 'koffi');
    const program = await started();
    const env = { ...process.env, OVS_RUNDIR: folder };
    const appctl = async (...words: string[]) => (await run('ovs-appctl', words, { env })).stdout;
    expect(await appctl('-t', 'ctswitch', 'ofproto/list')).to.equal('s1\ns2\ns3\n');
    for (const name of ['s1', 's2', 's3']) {
      await run('ovs-ofctl', ['-O', 'OpenFlow13', 'add-flow', name, 'udp,actions=ct(commit),NORMAL'], { env });
    }
    const socket = join(folder, `ctswitch.${program.child.pid}.ctl`);
    const packet =
      'in_port=1,udp,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=5,tp_dst=53';
    expect(await appctl('-t', socket, 'ofproto/trace', 's2', packet)).to.match(/bridge\("s2"\)/);
    await appctl('-t', socket, 's2', 'port/inject', 's2-eth1', packet.slice(10));
    expect(await appctl('-t', socket, 'dpctl/dump-conntrack', 's2')).to.match(/^udp,orig=.*dport=53/);
    // What s2 floods goes through its neighbours.
    expect(await appctl('-t', socket, 'dpctl/ct-get-nconns', 'netdev@s3')).to.equal('1\n');
    expect(await appctl('-t', socket, 'h1', 'ping', 'h2', '1')).to.match(/1 of 1 pings answered/);
    const refused = await run('ovs-appctl', ['-t', socket, 'dpctl/dump-conntrack']).catch((error) => error);
    expect(refused.stderr).to.match(/^ctswitch: multiple datapaths, specify one: s1, s2, …/);
  });

  it('the demo with a network has one, too', async () => {
    const program = new Program([
      ...['--topo', 'single,2', '--rundir', folder, '--listen', 'ptcp:0', '--controller', NOBODY, '--json'],
    ]);
    await program.until(/ready@1.*\n/);
    expect((await ctl('link', 's1', 'h1', 'down')).out).to.match(/is down/);
    expect((await ctl('h1', 'ping', 'h2', '1')).status).to.equal(1);
    expect((await ctl('dpctl/ct-get-nconns')).out).to.equal('0\n');
  });

  it("-v tells of each message, under its switch's name", async () => {
    const program = await started('-v', '--controller', NOBODY, '--listen', 'ptcp:0');
    const [{ listening }] = program.json() as [{ listening: string[] }];
    const address = `tcp:127.0.0.1:${listening.filter((each) => each.startsWith('ptcp:'))[1].split(':')[1]}`;
    expect((await ctswitch(['ofctl', 'add-flow', address, 'actions=drop'])).status).to.equal(0);
    await program.until(/"name":"OFPT_FLOW_MOD".*\n/);
    const mods = program.json().filter(({ name }) => name === 'OFPT_FLOW_MOD');
    expect(mods.map(({ schema, from, ...each }) => [schema, each.switch, from])).to.deep.equal([
      ['ctswitch/inspect@1', 's2', 'controller'],
    ]);
  });

  it('-v without --json, and connections, name the switch', async () => {
    const program = new Program(['run', '--topo', 'linear,2', '-v', '--conntrack-events', '--rundir', folder]);
    await program.until(/fail-mode/);
    const flow = `unix:${folder}/s2.mgmt`;
    await ctswitch(['ofctl', 'add-flow', flow, 'udp,actions=ct(commit),2']);
    await program.until(/^\d+\.\d+ s2 unix:\S+ > OFPT_FLOW_MOD/m);
    await ctl('s2', 'port/inject', '1', 'udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=5,tp_dst=53');
    await program.until(/^s2: connection new: udp/m);
  });
});
