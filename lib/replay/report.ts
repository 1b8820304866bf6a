/** Outcomes for people (text), for programs (JSON) and for CI (JUnit's XML, as Jenkins and GitLab read it). */
import { type Json, type JunitCase, junitXml } from '../view/index.js';
import type { FieldDifference } from './difference.js';
import type { Difference, Outcome } from './outcome.js';

/** Rows of a difference that are shown; a reply with thousands of flows has thousands. */
const MAX_FIELDS = 20;
const MAX_VALUE = 300;

/** Did everything come as it was recorded? */
export function passed({ differences, broken }: Outcome): boolean {
  return differences.length === 0 && broken === null;
}

/** Lines about one session. */
export function outcomeText(outcome: Outcome): string {
  const { session, compared, differences, notes, broken } = outcome;
  const count =
    differences.length === 0 ? 'no difference' : `${differences.length} difference${differences.length > 1 ? 's' : ''}`;
  const lines = [`${session.name}: ${session.messages.length} messages, ${compared} compared, ${count}`];
  for (const line of [...session.losses, ...notes]) lines.push(`  note: ${line}`);
  for (const difference of differences) lines.push(...differenceLines(difference));
  if (broken !== null) lines.push(`  broken off: ${broken}`);
  return lines.join('\n');
}

const WORDS: Readonly<Record<Difference['kind'], string>> = {
  differs: 'differs',
  missing: 'never came',
  unexpected: 'came, and is not in the recording',
  order: 'came at another place',
};

function differenceLines({ kind, type, frame, recorded, played, fields }: Difference): string[] {
  const lines = [`  ${type}${frame === null ? '' : ` (frame ${frame})`} ${WORDS[kind]}`];
  if (recorded !== null) lines.push(`    - ${short(recorded)}`);
  if (played !== null) lines.push(`    + ${short(played)}`);
  for (const field of fields.slice(0, MAX_FIELDS)) lines.push(...fieldLines(field));
  if (fields.length > MAX_FIELDS) lines.push(`      … and ${fields.length - MAX_FIELDS} more`);
  return lines;
}

function fieldLines({ path, recorded, played }: FieldDifference): string[] {
  return [`      ${path}: ${valueText(recorded)} → ${valueText(played)}`];
}

function valueText(value: Json | undefined): string {
  return value === undefined ? 'nothing' : short(typeof value === 'string' ? value : JSON.stringify(value));
}

function short(text: string): string {
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE)}… (${text.length} characters)`;
}

/** For the JSON line of schema ctswitch/replay@1. */
export function outcomeJson(outcome: Outcome): object {
  const { session, compared, differences, notes, broken } = outcome;
  return {
    session: session.name,
    switch: session.theSwitch,
    messages: session.messages.length,
    compared,
    passed: passed(outcome),
    differences,
    notes: [...session.losses, ...notes],
    broken,
  };
}

/** A test case a session. */
export function junit(name: string, outcomes: readonly Outcome[]): string {
  const cases = outcomes.map((outcome): JunitCase => {
    const is = { classname: name, name: outcome.session.name };
    if (passed(outcome)) return is;
    const message = outcome.broken ?? `${outcome.differences.length} differences`;
    return { ...is, failure: { message, text: outcomeText(outcome) } };
  });
  return junitXml('ctswitch replay', [{ name, cases }]);
}
