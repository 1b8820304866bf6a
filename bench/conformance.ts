/**
 * `npm run conformance [-- PART…] [--quick] [--write] [--json FILE] [--suite FOLDER]`: Ryu's switch test against the
 * built switch, as root. PART is a folder, a file or a check of the suite (match, match/00_IN_PORT,
 * meter/01_DROP_01_PKTPS_00_100#1); all unless told. The score goes to standard output as Markdown, with --write to
 * docs/conformance.md as well.
 *
 * Exit status: 0 all passed, 1 a check stays failed, 2 usage, 3 something that it needs is missing.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ovsVersion } from './compare/ovs.js';
import { json, markdown, type Report, summary } from './conformance/report.js';
import { addRun, type Check, state, toRepeat } from './conformance/score.js';
import { MissingError, openSuite, type Suite, UnknownPartError } from './conformance/suite.js';
import { goFirst } from './priority.js';

const USAGE = 'usage: npm run conformance -- [PART…] [--quick] [--write] [--json FILE] [--suite FOLDER]';
const MAX_REPEATS = 3;

/**
 * A sample of every folder in less than three minutes: all actions, for each field some of its checks, a group and a
 * meter, whose checks take 30 seconds each.
 */
const QUICK = ['action', 'match/*#1*', 'match/*#5', 'group/00_ALL#1', 'meter/01_DROP_01_PKTPS_00_100#1'];

/** Runs the checks, and those again that the tester failed by itself. */
async function measure(suite: Suite, parts: readonly string[]): Promise<Check[]> {
  const checks = new Map<string, Check>();
  let ids = suite.list(parts);
  addRun(checks, ids, await suite.run(parts));
  for (let repeat = 0; repeat < MAX_REPEATS; repeat++) {
    ids = toRepeat(checks.values());
    if (ids.length === 0) break;
    console.error(`\n${ids.length} of them again:`);
    addRun(checks, ids, await suite.run(ids));
  }
  return [...checks.values()];
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

function machine(): string {
  const [first, ...others] = cpus();
  return `${others.length + 1} × ${first?.model ?? 'unknown processor'}, Node ${process.version}, Open vSwitch ${ovsVersion()}`;
}

const PAGE = 'docs/conformance.md';

/** What the page says about random cases, which were run by themselves (bench/compare.ts), stays. */
function randomCases(): string {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const section = /^## Random cases beside Open vSwitch$[\s\S]*/m.exec(page);
  return section === null ? '' : `\n${section[0]}`;
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { quick: flag, write: flag, json: text, suite: text } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const scratch = mkdtempSync(join(tmpdir(), 'ctswitch-conformance-'));
  try {
    const suite = openSuite(values.suite ?? process.env.CONFORMANCE_SUITE, scratch);
    goFirst();
    const parts = positionals.length > 0 ? positionals : values.quick ? QUICK : [];
    const begun = performance.now();
    const checks = await measure(suite, parts);
    const report: Report = {
      date: new Date().toISOString().slice(0, 10),
      commit: commit(),
      machine: machine(),
      selection: parts.length === 0 ? 'all' : values.quick ? 'a sample' : parts.join(', '),
      seconds: (performance.now() - begun) / 1000,
      checks,
    };
    console.log(markdown(report));
    if (values.json !== undefined) writeFileSync(values.json, json(report));
    if (values.write) writeFileSync(PAGE, markdown(report) + randomCases());
    console.error(summary(report));
    return checks.every((check) => state(check) !== 'failed') ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  const isUsage = error instanceof UnknownPartError || code?.startsWith('ERR_PARSE_ARGS');
  console.error(`conformance: ${(error as Error).message}${isUsage ? `\n${USAGE}` : ''}`);
  process.exitCode = error instanceof MissingError ? 3 : isUsage ? 2 : 1;
}
