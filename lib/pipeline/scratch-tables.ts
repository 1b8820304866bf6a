/**
 * Flow tables that packets teach without those of the real pipeline noticing: a table that something was learned in
 * stands in front of the real one and shows both. Conjunctions don't reach over the border: a flow that is learned as a
 * part of one, and parts that were there, don't meet.
 */
import { Classifier } from './classifier.js';
import { Flow } from './flow.js';
import type { LearnedFlow, Teaching } from './learner.js';
import { Table } from './table.js';

/** The cookie of flows that change others and are never added. */
const NO_COOKIE = 0xffffffffffffffffn;

class BothClassifiers extends Classifier {
  constructor(private readonly real: Classifier) {
    super();
  }

  override find(key: Uint32Array, seen: Uint32Array): Flow | null {
    const own = super.find(key, seen);
    const real = this.real.find(key, seen);
    if (own === null || real === null) return own ?? real;
    return own.priority >= real.priority ? own : real;
  }
}

class ScratchTable extends Table {
  override classifier: Classifier;

  constructor(readonly real: Table) {
    super(real.id);
    this.classifier = new BothClassifiers(real.classifier);
  }
}

export class ScratchTables implements Teaching {
  /** The real ones, until something is learned in them. */
  readonly tables: Table[];
  private readonly learned: LearnedFlow[] = [];

  constructor(
    real: readonly Table[],
    private readonly teaching: Teaching,
  ) {
    this.tables = [...real];
  }

  wouldLearn(wanted: LearnedFlow, before: readonly LearnedFlow[]): boolean {
    return this.teaching.wouldLearn(wanted, [...this.learned, ...before]);
  }

  learn(wanted: LearnedFlow, now_ms: number): Flow | null {
    if (!this.wouldLearn(wanted, [])) return null;
    const { tableId, priority, match, instructions, idleTimeout_s, hardTimeout_s, flags } = wanted;
    const there = this.tables[tableId].classifier.exact(match, priority);
    const real = this.realOf(tableId).classifier.exact(match, priority);
    const cookie = wanted.cookie === NO_COOKIE ? (there ?? real)?.cookie : wanted.cookie;
    if (cookie === undefined) return null;
    const table = this.scratch(tableId);
    const old = table.classifier.exact(match, priority);
    if (old !== null) table.remove(old);
    const flow = new Flow(tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags, now_ms);
    table.add(flow);
    this.learned.push(wanted);
    return flow;
  }

  /** Time stands still while packets are foretold: timeouts decide nothing. */
  shorten(): void {}

  private realOf(tableId: number): Table {
    const table = this.tables[tableId];
    return table instanceof ScratchTable ? table.real : table;
  }

  private scratch(tableId: number): Table {
    const table = this.tables[tableId];
    if (table instanceof ScratchTable) return table;
    const own = new ScratchTable(table);
    this.tables[tableId] = own;
    return own;
  }
}
