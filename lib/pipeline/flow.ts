/**
 * A flow in a table: what a controller asked for, and what became of it. Tables have flows by the hundred thousand, so
 * one is a single object of small numbers: its match's values stand in its subtable, what its TLVs are made of is a
 * form that many flows share (match-form.ts), and times are whole milliseconds.
 */
import type { Credit } from '../datapath/cache.js';
import { type Instructions, Match, type MatchForm } from '../nxm/index.js';
import type { MaskShape } from '../packet/shape.js';
import { type Clause, clausesOf } from './conjunctions.js';
import type { Subtable } from './subtable.js';
import type { FlowView } from './types.js';

/** Where numbers stand in `numbers`: 16 bits of priority, 8 of table, 5 of flags, and these two. */
const TABLE_SHIFT = 16;
const FLAGS_SHIFT = 24;
const REMOVED = 1 << 29;
const CONJUNCTIVE = 1 << 30;

/** A time in whole milliseconds, as the engine keeps small numbers for as long as it can (24 days). */
function whole(ms: number): number {
  return ms >= 0 && ms < 0x40000000 ? ms | 0 : Math.floor(ms);
}

export class Flow implements Credit {
  packets = 0;
  bytes = 0;
  /** The next flow of the same match and lower priority, in the classifier. */
  next: Flow | null = null;
  /** Its neighbours in the table's order. */
  before: Flow | null = null;
  after: Flow | null = null;
  /** Where its values stand, while it is in a table, and in which place. */
  subtable: Subtable | null = null;
  place = 0;
  /** How many changes of flows there had been when it was added, and when it was last changed (itself counted). */
  serial = 0;
  changed = 0;

  /** The match itself, or in a table the form that makes it of its values there. */
  private source: Match | MatchForm;
  private does: Instructions;
  private numbers: number;
  private timeouts: number;
  private readonly created: number;
  private used: number;
  private modified: number;

  constructor(
    tableId: number,
    priority: number,
    match: Match,
    instructions: Instructions,
    public cookie: bigint,
    idleTimeout_s: number,
    hardTimeout_s: number,
    flags: number,
    created_ms: number,
  ) {
    this.source = match;
    this.does = instructions;
    this.numbers = priority | (tableId << TABLE_SHIFT) | (flags << FLAGS_SHIFT) | conjunctive(instructions);
    this.timeouts = idleTimeout_s | (hardTimeout_s << 16);
    this.created = whole(created_ms);
    this.used = this.created;
    this.modified = this.created;
  }

  get priority(): number {
    return this.numbers & 0xffff;
  }

  get tableId(): number {
    return (this.numbers >>> TABLE_SHIFT) & 0xff;
  }

  get flags(): number {
    return (this.numbers >>> FLAGS_SHIFT) & 0x1f;
  }

  /** True once it is out of its table. */
  get removed(): boolean {
    return (this.numbers & REMOVED) !== 0;
  }

  set removed(removed: boolean) {
    this.numbers = removed ? this.numbers | REMOVED : this.numbers & ~REMOVED;
  }

  get idleTimeout_s(): number {
    return this.timeouts & 0xffff;
  }

  set idleTimeout_s(seconds: number) {
    this.timeouts = (this.timeouts & ~0xffff) | seconds;
  }

  get hardTimeout_s(): number {
    return this.timeouts >>> 16;
  }

  set hardTimeout_s(seconds: number) {
    this.timeouts = (this.timeouts & 0xffff) | (seconds << 16);
  }

  get created_ms(): number {
    return this.created;
  }

  /** When a packet met it last. */
  get used_ms(): number {
    return this.used;
  }

  set used_ms(ms: number) {
    this.used = whole(ms);
  }

  /** When the hard timeout began: the flow was added, or learned again. */
  get modified_ms(): number {
    return this.modified;
  }

  set modified_ms(ms: number) {
    this.modified = whole(ms);
  }

  /** Which packets it is for. In a table it is made anew each time: for those who show it. */
  get match(): Match {
    const { source } = this;
    return source instanceof Match ? source : (this.subtable as Subtable).matchOf(this.place, source);
  }

  /** The words and bits that its match looks at. */
  get shape(): MaskShape {
    return this.subtable === null ? this.match.shape : this.subtable.shape;
  }

  /** A subtable has taken its values over. */
  settle(subtable: Subtable, place: number): void {
    this.subtable = subtable;
    this.place = place;
    if (this.source instanceof Match) this.source = this.source.form ?? this.source;
  }

  /** Its place in the subtable goes to another flow; the values are still there. */
  leave(): void {
    this.source = this.match;
    this.subtable = null;
  }

  get instructions(): Instructions {
    return this.does;
  }

  set instructions(instructions: Instructions) {
    this.does = instructions;
    this.numbers = (this.numbers & ~CONJUNCTIVE) | conjunctive(instructions);
  }

  /** Its parts in conjunctions, for a flow that doesn't match by itself; else null. */
  get clauses(): readonly Clause[] | null {
    return (this.numbers & CONJUNCTIVE) === 0 ? null : clausesOf(this.does);
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
      duration_ms: now_ms - this.created,
      idle_ms: now_ms - this.used,
      packets,
      bytes,
    };
  }
}

function conjunctive({ apply }: Instructions): number {
  return apply?.some(({ type }) => type === 'conjunction') ? CONJUNCTIVE : 0;
}
