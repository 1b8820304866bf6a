/**
 * Where a switch is measured over interfaces: three namespaces, "g" before it, "s" its own, "k" behind it, joined by
 * veth pairs with default offloads: g0 — p1, p2 — k0. Everything that isn't the switch runs on processor 0, the switch
 * on processor 1, each switch alone: what a sender puts into a veth is received on the sender's processor, so each side
 * pays for what it sends.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FrameKind } from './frames.js';

export const MEASURING_CPU = '0';
export const SWITCH_CPU = '1';
const PLACES = ['g', 's', 'k'] as const;
export type Place = (typeof PLACES)[number];

/** What a sender says. */
export interface Offered {
  readonly sent: number;
  readonly failed: number;
  readonly seconds: number;
}
/** What a receiver says. */
export interface Received {
  readonly frames: number;
  readonly wrong: number;
  readonly others: number;
  readonly unseen: number;
  /** All that the interface has counted, looked at or not. */
  readonly all: number;
}

const script = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

function ip(words: string): void {
  execFileSync('ip', words.split(' '), { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A program's output, to its end. Rejects where it fails. */
export function output(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let [text, complaint] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (status) =>
      status === 0 ? resolve(text) : reject(new Error(complaint || `status ${status}`)),
    );
  });
}

/** The next line of a program. Rejects where it has ended, or ends before. */
export function lineOf(child: ChildProcess, lines: Interface, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`${name} has ended`));
    if (child.exitCode !== null || child.signalCode !== null) ended();
    child.once('close', ended);
    lines.once('line', (line) => {
      child.off('close', ended);
      resolve(line);
    });
  });
}

export class Lab {
  private receiver: { child: ChildProcess; lines: Interface } | null = null;
  private readonly children = new Set<ChildProcess>();
  /** Nothing of it is left behind, however this process ends. */
  private readonly ending = () => this.close();

  constructor(private readonly tag: string) {
    process.once('exit', this.ending);
    try {
      for (const place of PLACES) {
        ip(`netns add ${this.namespace(place)}`);
        const off = ['all', 'default'].map((scope) => `net.ipv6.conf.${scope}.disable_ipv6=1`);
        execFileSync('ip', ['netns', 'exec', this.namespace(place), 'sysctl', '-qw', ...off]);
      }
      const s = this.namespace('s');
      for (const [port, place, end] of [
        ['p1', 'g', 'g0'],
        ['p2', 'k', 'k0'],
      ] as const) {
        ip(`-n ${s} link add ${port} type veth peer name ${end} netns ${this.namespace(place)}`);
        ip(`-n ${s} link set ${port} up`);
        ip(`-n ${this.namespace(place)} link set ${end} up`);
        ip(`-n ${this.namespace(place)} addr add 198.18.0.${end === 'g0' ? 1 : 2}/24 dev ${end}`);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  namespace(place: Place): string {
    return `${this.tag}${process.pid}${place}`;
  }

  /** Starts a program in a place, on the switch's processor or on the other. */
  start(place: Place, words: readonly string[], stdio: 'pipe' | 'ignore' = 'pipe', env = process.env): ChildProcess {
    const cpu = place === 's' ? SWITCH_CPU : MEASURING_CPU;
    const all = ['netns', 'exec', this.namespace(place), 'taskset', '-c', cpu, ...words];
    const child = spawn('ip', all, { stdio, env });
    this.children.add(child);
    child.once('close', () => this.children.delete(child));
    return child;
  }

  /** Starts one of the measuring programs. */
  script(place: Place, name: string, words: readonly string[]): ChildProcess {
    return this.start(place, [process.execPath, script(name), ...words]);
  }

  /** Sends frames from a place; resolves when all are sent. */
  async send(
    place: 'g' | 'k',
    kind: FrameKind,
    count: number,
    round: number,
    pps: number,
    s: number,
  ): Promise<Offered> {
    const words = [`${place}0`, kind, ...[count, round, pps, s].map(String)];
    return JSON.parse(await output(this.script(place, 'sender', words))) as Offered;
  }

  /** From here on frames of this set are expected at k0, and one in `share` is looked at; counts begin anew. */
  async expect(kind: FrameKind, count: number, round: number, share = 1): Promise<void> {
    if (this.receiver === null) {
      const child = this.script('k', 'receiver', ['k0']);
      child.stderr?.pipe(process.stderr);
      this.receiver = { child, lines: createInterface({ input: child.stdout as NodeJS.ReadableStream }) };
      await this.line();
    }
    this.receiver.child.stdin?.write(`${kind} ${count} ${round} ${share}\n`);
    await this.received();
  }

  /** What has come to k0 since the last call. */
  async received(): Promise<Received> {
    this.receiver?.child.stdin?.write('\n');
    return JSON.parse(await this.line()) as Received;
  }

  private line(): Promise<string> {
    const { receiver } = this;
    return receiver ? lineOf(receiver.child, receiver.lines, 'the receiver') : Promise.reject(new Error('no receiver'));
  }

  /** Ends what still runs in it, and removes it. */
  close(): void {
    process.off('exit', this.ending);
    for (const child of this.children) child.kill('SIGKILL');
    this.receiver = null;
    for (const place of PLACES) {
      try {
        ip(`netns del ${this.namespace(place)}`);
      } catch {
        // The others must go, too.
      }
    }
  }
}
