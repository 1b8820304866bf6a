/**
 * Documents that can't rot: pages made of the program are current, guides print what they say, links lead somewhere.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { matches, needsOf, plain, runGuide } from './guide.js';
import { generatedPages } from './pages.js';

const MAX_COLUMNS = 80;

describe('docs', function () {
  this.timeout(90_000);
  const pages = generatedPages();

  it('pages made of the program are current (npm run docs:update)', () => {
    for (const [path, text] of pages) expect(readFileSync(join('docs', path), 'utf8'), path).to.equal(text);
    const commands = readdirSync('docs/commands').filter((name) => !pages.has(`commands/${name}`));
    expect(commands, 'pages of commands that are no more').to.deep.equal([]);
  });

  it(`help fits in ${MAX_COLUMNS} columns`, () => {
    for (const [path, text] of pages) {
      if (!path.startsWith('commands/')) continue;
      const [, help] = text.split('```');
      expect(
        help.split('\n').filter((line) => line.length > MAX_COLUMNS),
        path,
      ).to.deep.equal([]);
    }
  });

  it('links lead to files', () => {
    const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
      ...['docs', 'examples'].map((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.md') && !name.includes('node_modules') && !name.startsWith('api/'))
          .map((name) => join(folder, name)),
      ),
    );
    const broken = documents.flatMap((path) => {
      const targets = [...readFileSync(path, 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target]) => target);
      return targets
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(dirname(path), target)))
        .map((target) => `${path}: ${target}`);
    });
    expect(broken).to.deep.equal([]);
  });

  it('a guide is held to what comes, line by line', () => {
    expect(matches(['a', '…', 'z'], ['a', 'b', 'c', 'z'])).to.equal(true);
    expect(matches(['a', '…', 'z'], ['a', 'b', 'c'])).to.equal(false);
    expect(matches(['a.c'], ['abc'])).to.equal(false);
    expect(plain('1: answers in 0.31 ms\n[16:08:27] WARN: x\n')).to.deep.equal(plain('1: answers in 2 ms\n'));
  });

  for (const name of readdirSync('docs/guides')) {
    if (pages.has(`guides/${name}`)) continue;
    const path = join('docs/guides', name);
    it(`guides/${name} prints what it says (npm run docs:update renews it)`, async function () {
      requires(this, 'linux', ...(needsOf(readFileSync(path, 'utf8')) as Parameters<typeof requires>[1][]));
      const { differences } = await runGuide(path);
      expect(differences).to.deep.equal([]);
    });
  }
});
