import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { BENCHMARKS } from '../../bench/benchmarks.js';
import { columnsOf, figureOf, judged, median, type Row, reached, type Table } from '../../bench/measure/table.js';
import { chart } from '../../bench/report/chart.js';
import { markdown, reportText } from '../../bench/report/markdown.js';
import { type Entry, parseReport, type Report, renewed, reportJson } from '../../bench/report/report.js';

const rate: Row = {
  what: 'bridge',
  figures: { 'Open vSwitch': [100, 90, 200], offered: [700], ctswitch: [150, 300, 210] },
  goal: { least: 2 },
};
const time: Row = { what: 'a dump', figures: { 'Open vSwitch': [4], ctswitch: [2] }, better: 'less' };
const size: Row = { what: 'installed', figures: { ctswitch: [5, 3, 4] }, goal: { of: 'ctswitch', most: 20 } };

function entry(bench: string, of: Partial<Entry> = {}): Entry {
  const table: Table = { title: `Of ${bench}`, unit: 'things', rows: [rate, size], how: 'Counted.' };
  const about = { date: '2026-11-20T10:00:00.000Z', commit: 'abc1234', machine: '2 × this' };
  return { bench, ...about, load: 0.25, busy: 0.1, seconds: 3, rounds: 3, tables: [table], ...of };
}
const report = (...entries: Entry[]): Report => ({ schema: 'bench@1', entries });

describe('bench/report', () => {
  it('takes medians of rounds, and ratios that are above 1 where the switch is better', () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
    expect(figureOf(rate, 'ctswitch')).to.equal(210);
    expect(figureOf(rate, 'ratio')).to.equal(2.1);
    expect(figureOf(time, 'ratio')).to.equal(2);
    expect(figureOf(size, 'ratio')).to.equal(undefined);
    expect(columnsOf({ title: '', unit: '', how: '', rows: [rate] })).to.deep.equal([
      'Open vSwitch',
      'ctswitch',
      'ratio',
      'offered',
    ]);
  });

  it('judges a row by its goal', () => {
    expect([reached(rate), judged(rate)]).to.deep.equal([true, 2.1]);
    expect(reached({ ...rate, goal: { least: 2.2 } })).to.equal(false);
    expect([reached(size), judged(size)]).to.deep.equal([true, 4]);
    expect(reached({ ...size, goal: { of: 'ctswitch', most: 3.9 } })).to.equal(false);
    expect([reached(time), judged(time)]).to.deep.equal([false, undefined]);
    // What was never measured isn't reached; what Open vSwitch can't do at all is.
    expect(reached({ ...rate, figures: { ctswitch: [] } })).to.equal(false);
    expect(reached({ ...rate, figures: { 'Open vSwitch': [0], ctswitch: [1] } })).to.equal(true);
    expect(reached({ ...rate, figures: { 'Open vSwitch': [0], ctswitch: [0] } })).to.equal(false);
  });

  it('is the same read as it was written, a row a line, five digits a figure', () => {
    const written = reportJson(report(entry('packets')));
    expect(parseReport(written)).to.deep.equal(report(entry('packets')));
    expect(written.split('\n').filter((line) => line.includes('"what"'))).to.have.length(2);
    const fine = reportJson(report(entry('packets', { seconds: 1.23456789 })));
    expect(parseReport(fine).entries[0].seconds).to.equal(1.2346);
  });

  it('says what is wrong with one that it reads', () => {
    for (const [text, why] of [
      ['{}', /schema bench@1/],
      ['[]', /schema bench@1/],
      ['{"schema":"bench@1"}', /no entries/],
      [JSON.stringify({ ...report(entry('a')), entries: [entry('a'), { bench: 'b' }] }), /entry 2 /],
      [reportJson(report(entry('a'))).replace('[100,90,200]', '["fast"]'), /entry 1 /],
      ['{', /JSON/],
    ] as const) {
      expect(() => parseReport(text), text).to.throw(why);
    }
  });

  it('renews the entries that are named, keeps the others, and their order', () => {
    const before = report(entry('flows'), entry('packets'), entry('gone'));
    const fresh = entry('packets', { commit: 'def5678' });
    const after = renewed(before, [fresh, entry('ct')], ['ct', 'flows', 'ping', 'packets']);
    expect(after.entries.map(({ bench, commit }) => [bench, commit])).to.deep.equal([
      ['ct', 'abc1234'],
      ['flows', 'abc1234'],
      ['packets', 'def5678'],
    ]);
  });

  it('is told with goals first, each with what it came to', () => {
    const text = reportText(report(entry('packets')));
    expect(text).to.include('| Of packets: bridge | things | at least 2× | 100 | 210 | 2.10 | yes |');
    expect(text).to.include('| Of packets: installed | things | at most 20 | | 4.00 | | yes |');
    const missed = {
      title: 'T',
      unit: 's, and more',
      how: 'H.',
      rows: [{ ...rate, goal: { of: 'offered', least: 800 } }],
    };
    expect(reportText(report(entry('x', { tables: [missed] })))).to.include(
      '| T: bridge | s | at least 800 | 100 | 210 | 2.10 | **no**: 700 |',
    );
    expect(markdown(missed)).to.include('| | Open vSwitch | ctswitch | ratio | offered |');
  });

  it('tells from where and when each part is, and which were measured on a busy machine', () => {
    const one = reportText(report(entry('packets'), entry('ct')));
    expect(one).to.include('\n2 × this. 2026-11-20, commit abc1234, medians of 3.\n').and.not.include('busy');
    const two = reportText(report(entry('packets'), entry('ct', { commit: 'def5678', busy: 1.5 })));
    expect(two).to.include('- packets: 2 × this. 2026-11-20, commit abc1234').and.include('- ct: 2 × this.');
    expect(two).to.include('ct (1.5)').and.not.include('packets (');
  });

  it('in docs/ is one that this program reads, of benchmarks that there are; text and drawing are made of it', () => {
    const kept = parseReport(readFileSync('docs/benchmarks.json', 'utf8'));
    for (const { bench } of kept.entries) expect(BENCHMARKS).to.have.property(bench);
    expect(readFileSync('docs/benchmarks.md', 'utf8')).to.equal(reportText(kept));
    expect(readFileSync('docs/benchmarks.svg', 'utf8')).to.equal(chart(kept));
  });
});
