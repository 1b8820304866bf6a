/**
 * What the tracker knows of each of the 65,536 zones: how many connections, how many at most, and since when older
 * ones are gone.
 */

export const ZONES = 0x10000;
/** Zones that are counted together, so that who looks for those with connections needn't ask all: 2 ** this. */
const BLOCK_BITS = 8;

export class Zones {
  /** Connections stored in all zones, expired ones that no sweep has met included. */
  total = 0;
  private counts: Uint32Array;
  /** The same by blocks of zones. */
  private blocks: Uint32Array;
  private readonly limits = new Map<number, number>();
  /** Connections that were flushed and whose records are still to be reclaimed. */
  unreclaimed = 0;
  private flushes = 1;
  private flushedAt: Uint32Array;
  /** Where counts and epochs are another's: by how much counts differ here. Null: they are this one's own. */
  private beside: Map<number, number> | null = null;

  /**
   * @param defaultLimit connections a zone without a limit of its own; 0: no limit
   * @param lender whose counts and epochs are looked up, in place of own ones
   */
  constructor(
    public defaultLimit = 0,
    private lender: Zones | null = null,
  ) {
    this.counts = lender?.counts ?? new Uint32Array(ZONES);
    this.blocks = lender?.blocks ?? new Uint32Array(ZONES >> BLOCK_BITS);
    this.flushedAt = lender?.flushedAt ?? new Uint32Array(ZONES);
    if (lender === null) return;
    this.total = lender.total;
    this.unreclaimed = lender.unreclaimed;
    this.flushes = lender.flushes;
    this.beside = new Map(lender.beside);
    for (const [zone, limit] of lender.limits) this.limits.set(zone, limit);
  }

  /** Zones that count on from here by themselves; good as long as these stand still. */
  scratch(): Zones {
    return new Zones(this.defaultLimit, this);
  }

  /** Grows by one with every flush, a lender's too; a connection keeps the epoch of its last change. */
  get epoch(): number {
    return this.lender === null ? this.flushes : Math.max(this.flushes, this.lender.epoch);
  }

  /** A flush begins. */
  nextEpoch(): void {
    this.flushes = this.epoch + 1;
  }

  count(zone: number): number {
    const count = this.counts[zone];
    return this.beside === null ? count : count + (this.beside.get(zone) ?? 0);
  }

  /** Those that have connections, ascending. */
  *occupied(): Generator<number> {
    const touched = new Set([...(this.beside ?? new Map<number, number>()).keys()].map((zone) => zone >> BLOCK_BITS));
    for (let block = 0; block < this.blocks.length; block++) {
      if (this.blocks[block] === 0 && !touched.has(block)) continue;
      const end = (block + 1) << BLOCK_BITS;
      for (let zone = block << BLOCK_BITS; zone < end; zone++) if (this.count(zone) > 0) yield zone;
    }
  }

  private add(zone: number, connections: number): void {
    this.total += connections;
    if (this.beside !== null) {
      this.beside.set(zone, (this.beside.get(zone) ?? 0) + connections);
      return;
    }
    this.counts[zone] += connections;
    this.blocks[zone >> BLOCK_BITS] += connections;
  }

  added(zone: number): void {
    this.add(zone, 1);
  }

  /** A connection that counts already has another record. */
  moved(zone: number): void {
    this.add(zone, -1);
  }

  /** A connection's record is reclaimed; `epoch` is the one it kept. */
  removed(zone: number, epoch: number): void {
    if (this.flushed(zone, epoch)) this.unreclaimed--;
    else this.add(zone, -1);
  }

  /** True if a connection of `zone` that kept `epoch` was flushed. */
  flushed(zone: number, epoch: number): boolean {
    return epoch >>> 0 < this.flushedAt[zone];
  }

  /** All connections of `zone` are gone from now on; -1: of every zone. Returns how many. */
  flush(zone: number): number {
    this.own();
    this.nextEpoch();
    const gone = zone < 0 ? this.total : this.counts[zone];
    if (zone < 0) {
      this.flushedAt.fill(this.epoch);
      this.counts.fill(0);
      this.blocks.fill(0);
    } else {
      this.flushedAt[zone] = this.epoch;
      this.counts[zone] = 0;
      this.blocks[zone >> BLOCK_BITS] -= gone;
    }
    this.total -= gone;
    this.unreclaimed += gone;
    return gone;
  }

  /** From now on counts and epochs are this one's own. */
  private own(): void {
    const { beside } = this;
    if (beside === null) return;
    this.beside = null;
    this.flushes = this.epoch;
    this.lender = null;
    this.counts = this.counts.slice();
    this.blocks = this.blocks.slice();
    this.flushedAt = this.flushedAt.slice();
    for (const [zone, connections] of beside) {
      this.counts[zone] += connections;
      this.blocks[zone >> BLOCK_BITS] += connections;
    }
  }

  /** Connections that `zone` may hold; 0: any number. */
  limit(zone: number): number {
    return this.limits.size === 0 ? this.defaultLimit : (this.limits.get(zone) ?? this.defaultLimit);
  }

  /** Sets a zone's own limit (0: none), or with null gives it the default again. */
  setLimit(zone: number, limit: number | null): void {
    if (limit === null) this.limits.delete(zone);
    else this.limits.set(zone, limit);
  }

  /** The zones that have a limit of their own. */
  limited(): [zone: number, limit: number][] {
    return [...this.limits].sort(([a], [b]) => a - b);
  }

  /** True if `zone` can't take another connection. */
  full(zone: number): boolean {
    const limit = this.limit(zone);
    return limit > 0 && this.counts[zone] >= limit;
  }
}
