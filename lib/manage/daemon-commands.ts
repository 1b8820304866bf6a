/** Commands of every daemon: version, list-commands, exit, vlog/*, coverage/*, in the forms of Open vSwitch's. */

import { ANY_NUMBER, type Call, type Command, command, Refused } from './command.js';
import type { Coverage } from './coverage.js';

/** Levels of the log as verbosities; a level tells all that are above it in this list, too. */
const LEVELS: Readonly<Record<string, number>> = { off: -1, emer: -1, err: -1, warn: 0, info: 1, dbg: 2 };
const DESTINATIONS = new Set(['console', 'syslog', 'file', 'any']);
/** The modules that can be set: all log to one place. */
const MODULES = new Set(['ctswitch', 'any']);

/** "info", "ANY:console:dbg", "ctswitch:warn", several arguments; PATTERN is taken and ignored. */
function setLog(args: readonly string[], call: Call): string {
  let level: number | null = null;
  let console = true;
  for (const arg of args) {
    if (/^PATTERN:|^FACILITY:/i.test(arg)) continue;
    console = true;
    for (const word of arg.split(/[\s:,]+/).filter((each) => each !== '')) {
      const lower = word.toLowerCase();
      if (Object.hasOwn(LEVELS, lower)) level = LEVELS[lower];
      else if (DESTINATIONS.has(lower)) console = lower === 'console' || lower === 'any';
      else if (!MODULES.has(lower)) throw new Refused(`no destination, level, or module "${word}"`);
    }
    // A level alone, as in "ANY:file", means all.
    if (console) call.daemon.verbosity = level ?? LEVELS.dbg;
  }
  return '';
}

function listLog(_: readonly string[], { daemon: { verbosity } }: Call): string {
  const names = ['WARN', 'INFO', 'DBG'];
  const level = verbosity < 0 ? 'OFF' : names[Math.min(verbosity, 2)];
  const cells = [level, 'OFF', 'OFF'].map((cell) => cell.padStart(4)).join('       ');
  return [
    '                 console    syslog    file',
    '                 -------    ------    ------',
    `${'ctswitch'.padEnd(16)}  ${cells}`,
  ].join('\n');
}

/** A command about the whole program. */
function whole(...row: Parameters<typeof command>): Command {
  return { ...command(...row), whole: true };
}

/** `all` lists every command of the daemon, `counters` are those of its switches together. */
export function daemonCommands(
  all: () => readonly Command[],
  coverage: Coverage,
  counters: () => Readonly<Record<string, number>>,
): readonly Command[] {
  return [
    whole('list-commands', '', [0, 0], () => {
      const names = [...all()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return `The available commands are:\n${names.map(({ name, usage }) => `  ${name.padEnd(23)} ${usage}\n`).join('')}`;
    }),
    whole('version', '', [0, 0], (_, { daemon }) => `${daemon.version}\n`),
    { ...whole('exit', '[--cleanup]', [0, 1], () => ''), after: (daemon) => daemon.exit() },
    whole('vlog/set', '{spec | PATTERN:destination:pattern}', [1, ANY_NUMBER], setLog),
    whole('vlog/list', '', [0, 0], listLog),
    whole('coverage/show', '', [0, 0], () => coverage.show(counters())),
    whole('coverage/read-counter', 'COUNTER', [1, 1], ([name]) => {
      const now = counters();
      if (!Object.hasOwn(now, name)) throw new Refused('No such counter');
      return `${now[name]}\n`;
    }),
  ];
}
