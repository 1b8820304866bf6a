/**
 * One benchmark in a process of its own, so that none leaves another its garbage, its compiled code or its crash:
 * `worker.js NAME ROUNDS`, started by run.ts, which gets the tables as a message.
 */
import { BENCHMARKS } from './benchmarks.js';
import { OvsError } from './compare/ovs.js';
import type { Table } from './measure/table.js';

/** What the worker tells: the tables, or why there are none. */
export type Told = { readonly tables: readonly Table[] } | { readonly failed: string; readonly missing: boolean };

/** What takes longer doesn't end. */
const LIMIT_MS = 900_000;

const [name, rounds] = process.argv.slice(2);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
// Nobody waits for it any more.
process.once('disconnect', () => process.exit(1));

function limit(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`it has not ended after ${LIMIT_MS / 60_000} minutes`)), LIMIT_MS).unref();
  });
}

async function told(): Promise<Told> {
  try {
    return { tables: await Promise.race([BENCHMARKS[name](Number(rounds)), limit()]) };
  } catch (error) {
    const missing = error instanceof OvsError;
    if (!(error instanceof Error)) return { failed: String(error), missing };
    return { failed: missing ? error.message : (error.stack ?? error.message), missing };
  }
}

const message = await told();
await new Promise<void>((resolve) => process.send?.(message, () => resolve()) ?? resolve());
process.exit();
