/** What a benchmark hands back: a titled table, printed as Markdown for people and kept as JSON for programs. */

export interface Row {
  readonly what: string;
  /** Column → figure, in the table's unit. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface Table {
  readonly title: string;
  /** What the figures are counted in. */
  readonly unit: string;
  readonly rows: readonly Row[];
  /** How it was measured, in a sentence or two. */
  readonly how: string;
}

/** The middle of several figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A table as Markdown. */
export function markdown({ title, unit, rows, how }: Table): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row.figures)))];
  const cell = (value: number | undefined): string => (value === undefined ? '' : digits(value));
  return [
    `## ${title}`,
    '',
    `${how} In ${unit}.`,
    '',
    `| | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---:').join('|')}|`,
    ...rows.map(({ what, figures }) => `| ${what} | ${columns.map((name) => cell(figures[name])).join(' | ')} |`),
    '',
  ].join('\n');
}

function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
