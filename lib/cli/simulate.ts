/**
 * `ctswitch simulate`: a case a line in, an answer a line out, in order. A line that isn't a case is answered, too,
 * with its number; reading waits while the reader of the answers is behind.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { parseCase, type SimulateAnswer } from '../simulate/case.js';
import { simulate } from '../simulate/simulate.js';
import { EXIT, unreadable } from './exit.js';
import { LineTooLong, lines } from './lines.js';

/** Answers the cases of a file, or of standard input. Resolves to an exit status. */
export async function runCases(file: string | undefined): Promise<number> {
  let gone = false;
  process.stdout.on('error', () => {
    gone = true;
  });
  let number = 0;
  for await (const line of lines(await open(file))) {
    number++;
    if (typeof line === 'string' && line.trim() === '') continue;
    const answer = await answerTo(line, number);
    if (gone) break;
    if (!process.stdout.write(`${JSON.stringify(answer)}\n`)) {
      await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => {});
    }
  }
  return EXIT.ok;
}

async function open(file: string | undefined): Promise<Readable> {
  if (file === undefined || file === '-') return process.stdin;
  const stream = createReadStream(file);
  try {
    await once(stream, 'ready');
  } catch (error) {
    throw unreadable(file, error);
  }
  return stream;
}

async function answerTo(line: string | LineTooLong, number: number): Promise<SimulateAnswer> {
  try {
    if (line instanceof LineTooLong) throw line;
    return await simulate(parseCase(line));
  } catch (error) {
    const id = typeof line === 'string' ? idOf(line) : null;
    return { id, load_error: `line ${number}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The id of what isn't a case; null where there is none. */
function idOf(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  } catch {
    return null;
  }
}
