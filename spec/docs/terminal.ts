/** A shell of a guide: commands in, what they print out, standard error among it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';

/** How long a command may take to print what is expected. */
const PATIENCE_MS = 20_000;
/** Without an end to wait for, and told to look: how long it must be quiet. */
const QUIET_MS = 1_500;
/** … where it has printed nothing yet: a program begins slowly on a busy machine. */
const SILENT_MS = 8_000;
const ENDED = '\u0001';

/** How a command is given and left. */
export interface Manner {
  /** It is a line for the program that runs. */
  readonly input: boolean;
  /** It doesn't end. */
  readonly running: boolean;
}

export class Terminal {
  private text = '';
  private calls = 0;
  private heard: () => void = () => {};
  private readonly shell: ChildProcessWithoutNullStreams;
  private readonly closed: Promise<void>;

  constructor(folder: string) {
    const { HOME: _, ...env } = process.env;
    this.shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      detached: true,
      env: {
        ...env,
        HOME: folder,
        PATH: `${join(folder, '.bin')}:${process.env.PATH}:/usr/sbin:/sbin`,
        CTSWITCH_RUNDIR: join(folder, '.run'),
        COLUMNS: '80',
        NO_COLOR: '1',
      },
    });
    this.shell.stdin.write('exec 2>&1\n');
    this.shell.stdin.on('error', () => {});
    this.shell.stdout.on('data', (data: Buffer) => {
      this.text += data.toString();
      this.heard();
    });
    this.closed = new Promise((done) => this.shell.on('close', () => done()));
  }

  /** Runs a command; resolves to what it printed, at its end or, where it has none, when `enough` says so. */
  async run(command: string, { input, running }: Manner, enough: (text: string) => boolean): Promise<string> {
    this.text = '';
    const mark = `${ENDED}${++this.calls}\n`;
    this.shell.stdin.write(input ? `${command}\n` : `${command}; printf '\\001${this.calls}\\n'\n`);
    await new Promise<void>((done) => {
      const limit = setTimeout(done, PATIENCE_MS);
      let quiet: NodeJS.Timeout | undefined;
      const settle = (): void => {
        clearTimeout(limit);
        clearTimeout(quiet);
        done();
      };
      this.heard = () => {
        if (this.text.includes(mark) || ((input || running) && enough(this.text))) settle();
        clearTimeout(quiet);
        if (input || running) quiet = setTimeout(settle, this.text === '' ? SILENT_MS : QUIET_MS);
      };
      this.heard();
    });
    this.heard = () => {};
    return this.text.split(ENDED)[0];
  }

  /** Ends the shell and all that it started. */
  async end(): Promise<void> {
    const { pid } = this.shell;
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      try {
        if (pid) process.kill(-pid, signal);
      } catch {
        break;
      }
      await Promise.race([this.closed, new Promise((done) => setTimeout(done, 300))]);
    }
    await this.closed;
  }
}
