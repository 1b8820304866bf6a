/**
 * What a packet out of the cache leaves to the garbage collector, over a million packets, and which functions the
 * engine takes its optimised code away from meanwhile. A packet that allocates fails the benchmark.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { SCENES } from './memory.js';
import { OURS, type Row, type Table } from './table.js';

const CHILD = fileURLToPath(new URL('./allocations-child.js', import.meta.url));
/** A young generation that a million packets of 500 bytes don't fill, so that nothing is collected meanwhile. */
const YOUNG_MB = 512;
/** What the engine itself allocates now and then, in bytes for each packet, counts as nothing. */
const NOTHING = 0.01;

interface Left {
  readonly bytes: number;
  readonly deoptimised: readonly string[];
}

function measure(scene: number, flows: number, folder: string): Left {
  const trace = `${folder}/${scene}-${flows}`;
  const traces = ['--trace-deopt', '--redirect-code-traces', `--redirect-code-traces-to=${trace}`];
  const words = ['--expose-gc', `--max-semi-space-size=${YOUNG_MB}`, ...traces, CHILD, `${scene}`, `${flows}`, trace];
  // The engine writes parts of some traces to standard output, whatever it is told.
  const line = execFileSync(process.execPath, words, { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  return JSON.parse(line.slice(line.indexOf('{"bytes"'))) as Left;
}

/** The table of this benchmark. */
export async function allocations(): Promise<Table[]> {
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-allocations-`);
  const rows: Row[] = [];
  const deoptimised: string[] = [];
  try {
    for (const [i, { what }] of SCENES.entries()) {
      for (const n of [1, 1000]) {
        const name = `${what}, ${n === 1 ? '1 flow' : '1,000 flows'}`;
        const left = measure(i, n, folder);
        const bytes = left.bytes < NOTHING ? 0 : left.bytes;
        deoptimised.push(...left.deoptimised.map((each) => `${each}: ${what}`));
        const figures = { [OURS]: bytes, 'deoptimised functions': left.deoptimised.length };
        rows.push({ what: name, figures, goal: { of: OURS, most: 0 } });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const allocating = rows.filter(({ figures }) => figures[OURS] !== 0);
  if (allocating.length > 0) {
    throw new Error(allocating.map(({ what, figures }) => `${what}: ${figures[OURS]} bytes a packet`).join('; '));
  }
  const names = deoptimised.length === 0 ? 'None was deoptimised.' : `Deoptimised: ${deoptimised.join(', ')}.`;
  return [
    {
      title: 'Allocations',
      unit: 'bytes a packet',
      rows,
      how: `A million packets out of the cache, in memory, once everything is compiled. ${names}`,
    },
  ];
}
