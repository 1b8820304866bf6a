/**
 * Expectations: connections that others announced. One names a tuple whose source port is open; it doesn't expire, may
 * be used again, and ends with its parent. Bounded for each parent, where the oldest makes way, and in all, where no
 * more are taken.
 */
import type { Tuple } from './tuple.js';

/** Expectations of one parent. */
export const MAX_OF_PARENT = 64;
/** Expectations of all. */
export const MAX_EXPECTATIONS = 100_000;

export interface Expectation {
  /** As the first packet comes, with source port 0. */
  readonly tuple: Tuple;
  /** The parent's record and its serial number. */
  readonly parent: number;
  readonly serial: number;
  /** SNAT, DNAT or 0: how the connection is translated if its commit asks for it. */
  readonly kind: number;
  /** The reply tuple it has then; its source's side of the ports is open as long as nothing is stored. */
  readonly reply: Tuple;
}

/** What became of connections that others announced. */
export interface ExpectationCounters {
  /** Now. */
  expected: number;
  /** Not taken, for there were too many; dropped for newer ones of their parent. */
  refused: number;
  replaced: number;
}

export class Expectations {
  readonly counters: ExpectationCounters = { expected: 0, refused: 0, replaced: 0 };
  private readonly byHash = new Map<number, Expectation[]>();
  private readonly byParent = new Map<number, Expectation[]>();

  /** Where else to look: the expectations of another table, as they hold here. */
  private elsewhere: ((tuple: Tuple) => Expectation | null) | null = null;

  constructor(private readonly seed: number) {}

  /** What isn't found here is asked of `elsewhere`. */
  readThrough(elsewhere: (tuple: Tuple) => Expectation | null): void {
    this.elsewhere = elsewhere;
  }

  /** What was announced for a connection that begins with `tuple`. */
  find(tuple: Tuple): Expectation | null {
    if (this.counters.expected === 0) return this.elsewhere === null ? null : this.elsewhere(tuple);
    const { ports, reversePorts } = tuple;
    tuple.setPorts(0, ports & 0xffff);
    const list = this.byHash.get(tuple.hash(this.seed));
    const found = list?.find((expected) => expected.tuple.equals(tuple)) ?? null;
    tuple.ports = ports;
    tuple.reversePorts = reversePorts;
    return found !== null || this.elsewhere === null ? found : this.elsewhere(tuple);
  }

  /** Adds one; the same tuple isn't taken twice. */
  add(expectation: Expectation): void {
    const { tuple, parent } = expectation;
    if (this.find(tuple) !== null) return;
    if (this.counters.expected >= MAX_EXPECTATIONS) {
      this.counters.refused++;
      return;
    }
    let siblings = this.byParent.get(parent);
    if (siblings === undefined) {
      siblings = [];
      this.byParent.set(parent, siblings);
    }
    if (siblings.length >= MAX_OF_PARENT) {
      this.counters.replaced++;
      this.forget(siblings.shift() as Expectation);
    }
    siblings.push(expectation);
    const hash = tuple.hash(this.seed);
    const list = this.byHash.get(hash);
    if (list === undefined) this.byHash.set(hash, [expectation]);
    else list.push(expectation);
    this.counters.expected++;
  }

  /** Ends those of a parent. */
  end(parent: number): void {
    const siblings = this.byParent.get(parent);
    if (siblings === undefined) return;
    this.byParent.delete(parent);
    for (const expectation of siblings) this.forget(expectation);
  }

  private forget(expectation: Expectation): void {
    const hash = expectation.tuple.hash(this.seed);
    const left = this.byHash.get(hash)?.filter((other) => other !== expectation) ?? [];
    if (left.length === 0) this.byHash.delete(hash);
    else this.byHash.set(hash, left);
    this.counters.expected--;
  }
}
