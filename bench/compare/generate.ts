/** Random cases. The same seed and number give the same case. */
import { Random } from '../../lib/bytes/index.js';
import type { SimulateCase, SimulateStep } from '../../lib/simulate/case.js';
import { Chance } from './chance.js';
import { type Features, randomFlow } from './flows.js';
import { type Aim, randomFrame } from './frames.js';
import { randomGroups, throughGroup } from './groups.js';
import { conjunction } from './learned.js';
import { SWITCH_PORTS } from './pools.js';

/** A case as both switches take it. */
export type Case = SimulateCase & {
  readonly groups: readonly string[];
  readonly flows: readonly string[];
  readonly packets: readonly SimulateStep[];
};

export interface Sizes {
  readonly seed: number;
  readonly packets: number;
  /** Few flows and few packets a case, so that many cases fit into an hour. */
  readonly small: boolean;
}

/** What case number `n` may use. */
function randomFeatures(c: Chance, tables: number): Features {
  const ct = c.percent(50);
  const labels = c.percent(40) ? c.between(1, 2) : 0;
  const actionSet = !ct && c.percent(50);
  const lengths = !actionSet && labels === 0 && c.percent(25);
  return {
    tables,
    ct,
    exec: ct && c.percent(60),
    actionSet,
    normal: c.percent(25),
    timeouts: !lengths && c.percent(20),
    tags: c.percent(40) ? 2 : 1,
    labels,
    stack: labels > 0 ? c.pick(['kept', 'push', 'pop']) : 'kept',
    lengths,
    grouped: c.percent(25),
    learns: labels === 0 && c.percent(40),
  };
}

/** Case number `n` of a seed. */
export function randomCase(n: number, { seed, packets, small }: Sizes): Case {
  const c = new Chance(new Random(seed, `case ${n}`));
  const features = randomFeatures(c, c.between(1, small ? 3 : 4));
  let flowsLeft = small ? c.between(3, 8) : Number.POSITIVE_INFINITY;
  const priorities = c.shuffled(Array.from({ length: 200 }, (_, i) => i * 7 + 1));
  const groups = features.grouped ? randomGroups(c, features, c.between(1, 4)) : [];
  const flow = (table: number): string => {
    const plain = randomFlow(c, features, table, small);
    const text = groups.length > 0 && c.percent(40) ? throughGroup(plain, c.between(1, groups.length)) : plain;
    return `priority=${priorities.pop()},${text}`;
  };
  const flows: string[] = [];
  for (let table = 0; table < features.tables; table++) {
    const most = small ? Math.max(1, Math.ceil(flowsLeft / (features.tables - table))) : c.between(2, 8);
    flowsLeft -= most;
    for (let i = most; i > 0; i--) flows.push(flow(table));
    if (c.percent(60)) flows.push(`table=${table},priority=0,actions=${fallback(c, features, table)}`);
  }
  if (features.learns && c.percent(40)) flows.push(...alternatives(c, features.tables, priorities));
  const aims = flows.filter((text) => text.startsWith('priority') && text.includes(',table=0,')).map(aimOf);
  const steps: SimulateStep[] = [];
  const count = small ? c.between(4, 8) : packets;
  for (let i = 0; i < count; i++) {
    if (c.percent(1)) steps.push({ warp: c.pick([1000, 3000, 31_000]) });
    else if (c.percent(2)) steps.push({ ofctl: change(c, features, flows, flow) });
    steps.push(step(c, features, aims.length > 0 && c.percent(70) ? c.pick(aims) : undefined));
  }
  return {
    id: n,
    groups,
    flows,
    packets: steps,
    cold: true,
    // Bytes behind a label that was taken away, and both ways by a length, are counted differently (on-purpose.ts).
    dump: features.stack !== 'pop' && !features.lengths && (!small || n % 3 === 0),
    ct_opts: features.timeouts ? ['-m'] : c.pick([[], ['-m'], ['-s'], ['-m', '-s']]),
  };
}

