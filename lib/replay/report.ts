/** Outcomes for people (text), for programs (JSON) and for CI (JUnit's XML, as Jenkins and GitLab read it). */
import type { Json } from '../view/index.js';
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
  const failures = outcomes.filter((outcome) => !passed(outcome)).length;
  const cases = outcomes.map((outcome) => {
    const begin = `  <testcase classname="${xml(name)}" name="${xml(outcome.session.name)}"`;
    if (passed(outcome)) return `${begin}/>`;
    const message = outcome.broken ?? `${outcome.differences.length} differences`;
    return `${begin}>\n    <failure message="${xml(message)}">${xml(outcomeText(outcome))}</failure>\n  </testcase>`;
  });
  const suite = `<testsuite name="${xml(name)}" tests="${outcomes.length}" failures="${failures}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suite}\n${cases.join('\n')}\n</testsuite>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text inside XML 1.0, which has no place for most control characters. */
function xml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '?').replace(/[&<>"]/g, (c) => ENTITIES[c]);
}
