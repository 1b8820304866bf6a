/** The program's JSON lines beside their published schema, which every spec that reads them holds them to. */
import { readFileSync } from 'node:fs';
import { departures } from './json-schema.js';

type Schema = Readonly<Record<string, unknown>>;
const read = (name: string): Schema => JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8')) as Schema;

/** schemas/lines.schema.json. */
export const LINES = read('lines');
const FORMS = LINES.$defs as Readonly<Record<string, Schema>>;
const TRACE = read('trace');

/** Throws where a line of standard output isn't as its schema says. A line without a schema is no business of ours. */
export function holdToSchema(line: unknown): void {
  const { schema } = line as { schema?: unknown };
  if (typeof schema !== 'string') return;
  const name = schema.replace(/^ctswitch\//, '');
  const wrong =
    name === 'trace@1'
      ? departures(line, TRACE)
      : FORMS[name]
        ? departures(line, FORMS[name], LINES)
        : [`there is no schema ${name}`];
  if (wrong.length > 0) throw new Error(`${JSON.stringify(line)}\nis not as its schema says: ${wrong.join('; ')}`);
}

/** The same for a line of the log. */
export function holdToLog(line: unknown): void {
  const wrong = departures(line, FORMS.log, LINES);
  if (wrong.length > 0) throw new Error(`${JSON.stringify(line)}\nis no line of a log: ${wrong.join('; ')}`);
}
