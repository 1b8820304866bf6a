/**
 * How the program ends: its exit statuses, and mistakes as one line that says what to do, each with the status for it.
 */
import { OpenFlowError, TextError } from '../bytes/index.js';
import { ChannelError } from '../channel/channel-error.js';
import { PortError } from '../ports/port.js';

/** `failed`: a test failed or a difference was found. `environment`: a port, rights, an interface. */
export const EXIT = { ok: 0, failed: 1, usage: 2, environment: 3, timeout: 4 } as const;

/** A reason to end: for standard error, without the program's name; further lines may follow the first. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'Failure';
  }
}

/** What a user did wrong, or what the machine lacks; null for a mistake of the program's own. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof Failure) return error;
  if (error instanceof TextError || error instanceof OpenFlowError) return new Failure(EXIT.usage, error.message);
  if (error instanceof ChannelError) {
    return new Failure(error.kind === 'usage' ? EXIT.usage : EXIT.environment, error.message);
  }
  if (error instanceof PortError) return new Failure(EXIT.environment, error.message);
  return null;
}

/** A file that can't be written, as a Failure that says why. */
export function unwritable(file: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = { ENOENT: 'there is no such folder', EACCES: 'no right to write it', EISDIR: 'it is a folder' }[code];
  return new Failure(EXIT.environment, `${file} can't be written: ${why ?? (error as Error).message}`);
}

/** A file that can't be read, as a Failure that says why. */
export function unreadable(file: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = { ENOENT: 'there is no such file', EACCES: 'no right to read it', EISDIR: 'it is a folder' }[code];
  return new Failure(EXIT.usage, `${file}: ${why ?? (error as Error).message}`);
}
