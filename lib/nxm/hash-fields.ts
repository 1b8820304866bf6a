/** Which headers multipath and bundle hash (ovs-actions(7)): names in the order of their numbers, NX_HASH_FIELDS_*. */
import type { Reader } from '../bytes/index.js';
import type { TextArgument } from './action.js';
import { didYouMean } from './suggestion.js';

export type HashFields =
  | 'eth_src'
  | 'symmetric_l4'
  | 'symmetric_l3l4'
  | 'symmetric_l3l4+udp'
  | 'nw_src'
  | 'nw_dst'
  | 'symmetric_l3';

export const HASH_FIELDS: readonly HashFields[] = [
  'eth_src',
  'symmetric_l4',
  'symmetric_l3l4',
  'symmetric_l3l4+udp',
  'nw_src',
  'nw_dst',
  'symmetric_l3',
];

/** One of a list's names by its 16-bit number. Throws BAD_ARGUMENT for a number without a name. */
export function readNamed<N extends string>(r: Reader, names: readonly N[], what: string): N {
  const number = r.u16(what);
  const name = names[number];
  if (name === undefined) throw r.error('OFPBAC_BAD_ARGUMENT', `${what} ${number} is unknown`, 2);
  return name;
}

/** One of a list's names, in any case. `offset` is its place in the argument. */
export function parseNamed<N extends string>(
  text: string,
  names: readonly N[],
  what: string,
  arg: TextArgument,
  offset: number,
): N {
  const name = names.find((n) => n === text.toLowerCase());
  if (name === undefined) throw arg.error(`"${text}" is no ${what}${didYouMean(text, names)}`, offset);
  return name;
}

/** A part of a comma-separated argument, and its place in it. */
export interface Part {
  readonly text: string;
  readonly at: number;
}

/** Splits an argument at any of `ends` (a run of them counts once). */
export function partsOf(text: string, ends: RegExp): Part[] {
  return [...text.matchAll(ends)].map((match) => ({ text: match[0], at: match.index }));
}

/** A number from `low` to `high`. */
export function parseRange({ text, at }: Part, low: number, high: number, what: string, arg: TextArgument): number {
  const number = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!(number >= low && number <= high)) throw arg.error(`${what} is ${low} to ${high}, not "${text}"`, at);
  return number;
}
