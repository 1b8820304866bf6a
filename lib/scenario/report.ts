/** Results as text for people, as plain data for programs, and as JUnit's XML, which CI systems read. */
import type { ScenarioResult, StepResult } from './run.js';

/** "inside may open", or "step 3" for one without a name. */
export function stepName({ step }: StepResult, index: number): string {
  return step.name || `step ${index + 1}`;
}

function fileOf({ scenario }: ScenarioResult): string {
  return scenario.file ?? 'scenario';
}

/** What failed, in lines; none for a scenario that passed. */
export function failureLines(result: ScenarioResult): string[] {
  return result.steps.flatMap((each, index) => {
    if (each.failures.length === 0) return [];
    const heading = `FAIL ${fileOf(result)}:${each.step.at.line} ${result.scenario.name}: ${stepName(each, index)}`;
    return [heading, ...detailLines(each, fileOf(result)).map((line) => `  ${line}`)];
  });
}

function detailLines({ failures, trace }: StepResult, file: string): string[] {
  const told = failures.flatMap(({ line, column, where, lines: [first, ...more] }) => [
    `${file}:${line}:${column} ${where}: ${first}`,
    ...more.map((each) => `  ${each}`),
  ]);
  return trace.length === 0 ? told : [...told, 'how it went:', ...trace.map((line) => `  ${line}`)];
}

/** A step as plain data. */
export interface StepJson {
  readonly file: string;
  readonly line: number;
  readonly scenario: string;
  readonly step: string;
  readonly passed: boolean;
  readonly failures: readonly {
    readonly line: number;
    readonly column: number;
    readonly where: string;
    readonly what: readonly string[];
  }[];
  readonly trace: readonly string[];
}

export function stepsJson(result: ScenarioResult): StepJson[] {
  return result.steps.map((each, index) => ({
    file: fileOf(result),
    line: each.step.at.line,
    scenario: result.scenario.name,
    step: stepName(each, index),
    passed: each.failures.length === 0,
    failures: each.failures.map(({ line, column, where, lines }) => ({ line, column, where, what: lines })),
    trace: each.trace,
  }));
}

/** A file that couldn't be run. */
export interface BadFile {
  readonly file: string;
  readonly why: string;
}

/** JUnit's XML: a suite a file, a test case a step; a file that couldn't be run is an error. */
export function junitXml(results: readonly ScenarioResult[], bad: readonly BadFile[] = []): string {
  const files = [...new Set([...results.map(fileOf), ...bad.map(({ file }) => file)])];
  const suites = files.map((file) =>
    suite(
      file,
      results.filter((each) => fileOf(each) === file),
      bad.filter((each) => each.file === file),
    ),
  );
  const all = results.flatMap(({ steps }) => steps);
  const failed = all.filter(({ failures }) => failures.length > 0).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="ctswitch test" tests="${all.length + bad.length}" failures="${failed}" errors="${bad.length}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(file: string, results: readonly ScenarioResult[], bad: readonly BadFile[]): string {
  const steps = results.flatMap(({ steps }) => steps);
  const failed = steps.filter(({ failures }) => failures.length > 0).length;
  const cases = results.flatMap((result) =>
    result.steps.map((each, index) => testCase(result, each, stepName(each, index))),
  );
  const errors = bad.map(
    ({ why }) => `    <testcase classname="${xml(file)}" name="can be read"><error message="${xml(why)}"/></testcase>`,
  );
  const counts = `tests="${steps.length + bad.length}" failures="${failed}" errors="${bad.length}" skipped="0"`;
  return [`  <testsuite name="${xml(file)}" ${counts}>`, ...cases, ...errors, '  </testsuite>'].join('\n');
}

function testCase(result: ScenarioResult, each: StepResult, name: string): string {
  const { line } = each.step.at;
  const file = fileOf(result);
  const head = `    <testcase classname="${xml(result.scenario.name)}" name="${xml(name)}" file="${xml(file)}" line="${line}"`;
  if (each.failures.length === 0) return `${head}/>`;
  const [{ where, lines }] = each.failures;
  const text = detailLines(each, file).join('\n');
  return `${head}>\n      <failure type="${xml(where)}" message="${xml(lines[0])}">${xml(text)}</failure>\n    </testcase>`;
}

/** Text as XML holds it; characters that it can't hold become question marks. */
function xml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '?')
    .replace(/[&<>"]/g, (char) => names[char])
    .replace(/[\n\t\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}
