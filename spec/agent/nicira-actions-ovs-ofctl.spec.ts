/**
 * Flows with Nicira's actions, added and dumped by the real ovs-ofctl: what it prints is what it prints for its own
 * switch.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { ours, recorded } from '../nxm/recorded-actions.js';
import { requires } from '../support/needs.js';

const run = promisify(execFile);
/**
 * What the switch refuses for reasons of its own: a match that leaves the EtherType open, options that no table maps.
 */
const REFUSED = /^ct_state=\+trk\+new,actions=resubmit|tun_metadata/;

describe('agent: Nicira actions by ovs-ofctl', () => {
  before(function () {
    requires(this, 'ovs-ofctl');
  });

  it('are added and dumped as ovs-ofctl writes them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctswitch-'));
    const sw = new Switch();
    for (const number of [1, 2, 3]) sw.addPort(number, memory());
    try {
      await sw.start({ listen: [`punix:${folder}/switch`] });
      const refused = ours('refused.txt');
      const good = recorded.flows.filter(
        ({ flow, error }) => error === undefined && !refused.has(flow) && !REFUSED.test(flow),
      );
      const lines = good.map(({ flow }, i) => `priority=${i + 1},${flow}`);
      writeFileSync(`${folder}/flows`, lines.join('\n'));
      const ofctl = (...words: string[]) => run('ovs-ofctl', ['-O', 'OpenFlow13', ...words]);
      await ofctl('add-flows', `unix:${folder}/switch`, `${folder}/flows`);
      const { stdout } = await ofctl('--no-names', '--no-stats', 'dump-flows', `unix:${folder}/switch`);
      const dumped = new Map(
        [...stdout.matchAll(/priority=(\d+)\S* actions=(.*)/g)].map(([, priority, actions]) => [
          Number(priority),
          actions,
        ]),
      );
      expect(dumped.size).to.equal(good.length).and.to.be.greaterThan(70);
      for (const [i, { flow, text }] of good.entries()) {
        expect(dumped.get(i + 1), flow).to.equal(/actions=(.*)/.exec(text ?? '')?.[1]);
      }
    } finally {
      await sw.close();
      rmSync(folder, { recursive: true });
    }
  });
});
