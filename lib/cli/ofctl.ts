/**
 * `ctswitch ofctl`: the command line of lib/ofctl's table of commands, files and standard input, names of ports, and
 * how each failure ends.
 */
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { plainText, TextError } from '../bytes/index.js';
import { ChannelError, isSecure, parseActive } from '../channel/index.js';
import { didYouMean, type NameMap, PLAIN_NAMES, type TextNames, textNames } from '../nxm/index.js';
import {
  ABSENT_COMMANDS,
  Client,
  COMMANDS,
  type CommandOptions,
  Misuse,
  NoAnswer,
  type Command as OfctlCommand,
  type Printer,
  Refused,
  type Scene,
  type SortKey,
} from '../ofctl/index.js';
import { systemClock } from '../system-clock.js';
import { formatFrame } from '../text/index.js';
import { EXIT, Failure, unreadable } from './exit.js';
import { Lifetime } from './lifetime.js';
import { Output } from './output.js';
import { type TlsFiles, tlsFor, withTlsOptions } from './tls-options.js';

interface Options extends TlsFiles {
  readonly json?: boolean;
  readonly timeout: number;
  /** undefined: shown on a terminal, and always taken. */
  readonly names?: boolean;
  readonly stats?: boolean;
  readonly strict?: boolean;
  readonly readd?: boolean;
  readonly bundle?: boolean;
  readonly mayCreate?: boolean;
  readonly protocols?: string;
}

const HELP = `
ADDRESS stands behind the command's name: tcp:HOST[:PORT], ssl:HOST[:PORT] or
unix:PATH. Flows, groups, meters and packet-outs are written as for ovs-ofctl.
Ports may be written by name; --no-names takes and shows numbers only.

Examples:
  ctswitch ofctl show tcp:127.0.0.1:6654
  ctswitch ofctl add-flow tcp:127.0.0.1:6654 'ip,nw_dst=10.0.0.2,actions=2'
  ctswitch ofctl --json dump-flows tcp:127.0.0.1:6654 table=0
  ctswitch ofctl del-flows --strict unix:/run/s1.mgmt priority=5,ip
Exit statuses: 0 well, 1 the switch refused it or diff-flows found a difference,
2 usage or a bad file, 3 the switch can't be reached, 4 time-out.
`;

/** Runs a command line: what stands behind "ofctl". `program` is the command it belongs to. Resolves to a status. */
export async function ofctl(words: readonly string[], program: Command): Promise<number> {
  let status: number = EXIT.ok;
  const sort: SortKey[] = [];
  const cli = new Command('ofctl').copyInheritedSettings(program).description('what ovs-ofctl does');
  withOptions(cli, sort)
    .helpCommand('help [command]', 'print what a command is for')
    .addHelpText('after', HELP)
    .usage('[options] COMMAND ADDRESS [ARGUMENT…]');
  cli.configureHelp({ minWidthToWrap: 30, subcommandTerm: listed });
  cli.parent = program;
  for (const command of COMMANDS) {
    const usage = command.local ? (command.args ?? '') : `ADDRESS ${command.args ?? ''}`.trim();
    cli
      .command(command.name)
      .aliases([...(command.aka ?? [])])
      .description(command.about)
      .usage(usage)
      .argument('[words...]')
      .configureHelp({ visibleArguments: () => [], visibleOptions: () => [] })
      .action(async (args: string[]) => {
        status = await run(command, args, usage, cli.opts<Options>(), sort);
      });
  }
  cli.argument('[words...]').action(([word]: string[]) => {
    if (word === undefined) cli.outputHelp({ error: true });
    throw new Failure(EXIT.usage, word === undefined ? 'ofctl needs a command' : unknown(word));
  });
  await cli.parseAsync(words.map(withField), { from: 'user' });
  return status;
}

/** Longest words of a command in the list of them; what is longer, its own help tells. */
const MAX_LISTED = 30;

/** A command in the list: its name and arguments, without the address that all have. */
function listed(command: Command): string {
  const whole = `${command.name()} ${command.usage().replace(/^ADDRESS ?/, '')}`.trim();
  return whole.length > MAX_LISTED ? `${command.name()} …` : whole;
}

