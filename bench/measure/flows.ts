/**
 * 100,000 flows by ovs-ofctl add-flows, one by one and in one bundle, and their dump, beside Debian's Open vSwitch in
 * one run: both are asked by the same tool in turn. And what the flows take of memory. A switch that has another number
 * of flows than it was given makes the benchmark fail.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { OpenVSwitch } from '../compare/ovs.js';
import { goFirst, sessionFirst } from '../priority.js';
import { OURS, type Row, type Table, THEIRS } from './table.js';

const FLOWS = 100_000;
/** Rounds that don't count, so that what runs has been made machine code. */
const WARM_UP = 1;
const SWITCH = fileURLToPath(new URL('../../bin/ctswitch.js', import.meta.url));

interface Side {
  readonly name: string;
  readonly address: string;
  readonly pid: number;
}

function ofctl(words: readonly string[]): Promise<{ seconds: number; output: string }> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    execFile('ovs-ofctl', ['-O', 'OpenFlow13', ...words], { maxBuffer: 1 << 28 }, (error, output, complaint) => {
      if (error) reject(new Error(`ovs-ofctl ${words.join(' ')}: ${complaint || error.message}`));
      else if (words[0] === 'dump-flows' && output.split('\n').length < FLOWS) reject(new Error('flows are missing'));
      else resolve({ seconds: (performance.now() - begun) / 1000, output });
    });
  });
}

/** Resident memory, MB. */
export function resident(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? 0) / 1024;
}

async function ctswitch(folder: string): Promise<{ side: Side; child: ChildProcess }> {
  const socket = `${folder}/mgmt`;
  const child = spawn(process.execPath, [SWITCH, 'run', '--listen', `punix:${socket}`], { stdio: 'ignore' });
  const ending = () => child.kill('SIGKILL');
  process.once('exit', ending);
  child.once('close', () => process.off('exit', ending));
  const until = Date.now() + 10_000;
  while (!existsSync(socket)) {
    if (Date.now() > until || child.exitCode !== null) throw new Error('ctswitch run does not start');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { side: { name: OURS, address: `unix:${socket}`, pid: child.pid ?? 0 }, child };
}

function flowFile(folder: string): string {
  const lines = Array.from({ length: FLOWS }, (_, i) => {
    const source = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
    return `priority=100,tcp,in_port=1,nw_src=${source},tp_dst=80,actions=mod_dl_dst:50:54:00:00:00:02,output:2`;
  });
  const path = `${folder}/flows.txt`;
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** What is measured, in this order, and how many flows there are afterwards. */
const STEPS = [
  ['add-flows', FLOWS],
  ['dump-flows', FLOWS],
  ['del-flows', 0],
  ['--bundle add-flows', FLOWS],
  ['del-flows', 0],
] as const;
/** How many times as fast as Open vSwitch. */
const GOALS: Readonly<Record<string, number>> = { 'add-flows': 1.2, 'dump-flows': 1, '--bundle add-flows': 1.2 };

/** Does a step: the seconds that it takes. Throws where it leaves another number of flows than it should. */
async function step(side: Side, what: string, file: string, left: number): Promise<number> {
  const words = what.endsWith('add-flows') ? [...what.split(' '), side.address, file] : [what, side.address];
  const { seconds } = await ofctl(words);
  const { output } = await ofctl(['dump-aggregate', side.address]);
  const count = Number(/flow_count=(\d+)/.exec(output)?.[1]);
  if (count !== left) throw new Error(`${side.name}: ${count} flows instead of ${left} after ${what}`);
  return seconds;
}

/** Both switches, started and empty. */
async function withSides<T>(run: (sides: readonly Side[], folder: string) => Promise<T>): Promise<T> {
  goFirst();
  const asBefore = sessionFirst();
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-bench-`);
  const ovs = await OpenVSwitch.start({ stopped: false });
  let child: ChildProcess | null = null;
  try {
    const own = await ctswitch(folder);
    child = own.child;
    return await run([{ name: THEIRS, address: ovs.address, pid: ovs.pid }, own.side], folder);
  } finally {
    child?.kill('SIGTERM');
    await ovs.close();
    rmSync(folder, { recursive: true, force: true });
    asBefore();
  }
}

/** Both switches in turn, round by round. */
export function flows(rounds: number): Promise<Table[]> {
  return withSides(async (sides, folder) => {
    const file = flowFile(folder);
    const seconds = new Map<string, Record<string, number[]>>();
    for (let round = 0; round < WARM_UP + rounds; round++) {
      for (const side of sides) {
        for (const [what, left] of STEPS) {
          const taken = await step(side, what, file, left);
          if (round < WARM_UP) continue;
          const own = seconds.get(what) ?? { [THEIRS]: [], [OURS]: [] };
          own[side.name].push(taken);
          seconds.set(what, own);
        }
      }
    }
    const rows = [...seconds].map(([what, figures]): Row => {
      const goal = what in GOALS ? { least: GOALS[what] } : undefined;
      return { what: `ovs-ofctl ${what}`, figures, better: 'less', goal };
    });
    const how = `Both switches in turn, over a Unix socket, the work of ovs-ofctl itself counted; ${WARM_UP} round before the first.`;
    return [{ title: '100,000 flows', unit: 'seconds', rows, how }];
  });
}

/** What the same flows take of memory: both switches started anew in each round. */
export async function flowMemory(rounds: number): Promise<Table[]> {
  const [before, behind] = [0, 1].map((): Record<string, number[]> => ({ [THEIRS]: [], [OURS]: [] }));
  for (let round = 0; round < rounds; round++) {
    await withSides(async (sides, folder) => {
      const file = flowFile(folder);
      for (const side of sides) {
        before[side.name].push(resident(side.pid));
        await step(side, 'add-flows', file, FLOWS);
        await step(side, 'dump-flows', file, FLOWS);
        behind[side.name].push(resident(side.pid));
      }
    });
  }
  return [
    {
      title: 'Memory',
      unit: 'MB resident',
      rows: [
        { what: 'without flows', figures: before, better: 'less' },
        { what: 'with 100,000 flows', figures: behind, better: 'less', goal: { least: 1 } },
      ],
      how: 'After ovs-ofctl add-flows and dump-flows; ovs-vswitchd without its database.',
    },
  ];
}
