/** os-ken's own classes for ONF's bundles and flow monitors and for Nicira's packet-ins, against the whole switch. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { requires } from '../support/needs.js';

const run = promisify(execFile);

describe('agent: extensions with os-ken', function () {
  this.timeout(60_000);
  before(function () {
    requires(this, 'os-ken');
  });

  it('bundles, a flow monitor, a packet that pauses', async () => {
    const sw = new Switch({});
    try {
      for (const number of [1, 2]) sw.addPort(number, memory());
      const { listening } = await sw.start({ listen: ['ptcp:0'] });
      const port = listening[0].split(':')[1];
      const { stdout } = await run('/usr/bin/python3', ['fixtures/agent/os_ken_extensions.py', '127.0.0.1', port]);
      const lines = stdout.trim().split('\n');
      expect(lines.map((line): unknown => JSON.parse(line))).to.deep.equal([
        ['a bundle', ['open', 'close', 'commit']],
        ['flows', [1, 2]],
        ['one that fails', ['open', 'close', ['error', 2, 9], ['error', 0xffff, 2313]]],
        ['flows', [1, 2]],
        ['one that is discarded', ['open', 'discard']],
        ['monitor', [['OFPExperimenterStatsReply', 0x4f4e4600, 1870]]],
        [
          'paused',
          [
            [
              'NXTPacketIn2',
              ['Packet', 'TableId', 'Cookie', 'Reason', 'Metadata', 'Continuation', 'UserData'].map(
                (name) => `NXTPacketIn2Prop${name}`,
              ),
            ],
          ],
        ],
      ]);
    } finally {
      await sw.close();
    }
  });
});
