/**
 * What the learn actions of the flows that are there ask of the tables: how many flows they count under a cookie, and
 * which cookies belong to them, so that what they have taught can go with them (delete_learned, ovs-actions(7)).
 */
import { flattened, type Instructions, type Learn, lastAsked } from '../nxm/index.js';
import type { Flow } from './flow.js';

/** Flows by cookie, in a table that learn actions count in. */
interface Counted {
  watchers: number;
  readonly byCookie: Map<bigint, number>;
}

/** A cookie in a table whose last teacher has gone. */
export interface Orphans {
  readonly tableId: number;
  readonly cookie: bigint;
}

export interface LessonEvents {
  flowsOf(tableId: number): Iterable<Flow>;
  /** The flows of a table in which learn actions count are others. */
  counted(): void;
}

/** Does the action depend on how many flows there are? */
const counts = ({ limit, result }: Learn) => limit > 0 || result !== null;
const keyOf = ({ table, cookie }: Learn) => `${table}/${cookie}`;

export class Lessons {
  private readonly tables = new Map<number, Counted>();
  /** How many learn actions with delete_learned there are for a cookie in a table. */
  private readonly teachers = new Map<string, number>();
  private readonly left = new Map<string, Learn>();

  constructor(private readonly events: LessonEvents) {}

  /** A flow is in its table, with instructions that count from now on. */
  enter(flow: Flow): void {
    this.count(flow, 1);
    for (const learn of learnsIn(flow.instructions)) {
      if (learn.deleteLearned) this.teach(learn);
      if (counts(learn)) this.watch(learn.table);
    }
  }

  /** It is out of its table, or about to do something else. */
  leave(flow: Flow): void {
    this.count(flow, -1);
    for (const learn of learnsIn(flow.instructions)) {
      if (learn.deleteLearned) this.stopTeaching(learn);
      if (counts(learn)) this.unwatch(learn.table);
    }
  }

  /** Flows of a table with a cookie; 0 where nobody asked to count. */
  countOf(tableId: number, cookie: bigint): number {
    return this.tables.get(tableId)?.byCookie.get(cookie) ?? 0;
  }

  /** Cookies that have lost their last teacher since the last call. */
  takeOrphans(): Orphans[] {
    if (this.left.size === 0) return [];
    const orphans = [...this.left].filter(([key]) => !this.teachers.has(key));
    this.left.clear();
    return orphans.map(([, { table, cookie }]) => ({ tableId: table, cookie }));
  }

  private count({ tableId, cookie }: Flow, by: 1 | -1): void {
    const counted = this.tables.get(tableId);
    if (!counted) return;
    counted.byCookie.set(cookie, (counted.byCookie.get(cookie) ?? 0) + by);
    if (counted.byCookie.get(cookie) === 0) counted.byCookie.delete(cookie);
    this.events.counted();
  }

  private watch(tableId: number): void {
    const known = this.tables.get(tableId);
    if (known) {
      known.watchers++;
      return;
    }
    const byCookie = new Map<bigint, number>();
    for (const { cookie } of this.events.flowsOf(tableId)) byCookie.set(cookie, (byCookie.get(cookie) ?? 0) + 1);
    this.tables.set(tableId, { watchers: 1, byCookie });
  }

  private unwatch(tableId: number): void {
    const counted = this.tables.get(tableId);
    if (counted && --counted.watchers === 0) this.tables.delete(tableId);
  }

  private teach(learn: Learn): void {
    const key = keyOf(learn);
    this.teachers.set(key, (this.teachers.get(key) ?? 0) + 1);
  }

  private stopTeaching(learn: Learn): void {
    const key = keyOf(learn);
    const others = (this.teachers.get(key) ?? 1) - 1;
    if (others > 0) {
      this.teachers.set(key, others);
      return;
    }
    this.teachers.delete(key);
    this.left.set(key, learn);
  }
}

/** The learn actions of instructions; the action set has none. */
const learnsIn = lastAsked(({ apply = [] }: Instructions): readonly Learn[] => {
  return [...flattened(apply)].filter((action) => action.type === 'learn');
});
