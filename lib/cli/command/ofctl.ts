/** ovs-ofctl's commands; lib/cli/ofctl.ts reads what follows. */
import type { Command } from 'commander';
import type { Ended } from './command.js';

/** Adds the command. */
export function ofctlCommand(program: Command, ended: Ended): void {
  program
    .command('ofctl')
    .description('what ovs-ofctl does, with any OpenFlow 1.3 switch; ctswitch ofctl --help lists its commands')
    .usage('[options] COMMAND ADDRESS [ARGUMENT…]')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[words...]')
    .configureHelp({ visibleArguments: () => [] })
    .action(async (words: string[]) => ended(await (await import('../ofctl.js')).ofctl(words, program)));
}
