/**
 * The prompt on a terminal: reads lines with history and completion, runs them one after the other, and keeps what is
 * written meanwhile above the line that is being typed. Ctrl-C stops a command, discards a line, or ends.
 */
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { Output } from '../output.js';
import type { Outcome, Scene } from './outcome.js';
import { completions, runLine } from './shell.js';

const PROMPT = 'ctswitch> ';
const HISTORY_LINES = 500;

/** Reads and runs lines until the user has enough; then calls `done`. What it returns takes the prompt away. */
export function openPrompt(scene: Scene, output: Output, done: () => void): () => void {
  const rl = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: PROMPT,
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    completer: (line: string) => completions(line, scene),
  });
  let closed = false;
  let quit = false;
  let running: AbortController | null = null;
  const waiting: string[] = [];

  const next = async (): Promise<void> => {
    if (running !== null) return;
    for (let line = waiting.shift(); line !== undefined && !closed; line = waiting.shift()) {
      running = new AbortController();
      rl.setPrompt('');
      const outcome: Outcome | null = await runLine(line, {
        scene,
        say: (text) => output.say(text),
        signal: running.signal,
      });
      running = null;
      quit = outcome === 'quit';
      if (quit) rl.close();
    }
    if (closed) return;
    rl.setPrompt(PROMPT);
    rl.prompt(true);
  };

  rl.on('line', (line) => {
    waiting.push(line);
    void next();
  });
  rl.on('SIGINT', () => {
    waiting.length = 0;
    if (running !== null) running.abort();
    else if (rl.line === '') rl.close();
    else rl.write(null, { ctrl: true, name: 'u' });
  });
  rl.on('close', () => {
    closed = true;
    running?.abort();
    output.guard = null;
    if (!quit) process.stdout.write('\n');
    done();
  });
  output.guard = guardOf(rl);
  rl.prompt();
  return () => rl.close();
}

/**
 * What is written stands where the typed line was, and that line is drawn again below it. readline believes the cursor
 * to be as many rows below the line's first one as before, so as many rows are left free.
 */
function guardOf(rl: Interface): { before(): void; after(): void } {
  let rows = 0;
  return {
    before() {
      ({ rows } = rl.getCursorPos());
      moveCursor(process.stdout, 0, -rows);
      cursorTo(process.stdout, 0);
      clearScreenDown(process.stdout);
    },
    after() {
      process.stdout.write('\n'.repeat(rows));
      rl.prompt(true);
    },
  };
}
