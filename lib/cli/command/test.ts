/** Scenarios. */
import type { Command } from 'commander';
import type { Ended } from './command.js';

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
docs/scenarios.md says the rest. Status 1: something isn't as expected; 2: a
file has a mistake.
`;

/** Adds the command. */
export function testCommand(program: Command, ended: Ended): void {
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
    .action(async (files: string[], options) => ended(await (await import('../test.js')).test(files, options)));
}
