/** Begins to take commands. */

import { EXIT } from '../exit.js';
import type { Lifetime } from '../lifetime.js';
import type { Output } from '../output.js';
import type { Scene } from './outcome.js';

/** Takes commands from the terminal or from a pipe. What it resolves to ends that. */
export async function begin(scene: Scene, output: Output, life: Lifetime): Promise<() => void> {
  if (process.stdin.isTTY && process.stdout.isTTY && !output.json) {
    const { openPrompt } = await import('./prompt.js');
    return openPrompt(scene, output, () => life.end(EXIT.ok));
  }
  const { runScript } = await import('./script.js');
  const ending = new AbortController();
  void runScript(scene, output, ending.signal).then((status) => {
    if (status !== null) life.end(status);
  });
  return () => ending.abort();
}
