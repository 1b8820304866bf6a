/** What a million connections take of memory, each round in a new process (million.ts). */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Goal, Row, Table } from './table.js';

const SCRIPT = fileURLToPath(new URL('./million.js', import.meta.url));
const GROWN = 'process';

function row(what: string, kind: string, rounds: number, goal?: Goal): Row {
  const all = Array.from({ length: rounds }, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, kind], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${what}: ${/^\w*Error: .*/m.exec(stderr)?.[0] ?? `status ${status}`}`);
    return JSON.parse(stdout) as { tables: number; grown: number };
  });
  const figures = { tables: all.map(({ tables }) => tables / 1e6), [GROWN]: all.map(({ grown }) => grown / 1e6) };
  return { what, figures, goal };
}

/** The table of this benchmark; a process that fails makes it fail. */
export async function connectionMemory(rounds: number): Promise<Table[]> {
  return [
    {
      title: 'A million connections',
      unit: 'MB more',
      rows: [
        row('UDP over IPv4', 'plain', rounds, { of: GROWN, most: 150 }),
        row('UDP over IPv6, NAT, a label', 'whole6', rounds),
      ],
      how: 'What the tables say that they take, and what the process grew by.',
    },
  ];
}
