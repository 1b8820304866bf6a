/**
 * The classifier of one table: tuple space search. Flows with the same mask form a subtable (subtable.ts), a hash table
 * over their masked values; flows that differ only in priority hang together, highest first. A lookup visits the
 * subtables from the highest priority that they hold downwards, and stops where no better flow can come.
 *
 * Each visited subtable's mask is ored into `seen`: the lookup's outcome holds for every packet that agrees in those
 * bits, because a packet that agrees hashes to the same buckets. A spec compares with a linear search over all flows.
 *
 * Flows with conjunction actions don't match by themselves (conjunctions.ts). A lookup gathers them on its way, one a
 * subtable; where those of the highest priority complete a conjunction, it looks once more, with conj_id set. So their
 * cost is that of the subtables of each dimension, and of one more lookup: it adds, and doesn't multiply.
 */

import type { Match } from '../nxm/index.js';
import { slots } from '../packet/key.js';
import { type MaskShape, sameShape } from '../packet/shape.js';
import { CONJ_WORD, completed } from './conjunctions.js';
import type { Flow } from './flow.js';
import { Subtable } from './subtable.js';

const TYPE_WORD = slots.packet_type.at >> 2;

export class Classifier {
  /** Highest priority first. */
  private subtables: Subtable[] = [];
  count = 0;
  /** What a lookup meets of conjunctions; empty between lookups. */
  private readonly parts: Flow[] = [];
  /** Subtables that lookups have asked, for measurements. */
  visits = 0;

  /**
   * The flow of the highest priority that fits, or null; ors the bits that decided into `seen`, but for those of
   * conj_id, which the others decide. The key is as before when it returns.
   */
  find(key: Uint32Array, seen: Uint32Array): Flow | null {
    const { parts } = this;
    const best = this.search(key, seen, parts);
    const found = parts.length === 0 ? best : this.findConjunctive(key, seen, parts.splice(0), best);
    seen[CONJ_WORD] = 0;
    return found;
  }

  /**
   * The best flow that matches by itself; what belongs to conjunctions of higher priority is added to `parts`, if it is
   * asked for.
   */
  private search(key: Uint32Array, seen: Uint32Array, parts: Flow[] | null): Flow | null {
    let best: Flow | null = null;
    const typed = key[TYPE_WORD] !== 0;
    for (const subtable of this.subtables) {
      if (typed && subtable.ethernet) continue;
      if (best !== null && best.priority >= subtable.maxPriority) break;
      const { words, bits } = subtable.shape;
      for (let i = 0; i < words.length; i++) seen[words[i]] |= bits[i];
      this.visits++;
      const flow = subtable.find(key);
      if (flow === null || (best !== null && flow.priority <= best.priority)) continue;
      if (flow.clauses === null) best = flow;
      else parts?.push(flow);
    }
    return best;
  }

  /**
   * The flow behind the conjunction of the highest priority that is complete, if that is higher than that of `best`,
   * which matches by itself. A flow with the match of one that was passed over may lie below it.
   */
  private findConjunctive(key: Uint32Array, seen: Uint32Array, parts: Flow[], best: Flow | null): Flow | null {
    for (;;) {
      const floor = best?.priority ?? -1;
      parts = parts.filter((flow) => flow.priority > floor);
      if (parts.length === 0) return best;
      const priority = parts.reduce((most, flow) => Math.max(most, flow.priority), -1);
      const highest = parts.filter((flow) => flow.priority === priority);
      for (const word of completed(highest)) {
        const before = key[CONJ_WORD];
        key[CONJ_WORD] = word;
        const found = this.search(key, seen, null);
        key[CONJ_WORD] = before;
        if (found !== null) return found;
      }
      parts = parts.filter((flow) => flow.priority < priority);
      for (const { next } of highest) {
        if (next === null) continue;
        if (next.clauses !== null) parts.push(next);
        else if (best === null || next.priority > best.priority) best = next;
      }
    }
  }

  /** The flow with exactly this match and priority, or null. */
  exact(match: Match, priority: number): Flow | null {
    for (let flow = this.subtable(match.shape)?.chain(match.values) ?? null; flow; flow = flow.next) {
      if (flow.priority === priority) return flow;
    }
    return null;
  }

  /** Flows within `match`. */
  *within(match: Match): Generator<Flow> {
    for (const subtable of this.subtables) {
      if (!covers(subtable.shape, match.shape)) continue;
      yield* subtable.within(match);
    }
  }

  /** Is there a flow of this priority that a packet of `match` could also meet? */
  overlaps(match: Match, priority: number): boolean {
    for (const subtable of this.subtables) {
      if (subtable.maxPriority < priority) break;
      for (const flow of subtable.flows()) if (flow.priority === priority && flow.match.overlaps(match)) return true;
    }
    return false;
  }

  add(flow: Flow): void {
    let subtable = this.subtable(flow.match.shape);
    if (!subtable) {
      subtable = new Subtable(flow.match.shape);
      this.subtables.push(subtable);
    }
    const before = subtable.maxPriority;
    subtable.add(flow);
    if (subtable.maxPriority !== before) this.sort();
    this.count++;
  }

  remove(flow: Flow): void {
    const subtable = flow.subtable as Subtable;
    const before = subtable.maxPriority;
    subtable.remove(flow);
    if (subtable.count === 0) this.subtables.splice(this.subtables.indexOf(subtable), 1);
    else if (subtable.maxPriority !== before) this.sort();
    this.count--;
  }

  /** Forgets all flows. */
  abandon(): void {
    for (const subtable of this.subtables) subtable.abandon();
  }

  private subtable(shape: MaskShape): Subtable | undefined {
    return this.subtables.find((s) => sameShape(s.shape, shape));
  }

  private sort(): void {
    this.subtables.sort((a, b) => b.maxPriority - a.maxPriority);
  }
}

/** Does `shape` have all the bits of `wanted`? */
function covers(shape: MaskShape, wanted: MaskShape): boolean {
  for (let i = 0, j = 0; i < wanted.words.length; i++) {
    while (j < shape.words.length && shape.words[j] < wanted.words[i]) j++;
    if (j === shape.words.length || shape.words[j] !== wanted.words[i] || wanted.bits[i] & ~shape.bits[j]) return false;
  }
  return true;
}
