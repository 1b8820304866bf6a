/**
 * Flows that packets teach (learn of ovs-actions(7)): put into their table or refreshed there, within the action's
 * limit and the table's. What may not be added is counted, and said in the log once a minute.
 */
import { type Log, OpenFlowError, toHex, Writer } from '../bytes/index.js';
import {
  type FlowSettings,
  flowBytes,
  type Instructions,
  MAX_FLOW_MOD_BYTES,
  writeInstructions,
} from '../nxm/index.js';
import type { Flow } from './flow.js';
import type { Table } from './table.js';

/** A flow that learn makes of a packet. */
export interface LearnedFlow extends FlowSettings {
  /** Most flows with this cookie in the table, 0 any number. */
  readonly limit: number;
}

/** What effects of a translation ask for, and, of `wouldLearn`, the translation itself. */
export interface Teaching {
  /** The flow as it stands in its table; null where it may not. */
  learn(wanted: LearnedFlow, now_ms: number): Flow | null;
  /** Would it be learned, after what the same packet has learned before? Changes nothing. */
  wouldLearn(wanted: LearnedFlow, before: readonly LearnedFlow[]): boolean;
  /** Timeouts are these at most from now on, s; 0 leaves one as it is. */
  shorten(flow: Flow, idle_s: number, hard_s: number): void;
}

/** What learning does to flow tables. */
export interface LearnedTables {
  readonly tables: readonly Table[];
  /** Flows of a table with a cookie, where a limit asks for them. */
  countOf(tableId: number, cookie: bigint): number;
  /** Throws OpenFlowError where the table, as it was configured, can't hold the flow. */
  add(flow: LearnedFlow, now_ms: number): Flow;
  /** The flow does something else from now on, under another cookie. */
  change(flow: Flow, instructions: Instructions, cookie: bigint, now_ms: number): void;
  /** A flow's timeouts are shorter than they were. */
  hurry(flow: Flow): void;
}

/** How often the log tells of what wasn't learned, ms. */
const TELL_MS = 60_000;
/** The cookie of flows that change others and are never added. */
const NO_COOKIE = 0xffffffffffffffffn;

export class Learner implements Teaching {
  /** Flows that were not learned: beyond the limit of the action, or of the table. */
  readonly refused = { limit: 0, table: 0 };
  private told_ms = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly target: LearnedTables,
    private readonly log: Log,
  ) {}

  learn(wanted: LearnedFlow, now_ms: number): Flow | null {
    const { tableId, match, priority, instructions, cookie } = wanted;
    const table = this.target.tables[tableId];
    const old = table?.present ? table.classifier.exact(match, priority) : null;
    if (old !== null && isSame(old, wanted)) {
      old.modified_ms = now_ms;
      return old;
    }
    if (this.isBeyond(wanted, [])) return this.refuse('limit', wanted, 'its limit is reached', now_ms);
    if (isTooLong(wanted)) return this.refuse('table', wanted, 'it has no room in statistics', now_ms);
    if (old !== null) {
      this.target.change(old, instructions, cookie === NO_COOKIE ? old.cookie : cookie, now_ms);
      return old;
    }
    if (cookie === NO_COOKIE) return null;
    try {
      return this.target.add(wanted, now_ms);
    } catch (error) {
      if (error instanceof OpenFlowError) return this.refuse('table', wanted, error.why, now_ms);
      throw error;
    }
  }

  wouldLearn(wanted: LearnedFlow, before: readonly LearnedFlow[]): boolean {
    const table = this.target.tables[wanted.tableId];
    if (!table?.present) return false;
    const old = table.classifier.exact(wanted.match, wanted.priority);
    if (old !== null && isSame(old, wanted)) return true;
    const added = before.filter((flow) => isAdded(flow, table));
    if (added.some((flow) => flow.priority === wanted.priority && flow.match.equals(wanted.match))) return true;
    return (
      !this.isBeyond(wanted, added) &&
      !isTooLong(wanted) &&
      (old !== null || table.count + added.length < table.maxEntries)
    );
  }

  private isBeyond({ limit, tableId, cookie }: LearnedFlow, added: readonly LearnedFlow[]): boolean {
    if (limit === 0) return false;
    const more = added.filter((flow) => flow.cookie === cookie).length;
    return this.target.countOf(tableId, cookie) + more >= limit;
  }

  private refuse(kind: keyof Learner['refused'], { tableId, cookie }: LearnedFlow, why: string, now_ms: number): null {
    this.refused[kind]++;
    if (now_ms - this.told_ms >= TELL_MS) {
      this.told_ms = now_ms;
      const { limit, table } = this.refused;
      const flow = `a flow for table ${tableId} with the cookie 0x${cookie.toString(16)}`;
      this.log.warn(`learn: ${flow} is not added: ${why} (${limit + table} so far)`);
    }
    return null;
  }

  shorten(flow: Flow, idle_s: number, hard_s: number): void {
    const idle = shorter(flow.idleTimeout_s, idle_s);
    const hard = shorter(flow.hardTimeout_s, hard_s);
    if (idle === flow.idleTimeout_s && hard === flow.hardTimeout_s) return;
    flow.idleTimeout_s = idle;
    flow.hardTimeout_s = hard;
    if (!flow.removed) this.target.hurry(flow);
  }
}

/** A flow with fewer actions is short enough, whatever they are. */
const FEW_ACTIONS = 200;

function isTooLong({ match, instructions }: LearnedFlow): boolean {
  return (instructions.apply?.length ?? 0) > FEW_ACTIONS && flowBytes(match, instructions) > MAX_FLOW_MOD_BYTES;
}

/** A timeout within a bound; 0 is no timeout, or no bound. */
function shorter(timeout_s: number, most_s: number): number {
  return most_s !== 0 && (timeout_s === 0 || timeout_s > most_s) ? most_s : timeout_s;
}

/** Is it a flow that goes into the table anew? */
function isAdded({ tableId, match, priority }: LearnedFlow, table: Table): boolean {
  return tableId === table.id && table.classifier.exact(match, priority) === null;
}

/** Is the flow what is to be learned, to its timeouts and actions? */
function isSame(flow: Flow, { idleTimeout_s, hardTimeout_s, flags, cookie, instructions }: LearnedFlow): boolean {
  return (
    flow.idleTimeout_s === idleTimeout_s &&
    flow.hardTimeout_s === hardTimeout_s &&
    flow.flags === flags &&
    (cookie === NO_COOKIE || flow.cookie === cookie) &&
    (flow.instructions === instructions || bytesOf(flow.instructions) === bytesOf(instructions))
  );
}

function bytesOf(instructions: Instructions): string {
  const w = new Writer();
  writeInstructions(w, instructions);
  return toHex(w.done());
}
