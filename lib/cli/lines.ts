/** Lines out of a stream, at the pace of who reads them. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** The longest line, in characters. */
export const MAX_LINE = 256 * 1024 * 1024;

/** Stands for a line that was left out. */
export class LineTooLong extends Error {}

/**
 * Each line without its end; the last one may have none. A line longer than `limit` characters comes as a LineTooLong.
 */
export async function* lines(stream: Readable, limit = MAX_LINE): AsyncGenerator<string | LineTooLong> {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let length = 0;
  let skipping = false;
  const take = (): string | LineTooLong => {
    const whole = parts.join('').replace(/\r$/, '');
    const skipped = skipping;
    parts = [];
    length = 0;
    skipping = false;
    return skipped ? new LineTooLong(`longer than ${limit} characters`) : whole;
  };
  for await (const chunk of stream) {
    const text = decoder.write(chunk as Buffer);
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      parts.push(text.slice(from, end));
      skipping ||= length + end - from > limit;
      yield take();
      from = end + 1;
    }
    if (from === text.length || skipping) continue;
    parts.push(text.slice(from));
    length += text.length - from;
    if (length <= limit) continue;
    skipping = true;
    parts = [];
  }
  if (length > 0) yield take();
}
