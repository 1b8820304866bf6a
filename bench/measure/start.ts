/**
 * What a user meets before the first packet: the time until `ctswitch run` says that it is ready, the memory of the
 * program behind `npm start` when nobody has asked anything of it, and what an installation without optional parts
 * takes. What doesn't start, or can't be installed, makes the benchmark fail.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bytesIn, installPackage } from '../../spec/support/installed-package.js';
import { resident } from './flows.js';
import { OURS, type Table } from './table.js';

const SWITCH = fileURLToPath(new URL('../../bin/ctswitch.js', import.meta.url));
const START_MS = 20_000;
const IDLE_MS = 2000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('close', resolve) && child.kill('SIGTERM'));
}

/** Milliseconds from the start of the process to its ready line. */
async function ready_ms(folder: string): Promise<number> {
  const begun = performance.now();
  const words = [SWITCH, 'run', '--json', '--listen', `punix:${folder}/mgmt`];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  try {
    return await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', (line) => {
        const took = performance.now() - begun;
        if (line.includes('"ctswitch/ready@1"')) resolve(took);
        else reject(new Error(`the first line isn't that it is ready: ${line}`));
      });
      child.once('close', () => reject(new Error('ctswitch run ended before it was ready')));
    });
  } finally {
    clearTimeout(timer);
    await ended(child);
  }
}

/** Resident MB of the demo, a while after it has started. */
async function idle_mb(): Promise<number> {
  const child = spawn(process.execPath, [SWITCH], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    await pause(IDLE_MS);
    if (child.exitCode !== null) throw new Error(`the demo ended with status ${child.exitCode}`);
    return resident(child.pid ?? 0);
  } finally {
    await ended(child);
  }
}

/** Megabytes of the package with all that it depends on. */
function installed_mb(): number {
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-installed-`);
  try {
    const { home, status, complaint } = installPackage(folder);
    if (status !== 0) throw new Error(`npm install: ${complaint}`);
    const { version } = JSON.parse(readFileSync(`${home}/node_modules/ctswitch/package.json`, 'utf8'));
    if (typeof version !== 'string') throw new Error('what was installed has no version');
    return bytesIn(`${home}/node_modules`) / 1e6;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All three. */
export async function start(rounds: number): Promise<Table[]> {
  const [ready, idle]: number[][] = [[], []];
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-start-`);
  try {
    for (let round = 0; round < rounds; round++) {
      ready.push(await ready_ms(folder));
      idle.push(await idle_mb());
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const most = (goal: number) => ({ of: OURS, most: goal });
  return [
    {
      title: 'Start',
      unit: 'milliseconds',
      rows: [{ what: 'ctswitch run, from process to ready', figures: { [OURS]: ready }, goal: most(500) }],
      how: 'Until its first JSON line, listening on a Unix socket.',
    },
    {
      title: 'Size',
      unit: 'MB',
      rows: [
        { what: 'resident, idle after npm start', figures: { [OURS]: idle }, goal: most(80) },
        { what: 'installed without optional parts', figures: { [OURS]: installed_mb() }, goal: most(20) },
      ],
      how: `Resident: the program that npm start runs, with its four hosts, ${IDLE_MS / 1000} s after it began. Installed: all files that npm puts into an empty folder.`,
    },
  ];
}
