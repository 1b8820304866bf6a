/**
 * Conjunctive matches (ovs-fields(7), "conj_id"): flows with conjunction actions don't match by themselves. Each says
 * that a packet meets one of the alternatives in one dimension of a conjunction; when all dimensions of it are met by
 * flows of one priority, the packet is looked up once more with conj_id set. So n1 + n2 + … flows do the work of n1 ·
 * n2 · …
 *
 * Here is which conjunctions a set of such flows completes; the classifier finds the flows.
 */
import type { Instructions } from '../nxm/index.js';
import { Key, slots } from '../packet/key.js';

/** A flow's part in a conjunction. */
export interface Clause {
  readonly id: number;
  /** conj_id's word of the key for this id. */
  readonly word: number;
  readonly clause: number;
  readonly clauses: number;
}

/** Where conj_id stands in the key. */
export const CONJ_WORD = slots.conj_id.at >> 2;

const scratch = new Key();

/** The parts that a flow's instructions say; null where it matches by itself. */
export function clausesOf({ apply }: Instructions): readonly Clause[] | null {
  if (!apply?.some(({ type }) => type === 'conjunction')) return null;
  return apply.flatMap((action) => {
    if (action.type !== 'conjunction') return [];
    const { id, clause, clauses } = action;
    scratch.set(slots.conj_id, id);
    return [{ id, word: scratch.words[CONJ_WORD], clause, clauses }];
  });
}

/** Which dimensions of a conjunction are met, a bit each. */
class Progress {
  private low = 0;
  private high = 0;

  /** Meets one; are all met now? */
  meet({ clause, clauses }: Clause): boolean {
    if (clause < 32) this.low |= 1 << clause;
    else this.high |= 1 << (clause - 32);
    return this.low === allOf(Math.min(clauses, 32)) && this.high === allOf(Math.max(clauses - 32, 0));
  }
}

/** The lowest `n` bits, as a signed number. */
function allOf(n: number): number {
  return n >= 32 ? -1 : (1 << n) - 1;
}

/** The flows that a lookup met and that don't match by themselves. */
export interface Member {
  readonly clauses: readonly Clause[] | null;
}

/**
 * conj_id's words of the conjunctions that these flows, all of one priority, complete; each once. One of more
 * dimensions than there are flows can't be among them: a flow stands for one dimension.
 */
export function completed(members: readonly Member[]): number[] {
  const progress = new Map<number, Progress>();
  const words: number[] = [];
  for (const { clauses } of members) {
    for (const part of clauses ?? []) {
      if (part.clauses > members.length) continue;
      // Flows that don't agree in how many dimensions there are belong to different conjunctions.
      const conjunction = part.id * 128 + part.clauses;
      let met = progress.get(conjunction);
      if (!met) {
        met = new Progress();
        progress.set(conjunction, met);
      }
      if (met.meet(part) && !words.includes(part.word)) words.push(part.word);
    }
  }
  return words;
}
