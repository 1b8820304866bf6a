import { expect } from 'chai';
import type { Row, Table } from '../../bench/measure/table.js';
import { chart } from '../../bench/report/chart.js';
import { rounded } from '../../bench/report/plot.js';
import type { Report } from '../../bench/report/report.js';

function report(...tables: Partial<Table>[]): Report {
  const whole = tables.map((table): Table => ({ title: 'T', unit: 'ns', how: 'H.', rows: [], ...table }));
  const about = { bench: 'b', date: '', commit: '', machine: '', load: 0, busy: 0, seconds: 1, rounds: 1 };
  return { schema: 'bench@1', entries: [{ ...about, tables: whole }] };
}

const ratio = (what: string, ours: number, least: number): Row => ({
  what,
  figures: { 'Open vSwitch': 100, ctswitch: ours },
  goal: { least },
});

/** The width of each bar of a class, and the place of each line. */
const widths = (svg: string, kind: string): number[] =>
  [...svg.matchAll(new RegExp(`width="([\\d.]+)" height="[\\d.]+" class="${kind}"`, 'g'))].map(([, n]) => Number(n));
const lines = (svg: string, kind: string): number[] =>
  [...svg.matchAll(new RegExp(`<line x1="([\\d.]+)"[^>]*class="${kind}"`, 'g'))].map(([, n]) => Number(n));
const points = (svg: string): [number, number][][] =>
  [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, all]) =>
    all.split(' ').map((point) => point.split(',').map(Number) as [number, number]),
  );

describe('bench/chart', () => {
  it('draws ratios as bars in proportion, each with its goal, in the colour of what became of it', () => {
    const svg = chart(report({ rows: [ratio('half', 50, 1), ratio('twice', 200, 1.5)] }));
    const [[half], [twice]] = [widths(svg, 'bad'), widths(svg, 'good')];
    expect(twice / half).to.be.closeTo(4, 0.01);
    const [unity] = lines(svg, 'unity');
    expect(lines(svg, 'goal')[0]).to.equal(unity);
    expect((lines(svg, 'goal')[1] - unity) / (half * 2)).to.be.closeTo(0.5, 0.01);
  });

  it('draws no bar longer than there is room for, and one where Open vSwitch has nothing', () => {
    const none = { ...ratio('none', 5, 1), figures: { 'Open vSwitch': 0, ctswitch: 5 } };
    const svg = chart(report({ rows: [ratio('much', 5000, 1), none] }));
    const [much, beyond] = widths(svg, 'good');
    expect(beyond).to.equal(much);
    expect(svg).to.include('>50.0<').and.include('>theirs: 0<');
    expect(svg).not.to.match(/NaN|Infinity|undefined/);
  });

  it('draws all bars where what should be none is none', () => {
    const own = (what: string, value: number, most: number): Row => ({
      what,
      figures: { ctswitch: value },
      better: 'less',
      goal: { most, of: 'ctswitch' },
    });
    const svg = chart(report({ rows: [own('nothing', 0, 0), own('half', 1, 2)] }));
    expect(widths(svg, 'good')).to.have.length(2);
    expect(svg).not.to.match(/NaN|Infinity|undefined/);
  });

  it('holds figures against goals of their own, whichever way is better', () => {
    const rows: Row[] = [
      { what: 'start', figures: { ctswitch: [250] }, goal: { of: 'ctswitch', most: 500 } },
      { what: 'rate', figures: { ctswitch: [4] }, goal: { of: 'ctswitch', least: 8 } },
    ];
    const svg = chart(report({ rows }));
    expect(widths(svg, 'good')[0] / widths(svg, 'bad')[0]).to.be.closeTo(4, 0.01);
    expect(svg).to.include('>250, at most 500<').and.include('>4.00, at least 8<');
  });

  it('draws what grows as a line a column, left to right, more above', () => {
    const rows = [1, 10, 100].map((x, i): Row => ({ what: `${x}`, x, figures: { hit: 5, lookup: 10 * (i + 1) } }));
    const [hit, lookup] = points(chart(report({ rows, plot: { x: 'flows', logarithmic: true } })));
    expect(new Set(hit.map(([, y]) => y)).size).to.equal(1);
    const [[a, low], [b, mid], [c, high]] = lookup;
    expect(b - a).to.be.closeTo(c - b, 0.2);
    expect(low - mid)
      .to.be.closeTo(mid - high, 0.2)
      .and.be.above(0);
    const [line] = points(chart(report({ rows, plot: { x: 'flows' } })));
    expect(line[1][0] - line[0][0]).to.be.closeTo((line[2][0] - line[0][0]) / 11, 0.2);
  });

  it('is well-formed, whatever rows are called, and empty where there is nothing', () => {
    const svg = chart(report({ title: 'a < b & "c"', rows: [ratio('<script>', 100, 1)] }));
    expect(svg).to.include('&lt;script&gt;').and.include('a &lt; b &amp; &quot;c&quot;').and.not.include('<script>');
    expect(chart(report())).to.match(/^<svg [^>]*viewBox="0 0 880 0"/);
    expect(chart(report())).to.include('@media (prefers-color-scheme: dark)');
  });

  it('marks axes by round figures', () => {
    expect([0.07, 1, 1.1, 3, 7, 40, 260].map(rounded)).to.deep.equal([0.1, 1, 2, 5, 10, 50, 500]);
  });
});
