/** Tables and reports as Markdown, for people. */
import {
  columnsOf,
  figureOf,
  type Goal,
  judged,
  OURS,
  RATIO,
  type Row,
  reached,
  type Table,
  THEIRS,
} from '../measure/table.js';
import { BUSY, type Entry, type Report } from './report.js';

/** A figure with as many digits as mean something. */
export function digits(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '∞';
  if (value === 0) return '0';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A goal in words. */
export function goalText({ of, least, most, words }: Goal): string {
  if (words !== undefined) return words;
  const bound = least !== undefined ? `at least ${least}` : `at most ${most}`;
  return of === undefined ? `${bound}×` : bound;
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(head), `|---|${'---:|'.repeat(head.length - 1)}`, ...rows.map(line)];
}

/** A table with all of its columns. */
export function markdown(table: Table): string {
  const columns = columnsOf(table);
  const cell = (row: Row, column: string): string => {
    const figure = figureOf(row, column);
    return figure === undefined ? '' : digits(figure);
  };
  const rows = table.rows.map((row) => [row.what, ...columns.map((column) => cell(row, column))]);
  return [`## ${table.title}`, '', `${table.how} In ${table.unit}.`, '', ...grid(['', ...columns], rows), ''].join(
    '\n',
  );
}

/** Rows with a goal: what was asked, and what it came to. */
function summary(tables: readonly Table[]): string[] {
  const rows = tables.flatMap((table) =>
    table.rows
      .filter((row) => row.goal)
      .map((row) => [`${table.title}: ${row.what}`, table.unit.split(',')[0], ...judgement(row)]),
  );
  if (rows.length === 0) return [];
  return [...grid(['', 'in', 'goal', THEIRS, OURS, RATIO, 'reached'], rows), ''];
}

function judgement(row: Row): string[] {
  const goal = row.goal as Goal;
  const figure = judged(row);
  const cells = [THEIRS, OURS, RATIO]
    .map((column) => figureOf(row, column))
    .map((value) => (value === undefined ? '' : digits(value)));
  const verdict = reached(row) ? 'yes' : '**no**';
  const shown = goal.of === undefined || goal.of === OURS || figure === undefined ? '' : `: ${digits(figure)}`;
  return [goalText(goal), ...cells, `${verdict}${shown}`];
}

/** When, on what and from which commit entries were made; one line a difference. */
function origins(entries: readonly Entry[]): string[] {
  const lines = new Map<string, string[]>();
  for (const { bench, machine, date, commit, rounds } of entries) {
    const line = `${machine}. ${date.slice(0, 10)}, commit ${commit}, medians of ${rounds}`;
    lines.set(line, [...(lines.get(line) ?? []), bench]);
  }
  if (lines.size === 1) return [`${[...lines.keys()][0]}.`];
  return [...lines].map(([line, names]) => `- ${names.join(', ')}: ${line}.`);
}

function warnings(entries: readonly Entry[]): string[] {
  const busy = entries.filter((entry) => entry.busy > BUSY).map((entry) => `${entry.bench} (${entry.busy.toFixed(1)})`);
  return busy.length === 0
    ? []
    : [
        '',
        `**Measured on a busy machine**, by the processors that others used when the benchmark began: ${busy.join(', ')}.`,
      ];
}

/** The whole report. */
export function reportText(report: Report): string {
  const tables = report.entries.flatMap((entry) => entry.tables);
  return [
    '# Benchmarks',
    '',
    ...origins(report.entries),
    ...warnings(report.entries),
    '',
    'Made by `npm run bench -- --write`, which takes about 20 minutes; `npm run bench -- NAME… --write` renews some, and `--rounds N` measures',
    'each figure more or less often. A ratio says how many times as good as Open vSwitch the switch is, whichever way is better: above 1 is in its favour.',
    'Every round stands in [benchmarks.json](benchmarks.json).',
    '',
    '![ratios, goals and growth](benchmarks.svg)',
    '',
    '## What was asked, and what it came to',
    '',
    ...summary(tables),
    tables.map(markdown).join('\n'),
  ].join('\n');
}
