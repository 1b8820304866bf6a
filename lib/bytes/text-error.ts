/** What is wrong in a text: ovs-ofctl's syntax, scenario and topology files, options. */
import { OpenFlowError } from './openflow-error.js';

/** A mistake in a text that a person wrote: where, and why. Lines and columns count from 1. */
export class TextError extends Error {
  constructor(
    /** What is wrong, without its place. */
    readonly why: string,
    readonly line: number,
    readonly column: number,
    /** The file's name, where there is one. */
    readonly file?: string,
  ) {
    super(`${placeText(line, column, file)}${why}`);
    this.name = 'TextError';
  }
}

/** Characters that no text of people's has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/** The text. Throws a TextError where it is none: where a character stands in it that only other files have. */
export function plainText(text: string, file?: string): string {
  const at = text.search(CONTROL);
  if (at < 0) return text;
  const before = text.slice(0, at).split('\n');
  const byte = text.charCodeAt(at).toString(16).padStart(2, '0');
  throw new TextError(
    `this is no text: it has a byte 0x${byte}`,
    before.length,
    before[before.length - 1].length + 1,
    file,
  );
}

/** Something in a text that can be read, but that the switch refuses: the error a controller would get, and where. */
export class RefusedError extends OpenFlowError {
  constructor(
    refused: OpenFlowError,
    readonly line: number,
    readonly column: number,
    readonly file?: string,
  ) {
    super(refused.error, `${placeText(line, column, file)}${refused.why}`);
    this.name = 'RefusedError';
  }
}

function placeText(line: number, column: number, file?: string): string {
  return `${file ? `${file}:` : 'line '}${line}:${column}: `;
}
