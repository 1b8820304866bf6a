/** A flow table: its classifier, its flows in the order they were added, and its counters. */
import type { Lookup } from '../datapath/cache.js';
import type { FlowMod, Match } from '../nxm/index.js';
import { Classifier } from './classifier.js';
import type { Flow } from './flow.js';
import type { TableLimits } from './types.js';

/** Most flows of a table, unless a controller wants less; one more is refused with TABLE_FULL. */
export const MAX_FLOWS = 1_000_000;

export class Table implements Lookup {
  lookups = 0;
  matched = 0;
  /** False: a controller has taken it out of the pipeline. */
  present = true;
  maxEntries = MAX_FLOWS;
  limits: TableLimits | null = null;
  classifier = new Classifier();
  count = 0;
  /** The ends of the order in which flows were added. */
  private first: Flow | null = null;
  private last: Flow | null = null;

  constructor(readonly id: number) {}

  /** All flows, in the order in which they were added. One that is in hand may be removed. */
  *flows(): Generator<Flow> {
    for (let flow = this.first; flow !== null; ) {
      const { after }: Flow = flow;
      yield flow;
      flow = after;
    }
  }

  add(flow: Flow): void {
    this.classifier.add(flow);
    flow.before = this.last;
    flow.after = null;
    if (this.last === null) this.first = flow;
    else this.last.after = flow;
    this.last = flow;
    this.count++;
  }

  remove(flow: Flow): void {
    this.classifier.remove(flow);
    const { before, after } = flow;
    if (before === null) this.first = after;
    else before.after = after;
    if (after === null) this.last = before;
    else after.before = before;
    flow.before = null;
    flow.after = null;
    this.count--;
    flow.removed = true;
  }

  /** Takes out all flows. */
  clear(): void {
    for (const flow of this.flows()) {
      flow.before = null;
      flow.after = null;
      flow.removed = true;
    }
    this.first = null;
    this.last = null;
    this.count = 0;
    this.classifier.abandon();
    this.classifier = new Classifier();
  }

  /** Flows that a modify or delete means: exactly one match and priority, or all within the match. */
  meant(change: FlowMod): Flow[] {
    if (change.command === 'modify_strict' || change.command === 'delete_strict') {
      const flow = this.classifier.exact(change.match, change.priority);
      return flow ? [flow] : [];
    }
    return this.within(change.match);
  }

  within(match: Match): Flow[] {
    return match.shape.words.length === 0 ? [...this.flows()] : [...this.classifier.within(match)];
  }
}
