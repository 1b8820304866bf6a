/** A command for a running switch. */
import type { Command } from 'commander';
import type { Ended } from './command.js';

const CTL_HELP = `
Examples:
  ctswitch ctl dpctl/dump-conntrack -s zone=5
  ctswitch ctl ofproto/trace s1 in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2
  ctswitch ctl port/add 3 tap:tap3; ctswitch ctl link 3 down
  ctswitch ctl wait controller --timeout 5      status 4 if none has connected
  ctswitch ctl s2 flows; ctswitch ctl link s1 s2 down          of a network
  ovs-appctl -t /path/of/the.ctl fdb/show s1    the genuine tool works, too
`;

/** Adds the command. */
export function ctlCommand(program: Command, ended: Ended): void {
  program
    .command('ctl')
    .description('a command for a running switch; ctswitch ctl list-commands shows what it takes')
    .argument('[words...]')
    .option('--ctl <PATH>', "the switch's management socket (default: that of the only one that runs)")
    .option('--rundir <DIR>', 'where to look for it')
    .allowUnknownOption()
    .addHelpText('after', CTL_HELP)
    .action(async (words: string[], options) => ended(await (await import('../ctl.js')).ctl(words, options)));
}
