/** The prompt's words where a client of the management socket says them. */
import { Refused } from '../../manage/command.js';
import type { Scene } from './outcome.js';

/** Runs a line: what it says, or null for one that isn't the prompt's. Rejects with Refused. */
export function typedIn(scene: Scene, exit: () => void) {
  return async (line: string, signal: AbortSignal): Promise<string | null> => {
    const { knows, runLine } = await import('./shell.js');
    if (!knows(line, scene)) return null;
    const said: string[] = [];
    const outcome = await runLine(line, { scene, say: (text) => said.push(text), signal });
    if (outcome === 'quit') exit();
    if (outcome === 'unclear' || outcome === 'failed') throw new Refused(said.join('\n'));
    return said.map((text) => `${text}\n`).join('');
  };
}