/** One or two conjunctions in a table. */
function alternatives(c: Chance, tables: number, priorities: number[]): string[] {
  const table = c.below(tables);
  const flows = Array.from({ length: c.between(1, 2) }, (_, i) =>
    conjunction(c, 7 + i, priorities.pop() ?? 0, priorities.pop() ?? 0),
  );
  return flows.flat().map((flow) => flow.replace(/^(priority=\d+),/, `$1,table=${table},`));
}

/** What a flow's match asks of a packet. */
function aimOf(flow: string): Aim {
  const match = flow.split(',actions=')[0];
  const [, , word = ''] = match.split(',');
  const values: Record<string, string> = { word };
  for (const [, name, value] of match.matchAll(/(\w+)=([^,/]+)/g)) values[SAME[name] ?? name] = value;
  return { word, values, tagged: /vlan_vid|dl_vlan|vlan_tci=0x[1-9f]/.test(match) };
}

/** Fields of one place in frames. */
const SAME: Readonly<Record<string, string>> = {
  dl_src: 'eth_src',
  dl_dst: 'eth_dst',
  ip_src: 'nw_src',
  ...Object.fromEntries(['tcp', 'udp', 'sctp'].flatMap((l4) => ['src', 'dst'].map((s) => [`${l4}_${s}`, `tp_${s}`]))),
};

function step(c: Chance, features: Features, aim?: Aim): SimulateStep {
  const wanted = SWITCH_PORTS.find((number) => String(number) === aim?.values.in_port);
  const port = c.percent(3) ? 'LOCAL' : (wanted ?? c.pick(SWITCH_PORTS));
  const frame = Buffer.from(randomFrame(c, port === 'LOCAL' ? 5 : (port as number), features, aim)).toString('hex');
  return c.percent(3) ? { port, frame, ct: true } : [port, frame];
}

/** What a strict change doesn't name. */
const STRICT = /,(cookie|idle_timeout|hard_timeout)=[^,]*|,(send_flow_rem|reset_counts|no_\w+_counts|check_overlap)/g;

/** What the table-miss flow does. */
function fallback(c: Chance, features: Features, table: number): string {
  const last = table + 1 >= features.tables;
  return c.weighted([
    [2, 'drop'],
    [2, 'CONTROLLER'],
    [1, 'CONTROLLER:2000'],
    [last ? 0 : 6, `goto_table:${Math.min(table + 1, features.tables - 1)}`],
    [features.normal ? 6 : 0, 'NORMAL'],
    [last ? 4 : 1, `output:${c.pick(SWITCH_PORTS)}`],
  ]);
}

/** A change of the flows between two packets. */
function change(c: Chance, features: Features, flows: readonly string[], flow: (table: number) => string): string[] {
  const again = c.pick(flows);
  const table = c.below(features.tables);
  const match = c.pick(['', ',ip', ',tcp', ',in_port=1', ',dl_src=50:54:00:00:00:01']);
  const out = c.pick(SWITCH_PORTS);
  // Alternatives of a conjunction overlap at one priority: as flows of their own, either might be met.
  const alone = flows.some((each) => each.includes('conjunction(')) ? 0 : 1;
  return c.weighted([
    [5, ['add-flow', 'br0', flow(table)]],
    [2, ['add-flow', 'br0', again]],
    [
      alone,
      ['mod-flows', 'br0', '--strict', `${again.split(/,actions=/)[0].replace(STRICT, '')},actions=output:${out}`],
    ],
    [1, ['del-flows', 'br0', '--strict', again.split(/,actions=/)[0].replace(STRICT, '')]],
    [1, ['del-flows', 'br0', `table=${table},cookie=0x1/0x3`]],
    [2 * alone, ['mod-flows', 'br0', `table=${table}${match},actions=output:${out}`]],
    [2, ['del-flows', 'br0', `table=${table}${match || ',udp'}`]],
    [1, ['del-flows', 'br0', `table=${table}${match || ',tcp'},out_port=${out}`]],
  ]);
}
