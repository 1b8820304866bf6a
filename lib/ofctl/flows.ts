/** Commands that read and change flow tables: dump-flows, dump-aggregate, add-flow, add-flows, mod-flows, del-flows. */
import { type FieldValue, type FlowCommand, fieldNamed, PLAIN_NAMES } from '../nxm/index.js';
import { flowJson, formatFlow, parseFlow, parseFlows } from '../text/index.js';
import type { FlowStats, FlowStatsRequest } from '../wire/index.js';
import { type Change, changeOf } from './client.js';
import { type Command, counterText, heading, milliseconds, type Scene, type SortKey } from './command.js';
import { Misuse } from './outcome.js';

/** What flow statistics are asked for by a command. Throws TextError. */
function filterOf(called: string, text: string, ports: Scene['ports']): FlowStatsRequest {
  const options = { command: 'delete', called, ports } as const;
  const { tableId, outPort, outGroup, cookie, cookieMask, match } = parseFlow(text, options);
  return { tableId, outPort, outGroup, cookie, cookieMask, match };
}

async function dump(scene: Scene, [filter = '']: readonly string[]): Promise<void> {
  const { client, print, names, options, ports } = scene;
  const { stats = true, sort = [] } = options;
  const body = { kind: 'flow', ...filterOf('dump-flows', filter, ports) } as const;
  const show = (flows: readonly FlowStats[]): void => {
    for (const flow of flows) {
      if (print.json) print.tell('flow@1', flowJson({ ...flow, duration_ms: milliseconds(flow) }));
      else print.say(formatFlow({ ...flow, duration_ms: milliseconds(flow) }, { names, stats }));
    }
  };
  if (sort.length > 0) {
    const order = orderBy(sort);
    show((await client.list(body)).sort(order));
    return;
  }
  let begun = !stats || names !== PLAIN_NAMES;
  const begin = (): void => {
    if (!begun) print.say(heading('OFPST_FLOW reply', client.xid));
    begun = true;
  };
  await client.rows(body, (flows) => {
    begin();
    show(flows);
  });
}

/** An order of flows; a flow without the field comes last either way. Throws Misuse. */
function orderBy(keys: readonly SortKey[]): (a: FlowStats, b: FlowStats) => number {
  const orders = keys.map(({ by, descending }) => {
    const sign = descending ? -1 : 1;
    if (by === 'priority') return (a: FlowStats, b: FlowStats) => sign * (a.priority - b.priority);
    const field = fieldNamed(by);
    if (!field) throw new Misuse(`flows can't be sorted by "${by}": that is neither priority nor a field`);
    const valueIn = (flow: FlowStats): FieldValue | undefined => flow.match.fields().find((v) => v.field === field);
    return (a: FlowStats, b: FlowStats) => {
      const [left, right] = [valueIn(a), valueIn(b)];
      if (!left || !right) return left ? -1 : right ? 1 : 0;
      return sign * Buffer.compare(left.value, right.value);
    };
  });
  return (a, b) => orders.reduce((found, order) => found || order(a, b), 0);
}

async function aggregate({ client, print, ports }: Scene, [filter = '']: readonly string[]): Promise<void> {
  const body = { kind: 'aggregate', ...filterOf('dump-aggregate', filter, ports) } as const;
  const reply = await client.request({ type: 'multipart_request', more: false, body }, 'multipart_reply');
  if (reply.body.kind !== 'aggregate') return;
  const { packets, bytes, flows } = reply.body;
  const counts = `packet_count=${counterText(packets)} byte_count=${counterText(bytes)} flow_count=${flows}`;
  print.say(`${heading('OFPST_AGGREGATE reply', reply.xid)} ${counts}`);
  print.tell('aggregate@1', { packets, bytes, flows });
}

/** The flow-mods of a file, checked before the first one is sent; "-" is standard input. Rejects with TextError. */
export async function flowFile(scene: Scene, file: string, command: FlowCommand | 'any'): Promise<Change[]> {
  const text = await scene.read(file);
  const changes: Change[] = [];
  const name = file === '-' ? 'standard input' : file;
  for (const [i, line] of text.split('\n').entries()) {
    const place = { file: name, line: i + 1, ports: scene.ports, command };
    for (const change of parseFlows(line, place)) {
      changes.push(changeOf({ type: 'flow_mod', change }, `${name}:${i + 1}`));
    }
  }
  return changes;
}

/** Sends changes, in a bundle where that is asked for, and says how many to programs. */
export async function apply({ client, print, options }: Scene, changes: readonly Change[]): Promise<void> {
  const requests = await (options.bundle ? client.bundle(changes) : client.change(changes));
  print.tell('changed@1', { requests });
}

async function addFlows(scene: Scene, [file]: readonly string[]): Promise<void> {
  await apply(scene, await flowFile(scene, file, 'any'));
}

/** add-flow, mod-flows and del-flows: a flow, or "-" for flows on standard input. */
function flowCommand(command: 'add' | 'modify' | 'delete') {
  return async (scene: Scene, [text = '']: readonly string[]): Promise<void> => {
    const exact = scene.options.strict && command !== 'add' ? (`${command}_strict` as const) : command;
    if (text === '-') {
      await apply(scene, await flowFile(scene, '-', command === 'add' ? 'any' : exact));
      return;
    }
    const change = parseFlow(text, { command: exact, ports: scene.ports });
    await apply(scene, [changeOf({ type: 'flow_mod', change })]);
  };
}

export const FLOW_COMMANDS: readonly Command[] = [
  {
    name: 'dump-flows',
    args: '[FLOW]',
    count: [0, 1],
    about: 'flows, or those that match FLOW',
    options: ['stats', 'sort'],
    named: true,
    run: dump,
  },
  { name: 'dump-aggregate', args: '[FLOW]', count: [0, 1], about: 'their sums', named: true, run: aggregate },
  {
    name: 'add-flow',
    args: 'FLOW|-',
    count: [1, 1],
    about: 'add a flow, or those on standard input',
    options: ['bundle'],
    named: true,
    run: flowCommand('add'),
  },
  {
    name: 'add-flows',
    args: 'FILE|-',
    count: [1, 1],
    about: 'add flows of a file; a line may begin with add, modify, delete, modify_strict, delete_strict',
    options: ['bundle'],
    named: true,
    run: addFlows,
  },
  {
    name: 'mod-flows',
    args: 'FLOW|-',
    count: [1, 1],
    about: 'change the actions of flows that match',
    options: ['strict', 'bundle'],
    named: true,
    run: flowCommand('modify'),
  },
  {
    name: 'del-flows',
    args: '[FLOW|-]',
    count: [0, 1],
    about: 'delete flows: all, or those that match',
    options: ['strict', 'bundle'],
    named: true,
    run: flowCommand('delete'),
  },
];
