/**
 * The command line: which command, which options, how it ends. Each command is a file that is loaded when it is asked
 * for, and resolves to an exit status.
 */
import { Command, CommanderError, Option } from 'commander';
import { parseActive, parseAddress, parsePassive } from '../channel/address.js';
import { didYouMean } from '../nxm/suggestion.js';
import { ruleOption, timeoutsOption, zoneOption } from './conntrack-options.js';
import { EXIT, Failure, failureOf } from './exit.js';
import { signalled } from './lifetime.js';
import { flushed } from './output.js';
import { address, datapathId, name, several, whole, withCommonOptions } from './switch-options.js';
import { VERSION } from './version.js';

/** What the program is called in messages. */
const NAME = 'ctswitch';

const STATUSES = `
Exit statuses: 0 well, 1 a test failed or a difference was found, 2 usage or a bad file,
3 environment (a port in use, rights, an interface or a module missing), 4 time-out.
`;

const EXAMPLES = `
Examples:
  ctswitch                                             the demo: a switch, four hosts, a prompt
  echo 'h1 ping h2' | ctswitch                         the demo, told what to do
  ctswitch run --port 1=pcap:veth1 --port 2=pcap:veth2 --controller tcp:127.0.0.1:6653
  ctswitch simulate < cases.jsonl                      flows and packets in, packets out, no network
  ctswitch test scenarios/                             flows and packets with expectations
  ctswitch ofctl show tcp:127.0.0.1:6654               what ovs-ofctl does, with any switch
  ctswitch trace --flows dump.txt 'in_port=1,tcp'      what becomes of a packet, and why
In a checkout, write node dist/bin/ctswitch.js for ctswitch.
`;

const DEMO_HELP = `
On a terminal there is a prompt; its command help lists what it knows. Otherwise the same commands are read from
standard input, one a line: at its end the demo ends, with status 1 if a ping or a connection failed and 2 if a line
was not understood. If there was no command, as with < /dev/null, it runs until SIGINT or SIGTERM.
`;

const RUN_HELP = `
A port is [N=|LOCAL=]SPEC, and a SPEC one of
  pcap:IFACE                      a live interface (koffi or npm's pcap, rights to capture)
  pcap+lib:IFACE                  the same through npm's pcap in any case
  tap:NAME                        an interface that the switch makes and removes (koffi, Linux, rights)
  file:IN.pcap[,OUT.pcap][,paced] a capture that is played in, one that is written
  host:NAME,MAC,IP[,IP6]          a small virtual host inside the process
  memory[:NAME]                   a port that nothing is behind

A rule of --ct-rule is [zone=N,][proto=NAME,][src=,dst=,sport=,dport=,mark=N/MASK,] and timeouts=NAME or notrack.

Examples:
  ctswitch run --port 1=pcap:veth1 --port 2=pcap:veth2 --controller tcp:127.0.0.1:6653
  ctswitch run --port LOCAL=tap:br0 --port 1=pcap:eth1 --flows firewall.flows --listen ptcp:6654
  ctswitch run --json --listen ptcp:0 --port 1=file:in.pcap,out.pcap
SIGINT and SIGTERM end it and remove taps and sockets; a second one ends it at once.
`;

const TRACE_HELP = `
A PACKET is a flow in ovs-ofctl's syntax (nw_ttl 64, a SYN, a request unless said), "[in_port=N[,reg0=5…] ]HEX", or
FILE.pcap[:N]; several in a row see what those before them did. Dumps are taken as they were printed.

Examples:
  ovs-ofctl dump-flows br0 > flows; ovs-appctl dpctl/dump-conntrack > ct
  ctswitch trace --flows flows --conntrack ct 'in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_dst=80'
  ctswitch trace --flows flows --ct-next trk,est 'in_port=1,udp,nw_src=10.0.0.1,nw_dst=10.0.0.2'
  ctswitch trace --flows flows --in-port 2 session.pcap:7 --json
`;

const SIMULATE_HELP = `
A line is a case: {"id": 1, "flows": ["in_port=1,actions=2"], "packets": [[1, "HEX"], {"warp": 1000}]}
Its answer is a line: {"id": 1, "results": [{"in": [1, "HEX"], "out": [[2, "HEX"]]}], "conntrack": [], "flows": [...]}
A case that can't be loaded is answered by {"id": 1, "load_error": "..."}, and the next one follows.

Example:
  echo '{"flows": ["in_port=1,actions=2"], "packets": [[1, "ffffffffffff0000000000010800"]]}' | ctswitch simulate
`;

const REPLAY_HELP = `
The controllers' side is played to a switch: one inside the process, made in the recorded one's likeness, whose clock is
the recording's, or, with --against, one that listens (tcp:, unix:) or dials (ptcp:, punix:). The switch's side is
played to the controller at --against. Order between barriers doesn't count, and neither do xids, cookies, durations,
buffers, MACs of ports, what their hardware can do, and counters.

Examples:
  ctswitch replay session.pcap                          does our switch still answer like the recorded one?
  ctswitch replay session.pcap --against tcp:127.0.0.1:6654
  ctswitch replay session.pcap --play switch --against tcp:127.0.0.1:6653 --junit result.xml
Captures come from tcpdump, Wireshark, or ctswitch run --record.
`;

