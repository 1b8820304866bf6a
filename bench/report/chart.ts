/**
 * docs/benchmarks.svg: bars of the ratios to Open vSwitch and of what is held against the switch's own goals, each with
 * its goal marked, and lines for what grows. Written by hand: it needs no browser, and nothing that isn't here.
 */
import { columnsOf, figureOf, judged, type Row, reached, type Table } from '../measure/table.js';
import { digits } from './markdown.js';
import { plot } from './plot.js';
import type { Report } from './report.js';
import { box, drawing, line, type Panel, text, WIDTH } from './svg.js';

const LEFT = 330;
const RIGHT = WIDTH - 145;
const TOP = 72;
const STEP = 20;
const BAR = 13;
/** A longer bar would make the others small; its figure stands beside it. */
const MOST = 4;
/** Plots beside each other. */
const ABREAST = 2;

interface Bar {
  readonly label: string;
  readonly length: number;
  /** Where its goal is, on the same scale. */
  readonly goal?: number;
  readonly good: boolean;
  /** What stands behind it. */
  readonly figure: string;
}

function ratioBar(row: Row): Bar | null {
  const ratio = row.goal && row.goal.of === undefined ? judged(row) : undefined;
  if (ratio === undefined) return null;
  const figure = ratio === Number.POSITIVE_INFINITY ? 'theirs: 0' : digits(ratio);
  return { label: row.what, length: ratio, goal: row.goal?.least, good: reached(row), figure };
}

/** A figure against the switch's own goal: above 1 is better than asked, whichever way is better. */
function shareBar(row: Row): Bar | null {
  const { of, least, most } = row.goal ?? {};
  const value = of === undefined ? undefined : judged(row);
  if (value === undefined) return null;
  // None of what should be none is as good as asked.
  const length = least !== undefined ? value / least : value === 0 ? 1 : (most ?? 0) / value;
  const bound = least !== undefined ? `at least ${least}` : `at most ${most}`;
  return { label: row.what, length, good: reached(row), figure: `${digits(value)}, ${bound}` };
}

/** Bars below the titles of their tables. */
function bars(heads: readonly [string, string, string], tables: readonly Table[], make: typeof ratioBar): Panel[] {
  const groups = tables
    .map(({ title, rows }) => ({ title, all: rows.flatMap((row) => make(row) ?? []) }))
    .filter(({ all }) => all.length > 0);
  if (groups.length === 0) return [];
  const [title, about, unity] = heads;
  const longest = Math.max(...groups.flatMap(({ all }) => all.map(({ length }) => length)));
  const scale = Math.min(MOST, Math.max(1.5, Math.ceil(longest * 2) / 2));
  const x = (value: number): number => LEFT + (Math.min(value, scale) / scale) * (RIGHT - LEFT);
  const bottom = TOP + groups.reduce((sum, { all }) => sum + (all.length + 1) * STEP, 0);
  const body = [text(16, 24, title, 'title'), text(16, 42, about, 'faint')];
  for (let at = 0; at <= scale; at += 0.5) {
    body.push(line(x(at), TOP - 4, x(at), bottom, 'grid'), text(x(at), bottom + 14, String(at), 'faint middle'));
  }
  body.push(text(x(1), TOP - 8, unity, 'faint middle'));
  const marks = [line(x(1), TOP - 4, x(1), bottom, 'unity')];
  let y = TOP;
  for (const group of groups) {
    body.push(text(16, y + 15, group.title, 'group'));
    y += STEP;
    for (const { label, length, goal, good, figure } of group.all) {
      body.push(text(LEFT - 8, y + 14, label, 'end'), box(LEFT, y + 3, x(length) - LEFT, BAR, good ? 'good' : 'bad'));
      if (goal !== undefined) marks.push(line(x(goal), y + 1, x(goal), y + BAR + 5, 'goal'));
      body.push(text(RIGHT + 10, y + 14, figure));
      y += STEP;
    }
  }
  return [{ height: bottom + 34, body: [...body, ...marks].join('\n') }];
}

function plots(tables: readonly Table[]): Panel[] {
  const drawn = tables.filter((table) => table.plot && columnsOf(table).some((name) => figureOf(table.rows[0], name)));
  if (drawn.length === 0) return [];
  const panels: Panel[] = [{ height: 30, body: text(16, 24, 'Cost as tables grow', 'title') }];
  const width = WIDTH / ABREAST;
  for (let i = 0; i < drawn.length; i += ABREAST) {
    const row = drawn.slice(i, i + ABREAST).map((table) => plot(table, width));
    const body = row.map((panel, n) => `<g transform="translate(${n * width} 0)">\n${panel.body}\n</g>`);
    panels.push({ height: Math.max(...row.map(({ height }) => height)), body: body.join('\n') });
  }
  return panels;
}

/** The whole drawing. */
export function chart({ entries }: Report): string {
  const tables = entries.flatMap((entry) => entry.tables);
  return drawing('Benchmarks beside Open vSwitch', [
    ...bars(
      [
        'Times as good as Open vSwitch',
        'Right of the thin line ctswitch is better. The thick mark is the goal; a bar that misses it has the other colour.',
        'Open vSwitch',
      ],
      tables,
      ratioBar,
    ),
    ...bars(
      [
        'Against goals of its own',
        'Times as good as the goal, whichever way is better, and the figure with its goal.',
        'goal',
      ],
      tables,
      shareBar,
    ),
    ...plots(tables),
  ]);
}
