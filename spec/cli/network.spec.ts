/** `--topo` on the command line: the prompt's words for networks, `run`, what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { ctswitch, NOBODY, Program } from './program.js';

describe('ctswitch --topo', function () {
  this.timeout(30_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ctswitch-topo-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('has a prompt that knows switches, hosts and links', async () => {
    const lines = [
      ...['h1 ping h3 1', 'link s1 s2 down', 'h1 ping h3 1', 'links', 'link s2 s1 up', 'h1 tcp h3:80'],
      ...[
        'add-flow s2 priority=5,in_port=1,actions=drop',
        'flows s2',
        's3 ports',
        'switches',
        'hosts',
        'help',
        'pingall',
      ],
    ];
    const program = new Program(['--topo', 'linear,3', '--controller', NOBODY, '--listen', 'ptcp:0']);
    program.child.stdin.end(`${lines.join('\n')}\n`);
    const { status } = await program.ended;
    const { out } = program;
    expect(out).to.match(/network linear,3: 3 switches, 3 hosts, 5 links/);
    expect(out).to.match(/h1 → h3 \(10\.0\.0\.3\): 1 of 1 pings answered/);
    expect(out)
      .to.match(/s1: port 2 \(s1-eth2\) is down/)
      .and.match(/s2: port 2 \(s2-eth2\) is down/);
    expect(out).to.match(/0 of 1 pings answered\n {2}the link between s2-eth2 and s1-eth2 is down/);
    expect(out).to.match(/s2-eth2 +s1-eth2 +down/);
    expect(out).to.match(/h1 → h3:80: connected/);
    expect(out).to.match(/priority=5,in_port="s2-eth1" actions=drop/);
    expect(out).to.match(/2 +s3-eth2 +up/);
    expect(out).to.match(/s3 +0000000000000003 +2 +0 +tcp:127\.0\.0\.1:\d+/);
    expect(out).to.match(/h3 +s3:1 +00:00:00:00:00:03 +10\.0\.0\.3/);
    expect(out).to.match(/flows \[SWITCH\]/);
    // h2's port takes nothing any more.
    expect(out).to.match(/2\/6 pings answered/);
    expect(status).to.equal(1);
  });

  const MISTAKES: readonly (readonly [typed: string, said: string])[] = [
    ['flows s9', 'there is no switch "s9" (did you mean "s1"?)'],
    ['s1', 'what of s1? s1 flows, s1 add-flow, s1 del-flows, s1 ports, s1 ct, s1 controllers'],
    ['s1 flwos', '"flwos" is nothing of s1\'s: s1 flows, s1 add-flow, s1 del-flows, s1 ports, s1 ct, s1 controllers'],
    ['flows s1 s2', 'flows takes nothing behind it'],
    ['link s1 s3 down', 'no link joins s1 and s3; links lists them'],
    ['link s1 down', 's1 has several links: link s1 OTHER down'],
    ['link s1 s2', 'link NODE [NODE] down|up'],
    ['link s1 s9 up', '"s9" is no switch or host (did you mean "s1"?)'],
    ['add-flow actions=drop', 'say at which switch: add-flow s1 actions=drop'],
  ];
  it('answers what it does not understand with a line that helps', async () => {
    const program = new Program(['--topo', 'linear,3', '--controller', NOBODY, '--listen', 'ptcp:0']);
    program.child.stdin.end(`${MISTAKES.map(([typed]) => typed).join('\n')}\n`);
    expect((await program.ended).status).to.equal(2);
    for (const [, said] of MISTAKES) expect(program.out).to.contain(`${said}\n`);
  });

  it('run tells what there is, as JSON, and where each switch listens', async function () {
    requires(this, 'yaml');
    const file = join(folder, 'net.yaml');
    writeFileSync(file, 'switches: [s1, s2]\nhosts: [h1]\nlinks:\n- [h1, s1]\n- {between: [s1, s2], delay: 5ms}\n');
    const socket = join(folder, 'mgmt');
    const program = new Program(['run', '--json', '--topo', file, '--listen', `punix:${socket}`, '--listen', 'ptcp:0']);
    const [line] = await program.until(/^.*"schema":"ctswitch\/ready@1".*$/m);
    const ready = JSON.parse(line);
    expect(
      ready.switches.map(({ name, datapath_id }: Record<string, string>) => `${name} ${datapath_id}`),
    ).to.deep.equal(['s1 0000000000000001', 's2 0000000000000002']);
    expect(ready.switches[1].listening[0]).to.equal(`punix:${socket}.s2`);
    expect(ready.links).to.deep.equal([
      { ends: ['h1', 's1-eth1'], delay_ms: 0, loss: 0, rate_bps: null },
      { ends: ['s1-eth2', 's2-eth1'], delay_ms: 5, loss: 0, rate_bps: null },
    ]);
    expect(ready).to.include({ topology: file, fail_mode: 'standalone' });
    program.child.kill('SIGTERM');
    expect((await program.ended).status).to.equal(0);
  });

  const REFUSED: readonly (readonly [args: string[], said: RegExp])[] = [
    [['--topo', 'liner,3'], /^ctswitch: --topo liner,3: "liner" is no shape \(did you mean "linear"\?\)\n$/],
    [['run', '--topo', 'linear,x'], /--topo linear,x: "x" is no number from 1 to 4096: linear,SWITCHES/],
    [['run', '--topo', 'ring,2'], /a ring has at least 3 switches/],
    [['run', '--topo', './missing.yaml'], /missing\.yaml: there is no such file/],
    [['run', '--topo', 'linear,3', '--port', '1=memory'], /'--topo <SHAPE\|FILE>' cannot be used with option '--port/],
    [['run', '--topo', 'linear,3', '--dpid', '5'], /cannot be used with option '--dpid/],
  ];
  for (const [args, said] of REFUSED) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { status, err } = await ctswitch(args);
      expect(err).to.match(said);
      expect(status).to.equal(2);
    });
  }

  it('names file, line and nearest word for a mistake in a file', async function () {
    requires(this, 'yaml');
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, 'switches: [s1]\nhosts: [h1]\nlinks:\n- [h1, s2]\n');
    const { status, err } = await ctswitch(['run', '--topo', file]);
    expect(err).to.equal(`ctswitch: ${file}:4:8: there is no switch or host "s2" (did you mean "s1"?)\n`);
    expect(status).to.equal(2);
  });
});
