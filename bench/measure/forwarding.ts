/**
 * Frames of 64 bytes through veth pairs, beside Debian's Open vSwitch (userspace datapath) in one run, both in turn, a
 * thread each: what comes out when more is offered than either takes. Before that, each frame of a scene has to come
 * out once and right, and afterwards ours may lose none at half of its rate, else there is no figure.
 */
import { address, type FrameKind, mac } from '../live/frames.js';
import { OurSide, OvsSide, type Side } from '../live/sides.js';
import { goFirst, sessionFirst } from '../priority.js';
import { median, OURS, type Row, type Table } from './table.js';

/** More than either passes, and not more than a sender makes on one processor: both are offered the same. */
export const FULL_PPS = 720_000;
const SECONDS = 1;
/** One in so many frames is looked at at full rate; at first and at half of the rate all are. */
const SHARE = 16;
const SLOW_PPS = 5000;
/** Attempts at losing nothing: another program may take the processor for longer than a ring lasts. */
const ATTEMPTS = 3;

const range = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));

export interface LiveScene {
  readonly what: string;
  readonly flows: (n: number) => string[];
  /** Answers have to be seen before it is measured. */
  readonly answered?: boolean;
}

export const BRIDGE: LiveScene = {
  what: 'bridge: output by MAC',
  flows: (n) => range(n, (i) => `table=0,dl_dst=${mac(i)},actions=output:2`),
};
const ACL: LiveScene = {
  what: 'access list over three tables',
  flows: (n) => [
    'table=0,in_port=1,actions=goto_table:1',
    ...range(n, (i) => `table=1,ip,nw_src=${address(i)},actions=goto_table:2`),
    'table=2,udp,tp_dst=53,actions=output:2',
  ],
};
export const FIREWALL: LiveScene = {
  what: 'stateful firewall, established',
  flows: () => [
    'table=0,ip,ct_state=-trk,actions=ct(table=1)',
    'table=1,ip,in_port=1,ct_state=+trk+new,actions=ct(commit),2',
    'table=1,ip,in_port=1,ct_state=+trk+est,actions=2',
    'table=1,ip,in_port=2,ct_state=+trk+est,actions=1',
  ],
  answered: true,
};

/** What one round came to. */
export interface Passed {
  /** Frames a second that went in, and that came out right. */
  readonly offered: number;
  readonly passed: number;
  /** Frames lost between. */
  readonly lost: number;
  /** The switch's processor time for a frame that came out, in nanoseconds. */
  readonly cpu_ns: number;
}

/** Offers frames and counts what comes out. Throws where something wrong comes out. */
export async function offer(
  side: Side,
  kind: FrameKind,
  n: number,
  round: number,
  pps: number,
  s: number,
): Promise<Passed> {
  await side.lab.received();
  const cpu_s = side.cpu_s();
  const { sent, seconds } = await side.lab.send('g', kind, n, round, pps, s);
  const { frames, wrong, all, others } = await side.lab.received();
  const used_s = side.cpu_s() - cpu_s;
  if (wrong > 0) throw new Error(`${side.name}: ${wrong} of ${frames} frames came out wrong`);
  const passed = all - others;
  return { offered: sent / seconds, passed: passed / seconds, lost: sent - passed, cpu_ns: (used_s / passed) * 1e9 };
}

/** Runs something until it loses nothing. Throws where it always does. */
export async function losesNothing(what: string, run: () => Promise<Passed>): Promise<void> {
  let lost = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    lost = (await run()).lost;
    if (lost === 0) return;
  }
  throw new Error(`${what}: ${lost} frames were lost below its rate`);
}

/** Loads a scene and sees that each frame comes out as it should. */
export async function prepare(side: Side, scene: LiveScene, n: number): Promise<void> {
  await side.setFlows(scene.flows(n));
  await side.lab.expect('query', n, 0);
  const once = () => offer(side, 'query', n, 0, SLOW_PPS, 0);
  await losesNothing(`${side.name}, ${scene.what}, at first`, once);
  if (scene.answered) {
    await side.lab.send('k', 'answer', n, 0, SLOW_PPS, 0);
    await losesNothing(`${side.name}, ${scene.what}, answered`, once);
  }
}

/** Forwarding has to be so many times as fast as Open vSwitch's. */
const GOAL = 2;

async function measure(sides: readonly Side[], scene: LiveScene, n: number, rounds: number): Promise<Row> {
  for (const side of sides) await prepare(side, scene, n);
  for (const { lab } of sides) await lab.expect('query', n, 0, SHARE);
  const figures: Record<string, number[]> = {};
  const put = (column: string, figure: number): void => {
    figures[column] = [...(figures[column] ?? []), figure];
  };
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) {
      const { passed, offered, cpu_ns } = await offer(side, 'query', n, 0, FULL_PPS, SECONDS);
      put(side.name, passed / 1000);
      put(`${side.name}, offered`, offered / 1000);
      put(`${side.name}, CPU ns a frame`, cpu_ns);
    }
  }
  const [, own] = sides;
  const half = (median(figures[OURS]) * 1000) / 2;
  await own.lab.expect('query', n, 0);
  await losesNothing(`${own.name}, ${scene.what}, at half of its rate`, () => offer(own, 'query', n, 0, half, 0.5));
  const what = `${scene.what}, ${n === 1 ? '1 flow' : `${n.toLocaleString('en')} flows`}`;
  return { what, figures, goal: { least: GOAL } };
}

/** Both switches, started; `run` gets Open vSwitch first. */
export async function withSides<T>(run: (sides: readonly Side[]) => Promise<T>): Promise<T> {
  const sides: Side[] = [];
  goFirst();
  const asBefore = sessionFirst();
  try {
    sides.push(await OvsSide.start());
    sides.push(await OurSide.start());
    return await run(sides);
  } finally {
    for (const side of sides) await side.close();
    asBefore();
  }
}

/** The table of this benchmark. */
export async function forwarding(rounds: number): Promise<Table[]> {
  return withSides(async (sides) => {
    const rows: Row[] = [];
    for (const scene of [BRIDGE, ACL, FIREWALL]) {
      for (const n of [1, 1000]) {
        rows.push(await measure(sides, scene, n, rounds));
      }
    }
    return [
      {
        title: 'Forwarding, veth, 64 bytes',
        unit: 'thousands of frames a second, and nanoseconds',
        rows,
        how: `${FULL_PPS / 1000} thousand offered, as far as the sender comes. Rounds of ${SECONDS} s, both switches in turn, each with a processor to itself; sender and receiver share the other.`,
      },
    ];
  });
}
