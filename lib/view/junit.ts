/**
 * Results as JUnit's XML, which CI systems read (Jenkins, GitLab, GitHub): suites of cases, each passed, failed or not
 * run.
 */

export interface JunitCase {
  readonly classname: string;
  readonly name: string;
  /** Where it stands, for systems that link there. */
  readonly file?: string;
  readonly line?: number;
  /** Why it failed; without it, it passed. */
  readonly failure?: JunitProblem;
  /** Why it could not be run. */
  readonly error?: JunitProblem;
}

export interface JunitProblem {
  readonly message: string;
  readonly type?: string;
  /** Details. */
  readonly text?: string;
}

export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

/** The document, with its end of line. `name` is the program's. */
export function junitXml(name: string, suites: readonly JunitSuite[]): string {
  const lines = suites.flatMap((suite) => [
    `  <testsuite name="${xml(suite.name)}" ${counts(suite.cases)} skipped="0">`,
    ...suite.cases.map(caseXml),
    '  </testsuite>',
  ]);
  const all = counts(suites.flatMap(({ cases }) => cases));
  const begin = `<testsuites name="${xml(name)}" ${all}>`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', begin, ...lines, '</testsuites>', ''].join('\n');
}

function counts(cases: readonly JunitCase[]): string {
  const failures = cases.filter(({ failure }) => failure).length;
  const errors = cases.filter(({ error }) => error).length;
  return `tests="${cases.length}" failures="${failures}" errors="${errors}"`;
}

function caseXml({ classname, name, file, line, failure, error }: JunitCase): string {
  const place = `${file === undefined ? '' : ` file="${xml(file)}"`}${line === undefined ? '' : ` line="${line}"`}`;
  const head = `    <testcase classname="${xml(classname)}" name="${xml(name)}"${place}`;
  const problem = failure ? problemXml('failure', failure) : error ? problemXml('error', error) : null;
  return problem === null ? `${head}/>` : `${head}>${problem}</testcase>`;
}

function problemXml(element: 'failure' | 'error', { message, type, text }: JunitProblem): string {
  const head = `<${element}${type === undefined ? '' : ` type="${xml(type)}"`} message="${xml(message)}"`;
  return text === undefined ? `${head}/>` : `${head}>${xml(text)}</${element}>`;
}

const NAMES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML holds it; characters that it can't hold become question marks. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '?')
    .replace(/[&<>"]/g, (char) => NAMES[char])
    .replace(/[\n\t\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}
