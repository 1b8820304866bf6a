/**
 * A tree held against a schema: the first thing that doesn't fit, with its place and, for words, the nearest that
 * would.
 */
import type { TextError } from '../bytes/index.js';
import { didYouMean } from '../nxm/suggestion.js';
import type { Schema } from './schema.js';
import { type MapTree, mistakeAt, type Spot, type Tree, textOf } from './tree.js';

/** What each type is called. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping (KEY: VALUE)',
  null: 'nothing',
};

export class Validator {
  constructor(
    private readonly root: Schema,
    private readonly file: string | undefined,
    private readonly what = 'a scenario file',
  ) {}

  /** Throws a TextError for the first mistake. */
  check(tree: Tree): void {
    const found = this.mistake(tree, this.root, this.what);
    if (found) throw found;
  }

  private at(spot: Spot, why: string): TextError {
    return mistakeAt(spot, why, this.file);
  }

  private resolve(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const name = schema.$ref.slice('#/definitions/'.length);
    return this.root.definitions?.[name] ?? {};
  }

  /** `what` names the tree in messages. */
  private mistake(tree: Tree, given: Schema, what: string): TextError | null {
    const schema = this.resolve(given);
    if (schema.anyOf) return this.anyOf(tree, schema.anyOf, what);
    if (!fitsType(tree, schema)) return this.at(tree, `${what} is ${wanted(schema)}, not ${described(tree)}`);
    const words = schema.const === undefined ? schema.enum : [schema.const];
    const { text } = textOf(tree);
    if (words && !words.includes(text)) {
      return this.at(tree, `${what} is ${words.join(' or ')}, not "${text}"${didYouMean(text, words)}`);
    }
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(text)) {
      return this.at(tree, `${what}: "${text}" isn't what is asked for. ${schema.description ?? ''}`.trim());
    }
    const number = tree.kind === 'scalar' && typeof tree.value === 'number' ? tree.value : null;
    if (number !== null && schema.type === 'integer') {
      const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
      if (number < minimum || number > maximum) {
        return this.at(tree, `${what} is a number from ${minimum} to ${maximum}, not ${text}`);
      }
    }
    if (tree.kind === 'list') return this.items(tree.items, schema, what);
    return tree.kind === 'map' ? this.properties(tree, schema, what) : null;
  }

  private items(items: readonly Tree[], { items: each }: Schema, what: string): TextError | null {
    for (const item of items) {
      const found = each ? this.mistake(item, each, `one of ${what}`) : null;
      if (found) return found;
    }
    return null;
  }

  private properties(map: MapTree, schema: Schema, what: string): TextError | null {
    const { properties = {}, additionalProperties: others = true, required = [] } = schema;
    for (const { key, keyAt, value } of map.entries) {
      const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (!own && others === false) {
        const known = Object.keys(properties);
        return this.at(
          keyAt,
          `unknown key "${key}" in ${what}${didYouMean(key, known) || `; there are ${known.join(', ')}`}`,
        );
      }
      const names = own ? undefined : schema.propertyNames?.pattern;
      if (names !== undefined && !new RegExp(names).test(key)) {
        return this.at(keyAt, `"${key}" can't be a name in ${what}: a letter first, and no word of its own meaning`);
      }
      const found = own || others !== true ? this.mistake(value, own ?? (others as Schema), key) : null;
      if (found) return found;
    }
    const missing = required.find((key) => !map.entries.some((entry) => entry.key === key));
    return missing === undefined ? null : this.at(map, `${what} needs "${missing}"`);
  }

  /** The mistake of the alternative that has the right type, if there is just one. */
  private anyOf(tree: Tree, alternatives: readonly Schema[], what: string): TextError | null {
    const flat = alternatives.flatMap((each) => {
      const schema = this.resolve(each);
      return schema.anyOf ?? [schema];
    });
    const near = flat.filter((schema) => fitsType(tree, schema));
    const found = near.map((schema) => this.mistake(tree, schema, what));
    if (found.some((each) => each === null)) return null;
    if (found.length === 1) return found[0];
    const all = [...new Set(flat.map(wanted))].join(' or ');
    return this.at(tree, `${what} is ${all}, not ${described(tree)}`);
  }
}

function fitsType(tree: Tree, { type, enum: words, const: word }: Schema): boolean {
  const isWord = words !== undefined || word !== undefined;
  const wanted = type ?? (isWord ? 'string' : undefined);
  if (tree.kind !== 'scalar') return wanted === undefined || (tree.kind === 'map' ? 'object' : 'array') === wanted;
  switch (wanted) {
    // What YAML takes for a number or a truth is a text where one is asked for.
    case 'string':
      return isWord ? typeof tree.value === 'string' : tree.value !== null;
    case 'integer':
      return Number.isSafeInteger(tree.value);
    case 'boolean':
      return typeof tree.value === 'boolean';
    case 'null':
      return tree.value === null;
    default:
      return wanted === undefined;
  }
}

function wanted({ type, const: word, enum: words }: Schema): string {
  if (word !== undefined) return `"${word}"`;
  if (words) return words.map((each) => `"${each}"`).join(' or ');
  return TYPES[type ?? ''] ?? 'something else';
}

/** Characters of a value that are shown where it is wrong. */
const SHOWN = 60;

function described(tree: Tree): string {
  if (tree.kind !== 'scalar') return TYPES[tree.kind === 'map' ? 'object' : 'array'];
  if (tree.value === null) return 'nothing';
  const { text } = textOf(tree);
  return text.length > SHOWN ? `"${text.slice(0, SHOWN)}…"` : `"${text}"`;
}
