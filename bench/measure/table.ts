/**
 * What a benchmark hands back: titled tables of rows, each figure with what every round of it came to. Medians, ratios
 * and whether a goal is reached follow from these, here and nowhere else.
 */

/** A figure of one measurement, or of each round. */
export type Rounds = number | readonly number[];

/** What a row's figure has to be. */
export interface Goal {
  /** The column that is judged; "ratio" unless told. */
  readonly of?: string;
  readonly least?: number;
  readonly most?: number;
  /** How it is told, where that isn't the number alone: "within 1.3×". */
  readonly words?: string;
}

export interface Row {
  readonly what: string;
  /** Column → figure, in the table's unit. Where both switches have one, their ratio follows from it. */
  readonly figures: Readonly<Record<string, Rounds>>;
  /** Of both switches, that with more is the better one, unless told. */
  readonly better?: 'more' | 'less';
  readonly goal?: Goal;
  /** Where it stands in the table's plot. */
  readonly x?: number;
}

export interface Table {
  readonly title: string;
  /** What the figures are counted in; a ratio is none. */
  readonly unit: string;
  readonly rows: readonly Row[];
  /** How it was measured, in a sentence or two. */
  readonly how: string;
  /** It is drawn: what stands below, and the columns that become lines (all unless told). */
  readonly plot?: { readonly x: string; readonly columns?: readonly string[]; readonly logarithmic?: boolean };
}

/** Measures; `rounds` is how often each figure is taken. */
export type Benchmark = (rounds: number) => Promise<Table[]>;

export const THEIRS = 'Open vSwitch';
export const OURS = 'ctswitch';
export const RATIO = 'ratio';

/** The middle of several figures; NaN of none. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A row's figure: the median of its rounds, or the ratio; undefined where there is none. */
export function figureOf(row: Row, column: string): number | undefined {
  const rounds = row.figures[column];
  if (typeof rounds === 'number') return rounds;
  if (rounds !== undefined) return median(rounds);
  return column === RATIO ? ratioOf(row) : undefined;
}

/**
 * How many times as good as Open vSwitch, of the medians; above 1 is in our favour, whichever way is better. Undefined
 * where one of both has nothing: there is no multiple of that.
 */
function ratioOf(row: Row): number | undefined {
  const [theirs, ours] = [THEIRS, OURS].map((name) => row.figures[name] !== undefined && figureOf(row, name));
  if (!theirs || !ours) return undefined;
  return row.better === 'less' ? theirs / ours : ours / theirs;
}

/** The columns of a table: both switches and their ratio, then what else there is. */
export function columnsOf({ rows }: Table): string[] {
  const named = new Set(rows.flatMap((row) => Object.keys(row.figures)));
  if (rows.some((row) => figureOf(row, RATIO) !== undefined)) named.add(RATIO);
  const first = [THEIRS, OURS, RATIO].filter((name) => named.has(name));
  return [...first, ...[...named].filter((name) => !first.includes(name))];
}

/**
 * The figure that a row's goal is about; undefined where there is no goal, or nothing to judge. What Open vSwitch can't
 * do at all counts as beyond any ratio.
 */
export function judged(row: Row): number | undefined {
  if (!row.goal) return undefined;
  const figure = figureOf(row, row.goal.of ?? RATIO);
  const beyond = row.goal.of === undefined && figureOf(row, THEIRS) === 0 && (figureOf(row, OURS) ?? 0) > 0;
  return figure ?? (beyond ? Number.POSITIVE_INFINITY : undefined);
}

/** Is a row's goal reached? */
export function reached(row: Row): boolean {
  const figure = judged(row);
  if (figure === undefined || Number.isNaN(figure)) return false;
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = row.goal ?? {};
  return figure >= least && figure <= most;
}
