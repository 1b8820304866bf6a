/**
 * The suite beside the checkout, and how it is started: its program makes two network namespaces with its process id in
 * their names, runs the tester in one and our switch in the other, and takes everything away again at its end, and on
 * SIGTERM.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unmet } from '../../spec/support/needs.js';
import { sessionFirst } from '../priority.js';
import type { Result } from './score.js';

const DEFAULT_SUITE = '../shared/conformance/ryu-switch-test';
/** Of the checkout: this file runs as dist/bench/conformance/suite.js. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Something that the run needs isn't there. */
export class MissingError extends Error {}

/** The suite has no such checks. */
export class UnknownPartError extends Error {}

export interface Suite {
  /**
   * Checks that `parts` name, all where there are none, in the tester's order. Throws UnknownPartError where that's
   * nothing.
   */
  list(parts: readonly string[]): string[];
  /**
   * Runs checks or parts; progress goes to standard error. Resolves to the results there are, even of a run that broke
   * off.
   */
  run(parts: readonly string[]): Promise<Result[]>;
}

/** Finds the suite in `folder`, or in its usual place. Throws MissingError with all that is missing. */
export function openSuite(folder: string | undefined, scratch: string): Suite {
  const place = resolve(ROOT, folder ?? DEFAULT_SUITE);
  const program = join(place, 'run');
  const missing = unmet('netns', 'os-ken', 'ovs-vswitchd', 'koffi');
  if (!existsSync(program)) {
    missing.unshift(
      `the suite is not at ${folder ?? DEFAULT_SUITE} (name its folder with --suite or CONFORMANCE_SUITE)`,
    );
  }
  if (missing.length > 0) throw new MissingError(missing.join('; '));
  return {
    list: (parts) => listed(program, parts),
    run: (parts) => ran(program, parts, scratch),
  };
}

function listed(program: string, parts: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync(program, ['--list', ...parts], { encoding: 'utf8' });
  if (status !== 0) throw new UnknownPartError(`${parts.join(', ')}: ${(stderr ?? '').trim()}`);
  return [...stdout.matchAll(/^(\S+#\d+)\s/gm)].map(([, id]) => id);
}

async function ran(program: string, parts: readonly string[], scratch: string): Promise<Result[]> {
  const results = join(scratch, 'results.json');
  mkdirSync(scratch, { recursive: true });
  // No pause after a barrier: what it answers for is in force. Counters are exact at once, too; where the tester looks
  // whether a frame was counted, the wait (1 s unless told) only lets the frame arrive.
  const how = ['--settle', '0', '--miss-wait', '0.2', '--state', scratch, '--results', results];
  const target = `'${join(ROOT, 'bench/conformance/ctswitch-target')}'`;
  const child = spawn(program, [...how, ...parts], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, TARGET_CMD: target, NODE: process.execPath },
    // The terminal's signals would interrupt it while it cleans up: it gets one SIGTERM from us.
    detached: true,
  });
  if (child.pid !== undefined) sessionFirst(child.pid);
  let interrupted: NodeJS.Signals | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    if (interrupted === null) child.kill('SIGTERM');
    interrupted = signal;
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    await new Promise<void>((done, failed) => {
      child.once('error', failed);
      child.once('close', () => done());
    });
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
  if (interrupted !== null) throw new Error(`ended by ${interrupted}`);
  return existsSync(results) ? (JSON.parse(readFileSync(results, 'utf8')) as Result[]) : [];
}
