/**
 * Lines for people, no longer than their terminal: messages and logs are broken between words. What goes to a file or
 * another program stays as it is, and so does what may be copied from the screen: flows, connections, commands.
 */

/** Columns that further lines are moved in by. */
const INDENT = '    ';
/** Narrower ones break lines by themselves. */
const LEAST_COLUMNS = 40;

/** The text for a stream, broken where that is a terminal. */
export function wrapped(text: string, stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): string {
  const { isTTY, columns } = stream;
  if (isTTY !== true || !(columns >= LEAST_COLUMNS)) return text;
  return text
    .split('\n')
    .map((line) => broken(line, columns))
    .join('\n');
}

/** Codes that colour, which take no place. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOURS = /\u001b\[[\d;]*m/g;

function broken(line: string, columns: number): string {
  if (line.replace(COLOURS, '').length <= columns) return line;
  const lines: string[] = [];
  let last = '';
  for (const word of line.split(/(?<=\S) (?=\S)/)) {
    const longer = last === '' ? word : `${last} ${word}`;
    if (last !== '' && longer.replace(COLOURS, '').length > columns) {
      lines.push(last);
      last = `${INDENT}${word}`;
    } else {
      last = longer;
    }
  }
  return [...lines, last].join('\n');
}
