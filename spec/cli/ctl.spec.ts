/** `ctswitch ctl` and the genuine tools, against a running switch that they find by its run directory. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { ctswitch, endAll, Program } from './program.js';

const run = promisify(execFile);

describe('ctswitch ctl', function () {
  this.timeout(20_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ctl-'));
  });
  afterEach(async () => {
    await endAll();
    rmSync(folder, { recursive: true, force: true });
  });
  const ctl = async (...words: string[]) => ctswitch(['ctl', '--rundir', folder, ...words], '');

  async function started(...args: string[]): Promise<Program> {
    const program = new Program([
      'run',
      '--rundir',
      folder,
      '--name',
      's1',
      '--port',
      '1=memory:p1',
      '--json',
      ...args,
    ]);
    await program.until(/ready@1.*\n/);
    return program;
  }

  it('finds the running switch, asks, changes, waits, and ends it; nothing is left behind', async () => {
    const program = await started();
    expect(program.json()[0].ctl).to.equal(join(folder, `ctswitch.${program.child.pid}.ctl`));
    expect((await ctl('version')).out).to.match(/^ctswitch \d/);
    expect((await ctl('port/add', '2', 'memory:p2')).status).to.equal(0);
    expect((await ctl('wait', 'port', 'p2', 'up')).status).to.equal(0);
    const late = await ctl('wait', 'controller', '--timeout', '0.1');
    expect(late.status).to.equal(4);
    expect(late.err).to.equal('ctswitch: timed out after 0.1 s: controller\n');
    const unknown = await ctl('nonsense');
    expect(unknown.status).to.equal(1);
    expect(unknown.err).to.match(/"nonsense" is not a valid command/);
    const traced = await ctswitch(['trace', '--rundir', folder, 'in_port=1,udp,tp_src=1,tp_dst=2'], '');
    expect(traced.out).to.match(/^Flow: udp,in_port=1.*Verdict: \w+: .*\n$/s);
    expect((await ctl('exit')).status).to.equal(0);
    expect((await program.ended).status).to.equal(0);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('the genuine tools find it, too', async function () {
    requires(this, 'ovs-ofctl');
    await started();
    const env = { ...process.env, OVS_RUNDIR: folder };
    const { stdout } = await run('ovs-appctl', ['-t', 'ctswitch', 'dpif/show'], { env });
    expect(stdout).to.equal('netdev@ovs-netdev: hit:0 missed:0\n  s1:\n    p1 1/1: (memory)\n');
    await run('ovs-ofctl', ['-O', 'OpenFlow13', 'add-flow', 's1', 'actions=drop'], { env });
    expect((await ctl('wait', 'flow', 'table=0')).status).to.equal(0);
  });

  it('without a switch, or with several, it says so', async () => {
    expect((await ctl('version')).err).to.match(/no switch runs that .* knows of/);
    const [first, second] = [await started(), await started('--name', 's2')];
    const { status, err } = await ctl('version');
    expect(status).to.equal(2);
    expect(err).to.match(/2 switches run; choose one with --ctl/);
    second.child.kill('SIGKILL');
    await second.ended;
    // What a killed one leaves doesn't count.
    expect((await ctl('version')).status).to.equal(0);
    expect(existsSync(join(folder, `ctswitch.${first.child.pid}.ctl`))).to.equal(true);
    // … and goes when another one starts.
    await started('--name', 's3');
    expect(existsSync(join(folder, `ctswitch.${second.child.pid}.ctl`))).to.equal(false);
  });

  it("a demo takes the prompt's words", async () => {
    const program = new Program([
      'demo',
      '--rundir',
      folder,
      '--listen',
      'ptcp:0',
      '--controller',
      'tcp:127.0.0.1:1',
      '--json',
    ]);
    await program.until(/ready@1.*\n/);
    expect((await ctl('h1', 'ping', 'h2', '1')).out).to.match(/h1 → h2 \(10\.0\.0\.2\): 1 of 1 pings answered/);
    const failed = await ctl('h1', 'ping', '10.0.0.99', '1');
    expect(failed.status).to.equal(1);
    expect(failed.err).to.match(/0 of 1/);
    expect((await ctl('flows')).status).to.equal(0);
    expect((await ctl('fdb/show', 'demo')).out).to.match(/ 1 +0 +50:54:00:00:00:01/);
  });

  it('a socket that can not be made ends the program, where it was asked for', async () => {
    const { status, err } = await ctswitch(['run', '--ctl', join(folder, 'no', 'such.ctl')], '');
    expect(status).to.equal(3);
    expect(err).to.match(/the management socket: .*no does not exist; make it first/);
  });
});
