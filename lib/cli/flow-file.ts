/**
 * A flow file (`--flows`): read and checked whole, then added; a mistake names file, line and column and shows the
 * line.
 */
import { readFileSync } from 'node:fs';
import { plainText, RefusedError, TextError } from '../bytes/index.js';
import type { NameMap } from '../nxm/index.js';
import type { Switch } from '../switch.js';
import { EXIT, Failure, unreadable } from './exit.js';

/** A flow file's content. Throws a Failure. */
export function readFlowFile(file: string): string {
  try {
    return plainText(readFileSync(file, 'utf8'), file);
  } catch (error) {
    throw error instanceof TextError ? error : unreadable(file, error);
  }
}

/**
 * Makes the changes of a flow file, where ports may be named, or none of them. Throws a Failure that shows the line.
 */
export function loadFlows(sw: Switch, file: string, content: string, ports: NameMap): void {
  try {
    sw.flows.load(content, { file, ports });
  } catch (error) {
    if (!(error instanceof TextError || error instanceof RefusedError)) throw error;
    throw new Failure(EXIT.usage, `${error.message}\n${caret(content.split('\n')[error.line - 1], error.column)}`);
  }
}

/** Most of a line that is shown. */
const SHOWN = 100;

/** The line, and under it a mark at a column that counts from 1. Of a long line the part around it. */
export function caret(line: string, column: number): string {
  const from = column > SHOWN - 20 ? column - SHOWN / 2 : 0;
  const part = line.slice(from, from + SHOWN).replace(/[\p{Cc}]/gu, ' ');
  return `  ${part}\n  ${' '.repeat(Math.max(0, column - 1 - from))}^`;
}
