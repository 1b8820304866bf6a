/**
 * The shape of an action: bytes, text, checks and meaning side by side, one file each in actions/. A kind with several
 * forms on the wire (resubmit, set_field) lists them all, and says which one an action is written in.
 */
import type { ErrorName, Reader, TextError, Writer } from '../bytes/index.js';
import type { Key } from '../packet/key.js';
import type { Action } from './actions/index.js';
import type { Meaning } from './meaning.js';
import type { Prerequisite } from './prerequisite.js';

/** Experimenter ids of actions. */
export const VENDOR = { standard: 0, nicira: 0x2320, onf: 0x4f4e4600 } as const;

/** How an action is named on the wire: a standard type, or an experimenter's subtype. */
export interface ActionId {
  readonly vendor: number;
  readonly number: number;
}

export const standard = (number: number): ActionId => ({ vendor: VENDOR.standard, number });
export const nicira = (number: number): ActionId => ({ vendor: VENDOR.nicira, number });
export const onf = (number: number): ActionId => ({ vendor: VENDOR.onf, number });

/**
 * What is known of the flow when its actions are checked, in order; push and pop change it as they will change packets.
 */
export interface Check {
  /** The flow's match, as earlier actions have changed it. */
  readonly value: Key;
  readonly mask: Key;
  /** The table the flow is in; 0xff for packet-out and groups. */
  readonly tableId: number;
  /** Where the actions stand. */
  readonly inside: 'apply' | 'write' | 'ct' | 'packet-out' | 'bucket';
  /** Throws MATCH_INCONSISTENT unless the flow makes sure of a prerequisite. */
  require(needs: Prerequisite, what: string): void;
  /** Checks a port that an action names. */
  port(port: number, what: string): void;
  /** Throws BAD_OUT_GROUP unless there is a group. */
  group(group: number): void;
  /** Checks nested actions, inside `inside`. */
  nested(actions: readonly Action[], inside: Check['inside']): void;
}

/** The argument of an action in a text: `name:arg`, `name(arg)` or `name=arg`. */
export interface TextArgument {
  /** The action's name as written. */
  readonly name: string;
  /** What stands behind it, without the brackets; "" where there is none. */
  readonly text: string;
  /** A mistake, `offset` characters into `text`. */
  error(why: string, offset?: number): TextError;
  /** A port's number: a number, a reserved name, or a name the switch knows. */
  port(text: string): number | null;
  /** A table's number: a number, or a name the switch knows. */
  table(text: string): number | null;
  /** Parses nested actions that begin `offset` characters into `text`. */
  actions(text: string, offset: number): Action[];
}

/** How names are printed. */
export interface TextNames {
  port(port: number): string;
  table(table: number): string;
}

export interface ActionKind<A extends { readonly type: string }> {
  readonly type: A['type'];
  /** Its forms on the wire. */
  readonly ids: readonly ActionId[];
  /** Which form an action is written in; the first one where this is left out. */
  form?(action: A): ActionId;
  /** Reads what follows the header; the reader ends where the action ends. */
  read(r: Reader, id: ActionId): A;
  /** Writes what follows the header; padding to 8 bytes is the caller's. */
  write(action: A, w: Writer, id: ActionId): void;
  /** Names in texts → what they say. */
  readonly texts: Readonly<Record<string, (argument: TextArgument) => A | readonly Action[]>>;
  /** As ovs-ofctl prints it. */
  format(action: A, names: TextNames): string;
  /** Refuses what the switch can't do for this flow, before anything is changed. Throws OpenFlowError. */
  check(action: A, flow: Check): void;
  /** Runs it symbolically. Left out: the action has no meaning outside ct(exec(…)). */
  translate(action: A, m: Meaning): void;
}

/** Declares a kind of action. */
export function action<A extends { readonly type: string }>(kind: ActionKind<A>): ActionKind<A> {
  return kind;
}

/** Reads `n` bytes, all that are left by default, that have to be zero. */
export function readZeros(r: Reader, error: ErrorName, n = r.left): void {
  for (let i = 0; i < n; i++) if (r.u8('padding') !== 0) throw r.error(error, 'padding is not zero', 1);
}

/** Reads the text of an action that has no argument. */
export function alone<A>(action: A): (arg: TextArgument) => A {
  return (arg) => {
    if (arg.text !== '') throw arg.error(`${arg.name} takes no argument`);
    return action;
  };
}
