/** `ctswitch inspect` and `run -v` at the command line: a controller that explains, mistakes, filters. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ctswitch, endAll, NOBODY, Program } from './program.js';

describe('cli: inspect', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ctswitch-inspect-'));
  });
  after(async () => {
    await endAll();
    rmSync(folder, { recursive: true });
  });

  it('is a controller: asks what a switch is, installs flows, explains packet-ins', async () => {
    const flows = join(folder, 'flows');
    writeFileSync(flows, 'table=0,priority=0,cookie=7,actions=controller\n');
    const viewer = new Program(['inspect', '--listen', 'ptcp:0', '--flows', flows, '-v']);
    await viewer.until(/waiting for switches at ptcp:(\d+)/);
    const port = /at ptcp:(\d+)/.exec(viewer.out)?.[1];
    const demo = new Program(['--controller', `tcp:127.0.0.1:${port}`, '--listen', 'ptcp:0']);
    await viewer.until(/OFPT_BARRIER_REPLY/);
    expect(viewer.out).to.match(/OFPST_DESC reply .*hardware="Open vSwitch"/);
    demo.child.stdin.write('h1 ping h2\n');
    await viewer.until(/OFPT_PACKET_IN .*\n {6}flow: .*cookie=0x7.*actions=CONTROLLER.*\n {8}Ethernet: /);
    expect(viewer.out).to.match(/ARP: .*spa=10\.0\.0\.1 /);
    await demo.signal('SIGTERM');
    await viewer.until(/#1 closed: /);
    await viewer.signal('SIGINT');
    expect((await viewer.ended).status).to.equal(0);
  });

  it('says what is wrong with a flow file, a match, an address', async () => {
    const flows = join(folder, 'bad');
    writeFileSync(flows, 'ip,actions=2\ntcp,tp_dts=80,actions=2\n');
    const bad = await ctswitch(['inspect', '--listen', 'ptcp:0', '--flows', flows]);
    expect([bad.status, bad.err]).to.satisfy(
      ([status, err]: [number, string]) => status === 2 && /bad:2:5: .*tp_dst/.test(err),
    );
    const match = await ctswitch(['inspect', '--listen', 'ptcp:0', '--packets', 'tcp,nw_scr=1']);
    expect(match.err).to.match(/nw_src/);
    expect(match.status).to.equal(2);
    expect((await ctswitch(['inspect', '--listen', 'tcp:1.2.3.4:5'])).status).to.equal(2);
    const both = await ctswitch(['inspect', '--listen', 'ptcp:0', '--proxy', NOBODY, '--flows', flows]);
    expect([both.status, both.err]).to.deep.equal([
      2,
      'ctswitch: --flows is for --listen alone: a proxy says nothing of its own\n',
    ]);
  });

  it('run -v tells of every message, in lines or as JSON', async () => {
    const sw = new Program(['run', '--json', '-v', '--listen', 'ptcp:0', '--port', '1=memory']);
    await sw.until(/"schema":"ctswitch\/ready@1"/);
    const [address] = (JSON.parse(sw.out.split('\n')[0]) as { listening: string[] }).listening;
    const { status } = await ctswitch(['ofctl', 'show', address.replace(/^ptcp:(\d+).*/, 'tcp:127.0.0.1:$1')]);
    expect(status).to.equal(0);
    await sw.until(/"name":"OFPT_FEATURES_REPLY"/);
    const shown = sw.out.split('\n').filter((line) => line.includes('inspect@1'));
    expect(JSON.parse(shown[0])).to.include({ from: 'switch', name: 'OFPT_HELLO' });
    await sw.signal('SIGTERM');
  });
});
