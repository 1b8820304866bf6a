/**
 * Scenarios: flows, timed packets in, frames and connections expected, as YAML. For `ctswitch test`, and for mocha,
 * vitest and others: `for (const each of await loadScenarios(path)) it(each.name, () => checkScenario(each))`.
 */
import { TextError } from '../bytes/index.js';
import { capturesBeside, readScenarioFile } from './files.js';
import { failureLines } from './report.js';
import { runScenario as run, type ScenarioResult } from './run.js';
import { parseScenarios, type Scenario } from './scenario.js';

export type { Schema } from '../yaml/index.js';
export { coverage, coverageLines, type FlowCoverage } from './coverage.js';
export { capturesBeside, readScenarioFile } from './files.js';
export type { Failure, Outcome } from './outcome.js';
export type { ReadCapture } from './packets.js';
export { type BadFile, failureLines, junitXml, type StepJson, stepsJson } from './report.js';
export type { FlowUse, ScenarioResult, StepResult } from './run.js';
export { parseScenarios, type Scenario, type Step } from './scenario.js';
export { SCENARIO_SCHEMA } from './schema.js';
export { updated } from './update.js';

/** A scenario that failed: its message says what isn't as expected, with places. */
export class ScenarioError extends Error {
  constructor(readonly result: ScenarioResult) {
    super(failureLines(result).join('\n'));
    this.name = 'ScenarioError';
  }
}

/** The scenarios of a file. Rejects with a TextError for a mistake in it, or as node:fs does. */
export async function loadScenarios(path: string): Promise<Scenario[]> {
  return parseScenarios(readScenarioFile(path), path);
}

/** Runs a scenario, on a switch of its own. Captures are looked for beside its file. Rejects with a TextError. */
export async function runScenario(scenario: Scenario): Promise<ScenarioResult> {
  return run(scenario, scenario.file === undefined ? undefined : capturesBeside(scenario.file));
}

/** Runs a scenario, or the only one of a text. Rejects with a ScenarioError where anything isn't as expected. */
export async function checkScenario(scenario: Scenario | string): Promise<void> {
  for (const each of typeof scenario === 'string' ? await parseScenarios(scenario) : [scenario]) {
    const result = await runScenario(each);
    if (!result.passed) throw new ScenarioError(result);
  }
}

export { TextError };
