/** A flow in a table: what a controller asked for, and what became of it. */
import type { Credit } from '../datapath/cache.js';
import type { Instructions, Match } from '../nxm/index.js';
import { type Clause, clausesOf } from './conjunctions.js';
import type { FlowView } from './types.js';

export class Flow implements Credit {
  packets = 0;
  bytes = 0;
  used_ms: number;
  /** The next flow of the same match and lower priority, in the classifier. */
  next: Flow | null = null;
  /** Of its match's values, in the classifier. */
  hash = 0;
  /** True once it is out of its table. */
  removed = false;
  /** How many changes of flows there had been when it was added, and when it was last changed (itself counted). */
  serial = 0;
  changed = 0;
  /** When the hard timeout began: the flow was added, or learned again. */
  modified_ms: number;

  private does: Instructions;
  /** Its parts in conjunctions, for a flow that doesn't match by itself; else null. */
  clauses: readonly Clause[] | null;

  constructor(
    readonly tableId: number,
    readonly priority: number,
    readonly match: Match,
    instructions: Instructions,
    public cookie: bigint,
    public idleTimeout_s: number,
    public hardTimeout_s: number,
    public flags: number,
    public created_ms: number,
  ) {
    this.does = instructions;
    this.clauses = clausesOf(instructions);
    this.used_ms = created_ms;
    this.modified_ms = created_ms;
  }

  get instructions(): Instructions {
    return this.does;
  }

  set instructions(instructions: Instructions) {
    this.does = instructions;
    this.clauses = clausesOf(instructions);
  }

  view(now_ms: number): FlowView {
    const { tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags, packets, bytes } =
      this;
    return {
      tableId,
      priority,
      match,
      instructions,
      cookie,
      idleTimeout_s,
      hardTimeout_s,
      flags,
      duration_ms: now_ms - this.created_ms,
      idle_ms: now_ms - this.used_ms,
      packets,
      bytes,
    };
  }
}
