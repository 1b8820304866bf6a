/** What CONTRIBUTING.md says of files, held against all of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const MAX_LINES = 500;
const MAX_LINE_CHARACTERS = 120;
/** Lines that can't be broken: imports and addresses. */
const UNBREAKABLE = /^\s*(import|export) |https?:\/\//;
const COMMENT = /^\s*(\/\*\*|\*|\/\/)/;
/** Said in pieces, so that this file passes. */
const LEFT_OVER = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);
/** The type, not a name or a word: behind a colon, a bar, `as` or `<`, or in front of `[]`. */
const ANY_TYPE = /(:|\||&|<|=>|\bas)\s*any\s*([>,;)=\]|&{[]|$)|,\s*any\s*>|\bany\[\]/;

function sourcesOf(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.(ts|js|mjs)$/.test(file)).map((file) => join(folder, file));
}

const sources = ['lib', 'bin', 'bench', 'spec'].flatMap(sourcesOf);
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n');
/** The lines that are wrong, and where they stand. */
function placesWhere(files: readonly string[], wrong: (line: string) => boolean): string[] {
  return files.flatMap((file) =>
    linesOf(file).flatMap((line, i) => (wrong(line) ? [`${file}:${i + 1}: ${line}`] : [])),
  );
}
/** Code without its comments, texts and patterns. */
const without = (line: string): string =>
  line.replace(/\/\/.*|^\s*\/?\*.*|\/\*.*?\*\/|'[^']*'|"[^"]*"|`[^`]*`|\/\^[^/]*\//g, '');

describe('project: style', () => {
  it(`no file has more than ${MAX_LINES} lines`, () => {
    const long = sources.map((file) => [file, linesOf(file).length - 1] as const);
    expect(long.filter(([, lines]) => lines > MAX_LINES)).to.deep.equal([]);
  });

  it(`no line has more than ${MAX_LINE_CHARACTERS} characters, but for imports, addresses, texts and patterns`, () => {
    const long = (line: string): boolean => line.length > MAX_LINE_CHARACTERS && !UNBREAKABLE.test(line);
    const typed = sources.filter((file) => file.endsWith('.ts'));
    const inLib = typed.filter((file) => file.startsWith('lib'));
    expect(placesWhere(typed, (line) => COMMENT.test(line) && long(line))).to.deep.equal([]);
    // Elsewhere flows and dumps stand in texts of several lines; the formatter holds what is code.
    expect(placesWhere(inLib, (line) => long(without(line)))).to.deep.equal([]);
  });

  it('nothing was left to be done later', () => {
    expect(placesWhere(sources, (line) => LEFT_OVER.test(line))).to.deep.equal([]);
  });

  it('no type of lib is any', () => {
    const lib = sources.filter((file) => file.startsWith('lib') && !file.endsWith('.d.ts'));
    expect(placesWhere(lib, (line) => ANY_TYPE.test(without(line)))).to.deep.equal([]);
  });

  it('every file of lib begins with what it is', () => {
    const lib = sources.filter((file) => file.startsWith('lib'));
    expect(lib.filter((file) => !linesOf(file)[0].startsWith('/**'))).to.deep.equal([]);
  });
});
