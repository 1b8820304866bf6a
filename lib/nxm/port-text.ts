/**
 * Port and table numbers as ovs-ofctl reads and writes them: numbers, OpenFlow's reserved names, and names that a
 * switch knows.
 */
import type { TextNames } from './action.js';
import { OFPP, port16, port32 } from './field.js';

const RESERVED: readonly (readonly [name: string, port: number])[] = [
  ['IN_PORT', OFPP.IN_PORT],
  ['TABLE', OFPP.TABLE],
  ['NORMAL', OFPP.NORMAL],
  ['FLOOD', OFPP.FLOOD],
  ['ALL', OFPP.ALL],
  ['CONTROLLER', OFPP.CONTROLLER],
  ['LOCAL', OFPP.LOCAL],
  ['ANY', OFPP.ANY],
  ['UNSET', OFPP.UNSET],
];
const numberOfName = new Map([...RESERVED.map(([name, port]) => [name, port] as const), ['NONE', OFPP.ANY] as const]);
const nameOfNumber = new Map(RESERVED.map(([name, port]) => [port as number, name]));

/** Numbers of names, for reading: a Map, or anything that looks names up. */
export interface NameMap {
  get(name: string): number | undefined;
}

function named(text: string, names: NameMap | undefined): number | undefined {
  if (!text.startsWith('"')) return names?.get(text);
  try {
    return names?.get(String(JSON.parse(text)));
  } catch {
    return undefined;
  }
}

/**
 * The 32-bit port number that a text means, or null: a decimal number (OpenFlow 1.0's reserved ones from 65280 on stand
 * for their 32-bit ones), a reserved name in any case, or a name of `ports`, plain or in double quotes.
 */
export function parsePort(text: string, ports?: NameMap): number | null {
  if (/^\d+$/.test(text)) {
    const port = Number(text);
    if (port <= 0xffff) return port32(port);
    return port >= OFPP.MAX && port <= OFPP.ANY ? port : null;
  }
  return numberOfName.get(text.toUpperCase()) ?? named(text, ports) ?? null;
}

/** The table number that a text means, or null: 0 to 255 in decimal, or a name of `tables`. */
export function parseTable(text: string, tables?: NameMap): number | null {
  if (/^\d+$/.test(text)) return Number(text) <= 0xff ? Number(text) : null;
  return named(text, tables) ?? null;
}

/** Names of other than letters and digits are quoted. */
function quoted(name: string): string {
  return /^[A-Za-z][A-Za-z0-9]*$/.test(name) ? name : JSON.stringify(name);
}

/**
 * A port as text: its reserved name, its name in `names`, or its number (OpenFlow 1.0's for reserved ones without a
 * name).
 */
export function formatPort(port: number, names?: ReadonlyMap<number, string>): string {
  const name = names?.get(port);
  const number = port >= OFPP.MAX ? port16(port) : port;
  return nameOfNumber.get(port) ?? (name === undefined ? String(number) : quoted(name));
}

/** How numbers are printed where ports and tables may have names. */
export function textNames(ports?: ReadonlyMap<number, string>, tables?: ReadonlyMap<number, string>): TextNames {
  return {
    port: (port) => formatPort(port, ports),
    table(table) {
      const name = tables?.get(table);
      return name === undefined ? String(table) : quoted(name);
    },
  };
}

/** Ports and tables as numbers. */
export const PLAIN_NAMES: TextNames = textNames();
