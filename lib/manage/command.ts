/**
 * The shape of a management command: a row with its name, arguments and what it answers. What each does is in a file by
 * its family.
 */
import type { Switch } from '../switch.js';

/** A command is refused: the text that the client sees. */
export class Refused extends Error {}

/** What the commands have to work with. */
export interface Daemon {
  readonly sw: Switch;
  /** The bridge's name. */
  readonly name: string;
  /** "ctswitch 0.1.0" */
  readonly version: string;
  /** Ends the program. */
  exit(): void;
  /** How much is logged: 0 warnings, 1 what happens, 2 everything, -1 nothing. */
  verbosity: number;
  /**
   * A word of the prompt, where there is one: what it says, or null for a word that it doesn't know. Rejects with
   * Refused.
   */
  typed?(line: string, signal: AbortSignal): Promise<string | null>;
  /** A port out of a SPEC, as --port has it. Throws Refused. */
  openPort?(spec: string): Parameters<Switch['addPort']>[1];
}

export interface Call extends Readonly<Omit<Daemon, 'verbosity'>> {
  /** What can be changed. */
  readonly daemon: Daemon;
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** An answer: whole, or in pieces between which others have their turn. */
export type Answer = string | Promise<string> | Iterable<string>;

export interface Command {
  readonly name: string;
  /** Arguments, as list-commands shows them. */
  readonly usage: string;
  /** How few and how many. */
  readonly least: number;
  readonly most: number;
  run(args: readonly string[], call: Call): Answer;
  /** What happens when the client has its answer. */
  after?(daemon: Daemon): void;
}

/** Declares a command. */
export function command(
  name: string,
  usage: string,
  [least, most]: readonly [number, number],
  run: Command['run'],
): Command {
  return { name, usage, least, most, run };
}

export const ANY_NUMBER = Number.POSITIVE_INFINITY;

/** dpctl's complaints name the program, and errno's text. */
export function dpctlError(why: string, errno = 'Invalid argument'): Refused {
  return new Refused(`ctswitch: ${why} (${errno})`);
}

/** The name of the datapath, as Open vSwitch's userspace one is called. */
export const DATAPATH = 'netdev@ovs-netdev';
const DATAPATHS = new Set([DATAPATH, 'ovs-netdev', 'system@ovs-system', 'ovs-system']);

/** Takes the datapath's name out of arguments, and options; throws Refused for what is left of neither. */
export function dpctlArguments(
  args: readonly string[],
  options = '',
): { readonly rest: readonly string[]; readonly flags: ReadonlySet<string> } {
  const flags = new Set<string>();
  const rest: string[] = [];
  for (const arg of args) {
    if (/^--?[a-z]/.test(arg)) {
      const letter = { '--more': 'm', '--statistics': 's', '--names': 'n', '--no-names': 'n' }[arg] ?? arg.slice(1);
      if (!options.includes(letter)) throw new Refused(`Unrecognized option ${arg}`);
      flags.add(letter);
    } else if (!DATAPATHS.has(arg)) {
      rest.push(arg);
    }
  }
  return { rest, flags };
}

/** Throws for an argument where a datapath's name could stand, and another one does. */
export function noMore(rest: readonly string[]): void {
  if (rest.length > 0) throw dpctlError('datapath not found');
}

/** Throws unless the bridge is ours. */
export function bridge(name: string | undefined, call: Call, none = 'no such bridge'): void {
  if (name !== undefined && name !== call.name) throw new Refused(none);
}
