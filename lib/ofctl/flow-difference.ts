/**
 * replace-flows and diff-flows: two sets of flows compared. Flows are the same where table, priority and match are;
 * they differ where cookie, timeouts or actions do.
 */
import { parseActive } from '../channel/index.js';
import { ALL_TABLES, ANY_GROUP, type FlowMod, Match, NO_BUFFER_ID, OFPP, PLAIN_NAMES } from '../nxm/index.js';
import { formatInstructions, formatMatch, parseFlows } from '../text/index.js';
import { type Change, type Client, changeOf } from './client.js';
import type { Command, Scene } from './command.js';
import { apply } from './flows.js';
import { Misuse } from './outcome.js';

/** Which flow it is → the flow. */
type Flows = Map<string, FlowMod>;

const EVERY = {
  kind: 'flow',
  tableId: ALL_TABLES,
  outPort: OFPP.ANY,
  outGroup: ANY_GROUP,
  cookie: 0n,
  cookieMask: 0n,
  match: Match.all,
} as const;

function identity(flow: Pick<FlowMod, 'tableId' | 'priority' | 'match'>): string {
  return `${flow.tableId}/${flow.priority}/${formatMatch(flow.match)}`;
}

/** A flow as a line of the difference, without its sign. */
function lineOf(flow: FlowMod): string {
  const parts = [formatMatch(flow.match, PLAIN_NAMES, flow.priority)];
  if (flow.cookie !== 0n) parts.push(`cookie=0x${flow.cookie.toString(16)}`);
  if (flow.idleTimeout_s !== 0) parts.push(`idle_timeout=${flow.idleTimeout_s}`);
  if (flow.hardTimeout_s !== 0) parts.push(`hard_timeout=${flow.hardTimeout_s}`);
  parts.push(`actions=${formatInstructions(flow.instructions, PLAIN_NAMES)}`);
  return `${flow.tableId === 0 ? '' : `table=${flow.tableId} `}${parts.join(' ')}`;
}

async function flowsOfFile(scene: Scene, file: string): Promise<Flows> {
  const name = file === '-' ? 'standard input' : file;
  const flows = parseFlows(await scene.read(file), { file: name, command: 'add', ports: scene.ports });
  return new Map(flows.map((flow) => [identity(flow), flow]));
}

async function flowsOfSwitch(client: Client): Promise<Flows> {
  const flows: Flows = new Map();
  await client.rows(EVERY, (rows) => {
    for (const { tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags } of rows) {
      const flow: FlowMod = {
        command: 'add',
        ...{ tableId, priority, match, instructions, cookie, idleTimeout_s, hardTimeout_s, flags },
        ...{ cookieMask: 0n, bufferId: NO_BUFFER_ID, outPort: OFPP.ANY, outGroup: ANY_GROUP },
      };
      flows.set(identity(flow), flow);
    }
  });
  return flows;
}

async function replace(scene: Scene, [file]: readonly string[]): Promise<void> {
  const wanted = await flowsOfFile(scene, file);
  const there = await flowsOfSwitch(scene.client);
  const changes: Change[] = [];
  const send = (change: FlowMod): unknown => changes.push(changeOf({ type: 'flow_mod', change }));
  for (const [key, flow] of there) {
    if (!wanted.has(key)) send({ ...flow, command: 'delete_strict', cookie: 0n, flags: 0, instructions: {} });
  }
  for (const [key, flow] of wanted) {
    const before = there.get(key);
    if (scene.options.readd || before === undefined || lineOf(before) !== lineOf(flow)) send(flow);
  }
  await apply(scene, changes);
}

/** A source is a switch where it has a colon, unless it begins as a path does. */
function isAddress(source: string): boolean {
  return !/^[./-]/.test(source) && source.includes(':');
}

async function flowsOf(scene: Scene, source: string): Promise<Flows> {
  if (!isAddress(source)) return flowsOfFile(scene, source);
  parseActive(source);
  const client = await scene.connect(source);
  try {
    return await flowsOfSwitch(client);
  } finally {
    await client.close();
  }
}

async function difference(scene: Scene, [first, second]: readonly string[]): Promise<boolean> {
  if (first === '-' && second === '-') throw new Misuse('standard input can be one of the two only');
  const [before, after] = [await flowsOf(scene, first), await flowsOf(scene, second)];
  const say = (sign: '-' | '+', flow: FlowMod | undefined): void => {
    if (flow === undefined) return;
    scene.print.say(`${sign}${lineOf(flow)}`);
    scene.print.tell('flow-difference@1', { sign, table_id: flow.tableId, flow: lineOf(flow) });
  };
  let found = false;
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(key), after.get(key)];
    if (old && now && lineOf(old) === lineOf(now)) continue;
    found = true;
    say('-', old);
    say('+', now);
  }
  return found;
}

export const DIFFERENCE_COMMANDS: readonly Command[] = [
  {
    name: 'replace-flows',
    args: 'FILE|-',
    count: [1, 1],
    about: "make the switch's flows those of a file, by the fewest changes",
    options: ['readd', 'bundle'],
    named: true,
    run: replace,
  },
  {
    name: 'diff-flows',
    args: 'SOURCE SOURCE',
    count: [2, 2],
    about: 'compare files and switches; status 1 where they differ',
    local: true,
    run: difference,
  },
];
