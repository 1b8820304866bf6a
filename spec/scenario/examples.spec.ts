/**
 * What is shown to people: the exercise has a solution, its starter fails where it should, and the page's scenario is
 * one.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  checkScenario,
  coverage,
  failureLines,
  loadScenarios,
  runScenario,
  type ScenarioResult,
} from '../../lib/scenario/index.js';

const FOLDER = 'examples/stateful-firewall';

async function run(file: string): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of await loadScenarios(`${FOLDER}/${file}`)) results.push(await runScenario(scenario));
  return results;
}

describe('scenario: examples', () => {
  it('the solution passes, without a flow that could be left out', async () => {
    const results = await run('solution.ct.yaml');
    expect(results.flatMap(failureLines).join('\n')).to.equal('');
    const idle = coverage('', results).filter(({ packets, hidden_by }) => packets === 0 || hidden_by !== null);
    expect(idle).to.deep.equal([]);
  });

  it('the starter fails at every task but the one that it has done', async () => {
    const results = await run('starter.ct.yaml');
    const failed = results.filter(({ passed }) => !passed).map(({ scenario }) => scenario.name[0]);
    expect([...new Set(failed)]).to.deep.equal(['2', '3', '4', '5', '6']);
  });

  it('both ask for the same', () => {
    const [starter, solution] = ['starter', 'solution'].map((name) =>
      readFileSync(`${FOLDER}/${name}.ct.yaml`, 'utf8').replace(/^.*?\nscenarios:/s, ''),
    );
    expect(starter).to.equal(solution);
  });

  it("the documentation's scenario passes", async () => {
    const [, text] = /```yaml\n(.*?)```/s.exec(readFileSync('docs/scenarios.md', 'utf8')) ?? [];
    await checkScenario(text);
  });
});
