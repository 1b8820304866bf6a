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
