/** Cases in, answers out. */
import type { Command } from 'commander';
import type { Ended } from './command.js';

const SIMULATE_HELP = `
A line is a case:
  {"id": 1, "flows": ["in_port=1,actions=2"],
   "appctl": [["dpctl/ct-set-maxconns", "9"]],
   "packets": [[1, "HEX"], {"warp": 1000}, {"appctl": ["fdb/show", "br0"]}]}
Its answer is a line:
  {"id": 1, "results": [{"in": [1, "HEX"], "out": [[2, "HEX"]]}],
   "conntrack": [], "flows": [...]}
A case that can't be loaded is answered by {"id": 1, "load_error": "..."}, and
the next one follows.

Example:
  echo '{"flows":["actions=2"],"packets":[[1,"ffffffffffff0000000000010800"]]}'|
    ctswitch simulate
`;

/** Adds the command. */
export function simulateCommand(program: Command, ended: Ended): void {
  program
    .command('simulate')
    .description('flow tables and packets in, packets out, as JSON lines, without a network')
    .argument('[FILE]', 'cases, one a line; standard input unless given')
    .addHelpText('after', SIMULATE_HELP)
    .action(async (file: string | undefined) => ended(await (await import('../simulate.js')).runCases(file)));
}
