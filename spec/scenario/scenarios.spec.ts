/**
 * The project's own scenarios: every one passes, pipelines have no flow that isn't needed, and TCP has as many steps as
 * its states want.
 */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { coverage, coverageLines, failureLines, loadScenarios, runScenario } from '../../lib/scenario/index.js';

const files = readdirSync('scenarios', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ct.yaml'))
  .sort()
  .map((file) => `scenarios/${file}`);

describe('scenario: our own', () => {
  for (const file of files) {
    it(file, async () => {
      const results = [];
      for (const scenario of await loadScenarios(file)) results.push(await runScenario(scenario));
      expect(results.flatMap(failureLines).join('\n')).to.equal('');
      if (!file.includes('/pipelines/')) return;
      const idle = coverage(file, results).filter(({ packets, hidden_by }) => packets === 0 || hidden_by !== null);
      expect(coverageLines(idle).slice(1)).to.deep.equal([], 'flows that could be left out');
    });
  }

  it('more than a hundred steps are about TCP', async () => {
    const tcp = await Promise.all(files.filter((file) => file.includes('/tcp/')).map(loadScenarios));
    const judged = tcp
      .flat()
      .flatMap(({ steps }) => steps.filter(({ expect: expected }) => expected?.state ?? expected?.ct));
    expect(judged.length).to.be.greaterThan(100);
  });
});
