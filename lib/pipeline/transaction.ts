/**
 * Changes that are made together or not at all: while one is under way, whoever changes something notes how to undo
 * it, and what is to be told of it waits. Nothing else runs meanwhile: no packet sees a part of it.
 */
export class Transaction {
  /** How to undo what was done, the oldest first: a function, and the two things that it is called with. */
  private undo: unknown[] = [];
  /** What is to be done once, when all has been undone. */
  private readonly undone = new Set<() => void>();
  /** What is to be told when all is done. */
  private later: (() => void)[] = [];
  /** Is one under way? Without one there is nothing to note. */
  active = false;

  /** Notes how to undo what was just done. Bundles have flows by the hundred thousand: nothing is made for a note. */
  did<A, B>(undo: (a: A, b: B) => void, a: A, b: B): void {
    this.undo.push(undo, a, b);
  }

  /** Has a job run behind all that is undone; once, however often it is asked for. */
  whenUndone(job: () => void): void {
    if (this.active) this.undone.add(job);
  }

  /** Runs a job now, or, within a transaction, when all is done. */
  afterwards(job: () => void): void {
    if (this.active) this.later.push(job);
    else job();
  }

  /** Runs a job whole. Where it throws, what it did is undone, and it throws the same. */
  run(job: () => void): void {
    this.active = true;
    try {
      job();
    } catch (error) {
      this.active = false;
      const { undo } = this;
      this.undo = [];
      for (let i = undo.length - 3; i >= 0; i -= 3)
        (undo[i] as (a: unknown, b: unknown) => void)(undo[i + 1], undo[i + 2]);
      for (const each of this.undone) each();
      this.undone.clear();
      this.later = [];
      throw error;
    }
    const { later } = this;
    this.active = false;
    this.undo = [];
    this.undone.clear();
    this.later = [];
    for (const each of later) each();
  }
}
