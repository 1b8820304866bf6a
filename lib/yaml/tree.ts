/**
 * A file as a tree in which everything has its place: what readers of files go through, so that only parse.ts knows
 * YAML. Lines and columns count from 1, offsets from 0 in the file's text.
 */
import { TextError } from '../bytes/index.js';

/** Where something stands in a file. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

interface Placed extends Spot {
  /** Offsets of the first character, and of the one behind the last. */
  readonly from: number;
  readonly to: number;
}

export interface Entry {
  readonly key: string;
  readonly keyAt: Placed;
  readonly value: Tree;
}

export interface MapTree extends Placed {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
  /** Written in braces. */
  readonly inline: boolean;
}

export interface ListTree extends Placed {
  readonly kind: 'list';
  readonly items: readonly Tree[];
}

export interface ScalarTree extends Placed {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it is written, without quotes. */
  readonly source: string;
  /** A block of lines ("|"): the number of its first, and the lines as they stand in the file. */
  readonly block: { readonly line: number; readonly lines: readonly string[] } | null;
  readonly quoted: boolean;
}

export type Tree = MapTree | ListTree | ScalarTree;

/** A text of a scenario with its place. */
export interface Located extends Spot {
  readonly text: string;
}

/** The value of a key, or undefined. */
export function child(map: MapTree, key: string): Tree | undefined {
  return map.entries.find((entry) => entry.key === key)?.value;
}

/** Nothing stands there. */
export function isEmpty(tree: Tree | undefined): boolean {
  return tree === undefined || (tree.kind === 'scalar' && tree.value === null);
}

/** A scalar's text: numbers and words as they were written. */
export function textOf(tree: Tree): Located {
  if (tree.kind !== 'scalar') return { text: '', line: tree.line, column: tree.column };
  const text = typeof tree.value === 'string' ? tree.value : tree.source;
  return { text, line: tree.line, column: tree.column + (tree.quoted ? 1 : 0) };
}

/** A mistake in a scenario file. */
export function mistakeAt(spot: Spot, why: string, file?: string): TextError {
  return new TextError(why, spot.line, spot.column, file);
}
