/**
 * `npm run flames [-- NAME…]`: where processor time goes inside the process, as flame graphs, docs/flames/NAME.svg, and
 * as profiles that Chrome's developer tools or speedscope open, NAME.cpuprofile in the folder for passing things. Each
 * scene in a process of its own, with the settings of `ctswitch run`. Status 2: there is no such name.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { inlineMore } from '../lib/cli/inlining.js';
import { FLAMES } from './measure/flames.js';
import { flameGraph, flameOf, type Profile } from './report/flame.js';

const FOLDER = 'docs/flames';
const WARM_MS = 1500;
const SAMPLED_MS = 3000;
const INTERVAL_US = 250;

async function lasts(ms: number, run: () => void | Promise<void>): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < ms; ) await run();
}

async function sampled(name: string): Promise<void> {
  inlineMore();
  const { what, make } = FLAMES[name];
  const { run, close } = await make();
  await lasts(WARM_MS, run);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await session.post('Profiler.start');
  await lasts(SAMPLED_MS, run);
  const { profile } = (await session.post('Profiler.stop')) as { profile: Profile };
  await close();
  const all = flameOf(profile);
  const kept = `${tmpdir()}/${name}.cpuprofile`;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(kept, JSON.stringify(profile));
  const about = `${all.total.toLocaleString('en')} samples, one every ${INTERVAL_US} µs; Node ${process.version}. A box is as wide as its time, and stands on its caller.`;
  writeFileSync(`${FOLDER}/${name}.svg`, flameGraph(what, about, all));
  console.log(`${FOLDER}/${name}.svg  ${kept}`);
}

const CHILD = '--in-this-process';
const words = process.argv.slice(2);
if (words[0] === CHILD) {
  await sampled(words[1]);
} else {
  const wrong = words.find((name) => !(name in FLAMES));
  if (wrong !== undefined) {
    console.error(`flames: ${wrong}: there is no such scene; there are ${Object.keys(FLAMES).join(', ')}`);
    process.exit(2);
  }
  for (const name of words.length > 0 ? words : Object.keys(FLAMES)) {
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), CHILD, name], { stdio: 'inherit' });
  }
}
