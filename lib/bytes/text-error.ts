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
