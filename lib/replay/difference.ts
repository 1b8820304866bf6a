/**
 * Where two messages in normal form differ, member by member. Rows of a reply have no order of their own unless
 * `strict`: equal ones are paired first, then those of the same thing (a flow by table, priority and match, a port by
 * its number, …).
 */
import type { Json } from '../view/index.js';

/** One member that differs; undefined on the side that lacks it. */
export interface FieldDifference {
  /** "change.match", "body.rows[3].actions". */
  readonly path: string;
  readonly recorded: Json | undefined;
  readonly played: Json | undefined;
}

type Members = Readonly<Record<string, Json>>;

/** What tells rows apart. */
const IDENTITY = ['table_id', 'priority', 'match', 'number', 'port', 'group_id', 'meter_id', 'queue_id'];

/** The same JSON? */
export function isSame(a: Json, b: Json, strict = false): boolean {
  return differences(a, b, strict).length === 0;
}

/** Every member that differs; none where both are the same. */
export function differences(recorded: Json, played: Json, strict = false): FieldDifference[] {
  const found: FieldDifference[] = [];
  compare('', recorded, played, strict, found);
  return found;
}

function compare(
  path: string,
  a: Json | undefined,
  b: Json | undefined,
  strict: boolean,
  found: FieldDifference[],
): void {
  if (a === b) return;
  if (Array.isArray(a) && Array.isArray(b)) {
    compareLists(path, a, b, strict, found);
  } else if (isMembers(a) && isMembers(b)) {
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      compare(path === '' ? name : `${path}.${name}`, a[name], b[name], strict, found);
    }
  } else {
    found.push({ path, recorded: a, played: b });
  }
}

function compareLists(
  path: string,
  a: readonly Json[],
  b: readonly Json[],
  strict: boolean,
  found: FieldDifference[],
): void {
  const rows = !strict && /(^|\.)rows$/.test(path);
  const [left, right] = rows ? withoutEqual(a, b) : [[...a], [...b]];
  if (!rows) {
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      compare(`${path}[${i}]`, left[i], right[i], strict, found);
    }
    return;
  }
  for (const row of left) {
    const id = identityOf(row);
    const place = right.findIndex((other) => identityOf(other) === id);
    const [other] = place < 0 ? [undefined] : right.splice(place, 1);
    compare(`${path}[${id}]`, row, other, strict, found);
  }
  for (const row of right) found.push({ path: `${path}[${identityOf(row)}]`, recorded: undefined, played: row });
}

/** The rows of each side that the other hasn't. */
function withoutEqual(a: readonly Json[], b: readonly Json[]): [Json[], Json[]] {
  const counts = new Map<string, number>();
  for (const row of b) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1);
  const left = a.filter((row) => !taken(counts, row));
  const right = b.filter((row) => taken(counts, row));
  return [left, right];
}

function taken(counts: Map<string, number>, row: Json): boolean {
  const text = JSON.stringify(row);
  const count = counts.get(text) ?? 0;
  if (count > 0) counts.set(text, count - 1);
  return count > 0;
}

function identityOf(row: Json): string {
  if (!isMembers(row)) return JSON.stringify(row);
  const names = IDENTITY.filter((name) => name in row);
  return names.map((name) => `${name}=${String(row[name])}`).join(' ');
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
