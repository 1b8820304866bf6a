/**
 * The log, to standard error: pino's lines, as JSON or made readable by pino-pretty. Both are loaded with the first
 * line that is written, since starting is to be quick and a quiet switch writes none.
 */
import { createRequire } from 'node:module';
import type { Log } from '../bytes/index.js';

export interface LogOptions {
  readonly json: boolean;
  /** 0 warnings and errors, 1 what happens, 2 everything. */
  readonly verbosity: number;
  readonly colours: boolean;
  /** Takes a text that ends with a line's end. */
  readonly write: (text: string) => void;
}

const LEVELS = ['warn', 'info', 'debug'] as const;
const RANK = { debug: 0, info: 1, warn: 2, error: 3 } as const;

/** A log that loads its writer when it is first used. */
export function makeLog(options: LogOptions): Log {
  const level = LEVELS[Math.min(options.verbosity, LEVELS.length - 1)];
  let writer: Log | null = null;
  const say =
    (rank: keyof typeof RANK) =>
    (message: string): void => {
      if (RANK[rank] < RANK[level]) return;
      writer ??= load(options, level);
      writer[rank](message);
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

function load({ json, colours, write }: LogOptions, level: string): Log {
  const require = createRequire(import.meta.url);
  const { pino } = require('pino') as typeof import('pino');
  if (json) return pino({ level }, { write });
  const { prettyFactory } = require('pino-pretty') as typeof import('pino-pretty');
  const pretty = prettyFactory({
    colorize: colours,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
  });
  return pino({ level }, { write: (line: string) => write(pretty(line) ?? '') });
}
