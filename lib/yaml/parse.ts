/**
 * YAML 1.2 to a tree, by npm's `yaml`, which is loaded when the first file is read. What our files have no use for is a
 * mistake: several documents, tags, keys that aren't plain. Aliases are followed, up to a bound.
 */
import type { Document, Pair, Scalar } from 'yaml';
import { plainText, TextError } from '../bytes/index.js';
import { type Entry, mistakeAt, type Tree } from './tree.js';

/** The longest file, in characters. */
export const MAX_FILE = 4 * 1024 * 1024;
/** Most nodes of a file, aliases followed. */
export const MAX_NODES = 100_000;
/** Most aliases: following one costs a walk through the file. */
export const MAX_ALIASES = 1000;
/** How deep lists and mappings stand in each other. */
const MAX_DEPTH = 32;

type Locate = (offset: number) => { readonly line: number; readonly column: number };

class Walk {
  private nodes = 0;
  private aliases = 0;
  private readonly lines: readonly string[];

  constructor(
    private readonly yaml: typeof import('yaml'),
    private readonly document: Document.Parsed,
    private readonly locate: Locate,
    text: string,
    private readonly file: string | undefined,
  ) {
    this.lines = text.split('\n');
  }

  /** The tree of a node; `at` is where it would stand, if there is none. */
  tree(node: unknown, at: number, depth = 0): Tree {
    const { yaml } = this;
    const range = yaml.isNode(node) ? node.range : null;
    const from = range?.[0] ?? at;
    const placed = { ...this.locate(from), from, to: range?.[1] ?? at };
    if (++this.nodes > MAX_NODES) throw mistakeAt(placed, `more than ${MAX_NODES} nodes`, this.file);
    if (depth > MAX_DEPTH) throw mistakeAt(placed, `nested more than ${MAX_DEPTH} deep`, this.file);
    if (!yaml.isNode(node)) return { ...placed, kind: 'scalar', value: null, source: '', block: null, quoted: false };
    if (yaml.isAlias(node)) {
      if (++this.aliases > MAX_ALIASES) throw mistakeAt(placed, `more than ${MAX_ALIASES} aliases`, this.file);
      const target = node.resolve(this.document);
      if (!target) throw mistakeAt(placed, 'this alias stands for nothing', this.file);
      return this.tree(target, from, depth + 1);
    }
    if (node.tag?.startsWith('!')) throw mistakeAt(placed, `there is no use here for the tag ${node.tag}`, this.file);
    if (yaml.isMap(node)) {
      const entries = node.items.map((pair) => this.entry(pair, depth));
      return { ...placed, kind: 'map', entries, inline: node.flow === true };
    }
    if (yaml.isSeq(node)) {
      return { ...placed, kind: 'list', items: node.items.map((item) => this.tree(item, from, depth + 1)) };
    }
    return this.scalar(node, placed);
  }

  private scalar(node: Scalar, placed: { line: number; column: number; from: number; to: number }): Tree {
    const { value } = node;
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    const isBlock = node.type?.startsWith('BLOCK') ?? false;
    return {
      ...placed,
      kind: 'scalar',
      value: plain ? value : null,
      source: node.source ?? '',
      block: isBlock ? this.block(placed) : null,
      quoted: node.type?.startsWith('QUOTE') ?? false,
    };
  }

  /** The lines of a block as they stand in the file. */
  private block({ line, to }: { line: number; to: number }): { line: number; lines: string[] } {
    const last = this.locate(Math.max(0, to - 1)).line;
    return { line: line + 1, lines: this.lines.slice(line, last) };
  }

  private entry({ key, value }: Pair, depth: number): Entry {
    const range = this.yaml.isNode(key) ? key.range : null;
    const from = range?.[0] ?? 0;
    const keyAt = { ...this.locate(from), from, to: range?.[1] ?? from };
    if (!this.yaml.isScalar(key)) throw mistakeAt(keyAt, 'a key is a word', this.file);
    const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
    return { key: name, keyAt, value: this.tree(value, keyAt.to, depth + 1) };
  }
}

/** Reads a YAML text. Throws a TextError. */
export async function parseYaml(text: string, file?: string): Promise<Tree> {
  if (text.length > MAX_FILE) throw new TextError(`longer than ${MAX_FILE} characters`, 1, 1, file);
  plainText(text, file);
  const yaml = await import('yaml');
  const lineCounter = new yaml.LineCounter();
  const locate: Locate = (offset) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  let document: Document.Parsed;
  try {
    document = yaml.parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
  } catch (error) {
    // The package descends by recursion.
    if (error instanceof RangeError) throw new TextError('nested too deep', 1, 1, file);
    throw error;
  }
  const [error] = document.errors;
  if (error) {
    const why = error.message.includes('call stack') ? 'nested too deep' : error.message;
    throw mistakeAt(locate(error.pos[0]), why, file);
  }
  return new Walk(yaml, document, locate, text, file).tree(document.contents, 0);
}
