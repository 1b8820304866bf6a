/**
 * Flushes by mark and label that sweeps haven't carried out yet. A connection that one of them meets is gone for every
 * lookup, so each lookup asks here: flushes with the same masks share a table by hash, and a lookup asks one entry a
 * table, however many flushes wait. Repeated ones count once.
 */

/** Different masks (and with a zone or without) at most: so many tables a lookup has to ask. */
export const MAX_MASKS = 64;
/** Flushes at most that wait for a sweep. */
export const MAX_PENDING = 16_384;

/** What a flush meets: bits of mark and label, in one zone or (-1) in all. Words as in the flow key. */
export interface MarkedFlush {
  readonly zone: number;
  readonly mark: number;
  readonly markMask: number;
  readonly label: Uint32Array | null;
  readonly labelMask: Uint32Array | null;
}

/** The record of a connection, as far as a flush looks. */
export interface Marked {
  zone(slot: number): number;
  mark(slot: number): number;
  label(slot: number, i: number): number;
}

interface Entry {
  readonly flush: MarkedFlush;
  /** Connections that changed mark or label in this epoch or later are none of its. */
  epoch: number;
  /** Sweeps that had begun before it. */
  sweeps: number;
}

class SameMasks {
  readonly byHash = new Map<number, Entry[]>();

  constructor(
    readonly zoned: boolean,
    readonly markMask: number,
    readonly labelMask: Uint32Array | null,
  ) {}

  suits({ zone, markMask, labelMask }: MarkedFlush): boolean {
    if (this.zoned !== zone >= 0 || this.markMask !== markMask) return false;
    if (this.labelMask === null || labelMask === null) return this.labelMask === labelMask;
    return this.labelMask.every((word, i) => word === labelMask[i]);
  }

  hashOf({ zone, mark, label }: MarkedFlush): number {
    let hash = mix(this.zoned ? zone : 0, mark & this.markMask);
    for (let i = 0; i < 4; i++) hash = mix(hash, label === null ? 0 : label[i] & this.bits(i));
    return hash;
  }

  hashOfRecord(records: Marked, slot: number): number {
    let hash = mix(this.zoned ? records.zone(slot) : 0, records.mark(slot) & this.markMask);
    for (let i = 0; i < 4; i++) hash = mix(hash, this.labelMask === null ? 0 : records.label(slot, i) & this.bits(i));
    return hash;
  }

  meets({ zone, mark, label }: MarkedFlush, records: Marked, slot: number): boolean {
    if (this.zoned && zone !== records.zone(slot)) return false;
    if ((mark ^ records.mark(slot)) & this.markMask) return false;
    if (label === null) return true;
    for (let i = 0; i < 4; i++) if ((label[i] ^ records.label(slot, i)) & this.bits(i)) return false;
    return true;
  }

  same(a: MarkedFlush, b: MarkedFlush): boolean {
    if (a.zone !== b.zone || (a.mark ^ b.mark) & this.markMask) return false;
    const { label } = b;
    if (a.label === null || label === null) return true;
    return a.label.every((word, i) => ((word ^ label[i]) & this.bits(i)) === 0);
  }

  private bits(i: number): number {
    return this.labelMask === null ? 0 : this.labelMask[i];
  }
}

function mix(hash: number, word: number): number {
  const h = Math.imul(hash ^ word, 0x9e3779b1);
  return h ^ (h >>> 15);
}

export class MarkedFlushes {
  private tables: SameMasks[] = [];
  /** Flushes that wait. */
  count = 0;
  /** Flushes that were refused, for too many waited. */
  refused = 0;
  /** Sweeps that have begun. */
  private sweeps = 0;

  /** Adds one. Throws RangeError where too many wait; then nothing has changed. */
  add(flush: MarkedFlush, epoch: number): void {
    let table = this.tables.find((each) => each.suits(flush));
    const hash = table?.hashOf(flush) ?? 0;
    const known = table?.byHash.get(hash)?.find((entry) => table?.same(entry.flush, flush));
    if (known !== undefined) {
      known.epoch = epoch;
      known.sweeps = this.sweeps;
      return;
    }
    if (this.count >= MAX_PENDING) throw this.refusal(`${MAX_PENDING} flushes by mark or label`);
    if (table === undefined) {
      if (this.tables.length >= MAX_MASKS) throw this.refusal(`flushes by ${MAX_MASKS} different masks`);
      table = new SameMasks(flush.zone >= 0, flush.markMask, flush.labelMask);
      this.tables.push(table);
    }
    const at = table.hashOf(flush);
    const list = table.byHash.get(at);
    const entry = { flush, epoch, sweeps: this.sweeps };
    if (list === undefined) table.byHash.set(at, [entry]);
    else list.push(entry);
    this.count++;
  }

  private refusal(what: string): RangeError {
    this.refused++;
    return new RangeError(`${what} wait for the next sweep; try again in a moment, or flush whole zones`);
  }

  /** Does one meet a connection that kept `epoch`? */
  meet(epoch: number, records: Marked, slot: number): boolean {
    for (const table of this.tables) {
      const entries = table.byHash.get(table.hashOfRecord(records, slot));
      if (entries === undefined) continue;
      for (const { flush, epoch: since } of entries)
        if (epoch < since && table.meets(flush, records, slot)) return true;
    }
    return false;
  }

  /** A sweep over all records begins. */
  sweepBegins(): void {
    this.sweeps++;
  }

  /** A sweep has met every record: flushes older than it are carried out. */
  sweepEnds(): void {
    if (this.count === 0) return;
    for (const { byHash } of this.tables) {
      for (const [hash, entries] of byHash) {
        const left = entries.filter(({ sweeps }) => sweeps >= this.sweeps);
        this.count -= entries.length - left.length;
        if (left.length === 0) byHash.delete(hash);
        else byHash.set(hash, left);
      }
    }
    this.tables = this.tables.filter(({ byHash }) => byHash.size > 0);
  }

  /** The same, to go on by itself. */
  copy(): MarkedFlushes {
    const copy = new MarkedFlushes();
    for (const { byHash } of this.tables) {
      for (const entries of byHash.values()) for (const { flush, epoch } of entries) copy.add(flush, epoch);
    }
    return copy;
  }
}
