/**
 * The shape of a management command: a row with its name, arguments and what it answers. What each does is in a file by
 * its family.
 */
import type { Clock } from '../bytes/index.js';
import type { Switch } from '../switch.js';

/** A command is refused: the text that the client sees. */
export class Refused extends Error {}

/** What the commands have to work with. */
export interface Daemon {
  /** By the names of their bridges: one, or those of a network. */
  readonly switches: ReadonlyMap<string, Switch>;
  /** A network, whose hosts and links are the prompt's: its words go before commands that are about one switch. */
  readonly network?: boolean;
  readonly clock: Clock;
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
  /** A port out of a SPEC, as --port has it, for a switch. Throws Refused. */
  openPort?(spec: string, sw: Switch): Parameters<Switch['addPort']>[1];
}

/** A request, and the switches that it is about. */
export class Call {
  /**
   * `method`: as it was asked. `chosen`: the switches that are meant, all of them unless told; a command that is about
   * one takes the only one, or is refused.
   */
  constructor(
    readonly daemon: Daemon,
    readonly method: string,
    /** Aborted when nobody waits for the answer any more. */
    readonly signal: AbortSignal,
    readonly chosen: ReadonlyMap<string, Switch> = daemon.switches,
  ) {}

  /** The switch. Throws Refused where it could be one of several. */
  get sw(): Switch {
    return this.only[1];
  }

  /** The bridge's name. Throws Refused where it could be one of several. */
  get name(): string {
    return this.only[0];
  }

  private get only(): [string, Switch] {
    const [first] = this.chosen;
    if (this.chosen.size === 1) return first;
    if (first === undefined) throw new Refused('there is no switch');
    throw new Refused(`there are several switches: write one's name before it, "${first[0]} ${this.method}"`);
  }

  /** The same for one of the switches; null where it isn't among them. */
  at(name: string): Call | null {
    const sw = this.chosen.get(name);
    return sw === undefined ? null : new Call(this.daemon, this.method, this.signal, new Map([[name, sw]]));
  }

  /** The same for each switch. */
  get each(): Call[] {
    return [...this.chosen].map((one) => new Call(this.daemon, this.method, this.signal, new Map([one])));
  }
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
  /** It is about the whole program: no switch's name stands before it. */
  readonly whole?: boolean;
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

/** The name of the only datapath, as Open vSwitch's userspace one is called; others that scripts may have for it. */
const DATAPATH = 'netdev@ovs-netdev';
const ALIASES: ReadonlySet<string> = new Set([DATAPATH, 'ovs-netdev', 'system@ovs-system', 'ovs-system']);

/** What a call's datapath is called: in a network, each switch has one of its own. */
export function datapathName({ daemon, name }: Call): string {
  return daemon.switches.size === 1 ? DATAPATH : `netdev@${name}`;
}

/** The switch whose datapath has a name; null: none has. */
function datapathNamed(name: string, call: Call): Call | null {
  if (call.daemon.switches.size === 1) return ALIASES.has(name) ? call : null;
  return call.at(name.replace(/^netdev@/, ''));
}

/** Options' long names; the short ones may stand together, as getopt(3) takes them ("-ms"). */
const LONG_OPTIONS: Readonly<Record<string, string>> = {
  '--more': 'm',
  '--statistics': 's',
  '--names': 'n',
  '--no-names': 'n',
};

/** Arguments of a dpctl command. */
export interface DpctlArguments {
  readonly rest: readonly string[];
  readonly flags: ReadonlySet<string>;
  /** The call for the datapaths that are meant: the one that was named, or all. */
  readonly call: Call;
}

/** Takes the datapath's name and options out of arguments; throws Refused for an option that isn't known. */
export function dpctlWords(args: readonly string[], call: Call, options = ''): DpctlArguments {
  const flags = new Set<string>();
  const rest: string[] = [];
  let meant = call;
  for (const arg of args) {
    if (/^--?[a-z]/.test(arg)) {
      const long = Object.hasOwn(LONG_OPTIONS, arg) ? LONG_OPTIONS[arg] : undefined;
      for (const letter of long ?? arg.slice(1)) {
        const named = arg.startsWith('--') ? arg : `-${letter}`;
        if (!options.includes(letter)) throw new Refused(`Unrecognized option ${named}`);
        flags.add(letter);
      }
    } else {
      const named = datapathNamed(arg, call);
      if (named === null) rest.push(arg);
      else meant = named;
    }
  }
  return { rest, flags, call: meant };
}

/** The same for a command that is about one datapath. Throws Refused where it could be one of several. */
export function dpctlArguments(args: readonly string[], call: Call, options = '') {
  const words = dpctlWords(args, call, options);
  const { chosen } = words.call;
  if (chosen.size !== 1) {
    const first = [...chosen.keys()].slice(0, 2).join(', ');
    throw dpctlError(`multiple datapaths, specify one: ${first}, … (dpctl/dump-dps)`);
  }
  return { ...words, sw: words.call.sw };
}

/** Throws for an argument where a datapath's name could stand, and another one does. */
export function noMore(rest: readonly string[]): void {
  if (rest.length > 0) throw dpctlError('datapath not found');
}

/** The call for the bridge of a name. Throws Refused where there is none. */
export function bridge(name: string, call: Call, none = 'no such bridge'): Call {
  const found = call.at(name);
  if (found === null) throw new Refused(none);
  return found;
}
