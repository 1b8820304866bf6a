/**
 * 100,000 flows by ovs-ofctl add-flows, one by one and in one bundle, and their dump, beside Debian's Open vSwitch in
 * one run: both are asked by the same tool in turn. And what the flows take of memory.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { OpenVSwitch } from '../compare/ovs.js';
import { median, type Row, type Table } from './table.js';

const FLOWS = 100_000;
const ROUNDS = 5;
const SWITCH = fileURLToPath(new URL('../../bin/ctswitch.js', import.meta.url));

interface Side {
  readonly name: string;
  readonly address: string;
  readonly pid: number;
}

function ofctl(words: readonly string[]): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    execFile('ovs-ofctl', ['-O', 'OpenFlow13', ...words], { maxBuffer: 1 << 28 }, (error, output, complaint) => {
      if (error) reject(new Error(`ovs-ofctl ${words.join(' ')}: ${complaint || error.message}`));
      else if (words[0] === 'dump-flows' && output.split('\n').length < FLOWS) reject(new Error('flows are missing'));
      else resolve((performance.now() - begun) / 1000);
    });
  });
}

/** Resident memory, MB. */
function resident(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? 0) / 1024;
}

async function ctswitch(folder: string): Promise<{ side: Side; child: ChildProcess }> {
  const socket = `${folder}/mgmt`;
  const child = spawn(process.execPath, [SWITCH, 'run', '--listen', `punix:${socket}`], { stdio: 'ignore' });
  const until = Date.now() + 10_000;
  while (!existsSync(socket)) {
    if (Date.now() > until || child.exitCode !== null) throw new Error('ctswitch run does not start');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { side: { name: 'ctswitch', address: `unix:${socket}`, pid: child.pid ?? 0 }, child };
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

/** What is measured, in this order; del-flows makes room for the next one. */
const STEPS = ['add-flows', 'dump-flows', 'del-flows', '--bundle add-flows', 'del-flows'] as const;

/** Both switches in turn, round by round; seconds of each step, and the memory behind the first add-flows. */
async function rounds(sides: readonly Side[], file: string): Promise<Map<string, Record<string, number[]>>> {
  const seconds = new Map(sides.map(({ name }) => [name, {} as Record<string, number[]>]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, address, pid } of sides) {
      const own = seconds.get(name) as Record<string, number[]>;
      for (const step of STEPS) {
        const words = step.endsWith('add-flows') ? [...step.split(' '), address, file] : [step, address];
        const took = await ofctl(words);
        own[step] = [...(own[step] ?? []), took];
        if (round === 0 && step === 'dump-flows') own.memory = [resident(pid)];
      }
    }
  }
  return seconds;
}

/** The tables of this benchmark. */
export async function flows(): Promise<Table[]> {
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-bench-`);
  const ovs = await OpenVSwitch.start({ stopped: false });
  let child: ChildProcess | null = null;
  try {
    const own = await ctswitch(folder);
    child = own.child;
    const sides: Side[] = [{ name: 'Open vSwitch', address: ovs.address, pid: ovs.pid }, own.side];
    const empty = sides.map(({ pid }) => resident(pid));
    const measured = await rounds(sides, flowFile(folder));
    const of = (name: string, step: string) => median(measured.get(name)?.[step] ?? []);
    const rows = [...new Set(STEPS)].map((step): Row => {
      const [theirs, ours] = [of('Open vSwitch', step), of('ctswitch', step)];
      return { what: `ovs-ofctl ${step}`, figures: { 'Open vSwitch': theirs, ctswitch: ours, ratio: ours / theirs } };
    });
    const memory = (i: number, name: string) => ({ before: empty[i], 'with the flows': of(name, 'memory') });
    return [
      {
        title: '100,000 flows by ovs-ofctl',
        unit: 'seconds',
        rows,
        how: `Medians of ${ROUNDS} rounds, both switches in turn, over a Unix socket, ovs-ofctl's own work counted.`,
      },
      {
        title: 'Memory with 100,000 flows',
        unit: 'MB resident',
        rows: [
          { what: 'Open vSwitch (ovs-vswitchd)', figures: memory(0, 'Open vSwitch') },
          { what: 'ctswitch', figures: memory(1, 'ctswitch') },
        ],
        how: 'Before the first round, and after its dump.',
      },
    ];
  } finally {
    child?.kill('SIGTERM');
    await ovs.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
