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
    super(`${file ? `${file}:` : 'line '}${line}:${column}: ${why}`);
    this.name = 'TextError';
  }
}
