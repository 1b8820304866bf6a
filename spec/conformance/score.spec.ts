/** What counts as passed, as the tester's own failure, and as ours: bench/conformance. */
import { expect } from 'chai';
import { json, markdown, type Report, summary } from '../../bench/conformance/report.js';
import { addRun, type Check, type Result, state, toRepeat } from '../../bench/conformance/score.js';

const RACE = 'Receiving timeout: increment in rx_packets in tester.';
const WRONG = 'Received incorrect packet: vlan(vid=7)';

function result(id: string, reason = ''): Result {
  return { id, category: id.split('/')[0], description: `does ${id}`, ok: reason === '', reason, seconds: 1 };
}

function after(...runs: readonly Result[][]): Map<string, Check> {
  const checks = new Map<string, Check>();
  for (const results of runs) {
    addRun(
      checks,
      results.map(({ id }) => id),
      results,
    );
  }
  return checks;
}

function report(checks: Iterable<Check>): Report {
  return {
    date: '2026-01-02',
    commit: 'abc',
    machine: 'a machine',
    selection: 'all',
    seconds: 61.6,
    checks: [...checks],
  };
}

describe('conformance: the score', () => {
  it('repeats what the tester is known to fail by itself, and nothing else', () => {
    const checks = after([result('match/a#1'), result('match/a#2', RACE), result('match/a#3', WRONG)]);
    expect(toRepeat(checks.values())).to.deep.equal(['match/a#2']);
    expect([...checks.values()].map(state)).to.deep.equal(['passed', 'failed', 'failed']);
  });

  it('repeats a measured load only where all of a high one has to come back', () => {
    const wrong = "Received unexpected throughput: {'in_port': 2} 8536.71pktps";
    const high = 'meter/02_DSCP_REMARK_01_PKTPS_02_10000#1';
    const others = ['meter/02_DSCP_REMARK_01_PKTPS_01_1000#1', 'meter/01_DROP_01_PKTPS_02_10000#1', 'group/00_ALL#1'];
    const checks = after([result(high, wrong), ...others.map((id) => result(id, wrong))]);
    expect(toRepeat(checks.values())).to.deep.equal([high]);
  });

  it('tells what passed at once from what passed when repeated', () => {
    const checks = after([result('match/a#1', RACE), result('match/a#2', RACE)], [result('match/a#1')]);
    expect(checks.get('match/a#1')?.runs).to.deep.equal([RACE, '']);
    expect([...checks.values()].map(state)).to.deep.equal(['repeated', 'failed']);
    expect(toRepeat(checks.values())).to.deep.equal(['match/a#2']);
  });

  it('a check that fails for another reason when repeated has failed', () => {
    const checks = after([result('match/a#1', RACE)], [result('match/a#1', WRONG)]);
    expect(state(checks.get('match/a#1') as Check)).to.equal('failed');
    expect(toRepeat(checks.values())).to.deep.equal([]);
  });

  it('a check without a result has failed', () => {
    const checks = new Map<string, Check>();
    addRun(checks, ['match/a#1', 'match/a#2'], [result('match/a#1')]);
    expect(checks.get('match/a#2')?.runs).to.deep.equal(['it did not run']);
    expect(state(checks.get('match/a#2') as Check)).to.equal('failed');
  });
});

describe('conformance: the report', () => {
  const checks = [
    ...after(
      [result('match/a#1'), result('match/a#2', RACE), result('action/b#1', RACE), result('action/b#2', 'a|b')],
      [result('match/a#2'), result('action/b#1', RACE)],
      [result('action/b#1')],
    ).values(),
  ];

  it('counts by category and in all', () => {
    expect(summary(report(checks))).to.equal('3 of 4 checks passed (1 at first, 2 when repeated), 1 failed, in 62 s');
    const text = markdown(report(checks));
    expect(text).to.contain(
      '| action | 2 | 0 | 1 | 1 | 4 |\n| match | 2 | 1 | 1 | 0 | 3 |\n| **all** | 4 | 1 | 2 | 1 | 7 |',
    );
  });

  it('names what was repeated, and what failed with the reason', () => {
    const text = markdown(report(checks));
    expect(text).to.contain('2 of the checks: `match/a#2`, `action/b#1` (at run 3).');
    expect(text).to.contain('| `action/b#2` | does action/b#2 | a\\|b | not known: it wants mending |');
  });

  it('says so where nothing was repeated and nothing failed', () => {
    const text = markdown(report(after([result('match/a#1')]).values()));
    expect(text).to.match(/## Repeated\n\nNone\.\n[\s\S]*## Failed\n\nNone\.\n$/);
  });

  it('is JSON, too', () => {
    const { schema, checks: rows } = JSON.parse(json(report(checks)));
    expect(schema).to.equal('conformance@1');
    expect(rows[1]).to.include({ id: 'match/a#2', state: 'repeated' });
    expect(rows[1].runs).to.deep.equal([RACE, '']);
  });
});
