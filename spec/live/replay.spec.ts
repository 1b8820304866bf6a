/** `ctswitch replay` with real controllers and a real Open vSwitch at the other end. */
import { expect } from 'chai';
import { startOpenVSwitch } from '../../bench/measure/ovs-in-lab.js';
import { PROGRAM } from '../cli/program.js';
import { requires } from '../support/needs.js';
import { CONTROLLER_PORT, eventually, Lab, SWITCH } from './lab.js';

const LEARNING = 'fixtures/sessions/open-vswitch-learning-switch.pcap';

describe('live: replay', function () {
  this.timeout(60_000);
  let lab: Lab;
  before(function () {
    requires(this, 'netns', 'os-ken', 'ovs-vswitchd');
    lab = new Lab(2);
  });
  after(async () => {
    await lab?.close();
  });

  /** What replaying says, and its status. */
  async function replay(...options: string[]): Promise<{ text: string; status: number | null }> {
    const running = lab.start('sw', [process.execPath, PROGRAM, 'replay', ...options]);
    const status = await running.ended;
    return { text: running.text, status };
  }

  for (const [idle_s, count] of [
    ['1', 0],
    ['30', 2],
  ] as const) {
    it(`a switch to os-ken, whose flows idle out after ${idle_s} s instead of 1: ${count} differences`, async () => {
      const controller = lab.controller('learning_switch', { LEARNING_IDLE_TIMEOUT_S: idle_s });
      await eventually('os-ken listens', () => lab.do('sw', 'ss -ltn').includes(`:${CONTROLLER_PORT}`), 10_000);
      const against = `tcp:127.0.0.1:${CONTROLLER_PORT}`;
      const { text, status } = await replay(LEARNING, '--play', 'switch', '--against', against, '--timeout', '2');
      await controller.end();
      expect(text.match(/change\.idle_timeout_s: 1 → 30/g) ?? [], text).to.have.length(count);
      expect(status, text).to.equal(count === 0 ? 0 : 1);
    });
  }

  it('a controller to Open vSwitch, recorded with ours: what needs packets is left out and counted', async () => {
    const ovs = await startOpenVSwitch(lab);
    const { text, status } = await replay('fixtures/sessions/os-ken-learning-switch.pcap', '--against', SWITCH);
    await ovs.end();
    expect(text).to.match(/messages that the switch sent unasked: nothing here can cause them/);
    expect(text).to.match(/OFPST_PORT_DESC reply \(frame \d+\) differs/);
    // Its own port is not up there; that is all.
    expect(text.match(/^ {6}\S.*$/gm), text).to.have.length(1);
    expect(status).to.equal(1);
  });
});
