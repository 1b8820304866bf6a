/** A flow that stands in a table, as plain data: what statistics, dumps, events and traces speak of. */
import type { Instructions } from './instruction.js';
import type { Match } from './match.js';

/** What a controller said of it. */
export interface FlowSettings {
  readonly tableId: number;
  readonly priority: number;
  readonly match: Match;
  readonly instructions: Instructions;
  readonly cookie: bigint;
  readonly idleTimeout_s: number;
  readonly hardTimeout_s: number;
  /** OFPFF_* bits. */
  readonly flags: number;
}

/** What became of it. */
export interface FlowCounters {
  /** null: not counted. */
  readonly packets: number | null;
  readonly bytes: number | null;
}

export interface FlowRow extends FlowSettings, FlowCounters {
  /** How long the flow has been there. */
  readonly duration_ms: number;
}
