/**
 * Where everything goes that the program writes: lines for people or, with --json, JSON lines and nothing else on
 * standard output; logs on standard error. On a terminal with a prompt, what is written stands above the line that is
 * being typed. A reader that goes away is no mistake; one that is too slow loses JSON lines, and is told how many.
 */
import { styleText } from 'node:util';
import { wrapped } from './wrap.js';

/** Bytes that may wait for the reader of standard output; further JSON lines are dropped and counted. */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Wraps each thing that is written while a line is being typed. */
export interface Guard {
  /** Removes the typed line from the screen. */
  before(): void;
  /** Draws it again. */
  after(): void;
}

type Style = Parameters<typeof styleText>[0];

export class Output {
  guard: Guard | null = null;
  private lost = 0;
  private readonly colours: boolean;

  constructor(
    readonly json: boolean,
    /** Standard output's reader went away. */
    private readonly gone: () => void,
  ) {
    this.colours = hasColours(process.stdout);
    for (const stream of [process.stdout, process.stderr]) stream.on('error', this.failed);
  }

  private readonly failed = (): void => this.gone();

  /** Is the reader of standard output so slow that what can be left out should be? */
  get behind(): boolean {
    return process.stdout.writableLength > MAX_WAITING_BYTES;
  }

  /** Lines for people. */
  say(text: string): void {
    if (!this.json) this.write(process.stdout, `${text}\n`);
  }

  /** A JSON line. `schema` is its name: "ready@1". */
  tell(schema: string, value: object): void {
    if (!this.json) return;
    if (this.behind) {
      this.lost++;
      return;
    }
    if (this.lost > 0) {
      const { lost } = this;
      this.lost = 0;
      this.tell('lost@1', { lines: lost });
    }
    process.stdout.write(`${JSON.stringify({ schema: `ctswitch/${schema}`, ...value })}\n`);
  }

  /** Whole lines to standard error. */
  complain(text: string): void {
    this.write(process.stderr, this.json ? text : wrapped(text, process.stderr));
  }

  /** The text in a colour, where standard output has colours. */
  style(style: Style, text: string): string {
    return this.colours ? styleText(style, text) : text;
  }

  private write(stream: NodeJS.WriteStream, text: string): void {
    this.guard?.before();
    stream.write(text);
    this.guard?.after();
  }
}

/** Is it a terminal with colours, and NO_COLOR not set? */
export function hasColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && stream.hasColors();
}

/** Waits until what was written has left the process, or its reader has, or `limit_ms` have passed. */
export async function flushed(limit_ms = Number.POSITIVE_INFINITY): Promise<void> {
  const all = Promise.all([process.stdout, process.stderr].map(emptied));
  if (limit_ms === Number.POSITIVE_INFINITY) {
    await all;
    return;
  }
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, limit_ms))]);
}

function emptied(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