/** The field of --sort is optional, but is no word of its own: getopt's way. */
function withField(word: string): string {
  return word === '--sort' || word === '--rsort' ? `${word}=priority` : word;
}

function unknown(word: string): string {
  if (Object.hasOwn(ABSENT_COMMANDS, word)) return `ofctl has no command "${word}": ${ABSENT_COMMANDS[word]}`;
  const names = COMMANDS.flatMap(({ name, aka = [] }) => [name, ...aka]);
  return `ofctl has no command "${word}"${didYouMean(word, names) || '; ctswitch ofctl --help lists them'}`;
}

function withOptions(cli: Command, sort: SortKey[]): Command {
  const sorted = (descending: boolean) => (by: string) => sort.push({ by, descending });
  return withTlsOptions(cli)
    .option('--json', 'JSON lines, each with its schema, such as ctswitch/flow@1')
    .addOption(
      new Option('-t, --timeout <S>', 'how long the switch may leave a request unanswered')
        .argParser(seconds)
        .default(10),
    )
    .option('--names', "show ports' names (default: on a terminal)")
    .option('--no-names', 'show and take numbers of ports only')
    .option('--strict', 'mod-flows, del-flows: only flows with exactly this match and priority')
    .option('--stats', 'dump-flows: with cookie, duration and counters (default)')
    .option('--no-stats', 'dump-flows: without them')
    .addOption(new Option('--sort <FIELD>', 'dump-flows: sort by priority or a field').argParser(sorted(false)))
    .addOption(new Option('--rsort <FIELD>', 'dump-flows: the same, descending').argParser(sorted(true)))
    .option('--readd', 'replace-flows: add flows that are there, too')
    .option('--bundle', 'commands that change flows or groups: all changes together, or none')
    .option('--may-create', 'mod-group: add a group that is not there')
    .addOption(new Option('-O, --protocols <VERSIONS>', 'as for ovs-ofctl; OpenFlow13 must be among them'));
}

function seconds(text: string): number {
  const number = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || number <= 0 || number > 86400) {
    throw new InvalidArgumentError('It is a number of seconds up to 86400.');
  }
  return number;
}

function optionsFor(command: OfctlCommand, given: Options, sort: readonly SortKey[]): CommandOptions {
  const all: CommandOptions = {
    strict: given.strict,
    stats: given.stats,
    readd: given.readd,
    bundle: given.bundle,
    mayCreate: given.mayCreate,
    ...(sort.length > 0 ? { sort } : {}),
  };
  for (const key of Object.keys(all) as (keyof CommandOptions)[]) {
    if (all[key] === undefined || command.options?.includes(key)) continue;
    const option = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new Failure(EXIT.usage, `${command.name} takes no --${all[key] === false ? 'no-' : ''}${option}`);
  }
  const { protocols = 'OpenFlow13' } = given;
  if (!/\b(OpenFlow13|1\.3)\b/i.test(protocols)) {
    throw new Failure(
      EXIT.usage,
      `OpenFlow 1.3 is spoken here, not ${protocols}: leave -O out, or write -O OpenFlow13`,
    );
  }
  return all;
}

async function run(
  command: OfctlCommand,
  words: readonly string[],
  usage: string,
  given: Options,
  sort: readonly SortKey[],
): Promise<number> {
  const options = optionsFor(command, given, sort);
  const args = command.local ? words : words.slice(1);
  const [least, most] = command.count ?? [0, 0];
  if ((!command.local && words.length === 0) || args.length < least || args.length > most) {
    throw new Failure(EXIT.usage, `usage: ctswitch ofctl ${command.name} ${usage}`);
  }
  const life = new Lifetime();
  let gone = false;
  const output = new Output(given.json ?? false, () => {
    gone = true;
    life.end(EXIT.ok);
  });
  const desk = new Desk(given, output, life);
  const ended = life.ended.then(() => {
    if (!gone) throw new Failure(EXIT.failed, 'interrupted; what was sent before that stays');
  });
  ended.catch(() => {});
  try {
    const working = desk.work(command, options, words[0], args);
    working.catch(() => {});
    return (await (command.endless ? working : Promise.race([working, ended]))) === true ? EXIT.failed : EXIT.ok;
  } catch (error) {
    throw failureOf(error);
  } finally {
    life.release();
  }
}

