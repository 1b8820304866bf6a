/** Captured sessions, played and compared. */
import { type Command, Option } from 'commander';
import { parseAddress } from '../../channel/address.js';
import { address, several, whole } from '../switch-options.js';
import { withTlsOptions } from '../tls-options.js';
import type { Ended } from './command.js';

const REPLAY_HELP = `
The controllers' side is played to a switch: one inside the process, made in the
recorded one's likeness, whose clock is the recording's, or, with --against, one
that listens (tcp:, ssl:, unix:) or dials (ptcp:, pssl:, punix:). The switch's
side is played to the controller at --against. Order between barriers doesn't
count, and neither do xids, cookies, durations, buffers, MACs of ports, what
their hardware can do, and counters.

Examples:
  ctswitch replay session.pcap             does it answer like the recorded one?
  ctswitch replay session.pcap --against tcp:127.0.0.1:6654
  ctswitch replay session.pcap --play switch --against tcp:127.0.0.1:6653
Captures come from tcpdump, Wireshark, or ctswitch run --record.
`;

/** Adds the command. */
export function replayCommand(program: Command, ended: Ended): void {
  const replay = program
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
    .action(async (file: string, options) => ended(await (await import('../replay.js')).replay(file, options)));
  withTlsOptions(replay);
}
