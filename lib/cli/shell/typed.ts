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
    if (outcome === 'unclear' || outcome === 'failed') throw new Refused(reasonFirst(said.join('\n')));
    return said.map((text) => `${text}\n`).join('');
  };
}

/** What came of it stands behind the single pings; as the reason for a failure it comes first. */
function reasonFirst(report: string): string {
  const lines = report.split('\n');
  const reason = lines.findLastIndex((line) => !line.startsWith(' '));
  if (reason > 0 && lines[0].startsWith(' ')) lines.unshift(...lines.splice(reason, 1));
  return lines.join('\n');
}
