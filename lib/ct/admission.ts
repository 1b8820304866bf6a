/** Is there room for one more connection? Limits of all zones and of one; records that are gone make way first. */
import type { Log } from '../bytes/index.js';
import type { Connections } from './connections.js';
import { why } from './reasons.js';

export interface AdmissionCounters {
  /** Commits that the limit of all zones, or of one, refused. */
  refused: number;
  refused_by_zone: number;
}

export class Admission {
  /** The last commit met the limit. */
  private full = false;

  constructor(
    private readonly connections: Connections,
    private readonly counters: AdmissionCounters,
    private readonly log: Log,
    /** Connections in all zones together. */
    public limit: number,
  ) {}

  /**
   * `why.none` if `zone` has room, made where a record of the same tuple or any other is gone; else why not, counted.
   */
  admit(zone: number, now_ms: number): number {
    const { connections, counters, limit } = this;
    const { stale } = connections;
    if (stale >= 0) connections.remove(stale, connections.isFlushed(stale) ? 'flushed' : 'expired');
    if (connections.makeRoom(limit, zone, now_ms)) {
      this.full = false;
      return why.none;
    }
    const refused = this.refusal(zone);
    if (refused === why.limit) {
      if (!this.full) this.log.warn(`the connection table is full (${limit}): new connections are not stored`);
      this.full = true;
      counters.refused++;
    } else {
      counters.refused_by_zone++;
    }
    return refused;
  }

  /** Why `zone` can't take another connection, as far as that is known without making room. */
  refusal(zone: number): number {
    const { zones } = this.connections;
    if (zones.total >= this.limit) return why.limit;
    return zones.full(zone) ? why.zone_limit : why.none;
  }
}
