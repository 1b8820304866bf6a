/** Commands from a pipe or a file: one a line, each when the one before is done. */
import { EXIT } from '../exit.js';
import { lines } from '../lines.js';
import type { Output } from '../output.js';
import type { Scene } from './outcome.js';
import { runLine } from './shell.js';

const MAX_LINE = 65_536;

/**
 * Runs what standard input says. Resolves at its end to an exit status: `usage` where a line was not understood,
 * `failed` where a ping or a connection failed; null where there was no command at all.
 */
export async function runScript(scene: Scene, output: Output, signal: AbortSignal): Promise<number | null> {
  let status: number | null = null;
  try {
    for await (const line of lines(process.stdin, MAX_LINE)) {
      if (signal.aborted) return null;
      if (typeof line !== 'string') continue;
      const said: string[] = [];
      const say = (text: string) => (output.json ? said.push(text) : output.say(text));
      const outcome = await runLine(line, { scene, say, signal });
      if (outcome === null) continue;
      output.tell('answer@1', { command: line.trim(), outcome, lines: said.flatMap((text) => text.split('\n')) });
      status = Math.max(status ?? EXIT.ok, STATUS[outcome]);
      if (outcome === 'quit') return status;
    }
  } catch (error) {
    // Standard input is closed or can't be read, as when it is a terminal of another session: there are no commands.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
  return status;
}

const STATUS = { ok: EXIT.ok, quit: EXIT.ok, failed: EXIT.failed, unclear: EXIT.usage } as const;
