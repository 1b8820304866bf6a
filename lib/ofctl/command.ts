/** What a command is: a row of the table in commands.ts, and what it may use. */
import type { NameMap, TextNames } from '../nxm/index.js';
import type { Client } from './client.js';

/** Where a command's results go: lines for people, or rows for programs; one of the two does nothing. */
export interface Printer {
  readonly json: boolean;
  /** Whole lines, without the last one's end. */
  say(text: string): void;
  /** A row with its schema: "flow@1". */
  tell(schema: string, value: object): void;
}

export interface SortKey {
  /** "priority", or a field's name. */
  readonly by: string;
  readonly descending: boolean;
}

/** Options that only some commands have. */
export interface CommandOptions {
  readonly strict?: boolean;
  /** False: no cookie, duration, counters. */
  readonly stats?: boolean;
  readonly sort?: readonly SortKey[];
  /** replace-flows: also flows that are there already. */
  readonly readd?: boolean;
  /** Changes are made together, or not at all. */
  readonly bundle?: boolean;
  /** mod-group: a group that isn't there is added. */
  readonly mayCreate?: boolean;
}

/** What a running command has. */
export interface Scene {
  readonly client: Client;
  readonly print: Printer;
  readonly options: CommandOptions;
  /** Ports' names where they are to be shown, else numbers. */
  readonly names: TextNames;
  /** Ports' names where they may be typed. */
  readonly ports: NameMap | undefined;
  /** A file's text; "-" is standard input. Rejects with what the caller understands. */
  read(file: string): Promise<string>;
  /** A packet as a line for people. */
  packetText(frame: Uint8Array, inPort: number): string;
  /** Another switch, by its address. */
  connect(address: string): Promise<Client>;
  /** Resolves when the command is to end, for those that don't end by themselves. */
  readonly interrupted: Promise<unknown>;
  /** Milliseconds, for measurements. */
  now(): number;
}

export interface Command {
  readonly name: string;
  /** Further names. */
  readonly aka?: readonly string[];
  /** Arguments behind the address: "FLOW", "[PORT [QUEUE]]". */
  readonly args?: string;
  /** How many there may be: [least, most]; [0, 0] unless given. */
  readonly count?: readonly [least: number, most: number];
  readonly about: string;
  readonly options?: readonly (keyof CommandOptions)[];
  /** Does it read or write names of ports? */
  readonly named?: boolean;
  /** The first argument need not be a switch's address. */
  readonly local?: boolean;
  /** Does it go on until it is interrupted? */
  readonly endless?: boolean;
  /** True: a difference was found. */
  run(scene: Scene, args: readonly string[]): Promise<unknown>;
}

/** The heading that ovs-ofctl prints above a reply. */
export function heading(name: string, xid: number): string {
  return `${name} (OF1.3) (xid=0x${xid.toString(16)}):`;
}

/** Names of the bits that are set, with the rest as a number. */
export function bitNames(bits: number, names: readonly (readonly [bit: number, name: string])[]): string[] {
  const found = names.filter(([bit]) => bits & bit);
  const rest = found.reduce((left, [bit]) => left & ~bit, bits) >>> 0;
  return [...found.map(([, name]) => name), ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])];
}

/** The same as ovs-ofctl prints them: "0" for none. */
export function bitText(bits: number, names: readonly (readonly [bit: number, name: string])[]): string {
  return bitNames(bits, names).join(' ') || '0';
}

interface Duration {
  readonly duration_s: number;
  readonly duration_ns: number;
}

/** A duration of a message in milliseconds. */
export function milliseconds({ duration_s, duration_ns }: Duration): number {
  return duration_s * 1000 + duration_ns / 1e6;
}

/** A duration of a message as ovs-ofctl prints it: "12s", "12.345s", "12.345678s". */
export function durationText({ duration_s, duration_ns }: Duration): string {
  if (duration_ns === 0) return `${duration_s}s`;
  const digits = String(duration_ns).padStart(9, '0');
  return `${duration_s}.${duration_ns % 1e6 === 0 ? digits.slice(0, 3) : digits.replace(/0+$/, '')}s`;
}

/** A counter as text; what isn't counted is a question mark. */
export function counterText(value: number | null): string {
  return value === null ? '?' : String(value);
}
