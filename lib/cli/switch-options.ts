/** Options that several commands have, and what makes a switch of them. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseActive, parsePassive } from '../channel/address.js';
import { ChannelError } from '../channel/channel-error.js';
import type { HttpAddress } from '../web/index.js';
import { type AdjustableLog, makeLog } from './log.js';
import { hasColours, type Output } from './output.js';
import { type TlsFiles, withTlsOptions } from './tls-options.js';
import { httpOption } from './web.js';

export interface CommonOptions extends TlsFiles {
  readonly controller?: readonly string[];
  readonly listen?: readonly string[];
  readonly seed?: number;
  /** A path; false: none. */
  readonly ctl?: string | boolean;
  readonly rundir?: string;
  readonly http?: HttpAddress;
  readonly json?: boolean;
  readonly verbose: number;
}

/** Adds the options of CommonOptions. */
export function withCommonOptions(command: Command, defaults: { controller?: string; listen?: string } = {}): Command {
  const otherwise = (text: string | undefined): string => (text === undefined ? '' : ` (default: ${text})`);
  command
    .option(
      '--controller <ADDRESS>',
      `dial a controller: tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:PATH; repeatable${otherwise(defaults.controller)}`,
      several(address(parseActive)),
    )
    .option(
      '--listen <ADDRESS>',
      `wait for ovs-ofctl or controllers: ptcp:PORT[:HOST], pssl:PORT[:HOST] or punix:PATH; repeatable${otherwise(defaults.listen)}`,
      several(address(parsePassive)),
    );
  return withTlsOptions(command)
    .option('--ctl <PATH>', 'the management socket (default: one in --rundir that ctswitch ctl finds)')
    .option('--rundir <DIR>', 'a folder for ctswitch.PID.ctl and ctswitch.pid, where ovs-appctl -t ctswitch looks, too')
    .option('--no-ctl', 'no management socket')
    .addOption(httpOption())
    .option('--seed <N>', 'where chance comes from: the same seed, the same run', whole(0, 2 ** 48))
    .option('--json', 'JSON lines on standard output, the first with the schema ctswitch/ready@1; logs as JSON, too')
    .option('-v, --verbose', 'log more; -vv logs everything', (_: string, before: number) => before + 1, 0);
}

/** A network in place of one switch. */
export function topoOption(): Option {
  return new Option(
    '--topo <SHAPE|FILE>',
    "switches, hosts and links in this process, with Mininet's names: single,3  linear,3  ring,3  tree,2,3  fat-tree,4, or a YAML file",
  );
}

const REPEATABLE = new WeakSet<object>();

/** An option that may be repeated: a list of what each is read as. */
export function several<T>(read: (text: string) => T) {
  const gather = (text: string, before?: T[]): T[] => [...(before ?? []), read(text)];
  REPEATABLE.add(gather);
  return gather;
}

/** May the option be given more than once? */
export function isRepeatable({ parseArg }: Option): boolean {
  return parseArg !== undefined && REPEATABLE.has(parseArg);
}

/** A whole number within bounds. */
export function whole(least: number, most: number) {
  return (text: string): number => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

/** "1", "0x1f", "00:00:00:00:00:00:00:01": 64 bits that aren't all zero. */
export function datapathId(text: string): bigint {
  const digits = text.replace(/^0x/i, '').replace(/:/g, '');
  if (!/^[0-9a-f]{1,16}$/i.test(digits) || /^0+$/.test(digits)) {
    throw new InvalidArgumentError('It has 1 to 16 hexadecimal digits, not all of them zero.');
  }
  return BigInt(`0x${digits}`);
}

/** A switch's name. */
export function name(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It has at least one character.');
  return text;
}

/** The text itself, once a parser of addresses has taken it. */
export function address(parse: (text: string) => unknown) {
  return (text: string): string => {
    try {
      parse(text);
    } catch (error) {
      if (error instanceof ChannelError) throw new InvalidArgumentError(error.why);
      throw error;
    }
    return text;
  };
}

/** The log that the options ask for. */
export function logFor({ verbose }: Pick<CommonOptions, 'verbose'>, output: Output): AdjustableLog {
  return makeLog({
    json: output.json,
    verbosity: verbose,
    colours: hasColours(process.stderr),
    write: (text) => output.complain(text),
  });
}

/** The seed that was given, or one that nobody guesses. */
export function seedOf({ seed }: CommonOptions): number {
  return seed ?? globalThis.crypto.getRandomValues(new Uint32Array(1))[0];
}
