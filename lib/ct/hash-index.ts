/**
 * From a hash to record numbers: open addressing with linear probing, at most half full, deletion without tombstones.
 *
 * Growth takes no pause: a table twice as large begins empty, every insertion moves a few entries over, and until the
 * old table is empty both are looked into. An entry is two words, the hash and the record + 1 (0: empty), so that a
 * probe reads one cache line and a record only where the whole hash agrees. The same record may stand under several
 * hashes.
 *
 * Looking up is written out where records are compared: `connections.ts`, findIn.
 */

const SMALLEST = 64;
/** Places of the old table that an insertion empties; 4 suffice to finish before the new one is full. */
const MOVES = 16;

export class HashIndex {
  /** For lookups: two words an entry; `mask` is its number of places less one. */
  table = new Int32Array(SMALLEST * 2);
  mask = SMALLEST - 1;
  /** While entries move: the table before, to be looked into as well. */
  old: Int32Array | null = null;
  oldMask = 0;
  /** Places of the old table below this are empty. */
  private moved = 0;
  /** Entries in both tables. */
  count = 0;

  insert(hash: number, record: number): void {
    if (this.old !== null) this.move(MOVES);
    this.count++;
    if (this.old === null && this.count * 2 > this.mask + 1) this.grow();
    put(this.table, this.mask, hash, record + 1);
  }

  /** Takes `record` out from under `hash`. False if it wasn't there. */
  remove(hash: number, record: number): boolean {
    const here = removeFrom(this.table, this.mask, hash, record + 1);
    if (!here && (this.old === null || !removeFrom(this.old, this.oldMask, hash, record + 1))) return false;
    this.count--;
    return true;
  }

  /** Moves up to `places` places of an old table over; true when none is left. For idle time. */
  move(places: number): boolean {
    const old = this.old;
    if (old === null) return true;
    const mask = this.oldMask;
    for (let n = 0; n < places && this.moved <= mask; n++) {
      // A deletion may bring another entry to the same place, so the place is asked until it is empty.
      const at = this.moved * 2;
      const ref = old[at + 1];
      if (ref === 0) {
        this.moved++;
        continue;
      }
      put(this.table, this.mask, old[at], ref);
      closeGap(old, mask, this.moved);
    }
    if (this.moved <= mask) return false;
    this.old = null;
    return true;
  }

  private grow(): void {
    this.old = this.table;
    this.oldMask = this.mask;
    this.moved = 0;
    this.mask = this.mask * 2 + 1;
    this.table = new Int32Array((this.mask + 1) * 2);
  }

  /** Bytes held. */
  get bytes(): number {
    return this.table.byteLength + (this.old?.byteLength ?? 0);
  }
}

function put(table: Int32Array, mask: number, hash: number, ref: number): void {
  let at = hash & mask;
  while (table[at * 2 + 1] !== 0) at = (at + 1) & mask;
  table[at * 2] = hash;
  table[at * 2 + 1] = ref;
}

function removeFrom(table: Int32Array, mask: number, hash: number, ref: number): boolean {
  for (let at = hash & mask; table[at * 2 + 1] !== 0; at = (at + 1) & mask) {
    if (table[at * 2 + 1] !== ref || table[at * 2] !== hash) continue;
    closeGap(table, mask, at);
    return true;
  }
  return false;
}

/** Empties place `gap`, and moves later entries of the cluster up that would be cut off from their first place. */
function closeGap(table: Int32Array, mask: number, gap: number): void {
  for (let at = (gap + 1) & mask; table[at * 2 + 1] !== 0; at = (at + 1) & mask) {
    const home = table[at * 2] & mask;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    table[gap * 2] = table[at * 2];
    table[gap * 2 + 1] = table[at * 2 + 1];
    gap = at;
  }
  table[gap * 2 + 1] = 0;
}
