/** The score as Markdown, for people, and as JSON, for programs. */
import { type Check, FAILS_RIGHTLY, type State, state, TESTER_FAULTS, testerFault } from './score.js';

export interface Report {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  /** What was asked for: 'all', or parts. */
  readonly selection: string;
  readonly seconds: number;
  readonly checks: readonly Check[];
}

type Counts = Record<State, number> & { seconds: number };

/** Category → how many of its checks passed, passed when repeated, and failed; in the tester's order. */
function categories(checks: readonly Check[]): Map<string, Counts> {
  const table = new Map<string, Counts>();
  for (const check of checks) {
    const row = table.get(check.category) ?? { passed: 0, repeated: 0, failed: 0, seconds: 0 };
    row[state(check)]++;
    row.seconds += check.seconds;
    table.set(check.category, row);
  }
  return table;
}

function sum(rows: Iterable<Counts>): Counts {
  const all = { passed: 0, repeated: 0, failed: 0, seconds: 0 };
  for (const { passed, repeated, failed, seconds } of rows) {
    all.passed += passed;
    all.repeated += repeated;
    all.failed += failed;
    all.seconds += seconds;
  }
  return all;
}

function scoreTable(checks: readonly Check[]): string[] {
  const byCategory = categories(checks);
  const row = (name: string, { passed, repeated, failed, seconds }: Counts): string =>
    `| ${name} | ${passed + repeated + failed} | ${passed} | ${repeated} | ${failed} | ${Math.round(seconds)} |`;
  return [
    '| | checks | passed at first | passed when repeated | failed | seconds |',
    '|---|---:|---:|---:|---:|---:|',
    ...[...byCategory].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, counts]) => row(name, counts)),
    row('**all**', sum(byCategory.values())),
  ];
}

function repeated(checks: readonly Check[]): string[] {
  const again = checks.filter((check) => state(check) === 'repeated');
  const lines = TESTER_FAULTS.flatMap((fault) => {
    const which = again.filter(({ id, runs }) => testerFault(id, runs[0]) === fault);
    if (which.length === 0) return [];
    const ids = which.map(({ id, runs }) => (runs.length === 2 ? `\`${id}\`` : `\`${id}\` (at run ${runs.length})`));
    return ['', `"${fault.reason}": ${fault.why}. ${which.length} of the checks: ${ids.join(', ')}.`];
  });
  return lines.length === 0 ? ['', 'None.'] : lines;
}

function failed(checks: readonly Check[]): string[] {
  const bad = checks.filter((check) => state(check) === 'failed');
  if (bad.length === 0) return ['', 'None.'];
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [
    '',
    '| check | what it does | what the tester says | why a correct switch fails it |',
    '|---|---|---|---|',
    ...bad.map(
      ({ id, description, runs }) =>
        `| \`${id}\` | ${cell(description)} | ${cell(runs.at(-1) ?? '')} | ${FAILS_RIGHTLY[id] ?? 'not known: it wants mending'} |`,
    ),
  ];
}

/** One line for a terminal. */
export function summary({ checks, seconds }: Report): string {
  const { passed, repeated, failed } = sum(categories(checks).values());
  const how = repeated > 0 ? ` (${passed} at first, ${repeated} when repeated)` : '';
  return `${passed + repeated} of ${checks.length} checks passed${how}, ${failed} failed, in ${Math.round(seconds)} s`;
}

export function markdown(report: Report): string {
  const { date, commit, machine, selection, checks } = report;
  return [
    '# Conformance',
    '',
    `Ryu's switch test (os-ken's \`os_ken/tests/switch\`, 991 checks of OpenFlow 1.3 over real interfaces), run by \`npm run conformance\`: ${selection}.`,
    `${date}, commit ${commit}; ${machine}.`,
    '',
    `**${summary(report)}.**`,
    '',
    ...scoreTable(checks),
    '',
    'The tester programs our switch, sends frames into it through a second switch, the TESTER (Open vSwitch), and looks at what comes out; checks of',
    'groups and meters measure a load of up to 20,000 packets/s for 30 seconds. It ran without any pause after a barrier (`--settle 0`): what a barrier has',
    'answered for is in force. Ours ran with `--min-frame 60`, on all checks: six of them expect a frame that lost its labels to be padded again.',
    '',
    '## Repeated',
    ...repeated(checks),
    '',
    'Only failures for these reasons are repeated, three times at most; any other failure counts at once.',
    '',
    '## Failed',
    ...failed(checks),
    '',
  ].join('\n');
}

export function json(report: Report): string {
  const checks = report.checks.map((check) => ({ ...check, state: state(check), why: FAILS_RIGHTLY[check.id] }));
  return JSON.stringify({ schema: 'conformance@1', ...report, checks }, null, 1);
}
