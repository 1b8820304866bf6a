/** Results as text for people, as plain data for programs, and as JUnit's XML, which CI systems read. */
import { type JunitCase, junitXml as junit } from '../view/index.js';
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

/** The steps of a run as JSON, in order. */
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
  const suites = files.map((file) => ({
    name: file,
    cases: [
      ...results
        .filter((result) => fileOf(result) === file)
        .flatMap((result) => result.steps.map((each, index) => testCase(result, each, stepName(each, index)))),
      ...bad
        .filter((each) => each.file === file)
        .map(({ why }) => ({ classname: file, name: 'can be read', error: { message: why } })),
    ],
  }));
  return junit('ctswitch test', suites);
}

function testCase(result: ScenarioResult, each: StepResult, name: string): JunitCase {
  const file = fileOf(result);
  const is = { classname: result.scenario.name, name, file, line: each.step.at.line };
  if (each.failures.length === 0) return is;
  const [{ where, lines }] = each.failures;
  return { ...is, failure: { type: where, message: lines[0], text: detailLines(each, file).join('\n') } };
}
