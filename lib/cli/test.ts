/**
 * `ctswitch test`: scenario files, or folders of them, run one after the other; what failed is told with file and line.
 * A file with a mistake doesn't keep the others from running.
 */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TextError } from '../bytes/index.js';
import type { BadFile, ScenarioResult } from '../scenario/index.js';
import * as scenarios from '../scenario/index.js';
import { EXIT, Failure, unreadable, unwritable } from './exit.js';
import { caret } from './flow-file.js';
import { Output } from './output.js';

export interface TestOptions {
  readonly junit?: string;
  readonly update?: boolean;
  /** Scenarios whose name has this text. */
  readonly filter?: string;
  readonly coverage?: boolean;
  readonly json?: boolean;
}

/** What the files of scenarios are called. */
const SUFFIX = '.ct.yaml';

/** Runs files. Resolves to an exit status: 1 where something failed, 2 where a file has a mistake. */
export async function test(paths: readonly string[], options: TestOptions): Promise<number> {
  const output = new Output(options.json === true, () => process.exit(EXIT.ok));
  const files = paths.flatMap(filesOf);
  const results: ScenarioResult[] = [];
  const bad: BadFile[] = [];
  for (const file of files) {
    try {
      results.push(...(await runFile(file, options, output)));
    } catch (error) {
      const failure = failureOf(file, error);
      bad.push({ file, why: failure.message });
      output.complain(`ctswitch: ${failure.message}\n`);
      output.tell('test-error@1', { file, why: failure.message.split('\n')[0] });
    }
  }
  if (results.length === 0 && bad.length === 0) {
    const why = options.filter === undefined ? 'there is no scenario' : `no scenario's name has "${options.filter}"`;
    throw new Failure(EXIT.usage, `${paths.join(' ')}: ${why}`);
  }
  summarize(output, files.length, results, bad.length);
  if (options.junit !== undefined) write(options.junit, scenarios.junitXml(results, bad));
  if (bad.length > 0) return EXIT.usage;
  return results.every(({ passed }) => passed) ? EXIT.ok : EXIT.failed;
}

async function runFile(file: string, options: TestOptions, output: Output): Promise<ScenarioResult[]> {
  const text = scenarios.readScenarioFile(file);
  const { filter = '' } = options;
  const chosen = (await scenarios.parseScenarios(text, file)).filter(({ name }) => name.includes(filter));
  const results: ScenarioResult[] = [];
  for (const scenario of chosen) results.push(await scenarios.runScenario(scenario));
  const final = options.update ? await update(file, text, filter, results, output) : results;
  for (const result of final) {
    for (const step of scenarios.stepsJson(result)) output.tell('test-step@1', step);
    for (const line of scenarios.failureLines(result)) {
      output.say(line.startsWith('FAIL') ? output.style('red', line) : line);
    }
  }
  if (options.coverage) {
    const flows = scenarios.coverage(file, final);
    for (const flow of flows) output.tell('test-coverage@1', flow);
    for (const line of scenarios.coverageLines(flows)) output.say(line);
  }
  return final;
}

/** Fills what is empty, and runs what came of it. */
async function update(
  file: string,
  text: string,
  filter: string,
  results: ScenarioResult[],
  output: Output,
): Promise<ScenarioResult[]> {
  const filled = scenarios.updated(text, results);
  if (filled === text) return results;
  const again: ScenarioResult[] = [];
  for (const scenario of await scenarios.parseScenarios(filled, file)) {
    if (scenario.name.includes(filter)) again.push(await scenarios.runScenario(scenario));
  }
  write(file, filled);
  output.say(`${file}: filled in what was empty`);
  return again;
}

function summarize(output: Output, files: number, results: readonly ScenarioResult[], bad: number): void {
  const steps = results.flatMap((result) => result.steps);
  const failed = steps.filter(({ failures }) => failures.length > 0).length;
  output.tell('test-summary@1', { files, scenarios: results.length, steps: steps.length, failed, errors: bad });
  const of = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  const counts = [of(files, 'file'), of(results.length, 'scenario'), of(steps.length, 'step')].join(', ');
  const ending =
    failed + bad === 0 ? 'all passed' : `${failed} failed${bad === 0 ? '' : `, ${of(bad, 'file')} with mistakes`}`;
  output.say(output.style(failed + bad === 0 ? 'green' : 'red', `${counts}: ${ending}`));
}

/** The files of a folder and of those in it, in order; a file as it is. Throws a Failure. */
function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function failureOf(file: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof RangeError) return new Failure(EXIT.usage, `${file}: ${error.message}`);
  if (error instanceof Error && 'code' in error) return unreadable(file, error);
  if (!(error instanceof TextError)) throw error;
  const line = scenarios.readScenarioFile(file).split('\n')[error.line - 1] ?? '';
  return new Failure(EXIT.usage, `${error.message}\n${caret(line, error.column)}`);
}
