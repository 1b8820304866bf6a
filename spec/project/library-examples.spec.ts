/** The examples of the library, by their own runners; .ci/examples runs them, vitest's too, on the packed package. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const FOLDER = 'examples/library';
const RUNNERS: Record<string, string[]> = {
  'node.test.js': ['--test'],
  'mocha.test.js': [join('node_modules', 'mocha', 'bin', 'mocha.js'), '--no-config', '--reporter', 'tap'],
};
/** What a test says, whatever asserts it. */
const told = (file: string): string[] =>
  [...readFileSync(join(FOLDER, file), 'utf8').matchAll(/(?:it|test)\('([^']+)'/g)].map((match) => match[1]);

describe('project: the library’s examples', () => {
  for (const [file, args] of Object.entries(RUNNERS)) {
    it(`${file} passes, and its tests run`, () => {
      const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
      const { status, stdout, stderr } = spawnSync(process.execPath, [...args, join(FOLDER, file)], {
        encoding: 'utf8',
        env,
      });
      expect(status, stdout + stderr).to.equal(0);
      for (const name of told(file)) expect(stdout).to.contain(name);
    });
  }

  it('all runners have the same tests', () => {
    const [first, ...others] = ['node.test.js', 'mocha.test.js', 'vitest.test.js'].map(told);
    expect(first).to.have.length(3);
    for (const other of others) expect(other).to.deep.equal(first);
  });
});
