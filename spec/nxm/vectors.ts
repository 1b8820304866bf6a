/** Blocks of fixtures/nxm: a description, then an error's name and the bytes that cause it. */
import { readFileSync } from 'node:fs';
import { fromHex, OpenFlowError } from '../../lib/bytes/index.js';

export interface BadBytes {
  readonly what: string;
  readonly error: string;
  readonly bytes: Uint8Array;
}

export function badBytes(name: string): BadBytes[] {
  const text = readFileSync(new URL(`../../../fixtures/nxm/${name}`, import.meta.url), 'utf8');
  const vectors: BadBytes[] = [];
  for (const block of text.split(/\n\s*\n/)) {
    const [what, line] = block.split('\n').filter((row) => row !== '' && !row.startsWith('#'));
    if (line === undefined) continue;
    const [, error, hex] = /^\s*(\w+) (.*)$/.exec(line) ?? ['', '', ''];
    vectors.push({ what, error, bytes: fromHex(hex) });
  }
  return vectors;
}

/** The name of the OpenFlow error that a run ends with; "none" where it doesn't. */
export function errorOf(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    if (error instanceof OpenFlowError) return error.error;
    throw error;
  }
}
