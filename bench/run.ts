/**
 * `npm run bench [-- NAME…] [-- --write]`: figures as Markdown on standard output, and as one line of JSON behind them.
 * With
 * --write they go to docs/benchmarks.md as well, with date and commit.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { OvsError, ovsVersion } from './compare/ovs.js';
import { flows } from './measure/flows.js';
import { forwarding } from './measure/forwarding.js';
import { connections, disturbed, ping, tcp } from './measure/live.js';
import { extraction, masks, packets, translation } from './measure/memory.js';
import { networks } from './measure/network.js';
import { markdown, type Table } from './measure/table.js';
import { tracker } from './measure/tracker.js';

const BENCHMARKS: Readonly<Record<string, () => Promise<Table[]>>> = {
  flows,
  forwarding,
  connections,
  tcp,
  ping,
  disturbed,
  packets: async () => [await packets()],
  extraction: async () => [await extraction()],
  translation: async () => [await translation()],
  ct: tracker,
  masks: async () => [await masks()],
  networks,
};

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

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { write: { type: 'boolean' } }, allowPositionals: true });
  const unknown = positionals.find((name) => !(name in BENCHMARKS));
  if (unknown !== undefined) {
    console.error(`no benchmark "${unknown}": ${Object.keys(BENCHMARKS).join(', ')}`);
    return 2;
  }
  const tables: Table[] = [];
  for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHMARKS)) {
    for (const table of await BENCHMARKS[name]()) {
      tables.push(table);
      console.log(markdown(table));
    }
  }
  console.log(JSON.stringify({ schema: 'bench@1', machine: machine(), tables }));
  if (values.write) {
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
    const head = `# Benchmarks\n\n${machine()}. ${new Date().toISOString().slice(0, 10)}, commit ${commit}. Made by \`npm run bench -- --write\`.\n`;
    writeFileSync('docs/benchmarks.md', `${head}\n${tables.map(markdown).join('\n')}`);
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof OvsError)) throw error;
  console.error(error.message);
  process.exitCode = 3;
}
