/**
 * A flow file (`--flows`): read and checked whole, then added; a mistake names file, line and column and shows the
 * line.
 */
import { readFileSync } from 'node:fs';
import { OpenFlowError, TextError } from '../bytes/index.js';
import type { FlowMod, NameMap } from '../nxm/index.js';
import type { Switch } from '../switch.js';
import { parseFlows } from '../text/index.js';
import { EXIT, Failure, unreadable } from './exit.js';

export interface FlowLine {
  readonly line: number;
  readonly text: string;
  readonly change: FlowMod;
}

/** Reads a file; ports may be written by name. Throws a Failure. */
export function readFlowFile(file: string, ports: NameMap): FlowLine[] {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
  return content.split('\n').flatMap((text, i) => {
    try {
      return parseFlows(text, { file, line: i + 1, ports }).map((change) => ({ line: i + 1, text, change }));
    } catch (error) {
      throw error instanceof TextError
        ? new Failure(EXIT.usage, `${error.message}\n${caret(text, error.column)}`)
        : error;
    }
  });
}

/** Adds what was read. Throws a Failure for a flow that the switch refuses. */
export function addFlows(sw: Switch, file: string, lines: readonly FlowLine[]): void {
  for (const { line, text, change } of lines) {
    try {
      sw.flows.apply(change);
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      const column = text.search(/\S/) + 1;
      throw new Failure(EXIT.usage, `${file}:${line}:${column}: ${error.why} (${error.error})\n${caret(text, column)}`);
    }
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
