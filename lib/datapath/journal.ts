/**
 * The journal of changes: what may have made a cached program wrong. A change names a table and a match; an entry that
 * didn't visit the table, or whose packets can't meet the match, is still right. A ring of the last 64 changes; who is
 * further behind is translated again, and so is everything after a change that touches everything (ports,
 * configuration).
 */
import type { MaskShape } from '../packet/shape.js';

/** Changes that are remembered. */
export const JOURNAL_LENGTH = 64;

/** The table of NORMAL's MAC addresses; not an OpenFlow table. */
export const MAC_TABLE = 254;
const EVERYTHING = -1;

/** A match in the key's shape. */
export interface Sparse {
  readonly shape: MaskShape;
  readonly values: Uint32Array;
}

export class Journal {
  /** Counts changes; an entry that carries this number has seen them all. */
  generation = 1;
  private readonly tables = new Int16Array(JOURNAL_LENGTH);
  private readonly matches: (Sparse | null)[] = new Array(JOURNAL_LENGTH).fill(null);

  /** A flow of `table` was added, changed or removed. */
  change(table: number, match: Sparse): void {
    this.append(table, match);
  }

  /** Anything may have changed. */
  everything(): void {
    this.append(EVERYTHING, null);
  }

  private append(table: number, match: Sparse | null): void {
    const at = this.generation % JOURNAL_LENGTH;
    this.tables[at] = table;
    this.matches[at] = match;
    this.generation++;
  }

  /**
   * Is what was right at `seen` still right? `visited` has a bit for each table; `shape` and `values` are the entry's
   * match; `rewritten` has a bit for each word of the key that the program's translation wrote.
   */
  stillRight(
    seen: number,
    visited: Uint32Array,
    shape: MaskShape,
    values: Uint32Array,
    rewritten: Uint32Array,
  ): boolean {
    if (this.generation - seen > JOURNAL_LENGTH) return false;
    for (let g = seen; g < this.generation; g++) {
      const at = g % JOURNAL_LENGTH;
      const table = this.tables[at];
      if (table === EVERYTHING) return false;
      if ((visited[table >> 5] & (1 << (table & 31))) === 0) continue;
      if (!disjoint(this.matches[at] as Sparse, shape, values, rewritten)) return false;
    }
    return true;
  }
}

/** Is there a word, not rewritten, in whose common bits both differ? Words ascend in both. */
function disjoint(match: Sparse, shape: MaskShape, values: Uint32Array, rewritten: Uint32Array): boolean {
  const a = match.shape;
  for (let i = 0, j = 0; i < a.words.length; i++) {
    const word = a.words[i];
    while (j < shape.words.length && shape.words[j] < word) j++;
    if (j === shape.words.length) return false;
    if (shape.words[j] !== word || rewritten[word >> 5] & (1 << (word & 31))) continue;
    if ((match.values[i] ^ values[j]) & a.bits[i] & shape.bits[j]) return true;
  }
  return false;
}
