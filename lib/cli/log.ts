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

/** A log whose verbosity can be changed: as in LogOptions, -1 nothing. */
export interface AdjustableLog extends Log {
  verbosity: number;
}

/** A log that loads its writer when it is first used. */
export function makeLog(options: LogOptions): AdjustableLog {
  let writer: Log | null = null;
  const say =
    (rank: keyof typeof RANK) =>
    (message: string): void => {
      const { verbosity } = log;
      if (verbosity < 0 || RANK[rank] < RANK[LEVELS[Math.min(verbosity, LEVELS.length - 1)]]) return;
      writer ??= load(options, 'debug');
      writer[rank](message);
    };
  const log: AdjustableLog = {
    verbosity: options.verbosity,
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  };
  return log;
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
