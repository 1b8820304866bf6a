/**
 * Guides whose sample output is what really comes: a page of docs/guides is run in an empty folder, and its output
 * compared or, by npm run docs:update, written. A fenced block `console` has commands behind "$ " (input of a program
 * that runs: behind "ctswitch> ") and what they print; words behind `console` say `terminal=NAME` (a shell of its own),
 * `running` (its last command doesn't end) and `needs=PROGRAM,…`. A block of another kind with `file=NAME` is a file
 * that the page has its reader write. A line "…" of output stands for any lines. What differs from run to run (`plain`)
 * isn't compared.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Terminal } from './terminal.js';

/** OpenFlow's ports in guides; a run has others, so that runs beside each other are none of its business. */
const FIRST_PORT = 6653;
const PORTS = 6;

export interface Difference {
  /** Line of the command in the guide, from 1. */
  readonly line: number;
  readonly command: string;
  readonly expected: string;
  readonly got: string;
}

interface Block {
  readonly kind: string;
  readonly words: readonly string[];
  readonly body: readonly string[];
  /** Index of the body's first line. */
  readonly at: number;
}

interface Call {
  readonly command: string;
  readonly input: boolean;
  readonly running: boolean;
  readonly expected: readonly string[];
  readonly at: number;
}

/** Fenced blocks of a page. */
function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; i++) {
    const fence = /^```(\S+)\s*(.*)$/.exec(lines[i]);
    if (!fence) continue;
    const end = lines.indexOf('```', i);
    if (end < 0) throw new Error(`line ${i + 1}: the block has no end`);
    blocks.push({ kind: fence[1], words: fence[2].split(' '), body: lines.slice(i + 1, end), at: i + 1 });
    i = end;
  }
  return blocks;
}

function word(block: Block, name: string): string | undefined {
  return block.words.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Programs that a page's blocks need. */
export function needsOf(page: string): string[] {
  return blocksOf(page.split('\n')).flatMap((block) => word(block, 'needs')?.split(',') ?? []);
}

function callsOf(block: Block): Call[] {
  const { body } = block;
  const starts = body.flatMap((line, i) => (/^(\$|ctswitch>) /.test(line) ? [i] : []));
  return starts.map((start, n) => {
    let end = start + 1;
    while (body[end - 1].endsWith('\\')) end++;
    const text = body.slice(start, end).join('\n');
    return {
      command: text.replace(/^(\$|ctswitch>) /, ''),
      input: text.startsWith('ctswitch>'),
      running: n === starts.length - 1 && block.words.includes('running'),
      expected: body.slice(end, starts[n + 1] ?? body.length),
      at: block.at + end,
    };
  });
}

/** Output without what differs from run to run; lines of the log, which come when they come, are left out. */
export function plain(text: string): string[] {
  const same = text
    .replace(/duration=[\d.]+s/g, 'duration=0s')
    .replace(/(\d+(\.\d+)?) ms\b/g, 'N ms')
    .replace(/\b\d+(\.\d+)? s\b/g, 'N s')
    .replace(/timeout=\d+/g, 'timeout=N')
    .replace(/\b\d\d:\d\d:\d\d(\.\d+)?\b/g, 'TIME')
    .replace(/\bid=\d+/g, 'id=N')
    .replace(/pid \d+/g, 'pid N');
  return same
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^\[TIME\]|^(tcp|unix):\S+: disconnected/.test(line));
}

/** Is `got` what was expected? "…" stands for any number of lines. */
export function matches(expected: readonly string[], got: readonly string[]): boolean {
  const escaped = expected.map((line) =>
    line.trim() === '…' ? '(?:[^\\n]*\\n)*?' : `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\n`,
  );
  return new RegExp(`^${escaped.join('')}$`).test(got.map((line) => `${line}\n`).join(''));
}

async function freePorts(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const base = 20_000 + 10 * ((process.pid + tries * 37) % 1000);
    const free = await Promise.all(Array.from({ length: PORTS }, (_, i) => isFree(base + i)));
    if (!free.includes(false)) return base;
  }
  throw new Error('no free ports');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

/** A page while it is run: its folder, its terminals, the ports that stand for those it names. */
class Run {
  readonly folder = mkdtempSync(join(tmpdir(), 'guide-'));
  private readonly terminals = new Map<string, Terminal>();

  constructor(private readonly base: number) {
    const bin = join(this.folder, '.bin');
    mkdirSync(bin);
    const program = resolve('dist/bin/ctswitch.js');
    // The demo's own addresses are told to it, since nothing on its command line has them.
    const shim = `#!/bin/sh
[ $# = 0 ] && set -- demo --controller tcp:127.0.0.1:${base} --listen ptcp:${base + 1}
exec '${process.execPath}' '${program}' "$@"
`;
    writeFileSync(join(bin, 'ctswitch'), shim, { mode: 0o755 });
    cpSync('examples', join(this.folder, 'examples'), { recursive: true });
  }

  write(name: string, body: readonly string[]): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, this.outward(`${body.join('\n')}\n`));
  }

  terminal(name: string): Terminal {
    const known = this.terminals.get(name) ?? new Terminal(this.folder);
    this.terminals.set(name, known);
    return known;
  }

  /** The guide's ports to the run's. */
  outward(text: string): string {
    return text.replace(/\b665[3-8]\b/g, (port) => String(this.base + Number(port) - FIRST_PORT));
  }

  /** And back. */
  inward(text: string): string {
    let back = text.replaceAll(this.folder, '/tmp/guide');
    for (let i = 0; i < PORTS; i++) back = back.replaceAll(String(this.base + i), String(FIRST_PORT + i));
    return back;
  }

  async end(): Promise<void> {
    await Promise.all([...this.terminals.values()].map((terminal) => terminal.end()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Runs a page. Resolves to where its output isn't what comes, and to the page as it should be; `update`: wait until
 * what has no end is quiet, instead of until what is expected has come.
 */
export async function runGuide(path: string, update = false): Promise<{ differences: Difference[]; page: string }> {
  const lines = readFileSync(path, 'utf8').split('\n');
  const differences: Difference[] = [];
  const patches: { at: number; length: number; by: string[] }[] = [];
  const run = new Run(await freePorts());
  try {
    for (const block of blocksOf(lines)) {
      const file = word(block, 'file');
      if (file) run.write(file, block.body);
      if (block.kind !== 'console') continue;
      const terminal = run.terminal(word(block, 'terminal') ?? 'first');
      for (const call of callsOf(block)) {
        const expected = plain(call.expected.join('\n'));
        const enough = (text: string): boolean => !update && matches(expected, plain(run.inward(text)));
        const text = run.inward(await terminal.run(run.outward(call.command), call, enough));
        const got = plain(text);
        if (matches(expected, got)) continue;
        const line = call.at;
        differences.push({ line, command: call.command, expected: expected.join('\n'), got: got.join('\n') });
        const shown = text.split('\n').filter((each) => !/^\[\d\d:\d\d:\d\d\]/.test(each));
        while (shown.at(-1) === '') shown.pop();
        patches.push({ at: call.at, length: call.expected.length, by: shown.map((each) => each.trimEnd()) });
      }
    }
  } finally {
    await run.end();
  }
  for (const { at, length, by } of patches.reverse()) lines.splice(at, length, ...by);
  return { differences, page: lines.join('\n') };
}
