/** The demo, which is what ctswitch does without a command. */
import type { Command } from 'commander';
import { EXIT, Failure } from '../exit.js';
import { keepYoungGenerationSmall } from '../heap.js';
import { topoOption, withCommonOptions } from '../switch-options.js';
import { type Ended, unknownCommand } from './command.js';

const DEMO_HELP = `
On a terminal there is a prompt; its command help lists what it knows. Otherwise
the same commands are read from standard input, one a line: at its end the demo
ends, with status 1 if a ping or a connection failed and 2 if a line was not
understood. If there was no command, as with < /dev/null, it runs until SIGINT
or SIGTERM.
`;

/** Adds the command. */
export function demoCommand(program: Command, ended: Ended): void {
  const demo = program
    .command('demo', { isDefault: true })
    .description('a switch with four virtual hosts and a prompt; what ctswitch does without a command')
    .usage('[options]')
    .argument('[words...]')
    .configureHelp({ visibleArguments: () => [] })
    .addHelpText('after', DEMO_HELP)
    .action(async (words: string[], options) => {
      if (words.length > 0) throw new Failure(EXIT.usage, unknownCommand(words[0], program));
      keepYoungGenerationSmall();
      ended(await (await import('../demo.js')).demo(options));
    });
  demo.addOption(topoOption());
  withCommonOptions(demo, { controller: 'tcp:127.0.0.1:6653', listen: 'ptcp:6654 or the next free port' });
}
