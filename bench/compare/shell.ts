/**
 * A resident sh(1) that starts tools: a fork of something so small takes a tenth of the time that a fork of ours takes.
 * One tool at a time; what it reads and says goes through files of a folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

export interface Said {
  readonly ok: boolean;
  readonly output: string;
  readonly complaint: string;
}

export class Shell {
  private readonly child: ChildProcess;
  private text = '';
  private waiting: { resolve(status: string): void; reject(error: Error): void } | null = null;

  constructor(
    private readonly folder: string,
    env: NodeJS.ProcessEnv,
  ) {
    this.child = spawn('sh', [], { env, cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.take(chunk));
    this.child.on('error', (error) => this.waiting?.reject(error));
    this.child.on('exit', () => this.waiting?.reject(new Error('the shell is gone')));
  }

  private take(chunk: string): void {
    this.text += chunk;
    if (!this.text.endsWith('\n')) return;
    const { waiting, text } = this;
    this.text = '';
    this.waiting = null;
    waiting?.resolve(text.trim());
  }

  /** Runs a tool to its end. */
  async run(words: readonly string[], input = ''): Promise<Said> {
    const { folder } = this;
    if (input !== '') writeFileSync(`${folder}/input`, input);
    const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const status = await new Promise<string>((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.child.stdin?.write(`${quoted} <${input === '' ? '/dev/null' : 'input'} >output 2>complaint; echo $?\n`);
    });
    const output = readFileSync(`${folder}/output`, 'utf8');
    return { ok: status === '0', output, complaint: readFileSync(`${folder}/complaint`, 'utf8').trim() };
  }

  close(): void {
    this.child.stdin?.end();
  }
}
