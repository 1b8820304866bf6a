/**
 * The file of `run --config`: the command's own options by their long names, in YAML. What the command line says comes
 * behind it: there single values win, and repeatable ones add up.
 *
 *     name: s1
 *     controller: tcp:127.0.0.1:6653
 *     port: {1: pcap:eth1, 2: pcap:eth2, LOCAL: tap:br0}
 *     flows: firewall.flows
 *     ctl: false
 */
import { readFileSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { didYouMean } from '../nxm/suggestion.js';
import { type Entry, MAX_FILE, mistakeAt, parseYaml, type Tree, textOf } from '../yaml/index.js';
import { EXIT, Failure, unreadable } from './exit.js';
import { isRepeatable } from './switch-options.js';

const CONFIG = '--config';

/** Options that only a person at a terminal has a use for. */
const NOT_IN_FILES: ReadonlySet<string> = new Set(['config', 'help']);

/** KEY=VALUE, or VALUE alone: what a mapping may be written for. */
const PAIR = /<\[?[A-Z]+=\]?[A-Z]+>/;

/**
 * The words of a command line, with those of its configuration file in front of the others. Rejects with a Failure or a
 * TextError.
 */
export async function withConfigFile(args: readonly string[], program: Command): Promise<readonly string[]> {
  const command = program.commands.find((each) => each.name() === args[0]);
  if (!command?.options.some(({ long }) => long === CONFIG)) return args;
  const files = filesOf(args);
  if (files.length === 0) return args;
  if (files.length > 1) throw new Failure(EXIT.usage, `${CONFIG} names one file, not ${files.length}`);
  return [args[0], ...(await wordsOf(files[0], command)), ...args.slice(1)];
}

function filesOf(args: readonly string[]): string[] {
  const files: string[] = [];
  for (let i = 1; i < args.length && args[i] !== '--'; i++) {
    if (args[i].startsWith(`${CONFIG}=`)) files.push(args[i].slice(CONFIG.length + 1));
    else if (args[i] === CONFIG && i + 1 < args.length) files.push(args[++i]);
  }
  return files;
}

function content(file: string): string {
  try {
    if (statSync(file).size > MAX_FILE) {
      throw new Failure(EXIT.usage, `${file}: more than ${MAX_FILE / 2 ** 20} MB, which is no configuration`);
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(file, error);
  }
}

async function wordsOf(file: string, command: Command): Promise<string[]> {
  const tree = await parseYaml(content(file), file);
  if (tree.kind === 'scalar' && tree.value === null) return [];
  if (tree.kind !== 'map') throw mistakeAt(tree, 'a configuration is a mapping of options (OPTION: VALUE)', file);
  const options = new Map<string, Option>();
  for (const option of command.options) {
    const name = option.long?.slice(2) ?? '';
    if (!option.negate && !NOT_IN_FILES.has(name)) options.set(name, option);
  }
  return tree.entries.flatMap((entry) => {
    const option = options.get(entry.key);
    if (option) return new Setting(entry, option, file).words();
    const hint = didYouMean(entry.key, [...options.keys()]);
    throw mistakeAt(entry.keyAt, `${command.name()} has no option "${entry.key}"${hint}`, file);
  });
}

/** One option of a file. */
class Setting {
  constructor(
    private readonly entry: Entry,
    private readonly option: Option,
    private readonly file: string,
  ) {}

  words(): string[] {
    const { key, value } = this.entry;
    if (this.option.isBoolean()) return this.flag(value);
    if (value.kind === 'scalar' && value.value === false && key === 'ctl') return ['--no-ctl'];
    return this.texts(value).map((text) => `--${key}=${text}`);
  }

  private flag(value: Tree): string[] {
    const given = value.kind === 'scalar' ? value.value : null;
    const word = `--${this.entry.key}`;
    if (typeof given === 'boolean') return given ? [word] : [];
    if (this.entry.key === 'verbose' && (given === 1 || given === 2)) return Array.from({ length: given }, () => word);
    throw this.mistake(value, 'is true or false');
  }

  private texts(value: Tree): string[] {
    if (value.kind === 'scalar') return [this.text(value)];
    if (!isRepeatable(this.option)) throw this.mistake(value, 'has one value');
    if (value.kind === 'list') return value.items.map((item) => this.text(item));
    if (!PAIR.test(this.option.flags)) throw this.mistake(value, 'is a text or a list of them');
    return value.entries.map(({ key, value: each }) => this.text(each, `${key}=`));
  }

  private text(value: Tree, before = ''): string {
    if (value.kind !== 'scalar' || value.value === null) throw this.mistake(value, 'has a text here');
    const text = before + textOf(value).text;
    try {
      this.option.parseArg?.(text, undefined as never);
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw this.mistake(value, `can't be "${text}". ${error.message}`);
      throw error;
    }
    return text;
  }

  private mistake(at: Tree, why: string): Error {
    return mistakeAt(at, `${this.entry.key} ${why}`, this.file);
  }
}
