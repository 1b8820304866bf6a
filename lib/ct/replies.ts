/**
 * The reply tuple of a connection that is about to be stored: chosen by NAT, taken from an expectation, or the inverted
 * original one. It is never one that another connection has; where none is free nothing is stored, which is counted
 * here.
 */
import type { Log } from '../bytes/index.js';
import type { Connections } from './connections.js';
import type { Expectation } from './expectations.js';
import { expectedReply } from './helpers/helpers.js';
import type { NatChooser } from './nat.js';
import { why } from './reasons.js';
import { DNAT, SNAT } from './record.js';
import type { NatRequest } from './request.js';
import { Tuple } from './tuple.js';

export interface ReplyCounters {
  /** Commits for whose translation no address and port were free. */
  nat_exhausted: number;
  /** Commits without a choice whose reply tuple was a translated connection's. */
  tuple_taken: number;
}

/** How a connection is translated that a packet begins: SNAT, DNAT or 0. A related one follows its parent. */
export function kindOfNat(nat: NatRequest | null, expected: Expectation | null): number {
  if (nat === null) return 0;
  if (expected !== null) return expected.kind;
  return nat.kind === 'src' ? SNAT : nat.kind === 'dst' ? DNAT : 0;
}

export class Replies {
  readonly tuple = new Tuple();
  /** The last translation found nothing free. */
  private exhausted = false;

  constructor(
    private readonly connections: Connections,
    private readonly chooser: NatChooser,
    private readonly counters: ReplyCounters,
    private readonly log: Log,
  ) {}

  /** Makes `tuple` the reply tuple of a connection that begins with `original`; `why.none`, or why there is none. */
  choose(original: Tuple, nat: NatRequest | null, expected: Expectation | null, now_ms: number): number {
    const { connections, tuple, counters } = this;
    const kind = kindOfNat(nat, expected);
    if (kind !== 0 && nat !== null && expected === null) return this.translated(original, nat, now_ms);
    if (kind !== 0 && expected !== null) {
      expectedReply(expected, original, tuple);
    } else {
      tuple.copy(original);
      tuple.reverse();
    }
    // Where nobody is translated the inverse is free, for nobody has the original one.
    if (connections.ownReplies === 0 || connections.find(tuple, now_ms) < 0) return why.none;
    counters.tuple_taken++;
    return why.tuple_taken;
  }

  private translated(original: Tuple, nat: NatRequest, now_ms: number): number {
    const found = this.chooser.choose(original, nat, this.tuple, now_ms);
    if (!found) {
      this.counters.nat_exhausted++;
      if (!this.exhausted) this.log.warn('NAT is exhausted: no address and port are free; connections are not stored');
    }
    this.exhausted = !found;
    return found ? why.none : why.nat_exhausted;
  }
}
