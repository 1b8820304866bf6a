/** What ovs-ofctl made of the actions in fixtures/actions: recorded, and what we do otherwise. */
import { readFileSync } from 'node:fs';
import type { RecordedFlow } from '../text/vectors.js';

/** Actions as bytes, and how ovs-ofctl prints them, or the error that it gives. */
export interface RecordedBytes {
  readonly what: string;
  readonly hex: string;
  readonly text?: string;
  readonly error?: string;
}

interface Recorded {
  readonly tool: string;
  readonly bytes: readonly RecordedBytes[];
  readonly flows: readonly (Omit<RecordedFlow, 'line'> & { readonly flow: string })[];
}

function read(name: string): string {
  return readFileSync(new URL(`../../../fixtures/actions/${name}`, import.meta.url), 'utf8');
}

export const recorded = JSON.parse(read('actions.json')) as Recorded;

/** Blocks of two lines, what is meant and what is expected of it; lines with "#" are comments. */
export function ours(name: string): Map<string, string> {
  const rows = read(name)
    .split(/\n\s*\n/)
    .map((block) => block.split('\n').filter((row) => row !== '' && !/^\s*#/.test(row)));
  return new Map(rows.filter((row) => row.length > 0).map(([what, expected]) => [what, expected?.trim() ?? '']));
}
