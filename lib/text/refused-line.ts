/** Where in a text a change stands that the switch refuses: for messages that point at it. */
import { OpenFlowError, RefusedError } from '../bytes/index.js';

/**
 * Runs `job`; what it refuses gets its place in the text: the actions, for what is wrong in them, else the line. Throws
 * RefusedError.
 */
export function placed(job: () => void, text: string, line: number, file?: string): void {
  try {
    job();
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    const actions = /^(OFPBAC|OFPBIC|NXBAC|OFPMMFC)/.test(error.error) ? text.search(/\bactions\s*=/) : -1;
    throw new RefusedError(error, line, (actions < 0 ? text.search(/\S/) : actions) + 1, file);
  }
}

/** A change, and where it stands: what `placed` takes behind the job. */
export interface PlacedChange<T> {
  readonly change: T;
  readonly at: readonly [text: string, line: number, file?: string];
}

/** The changes of a text, each with its line. Throws what `parse` throws. */
export function placedChanges<T>(
  text: string,
  file: string | undefined,
  parse: (line: string, place: { readonly file?: string; readonly line: number }) => readonly T[],
): PlacedChange<T>[] {
  return text.split('\n').flatMap((line, i) => {
    return parse(line, { file, line: i + 1 }).map((change) => ({ change, at: [line, i + 1, file] as const }));
  });
}
