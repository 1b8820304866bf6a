/** npm run docs:update: writes the pages that are made of the program, and runs the guides to renew their output. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { needsOf, runGuide } from './guide.js';
import { generatedPages } from './pages.js';

const pages = generatedPages();
for (const [path, text] of pages) {
  mkdirSync(dirname(join('docs', path)), { recursive: true });
  writeFileSync(join('docs', path), text);
}
const only = process.argv.slice(2);
for (const name of readdirSync('docs/guides').sort()) {
  if (pages.has(`guides/${name}`) || (only.length > 0 && !only.includes(name))) continue;
  const path = join('docs/guides', name);
  const { differences, page } = await runGuide(path, true);
  if (differences.length > 0) writeFileSync(path, page);
  const needs = needsOf(readFileSync(path, 'utf8'));
  console.log(`${path}: ${differences.length} renewed${needs.length > 0 ? `, with ${needs.join(', ')}` : ''}`);
}
