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
  private readonly order = new Set<Flow>();

  constructor(readonly id: number) {}

  get count(): number {
    return this.order.size;
  }

  flows(): Iterable<Flow> {
    return this.order;
  }

  add(flow: Flow): void {
    this.classifier.add(flow);
    this.order.add(flow);
  }

  remove(flow: Flow): void {
    this.classifier.remove(flow);
    this.order.delete(flow);
    flow.removed = true;
  }

  /** Takes out all flows. */
  clear(): void {
    for (const flow of this.order) flow.removed = true;
    this.order.clear();
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
    return match.shape.words.length === 0 ? [...this.order] : [...this.classifier.within(match)];
  }
}