/** A failure with its status; what is none of ofctl's own is left to the program. */
function failureOf(error: unknown): unknown {
  if (error instanceof Refused) return new Failure(EXIT.failed, error.message);
  if (error instanceof NoAnswer) return new Failure(EXIT.timeout, error.message);
  if (error instanceof Misuse) return new Failure(EXIT.usage, error.message);
  return error;
}

/** What a command works with, made as the options say. */
class Desk {
  constructor(
    private readonly given: Options,
    private readonly output: Output,
    private readonly life: Lifetime,
  ) {}

  async work(
    command: OfctlCommand,
    options: CommandOptions,
    address: string,
    args: readonly string[],
  ): Promise<unknown> {
    if (command.local) return command.run(this.scene(command, null, options, PLAIN_NAMES, undefined), args);
    const client = await this.connect(address);
    try {
      const [names, ports] = command.named ? await this.names(client) : [PLAIN_NAMES, undefined];
      return await command.run(this.scene(command, client, options, names, ports), args);
    } finally {
      await client.close();
    }
  }

  private async connect(text: string): Promise<Client> {
    const address = addressOf(text);
    const tls = isSecure(address) ? await tlsFor(this.given, [text]) : null;
    return Client.connect(address, { clock: systemClock, timeout_ms: this.given.timeout * 1000, tls });
  }

  /** How ports are shown, and what they may be called. A name of two ports is none. */
  private async names(client: Client): Promise<[TextNames, NameMap | undefined]> {
    const { names = process.stdout.isTTY === true ? 'shown' : 'taken', json } = this.given;
    if (names === false) return [PLAIN_NAMES, undefined];
    const ports = await client.list({ kind: 'port_desc' });
    const single = ports.filter((port) => ports.every((other) => other === port || other.name !== port.name));
    const map = new Map(single.map(({ name, number }) => [name, number]));
    const shown = names !== 'taken' && !json;
    return [shown ? textNames(new Map(single.map(({ name, number }) => [number, name]))) : PLAIN_NAMES, map];
  }

  private scene(
    { endless = false }: OfctlCommand,
    client: Client | null,
    options: CommandOptions,
    names: TextNames,
    ports: NameMap | undefined,
  ): Scene {
    return {
      client: client as Client,
      options,
      names,
      ports,
      print: new Paper(this.output, endless),
      read: readText,
      packetText: (frame, inPort) => formatFrame(frame, inPort, names),
      connect: (text) => this.connect(text),
      interrupted: this.life.ended,
      now: () => systemClock.now(),
    };
  }
}

/** Results: none is left out, but of what never ends, where the reader is too slow; it is told how many it missed. */
class Paper implements Printer {
  readonly json: boolean;

  constructor(
    private readonly output: Output,
    private readonly endless: boolean,
  ) {
    this.json = output.json;
  }

  say(text: string): void {
    this.output.say(text);
  }

  tell(schema: string, value: object): void {
    if (this.endless) this.output.tell(schema, value);
    else if (this.json) process.stdout.write(`${JSON.stringify({ schema: `ctswitch/${schema}`, ...value })}\n`);
  }
}

async function readText(file: string): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  }
  try {
    return plainText(await readFile(file, 'utf8'), file);
  } catch (error) {
    throw error instanceof TextError ? error : unreadable(file, error);
  }
}

const RUN = '/var/run/openvswitch';

/** An address, or a hint for what ovs-ofctl would take for a bridge. Throws a Failure or a ChannelError. */
function addressOf(text: string) {
  if (text.includes(':')) return parseActive(text);
  const path = text.includes('/') ? text : `${RUN}/${text}.mgmt`;
  const hint = `write tcp:HOST:PORT or unix:PATH (a bridge of Open vSwitch: unix:${path})`;
  throw new ChannelError(text, 'usage', `this is no address; ${hint}`);
}
