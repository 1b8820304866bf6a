/** The built program as a child process, for specs: what it writes, when it ends and how. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { holdToSchema } from '../support/lines.js';

export const PROGRAM = fileURLToPath(new URL('../../bin/ctswitch.js', import.meta.url));
/** A port where nobody listens. */
export const NOBODY = 'tcp:127.0.0.1:1';
const PATIENCE_MS = 10_000;

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  out = '';
  err = '';
  /** How the process ended. */
  readonly ended: Promise<Ended>;
  readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting = new Set<() => void>();

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [PROGRAM, ...args], { env: { ...process.env, ...env } });
    running.add(this);
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (data: Buffer) => this.heard('out', data));
    this.child.stderr.on('data', (data: Buffer) => this.heard('err', data));
    this.ended = new Promise((resolve) => {
      this.child.on('close', (status, signal) => {
        running.delete(this);
        resolve({ status, signal });
        for (const look of this.waiting) look();
      });
    });
  }

  private heard(where: 'out' | 'err', data: Buffer): void {
    this[where] += data.toString();
    for (const look of this.waiting) look();
  }

  /** Waits until what was written matches. Rejects where the program ends, or a while passes, before it does. */
  until(what: RegExp, where: 'out' | 'err' = 'out'): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.waiting.delete(look);
        clearTimeout(timer);
        act();
      };
      const fail = (why: string) => reject(new Error(`${why} before ${what}:\n${this.out}\n${this.err}`));
      const look = (): void => {
        const found = what.exec(this[where]);
        if (found) settle(() => resolve(found));
        else if (!running.has(this)) settle(() => fail('it ended'));
      };
      const timer = setTimeout(() => settle(() => fail('a while passed')), PATIENCE_MS);
      this.waiting.add(look);
      look();
    });
  }

  /** Standard output as JSON, a value a line. Throws where a line is none, or isn't as its schema says. */
  json(): Record<string, unknown>[] {
    return this.out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const value = JSON.parse(line) as Record<string, unknown>;
        holdToSchema(value);
        return value;
      });
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  /** Ends standard input, behind a last text. */
  finish(text = ''): Promise<Ended> {
    this.child.stdin.end(text);
    return this.ended;
  }

  signal(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

const running = new Set<Program>();

/** Ends what a spec left running. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((program) => program.signal('SIGKILL')));
}

/** Runs the program to its end, with an input. */
export async function ctswitch(
  args: readonly string[],
  input = '',
): Promise<Program & { readonly status: number | null }> {
  const program = new Program(args);
  const { status } = await program.finish(input);
  return Object.assign(program, { status });
}