const TEST_HELP = `
A scenario:
  ports: {inside: 1, outside: 2}
  flows: |
    table=0,ip,actions=ct(table=1)
    table=1,in_port=inside,ct_state=+trk+new,ip,actions=ct(commit),outside
    table=1,in_port=outside,ct_state=+trk+est,ip,actions=inside
  steps:
  - name: inside may open
    send: {inside: "tcp,nw_src=10.0.0.1,nw_dst=192.0.2.9,tp_dst=80"}
    expect: {outside: same, ct: "tcp,orig=(src=10.0.0.1,dst=192.0.2.9)"}
  - send: {outside: reply}
    expect: {inside: same}
docs/scenarios.md says the rest. Status 1: something isn't as expected; 2: a file has a mistake.
`;

const INSPECT_HELP = `
Without --proxy it is a controller: point switches at it. With it, point the switch (or ovs-ofctl) at --listen; what it
says is handed on to --proxy, and back. A line that comes from the switch has a <, one from the controller a >.

Examples:
  ctswitch inspect                                      a controller at ptcp:6653 that explains what reaches it
  ctswitch inspect --flows firewall.flows --only packet_in -v
  ctswitch inspect --listen ptcp:6653 --proxy tcp:127.0.0.1:6633 --write session.pcap
  ctswitch inspect --only error                         which messages are refused, and why
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
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = failureOf(error);
    if (failure === null) throw error;
    process.stderr.write(`${NAME}: ${failure.message}\n`);
    return failure.status;
  }
}

/** `ended` hears a command's exit status. */
function commands(ended: (status: number) => void): Command {
  const program = new Command(NAME)
    .description("An OpenFlow 1.3 switch with Open vSwitch's connection tracking.")
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'print what a command is for and its options')
    .addHelpText('after', EXAMPLES + STATUSES)
    .exitOverride()
    .configureHelp({ helpWidth: 110, subcommandTerm: (command) => `${command.name()} ${command.usage()}` })
    .configureOutput({ outputError: (text, write) => write(`${NAME}: ${oneLine(text)}\n`) });

  const demo = program
    .command('demo', { isDefault: true })
    .description('a switch with four virtual hosts and a prompt; what ctswitch does without a command')
    .usage('[options]')
    .argument('[words...]')
    .configureHelp({ helpWidth: 110, visibleArguments: () => [] })
    .addHelpText('after', DEMO_HELP)
    .action(async (words: string[], options) => {
      if (words.length > 0) throw new Failure(EXIT.usage, unknownCommand(words[0], program));
      ended(await (await import('./demo.js')).demo(options));
    });
  withCommonOptions(demo, { controller: 'tcp:127.0.0.1:6653', listen: 'ptcp:6654 or the next free port' });

  const run = program
    .command('run')
    .description('a switch on real ports')
    .addOption(new Option('--name <NAME>', "the switch's name").argParser(name).default('s1'))
    .addOption(
      new Option('--dpid <HEX>', 'datapath id: up to 16 hexadecimal digits').argParser(datapathId).default(1n, '1'),
    )
    .option('--port <[N=]SPEC>', 'add a port, under a number or LOCAL; repeatable', several(String))
    .option('--flows <FILE>', "flows to begin with, in ovs-ofctl's syntax")
    .addOption(
      new Option(
        '--fail-mode <MODE>',
        'without a controller: drop what no flow matches, or switch it (default: standalone, secure with a controller)',
      ).choices(['secure', 'standalone']),
    )
    .addOption(
      new Option('--profile <PROFILE>', "how much of Open vSwitch's own fields controllers see")
        .choices(['ovs', 'minimal', 'full'])
        .default('ovs'),
    )
    .option('--record <FILE.pcap>', 'write what is said with controllers to a capture that tshark reads')
    .option('--min-frame <BYTES>', 'pad frames that processing made shorter than this; 0 never', whole(0, 1514), 0)
    .addOption(
      new Option(
        '--nat-exhausted <WHAT>',
        'a packet for whose translation nothing is free goes on untranslated, or is dropped',
      )
        .choices(['continue', 'drop'])
        .default('continue'),
    )
    .option(
      '--ct-timeouts <NAME:T=S,…>',
      'timeouts of tracked connections, by name; repeatable',
      several(timeoutsOption),
    )
    .option('--ct-zone <ZONE=NAME>', 'the timeouts of a zone; repeatable', several(zoneOption))
    .option(
      '--ct-rule <RULE>',
      'connections with timeouts of their own, or not tracked; repeatable',
      several(ruleOption),
    )
    .option('--conntrack-events', 'tell of tracked connections: new, updated and destroyed ones')
    .addHelpText('after', RUN_HELP)
    .action(async (options) => ended(await (await import('./run.js')).run(options)));
  withCommonOptions(run);

  program
    .command('simulate')
    .description('flow tables and packets in, packets out, as JSON lines, without a network')
    .argument('[FILE]', 'cases, one a line; standard input unless given')
    .addHelpText('after', SIMULATE_HELP)
    .action(async (file: string | undefined) => ended(await (await import('./simulate.js')).runCases(file)));

  program
    .command('replay')
    .description('plays one side of captured OpenFlow sessions and compares the other')
    .argument('<SESSION.pcap>', 'a pcap or pcapng file, also one that is gzipped')
    .addOption(new Option('--play <SIDE>', 'the side to play').choices(['controller', 'switch']).default('controller'))
    .addOption(new Option('--against <ADDRESS>', 'where the other side is').argParser(address(parseAddress)))
    .option('--session <N>', 'only this one of the sessions that --list shows', whole(1, 1e6))
    .option('--list', 'list the sessions of the capture and do nothing')
    .option('--strict', 'the order of messages, and of rows in replies, counts')
    .option('--counters', 'counters count')
    .option(
      '--ignore <MESSAGE>',
      'leave a kind of message out, by its name in a difference; repeatable',
      several(String),
    )
    .option('--paced', "keep the recording's pauses")
    .option('--timeout <SECONDS>', 'how long the other side may be silent', whole(1, 3600), 5)
    .option('--junit <FILE>', "write the result as JUnit's XML")
    .option('--json', 'JSON lines, one a session')
    .addHelpText('after', REPLAY_HELP)
    .action(async (file: string, options) => ended(await (await import('./replay.js')).replay(file, options)));

  program
    .command('trace')
    .description('what a switch would do with packets, table by table, and why; nothing changes')
    .argument('[PACKET...]')
    .option('--flows <FILE>', 'flows: what dump-flows printed, or a flow file; - is standard input')
    .option('--groups <FILE>', 'what dump-groups printed')
    .option('--meters <FILE>', 'what dump-meters printed')
    .option('--ports <FILE>', 'what show or dump-ports-desc printed')
    .option('--conntrack <FILE>', 'what dpctl/dump-conntrack printed; without it packets count as new')
    .option('--ct-next <STATE>', 'what the next ct action finds, "trk,est"; repeatable', several(String))
    .option('--actions <ACTIONS>', 'trace a packet-out with these actions')
    .option('--in-port <PORT>', 'where frames come in that do not say it (default: 1)')
    .option('--json', 'JSON lines with the schema ctswitch/trace@1')
    .addHelpText('after', TRACE_HELP)
    .action(async (packets: string[], options) => ended((await import('./trace.js')).trace(packets, options)));

  program
    .command('test')
    .description('scenarios: flows, packets in, and what is expected of them')
    .argument('<FILE...>', 'scenario files, or folders of *.ct.yaml')
    .option('--junit <FILE>', "write the results as JUnit's XML, too")
    .option('--update', 'fill expectations that are empty with what came; nothing that is written changes')
    .option('--filter <TEXT>', 'run the scenarios whose name has this text')
    .option('--coverage', 'tell which flows no step hit, and which another one hides')
    .option('--json', 'JSON lines: test-step@1 a step, test-coverage@1 a flow, test-summary@1 at the end')
    .addHelpText('after', TEST_HELP)
    .action(async (files: string[], options) => ended(await (await import('./test.js')).test(files, options)));

  program
    .command('inspect')
    .description('a viewer of OpenFlow: a controller that explains, or a proxy')
    .addOption(
      new Option('--listen <ADDRESS>', 'where switches connect').argParser(address(parsePassive)).default('ptcp:6653'),
    )
    .addOption(new Option('--proxy <ADDRESS>', 'hand everything on to there, and back').argParser(address(parseActive)))
    .option('--flows <FILE>', 'flows that every switch gets first')
    .option('--only <NAME>', 'show messages whose name contains this, such as packet_in; repeatable', several(String))
    .option('--not <NAME>', 'leave out messages whose name contains this; repeatable', several(String))
    .option('--packets <MATCH>', 'of packet-ins and packet-outs only those whose packet matches')
    .option('--write <FILE.pcap>', 'write everything to a capture')
    .option('--json', 'JSON lines')
    .option('-v, --verbose', "packets' headers, a line each", (_: string, before: number) => before + 1, 0)
    .addHelpText('after', INSPECT_HELP)
    .action(async (options) => ended(await (await import('./inspect.js')).inspect(options)));

  program
    .command('ofctl')
    .description('what ovs-ofctl does, with any OpenFlow 1.3 switch; ctswitch ofctl --help lists its commands')
    .usage('[options] COMMAND ADDRESS [ARGUMENT…]')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[words...]')
    .configureHelp({ helpWidth: 110, visibleArguments: () => [] })
    .action(async (words: string[]) => ended(await (await import('./ofctl.js')).ofctl(words, program)));
  return program;
}

function knows(program: Command, word: string): boolean {
  return word.startsWith('-') || program.commands.some((command) => command.name() === word);
}

function unknownCommand(word: string, program: Command): string {
  const known = [...program.commands.map((command) => command.name()), 'help'];
  return `unknown command "${word}"${didYouMean(word, known) || `; there are ${known.join(', ')}`}`;
}

/** Commander's messages without "error:", suggestions on the same line. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ');
}
