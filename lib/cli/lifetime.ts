/**
 * How long a command runs: until it ends itself, or until SIGINT, SIGTERM or SIGHUP, which let it clean up, or until
 * standard input ends, where that was asked for. A second signal ends the process at once. Meanwhile the process stays,
 * also with nothing to wait for.
 */
import { EXIT } from './exit.js';

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
const INPUT_ENDS = ['end', 'error', 'close'] as const;
const LONG_MS = 2 ** 30;

let asked = false;

/** Has a signal asked for the end? */
export function signalled(): boolean {
  return asked;
}

export class Lifetime {
  /** Resolves to the exit status when it is time to clean up. */
  readonly ended: Promise<number>;
  private resolve: (status: number) => void = () => {};
  private readonly stay = setInterval(() => {}, LONG_MS);
  /** Has the end come? */
  over = false;

  /** `untilEof`: the end of standard input is one, too. */
  constructor(private readonly untilEof = false) {
    this.ended = new Promise((resolve) => {
      this.resolve = resolve;
    });
    for (const signal of Object.keys(SIGNALS)) process.on(signal, this.heard);
    if (!untilEof) return;
    for (const event of INPUT_ENDS) process.stdin.on(event, this.inputEnded);
    process.stdin.resume();
  }

  /** It is time to clean up. */
  end(status: number): void {
    this.over = true;
    this.resolve(status);
  }

  /** Waits for something to be opened, or for the end. */
  async unlessEnded(opening: Promise<unknown>): Promise<void> {
    await Promise.race([opening, this.ended]);
  }

  /** Cleaning up is done. */
  release(): void {
    clearInterval(this.stay);
    for (const signal of Object.keys(SIGNALS)) process.off(signal, this.heard);
    if (!this.untilEof) return;
    for (const event of INPUT_ENDS) process.stdin.off(event, this.inputEnded);
    process.stdin.destroy();
  }

  private readonly inputEnded = (): void => this.end(EXIT.ok);

  private readonly heard = (signal: keyof typeof SIGNALS): void => {
    if (asked) process.exit(128 + SIGNALS[signal]);
    asked = true;
    this.end(EXIT.ok);
  };
}
