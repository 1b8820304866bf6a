/** One table as lines: how a cost grows with what stands below. */
import { columnsOf, figureOf, RATIO, type Table } from '../measure/table.js';
import { digits } from './markdown.js';
import { dot, line, type Panel, path, text } from './svg.js';

const LEFT = 58;
const TOP = 50;
const HEIGHT = 150;
const RIGHT_ROOM = 36;
/** As many lines as there are colours. */
const MAX_LINES = 4;
const TICKS = 4;

/** The next of 1, 2 and 5 and their tens that is no less. */
export function rounded(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * ten).find((n) => n >= value * (1 - 1e-9)) ?? 10 * ten;
}

/** Figures without the zeros that `digits` would give. */
const tick = (value: number): string => String(Number(value.toPrecision(3)));
const large = (value: number): string => value.toLocaleString('en');

/** A plot, `width` wide. */
export function plot(table: Table, width: number): Panel {
  const names = (table.plot?.columns ?? columnsOf(table).filter((name) => name !== RATIO)).slice(0, MAX_LINES);
  const xs = table.rows.map((row) => row.x ?? 0);
  const right = width - RIGHT_ROOM;
  const bottom = TOP + HEIGHT;
  const place = table.plot?.logarithmic ? Math.log : (value: number): number => value;
  const [first, last] = [Math.min(...xs), Math.max(...xs)].map(place);
  const x = (value: number): number => LEFT + ((place(value) - first) / (last - first || 1)) * (right - LEFT);
  const figures = names.map((name) => table.rows.map((row) => figureOf(row, name)));
  const step = rounded(Math.max(...figures.flat().map((figure) => figure ?? 0), 1e-9) / TICKS);
  const most = step * TICKS;
  const y = (value: number): number => bottom - (value / most) * HEIGHT;
  const body = [text(16, 18, table.title), text(16, 34, table.unit, 'faint')];
  for (let i = 0; i <= TICKS; i++) {
    body.push(line(LEFT, y(i * step), right, y(i * step), 'grid'));
    body.push(text(LEFT - 6, y(i * step) + 4, tick(i * step), 'faint end'));
  }
  let free = Number.NEGATIVE_INFINITY;
  for (const value of xs) {
    if (x(value) - free < 7 * large(value).length) continue;
    free = x(value);
    body.push(text(x(value), bottom + 16, large(value), 'faint middle'));
  }
  body.push(text((LEFT + right) / 2, bottom + 32, table.plot?.x ?? '', 'faint middle'));
  for (const [n, name] of names.entries()) {
    const points = figures[n].flatMap((figure, i): [number, number][] =>
      figure === undefined ? [] : [[x(xs[i]), y(figure)]],
    );
    if (points.length === 0) continue;
    const end = figures[n].findLast((figure) => figure !== undefined) ?? 0;
    body.push(path(points, `l${n}`), ...points.map(([a, b]) => dot(a, b, `s${n}`)));
    body.push(text(LEFT + 4, bottom + 50 + n * 15, `— ${name}: ${digits(end)} at the end`, `s${n}`));
  }
  return { height: bottom + 62 + names.length * 15, body: body.join('\n') };
}
