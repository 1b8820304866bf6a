/** `ctswitch inspect` between real programs: os-ken and Open vSwitch, ovs-ofctl and our switch. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startOpenVSwitch } from '../../bench/measure/ovs-in-lab.js';
import { PROGRAM } from '../cli/program.js';
import { requires } from '../support/needs.js';
import { address, CONTROLLER_PORT, Lab, type Line, SWITCH } from './lab.js';

const PROXY_PORT = 6640;

describe('live: inspect', function () {
  this.timeout(60_000);
  let lab: Lab;
  let folder: string;
  before(function () {
    requires(this, 'netns', 'os-ken', 'ovs-vswitchd');
    lab = new Lab(2);
    folder = mkdtempSync(join(tmpdir(), 'ctswitch-inspect-'));
  });
  after(async () => {
    await lab?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  const inspect = (...options: string[]) => lab.start('sw', [process.execPath, PROGRAM, 'inspect', ...options]);
  const named = (name: string) => (line: Line) => line.name === name;

  it('stands between os-ken and Open vSwitch, and what it writes can be replayed', async () => {
    const capture = join(folder, 'session.pcap');
    const controller = lab.controller('learning_switch', { LEARNING_IDLE_TIMEOUT_S: '9' });
    const where = ['--listen', `ptcp:${PROXY_PORT}`, '--proxy', `tcp:127.0.0.1:${CONTROLLER_PORT}`];
    const viewer = inspect(...where, '--json', '--write', capture);
    await viewer.until(/"schema":"ctswitch\/ready@1"/);
    const ovs = await startOpenVSwitch(lab, `tcp:127.0.0.1:${PROXY_PORT}`);
    await viewer.line('the table-miss flow', named('OFPT_FLOW_MOD'), 0, 20_000);
    lab.do('h1', `ping -c 2 -i 0.2 ${address(2)}`);
    const packetIn = await viewer.line('a packet-in', named('OFPT_PACKET_IN'));
    expect(packetIn).to.include({ from: 'switch' });
    expect(packetIn.flow).to.match(/actions=CONTROLLER/);
    expect((packetIn.headers as { layer: string }[])[0].layer).to.equal('Ethernet');
    await ovs.end();
    await controller.end();
    expect(await viewer.end()).to.equal(0);
    const replay = lab.start('sw', [process.execPath, PROGRAM, 'replay', capture]);
    expect(await replay.ended, replay.text).to.equal(0);
  });

  it('stands between ovs-ofctl and a switch, and says why a flow is refused', async () => {
    const sw = await lab.switch();
    const viewer = inspect('--listen', `ptcp:${PROXY_PORT}`, '--proxy', SWITCH, '--only', 'error');
    await viewer.until(/between ptcp/);
    const ofctl = `ovs-ofctl -O OpenFlow13 add-flow tcp:127.0.0.1:${PROXY_PORT}`;
    expect(() => lab.do('sw', ofctl, 'ip,actions=group:77')).to.throw(/BAD_OUT_GROUP/);
    await viewer.until(/OFPBAC_BAD_OUT_GROUP/);
    expect(viewer.text).to.match(/request: OFPT_FLOW_MOD .*: ADD ip actions=group:77/);
    expect(viewer.text).to.match(/cause: an action names a group that is not there/);
    expect(viewer.text).to.not.match(/OFPT_BARRIER/);
    await viewer.end();
    await sw.end();
  });
});
