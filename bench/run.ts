/**
 * `npm run bench [-- NAME…] [-- --rounds N] [-- --write]`: figures as Markdown on standard output, and as one line of
 * JSON behind them. With --write the named ones are renewed in docs/benchmarks.json, from which docs/benchmarks.md and
 * docs/benchmarks.svg are made, which is all that --report does. Status 1: a benchmark failed, the others have run; 2:
 * a mistake in the words; 3: something that is needed isn't here.
 */
import { execFileSync, fork } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type CpuInfo, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BENCHMARKS } from './benchmarks.js';
import { OvsError, ovsVersion } from './compare/ovs.js';
import { chart } from './report/chart.js';
import { markdown, reportText } from './report/markdown.js';
import { BUSY, type Entry, parseReport, type Report, renewed, reportJson, SCHEMA } from './report/report.js';
import type { Told } from './worker.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));
const PLACE = 'docs/benchmarks';
const ROUNDS = 5;
/** Addresses of rounds are told apart in four bits, and some rounds are for checks. */
const MAX_ROUNDS = 9;
const LOOK_MS = 2000;
/** A million flows are more than Node's own limit allows for. */
const HEAP_MB = 8192;

function machine(): string {
  const [first, ...others] = cpus();
  let reference = 'no Open vSwitch';
  try {
    reference = `Open vSwitch ${ovsVersion()}`;
  } catch (error) {
    if (!(error instanceof OvsError)) throw error;
  }
  return `${others.length + 1} × ${first?.model ?? 'unknown processor'}, Node ${process.version}, ${reference}`;
}

/** Processors that somebody uses at the moment. */
async function busy(): Promise<number> {
  const idle = (all: readonly CpuInfo[]) => all.reduce((sum, { times }) => sum + times.idle, 0);
  const before = idle(cpus());
  const begun = performance.now();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const idled = (idle(cpus()) - before) / (performance.now() - begun);
  return Math.max(0, cpus().length - idled);
}

/** Runs a benchmark in its process: its tables, or why there are none. */
function measured(name: string, rounds: number): Promise<Told> {
  const child = fork(WORKER, [name, String(rounds)], { execArgv: [`--max-old-space-size=${HEAP_MB}`] });
  let told: Told | null = null;
  child.on('message', (message) => {
    told = message as Told;
  });
  return new Promise((resolve) => {
    child.once('close', (status, signal) => {
      resolve(told ?? { failed: `its process ended by ${signal ?? `status ${status}`}`, missing: false });
    });
  });
}

/** Renews entries of the report, or none, and makes its text and its drawing anew. */
function keep(entries: readonly Entry[]): void {
  const before: Report = existsSync(`${PLACE}.json`)
    ? parseReport(readFileSync(`${PLACE}.json`, 'utf8'))
    : { schema: SCHEMA, entries: [] };
  const report = renewed(before, entries, Object.keys(BENCHMARKS));
  writeFileSync(`${PLACE}.json`, reportJson(report));
  writeFileSync(`${PLACE}.md`, reportText(report));
  writeFileSync(`${PLACE}.svg`, chart(report));
}

interface Asked {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly write: boolean;
  /** Nothing is measured: text and drawing are made of what is kept. */
  readonly report: boolean;
}

/** What the words ask for. Throws an Error that says which makes no sense. */
function asked(): Asked {
  const options = { write: { type: 'boolean' }, report: { type: 'boolean' }, rounds: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const all = Object.keys(BENCHMARKS);
  const unknown = positionals.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`no benchmark "${unknown}": ${all.join(', ')}`);
  const rounds = Number(values.rounds ?? ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MAX_ROUNDS) {
    throw new Error(`--rounds is a number from 1 to ${MAX_ROUNDS}`);
  }
  const { write = false, report = false } = values;
  return { names: positionals.length > 0 ? positionals : all, rounds, write, report };
}

async function main({ names, rounds, write, report }: Asked): Promise<number> {
  if (report) {
    keep([]);
    return 0;
  }
  const about = {
    machine: machine(),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    rounds,
  };
  const entries: Entry[] = [];
  const failures: { readonly text: string; readonly missing: boolean }[] = [];
  for (const bench of names) {
    const [load] = loadavg();
    const used = await busy();
    if (used > BUSY)
      console.error(`${bench}: the machine is busy, ${used.toFixed(1)} processors in use; figures are doubtful`);
    const date = new Date();
    const told = await measured(bench, rounds);
    if ('failed' in told) {
      failures.push({ text: `${bench} failed: ${told.failed}`, missing: told.missing });
      console.error(failures.at(-1)?.text);
      continue;
    }
    const seconds = (Date.now() - date.getTime()) / 1000;
    entries.push({ bench, date: date.toISOString(), ...about, load, busy: used, seconds, tables: told.tables });
    for (const table of told.tables) console.log(markdown(table));
    if (write) keep(entries.slice(-1));
  }
  console.log(JSON.stringify({ schema: SCHEMA, entries } satisfies Report));
  if (failures.length > 0)
    console.error(
      `${failures.length} of ${names.length} failed:\n${failures.map(({ text }) => text.split('\n')[0]).join('\n')}`,
    );
  if (failures.some(({ missing }) => !missing)) return 1;
  return failures.length > 0 ? 3 : 0;
}

let words: Asked | null = null;
try {
  words = asked();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
}
process.exitCode = words === null ? 2 : await main(words);
