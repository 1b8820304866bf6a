/** Where a text stands in its file, and the names that it may use. */
import { TextError } from '../bytes/index.js';
import type { NameMap } from '../nxm/index.js';

export interface Place {
  /** Line of the text, from 1. */
  readonly line: number;
  /** Column of its first character, from 1. */
  readonly column: number;
  readonly file?: string;
  readonly ports?: NameMap;
  readonly tables?: NameMap;
}

/** What callers say of a text's place; the rest is line 1, column 1. */
export type PlaceOptions = Partial<Place>;

/** All of a place. */
export function placeOf(options: PlaceOptions): Place {
  return { ...options, line: options.line ?? 1, column: options.column ?? 1 };
}

/** A mistake `offset` characters into the text. */
export function mistake(place: Place, offset: number, why: string): TextError {
  return new TextError(why, place.line, place.column + offset, place.file);
}
