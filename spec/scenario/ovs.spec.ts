/**
 * The scenarios held against Open vSwitch: what they expect of ours, a genuine switch with the same flows and frames
 * does, too: the same frames, packet-ins and connections after every frame. What ours does on purpose otherwise stands
 * in a list, with the reason.
 */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { difference } from '../../bench/compare/difference.js';
import { OpenVSwitch } from '../../bench/compare/ovs.js';
import { loadScenarios, runScenario } from '../../lib/scenario/index.js';
import { simulate } from '../../lib/simulate/simulate.js';
import { requires } from '../support/needs.js';
import { caseOf } from './oracle-case.js';

/** File, and scenario where it isn't all of it → why Open vSwitch 3.1 does something else. */
const ON_PURPOSE: Readonly<Record<string, string>> = {
  'nat/source.ct.yaml an echo, by its id':
    'it counts a collision of ids as exhaustion; later versions choose another id',
  'tracker/ftp-nat.ct.yaml': 'frames of its dummy ports have no room for a longer text',
  'tracker/sctp.ct.yaml': 'it knows SCTP by addresses only, and no states of it',
  'pipelines/nat-gateway.ct.yaml': 'which port of a range is chosen is the own business of each',
  'tracker/fragments.ct.yaml never whole, dropped after 15 s':
    'it looks for fragments that are too old only when others come',
};

const files = readdirSync('scenarios', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ct.yaml'),
);

describe('scenario: as Open vSwitch does', function () {
  this.timeout(60_000);
  let ovs: OpenVSwitch;
  before(async function () {
    requires(this, 'ovs-vswitchd');
    ovs = await OpenVSwitch.start({ ports: 8 });
  });
  after(() => ovs?.close());

  for (const file of files.sort()) {
    if (ON_PURPOSE[file]) continue;
    it(file, async function () {
      let compared = 0;
      const differences: string[] = [];
      for (const scenario of await loadScenarios(`scenarios/${file}`)) {
        const given = caseOf(await runScenario(scenario));
        if (!given || ON_PURPOSE[`${file} ${scenario.name}`]) continue;
        compared++;
        const reference = await ovs.run(given);
        expect(reference.load_error, scenario.name).to.equal(undefined);
        const found = difference(reference, await simulate({ ...given, ports: 8 }));
        if (found)
          differences.push(`${scenario.name}: ${JSON.stringify(found)} ${JSON.stringify(given.packets?.[found.step])}`);
      }
      // Settings, flushes and links are nothing that a case can say.
      if (compared === 0) this.skip();
      expect(differences).to.deep.equal([]);
    });
  }
});
