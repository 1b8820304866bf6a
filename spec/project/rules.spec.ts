/** The 21 rules of OpenFlow 1.3 that implementers miss: each is named by a group of tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const RULES = 21;

describe('project: rules of OpenFlow 1.3', () => {
  it('each is shown by tests that name it', () => {
    const specs = readdirSync('spec', { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.spec.ts'),
    );
    const named = specs.flatMap((file) =>
      [...readFileSync(join('spec', file), 'utf8').matchAll(/describe\('rule (\d+):/g)].map(([, rule]) => Number(rule)),
    );
    expect(named.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: RULES }, (_, i) => i + 1));
  });
});
