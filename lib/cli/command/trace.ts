/** What a switch would do with packets. */
import type { Command } from 'commander';
import { several } from '../switch-options.js';
import type { Ended } from './command.js';

const TRACE_HELP = `
A PACKET is a flow in ovs-ofctl's syntax (nw_ttl 64, a SYN, a request unless
said), "[in_port=N[,reg0=5…] ]HEX", or FILE.pcap[:N]; several in a row see what
those before them did. Dumps are taken as they were printed.

Examples:
  ovs-ofctl dump-flows br0 > flows; ovs-appctl dpctl/dump-conntrack > ct
  ctswitch trace --flows flows --conntrack ct \\
    'in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_dst=80'
  ctswitch trace --flows flows --ct-next trk,est 'in_port=1,udp,tp_dst=53'
  ctswitch trace --flows flows --in-port 2 session.pcap:7 --json
`;

/** Adds the command. */
export function traceCommand(program: Command, ended: Ended): void {
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
    .option('--ctl <PATH>', 'trace in the running switch with this management socket; without --flows in the only one')
    .option('--rundir <DIR>', 'where to look for running switches')
    .option('--switch <NAME>', 'of a running network, the switch that the packets come to')
    .option('--json', 'JSON lines with the schema ctswitch/trace@1')
    .addHelpText('after', TRACE_HELP)
    .action(async (packets: string[], options) => ended(await (await import('../trace.js')).trace(packets, options)));
}
