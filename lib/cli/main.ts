/**
 * The command line: which command, and how it ends. What a command does is a file that is loaded when it is asked for,
 * and resolves to an exit status.
 */
import { Command, CommanderError } from 'commander';
import { didYouMean } from '../nxm/suggestion.js';
import { type Ended, knows, unknownCommand } from './command/command.js';
import { ctlCommand } from './command/ctl.js';
import { demoCommand } from './command/demo.js';
import { inspectCommand } from './command/inspect.js';
import { ofctlCommand } from './command/ofctl.js';
import { replayCommand } from './command/replay.js';
import { runCommand } from './command/run.js';
import { simulateCommand } from './command/simulate.js';
import { testCommand } from './command/test.js';
import { traceCommand } from './command/trace.js';
import { withConfigFile } from './config-file.js';
import { EXIT, Failure, failureOf } from './exit.js';
import { signalled } from './lifetime.js';
import { flushed } from './output.js';
import { VERSION } from './version.js';
import { wrapped } from './wrap.js';

/** In the order in which help lists them. Each has a file in command/ with its options, and one here that runs it. */
const COMMANDS = [
  demoCommand,
  runCommand,
  testCommand,
  traceCommand,
  ctlCommand,
  simulateCommand,
  replayCommand,
  inspectCommand,
  ofctlCommand,
] as const;

/** What the program is called in messages. */
const NAME = 'ctswitch';

const STATUSES = `
Exit statuses: 0 well, 1 a test failed or a difference was found, 2 usage or a
bad file, 3 environment (a port in use, rights, an interface or a module
missing), 4 time-out.
`;

const EXAMPLES = `
Examples:
  ctswitch                                the demo: a switch, hosts, a prompt
  echo 'h1 ping h2' | ctswitch            the demo, told what to do
  ctswitch run --port 1=pcap:veth1 --port 2=pcap:veth2
  ctswitch test scenarios/                flows and packets with expectations
  ctswitch trace --flows dump.txt 'in_port=1,tcp'    what becomes of a packet
  ctswitch simulate < cases.jsonl         packets in and out, no network
  ctswitch replay session.pcap            does it still answer as recorded?
  ctswitch inspect                        a controller that explains
  ctswitch ofctl show tcp:127.0.0.1:6654  what ovs-ofctl does, with any switch
In a checkout, write node dist/bin/ctswitch.js for ctswitch.
`;

/** How long a signal lets the reader of what was written take it, in milliseconds. */
const LAST_WORDS_MS = 500;

/**
 * Runs the program and ends the process. A reader that takes its time gets everything, unless a signal asked for the
 * end; a signal while that is waited for ends the process at once, since nobody catches it any more.
 */
export async function main(args: readonly string[]): Promise<void> {
  const status = await statusOf(args);
  await flushed(signalled() ? LAST_WORDS_MS : undefined);
  process.exit(status);
}

async function statusOf(args: readonly string[]): Promise<number> {
  let status: number = EXIT.ok;
  const program = commands((ended) => {
    status = ended;
  });
  try {
    if (args[0] === 'help' && args[1] !== undefined && !knows(program, args[1])) {
      throw new Failure(EXIT.usage, unknownCommand(args[1], program));
    }
    await program.parseAsync(await withConfigFile(args, program), { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = failureOf(error);
    if (failure === null) throw error;
    process.stderr.write(wrapped(`${NAME}: ${failure.message}\n`, process.stderr));
    return failure.status;
  }
}

/** `ended` hears a command's exit status. */
function commands(ended: Ended): Command {
  const program = new Command(NAME)
    .description("An OpenFlow 1.3 switch with Open vSwitch's connection tracking.")
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'print what a command is for and its options')
    .addHelpText('after', EXAMPLES + STATUSES)
    .exitOverride()
    .configureHelp({ minWidthToWrap: 30, subcommandTerm: (command) => command.name() })
    .configureOutput({ outputError: (text, write) => write(wrapped(`${NAME}: ${oneLine(text)}\n`, process.stderr)) });
  for (const add of COMMANDS) add(program, ended);
  return program;
}

/** Commander's messages without "error:", suggestions on the same line, an option with what it was given. */
function oneLine(text: string): string {
  const line = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ');
  const [, option, given, why] = /^option '(?:-\w, )?(--[\w-]+).*' argument '(.*)' is invalid\. (.*)$/.exec(line) ?? [];
  if (option === undefined) return line;
  const choices = /^Allowed choices are (.*)\.$/.exec(why)?.[1].split(', ');
  const reason = choices ? `it is one of ${choices.join(', ')}${didYouMean(given, choices)}` : lowerFirst(why);
  return `${option} ${given}: ${reason}`;
}

/** A sentence without its end, behind a colon. */
function lowerFirst(sentence: string): string {
  return sentence.replace(/^[A-Z](?=[a-z]+ )/, (letter) => letter.toLowerCase()).replace(/\.$/, '');
}
