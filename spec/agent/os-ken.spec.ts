/** os-ken's messages from the other end: two controllers with roles, what each hears, and table features both ways. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { requires } from '../support/needs.js';

const run = promisify(execFile);

describe('agent with os-ken', function () {
  this.timeout(60_000);
  before(function () {
    requires(this, 'os-ken');
  });

  it('two controllers: roles, asynchronous messages, table features', async () => {
    const sw = new Switch({});
    try {
      for (const number of [1, 2]) sw.addPort(number, memory());
      const { listening } = await sw.start({ listen: ['ptcp:0'] });
      const port = listening[0].split(':')[1];
      const { stdout } = await run('/usr/bin/python3', ['fixtures/agent/os_ken_controllers.py', '127.0.0.1', port]);
      const lines = stdout.trim().split('\n');
      expect(lines.map((line): unknown => JSON.parse(line))).to.deep.equal([
        ['first becomes master', ['master', 5]],
        ['second asks', ['equal', 5]],
        ['second is stale', ['error', 11, 0]],
        ['second becomes master', ['master', 6]],
        ['first is slave', ['slave', 6]],
        ['slave adds a flow', [1, 10, '040e0050']],
        ['by default', [['OFPPacketIn', 'OFPFlowRemoved'], []]],
        ['as they asked', [[], ['OFPPacketIn', 'OFPFlowRemoved']]],
        [
          'masks',
          [
            [0, 1],
            [0, 0],
            [0, 4],
          ],
        ],
        ['tables', 254],
        ['set 254', 254],
        ['set 4', 4],
        ['as sent', true],
      ]);
    } finally {
      await sw.close();
    }
  });
});
