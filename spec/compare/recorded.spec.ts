/** Open vSwitch's answers to the comparison's cases by hand, recorded; ours are the same, with caching and without. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { difference } from '../../bench/compare/difference.js';
import { SUITE } from '../../bench/compare/suite.js';
import type { SimulateAnswer, SimulateCase } from '../../lib/simulate/case.js';
import { simulate } from '../../lib/simulate/simulate.js';

const FOLDER = 'fixtures/compare';

interface Recorded {
  readonly recorded: string;
  readonly case: SimulateCase;
  readonly answer: SimulateAnswer;
}

describe('as Open vSwitch answered', () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

  it('every case of the suite is recorded as it is now', () => {
    expect(files.map((file) => file.slice(0, -5)).sort()).to.deep.equal(Object.keys(SUITE).sort());
    for (const [name, given] of Object.entries(SUITE)) {
      expect(read(`${name}.json`).case, name).to.deep.equal(JSON.parse(JSON.stringify(given)));
    }
  });

  for (const file of files) {
    for (const cold of [false, true]) {
      it(`${file.slice(0, -5)}${cold ? ', translated each time' : ''}`, async () => {
        const recorded = read(file);
        expect(recorded.recorded).to.match(/^Open vSwitch \d/);
        const own = await simulate({ ...recorded.case, cold });
        expect(difference(recorded.answer, own)).to.equal(null);
      });
    }
  }

  it('a difference would be seen', async () => {
    const recorded = read('firewall-udp.json');
    const own = await simulate({ ...recorded.case, flows: ['actions=drop'] });
    expect(difference(recorded.answer, own)?.kind).to.equal('frames');
  });
});

function read(file: string): Recorded {
  return JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'));
}
