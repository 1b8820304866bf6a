/**
 * Requests on a management socket: JSON objects one behind the other, without framing (unixctl, the protocol of
 * ovs-appctl). The end of an object is where its braces close; no more than MAX_REQUEST of one are taken. Client and
 * server read with this.
 */

/** The longest object, in characters. */
export const MAX_REQUEST = 1 << 20;

/** Why a stream can't be read any further. */
export class ProtocolError extends Error {}

/** Splits a stream of texts into JSON values. */
export class ObjectReader {
  private text = '';
  private at = 0;
  private depth = 0;
  private quoted = false;
  private escaped = false;

  /** `limit`: the longest object. */
  constructor(private readonly limit: number = MAX_REQUEST) {}

  /** Takes a piece; the objects that it completes. Throws a ProtocolError; then the stream is lost. */
  push(piece: string): unknown[] {
    this.text += piece;
    const found: unknown[] = [];
    for (; this.at < this.text.length; this.at++) {
      const letter = this.text[this.at];
      if (this.quoted) this.inString(letter);
      else if (letter === '"' && this.depth > 0) this.quoted = true;
      else if (letter === '{' || letter === '[') this.depth++;
      else if (letter === '}' || letter === ']') {
        if (--this.depth === 0) found.push(this.cut());
        if (this.depth < 0) throw new ProtocolError('a closing bracket without an opening one');
      } else if (this.depth === 0 && letter.trim() !== '') {
        throw new ProtocolError(`"${letter}" where an object begins`);
      }
      if (this.depth > 0 && this.at >= this.limit) {
        throw new ProtocolError(`an object of more than ${this.limit} characters`);
      }
    }
    if (this.depth === 0) this.forget();
    return found;
  }

  /** Has an object begun that isn't whole? */
  get midway(): boolean {
    return this.depth > 0;
  }

  private inString(letter: string): void {
    if (this.escaped) this.escaped = false;
    else if (letter === '\\') this.escaped = true;
    else if (letter === '"') this.quoted = false;
  }

  /** The object that ends here. */
  private cut(): unknown {
    const text = this.text.slice(0, this.at + 1);
    this.text = this.text.slice(this.at + 1);
    this.at = -1;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new ProtocolError(`not JSON: ${(error as Error).message}`);
    }
  }

  private forget(): void {
    this.text = '';
    this.at = 0;
  }
}

/** A command and its arguments, as a client sends them. */
export interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly string[];
}

/** Reads a request. Throws a ProtocolError. */
export function requestOf(value: unknown): Request {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ProtocolError('no object');
  const { id, method, params } = value as Record<string, unknown>;
  if (typeof method !== 'string') throw new ProtocolError('a request has a method');
  if (!Array.isArray(params) || !params.every((each) => typeof each === 'string')) {
    throw new ProtocolError('params is a list of texts');
  }
  return { id: id ?? null, method, params };
}
