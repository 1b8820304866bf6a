/**
 * What the tracker knows of each of the 65,536 zones: how many connections, how many at most, and since when older
 * ones are gone.
 */

export const ZONES = 0x10000;

export class Zones {
  /** Connections stored in all zones, expired ones that no sweep has met included. */
  total = 0;
  private readonly counts = new Uint32Array(ZONES);
  private readonly limits = new Map<number, number>();
  /** Connections that were flushed and whose records are still to be reclaimed. */
  unreclaimed = 0;
  /** Grows by one with every flush; a connection keeps the epoch of its last change. */
  epoch = 1;
  private readonly flushedAt = new Uint32Array(ZONES);

  /** @param defaultLimit connections a zone without a limit of its own; 0: no limit */
  constructor(public defaultLimit = 0) {}

  /** Zones that count on from here by themselves. */
  copy(): Zones {
    const copy = new Zones(this.defaultLimit);
    copy.total = this.total;
    copy.unreclaimed = this.unreclaimed;
    copy.epoch = this.epoch;
    copy.counts.set(this.counts);
    copy.flushedAt.set(this.flushedAt);
    for (const [zone, limit] of this.limits) copy.limits.set(zone, limit);
    return copy;
  }

  count(zone: number): number {
    return this.counts[zone];
  }

  added(zone: number): void {
    this.total++;
    this.counts[zone]++;
  }

  /** A connection that counts already has another record. */
  moved(zone: number): void {
    this.total--;
    this.counts[zone]--;
  }

  /** A connection's record is reclaimed; `epoch` is the one it kept. */
  removed(zone: number, epoch: number): void {
    if (this.flushed(zone, epoch)) {
      this.unreclaimed--;
      return;
    }
    this.total--;
    this.counts[zone]--;
  }

  /** True if a connection of `zone` that kept `epoch` was flushed. */
  flushed(zone: number, epoch: number): boolean {
    return epoch >>> 0 < this.flushedAt[zone];
  }

  /** All connections of `zone` are gone from now on; -1: of every zone. Returns how many. */
  flush(zone: number): number {
    this.epoch++;
    const gone = zone < 0 ? this.total : this.counts[zone];
    if (zone < 0) {
      this.flushedAt.fill(this.epoch);
      this.counts.fill(0);
    } else {
      this.flushedAt[zone] = this.epoch;
      this.counts[zone] = 0;
    }
    this.total -= gone;
    this.unreclaimed += gone;
    return gone;
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
