/** ovs-ofctl's commands that change a switch, on a switch of our own: what a case's `ofctl` steps say. */
import { ALL_TABLES, type FlowCommand, type GroupCommand, type MeterCommand } from '../nxm/index.js';
import type { Switch } from '../switch.js';
import { parseFlow, parseGroup, parseMeter } from '../text/index.js';

type Run = (sw: Switch, text: string, strict: boolean) => void;

function flow(command: FlowCommand): Run {
  return (sw, text, strict) => {
    const wanted = strict && command !== 'add' ? (`${command}_strict` as FlowCommand) : command;
    const all = command === 'delete' && !/(^|,)\s*table\s*=/.test(text);
    const change = parseFlow(text, { command: wanted });
    sw.flows.apply(all ? { ...change, tableId: ALL_TABLES } : change);
  };
}
const group = (command: GroupCommand): Run => {
  return (sw, text) => sw.groups.apply(parseGroup(text, { command }));
};
const meter = (command: MeterCommand): Run => {
  return (sw, text) => sw.meters.apply(parseMeter(text, { command }));
};

const COMMANDS: Readonly<Record<string, Run>> = {
  'add-flow': flow('add'),
  'mod-flows': flow('modify'),
  'del-flows': flow('delete'),
  'add-group': group('add'),
  'mod-group': group('modify'),
  'del-groups': group('delete'),
  'add-meter': meter('add'),
  'mod-meter': meter('modify'),
  'del-meter': meter('delete'),
  'del-meters': meter('delete'),
};

/**
 * Runs a command: its name, the bridge, and the argument, with options anywhere; false for a command that isn't
 * there. Throws a TextError or an OpenFlowError.
 */
export function runOfctl(sw: Switch, words: readonly string[]): boolean {
  const [name, , argument = ''] = words.filter((word) => !word.startsWith('-'));
  const run = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!run) return false;
  run(sw, argument, words.includes('--strict'));
  return true;
}

/** ct-flush and ct-flush-zone as the command of the management socket that does the same, or null for others. */
export function flushOf(words: readonly string[]): readonly string[] | null {
  const [name, , ...rest] = words.filter((word) => !word.startsWith('-'));
  if (name === 'ct-flush') return ['dpctl/flush-conntrack', ...rest];
  return name === 'ct-flush-zone' && rest.length === 1 ? ['dpctl/flush-conntrack', `zone=${rest[0]}`] : null;
}
