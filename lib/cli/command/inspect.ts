/** A viewer of OpenFlow. */
import { type Command, Option } from 'commander';
import { parseActive, parsePassive } from '../../channel/address.js';
import { address, several } from '../switch-options.js';
import { withTlsOptions } from '../tls-options.js';
import type { Ended } from './command.js';

const INSPECT_HELP = `
Without --proxy it is a controller: point switches at it. With it, point the
switch (or ovs-ofctl) at --listen; what it says is handed on to --proxy, and
back. A line that comes from the switch has a <, one from the controller a >.
With --listen pssl: and --proxy ssl: it looks into a session in TLS.

Examples:
  ctswitch inspect                   a controller at ptcp:6653 that explains
  ctswitch inspect --flows firewall.flows --only packet_in -v
  ctswitch inspect --listen ptcp:6653 --proxy tcp:127.0.0.1:6633
  ctswitch inspect --only error      which messages are refused, and why
`;

/** Adds the command. */
export function inspectCommand(program: Command, ended: Ended): void {
  const inspect = program
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
    .action(async (options) => ended(await (await import('../inspect.js')).inspect(options)));
  withTlsOptions(inspect);
}
