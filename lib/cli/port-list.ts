/**
 * The ports of `ctswitch run` out of its --port options: each with a number, and none that would take another one's
 * name, address or file. What a SPEC may say is lib/ports/spec-text.ts's.
 */
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { formatMac } from '../bytes/index.js';
import { FilePort } from '../ports/file.js';
import type { Port } from '../ports/port.js';
import { type PortText, PortTextError, parsePort } from '../ports/spec-text.js';
import { EXIT, Failure } from './exit.js';

export interface NumberedPort {
  readonly number: number | 'LOCAL';
  readonly port: Port;
}

/** A file that an option, as it was written, reads or overwrites. */
export interface FileUse {
  readonly option: string;
  readonly path: string;
  readonly writes: boolean;
}

/** A --port option as it was written, and what it means. */
interface TypedPort extends PortText {
  readonly option: string;
}

/**
 * Reads the texts of --port. `others` are the files of other options. Throws a Failure for a text that says no port,
 * and for a number, a name, a MAC address or a written file that two of them want.
 */
export function readPorts(texts: readonly string[], others: readonly FileUse[] = []): NumberedPort[] {
  const names = new Set<string>();
  const typed = texts.map((text) => {
    const port = readPort(text, names);
    names.add(port.port.name);
    return port;
  });
  refuseEqual(typed, 'name', (port) => port.name);
  refuseEqual(typed, 'MAC address', ({ mac }) => mac && formatMac(mac));
  refuseOverwriting([...typed.flatMap(filesOf), ...others]);
  return numbered(typed);
}

function readPort(text: string, names: ReadonlySet<string>): TypedPort {
  try {
    return { ...parsePort(text, names), option: `--port ${text}` };
  } catch (error) {
    throw error instanceof PortTextError ? new Failure(EXIT.usage, `--port ${error.message}`) : error;
  }
}

/** Refuses ports that have the same of something, which is known before they are started. */
function refuseEqual(ports: readonly TypedPort[], what: string, of: (port: Port) => string | undefined): void {
  const seen = new Map<string, string>();
  for (const { option, port } of ports) {
    const value = of(port);
    if (value === undefined) continue;
    const other = seen.get(value);
    if (other !== undefined) throw new Failure(EXIT.usage, `${option}: ${other} has the ${what} ${value} already`);
    seen.set(value, option);
  }
}

function filesOf({ option, port }: TypedPort): FileUse[] {
  if (!(port instanceof FilePort)) return [];
  const { input, output } = port.paths;
  const uses: FileUse[] = [];
  if (input !== undefined) uses.push({ option, path: input, writes: false });
  if (output !== undefined) uses.push({ option, path: output, writes: true });
  return uses;
}

/** Refuses a file that would be overwritten and is used for something else, whatever it is called there. */
function refuseOverwriting(uses: readonly FileUse[]): void {
  const seen = new Map<string, FileUse>();
  for (const use of uses) {
    const file = identity(use.path);
    if (file === null) continue;
    const before = seen.get(file);
    if (before === undefined) {
      seen.set(file, use);
      continue;
    }
    if (!before.writes && !use.writes) continue;
    const [writer, other] = use.writes ? [use, before] : [before, use];
    const who = other.option === writer.option ? 'it' : other.option;
    const does = other.writes ? 'writes, too' : 'reads';
    throw new Failure(
      EXIT.usage,
      `${writer.option} would overwrite ${writer.path}, which ${who} ${does}: name another file`,
    );
  }
}

/** The same for all names of a file, also of one that is yet to be made; null for a device, which may be shared. */
function identity(path: string): string | null {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isCharacterDevice()) return null;
    return there === undefined ? join(realpathSync(dirname(path)), basename(path)) : `${there.dev}:${there.ino}`;
  } catch {
    // Opening it will say why.
    return resolve(path);
  }
}

/** Gives ports without a number the lowest free ones. Throws a Failure for a number that is taken twice. */
function numbered(ports: readonly PortText[]): NumberedPort[] {
  const taken = new Set<number | 'LOCAL'>();
  for (const { number, port } of ports) {
    if (number === undefined) continue;
    if (taken.has(number)) {
      throw new Failure(EXIT.usage, `--port ${number}=…: port ${number} is given twice, to ${port.name}, too`);
    }
    taken.add(number);
  }
  let next = 1;
  return ports.map(({ number, port }) => {
    while (number === undefined && taken.has(next)) next++;
    if (number === undefined) taken.add(next);
    return { number: number ?? next, port };
  });
}
