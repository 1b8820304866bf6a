/**
 * The report as data (docs/benchmarks.json, schema bench@1): an entry a benchmark, with when and where it was made, so
 * that it can be renewed in pieces. What is read is checked, since people merge it by hand.
 */
import type { Table } from '../measure/table.js';

export const SCHEMA = 'bench@1';
/** Where others use more of the processors, figures are told to be doubtful. */
export const BUSY = 0.2;

/** One benchmark's tables, and what they were measured on. */
export interface Entry {
  readonly bench: string;
  /** ISO 8601. */
  readonly date: string;
  readonly commit: string;
  /** Processors, Node and Open vSwitch. */
  readonly machine: string;
  /** The machine's load average of one minute when it began; benchmarks before it count. */
  readonly load: number;
  /** Processors that others kept busy in the two seconds before it began. */
  readonly busy: number;
  /** How long it took. */
  readonly seconds: number;
  readonly rounds: number;
  readonly tables: readonly Table[];
}

export interface Report {
  readonly schema: typeof SCHEMA;
  readonly entries: readonly Entry[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isFigures = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((rounds) => [rounds].flat().every((n) => typeof n === 'number'));

const isRow = (value: unknown): boolean =>
  isObject(value) && typeof value.what === 'string' && isFigures(value.figures);

const isTable = (value: unknown): boolean =>
  isObject(value) &&
  ['title', 'unit', 'how'].every((name) => typeof value[name] === 'string') &&
  Array.isArray(value.rows) &&
  value.rows.every(isRow);

const isEntry = (value: unknown): boolean =>
  isObject(value) &&
  ['bench', 'date', 'commit', 'machine'].every((name) => typeof value[name] === 'string') &&
  ['load', 'busy', 'seconds', 'rounds'].every((name) => typeof value[name] === 'number') &&
  Array.isArray(value.tables) &&
  value.tables.every(isTable);

/** Reads a report; throws an Error that says what is wrong with it. */
export function parseReport(text: string): Report {
  const value: unknown = JSON.parse(text);
  if (!isObject(value) || value.schema !== SCHEMA) throw new Error(`it isn't of schema ${SCHEMA}`);
  if (!Array.isArray(value.entries)) throw new Error('it has no entries');
  const wrong = value.entries.findIndex((entry) => !isEntry(entry));
  if (wrong >= 0) throw new Error(`entry ${wrong + 1} isn't one of a benchmark`);
  return { schema: SCHEMA, entries: value.entries as Entry[] };
}

/** Entries instead of those of the same benchmarks, in the order of `names`; what isn't named there any more goes. */
export function renewed(report: Report, entries: readonly Entry[], names: readonly string[]): Report {
  const all = new Map([...report.entries, ...entries].map((entry) => [entry.bench, entry]));
  return { schema: SCHEMA, entries: names.flatMap((name) => all.get(name) ?? []) };
}

/** As it is kept: a line a row, so that differences can be read. */
export function reportJson(report: Report): string {
  const rows: string[] = [];
  const kept = JSON.stringify(
    report,
    (key, value: unknown) => {
      if (typeof value === 'number') return Number(value.toPrecision(5));
      if (key !== 'rows' || !Array.isArray(value)) return value;
      return value.map((row: unknown) => `row ${rows.push(JSON.stringify(row, short)) - 1}`);
    },
    2,
  );
  return `${kept.replace(/"row (\d+)"/g, (_, n) => rows[Number(n)])}\n`;
}

function short(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}
