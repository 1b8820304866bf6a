/**
 * `node dist/bench/compare/record.js`: Open vSwitch's answers to the suite, into fixtures/compare, one file a case,
 * with the version that gave them.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { OpenVSwitch, ovsVersion } from './ovs.js';
import { SUITE } from './suite.js';

const FOLDER = 'fixtures/compare';

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const ovs = await OpenVSwitch.start();
try {
  for (const [name, given] of Object.entries(SUITE)) {
    const answer = await ovs.run({ ...given, cold: true });
    const flows = answer.flows?.map((line) => line.replace(/ duration=[0-9.]+s,/, ''));
    // A complaint's text holds a time and a transaction's number.
    const results = answer.results?.map((result) => (result.error ? { ...result, error: 'refused' } : result));
    const record = { recorded: `Open vSwitch ${ovsVersion()}`, case: given, answer: { ...answer, results, flows } };
    writeFileSync(`${FOLDER}/${name}.json`, `${JSON.stringify(record, null, 1)}\n`);
  }
} finally {
  await ovs.close();
}
