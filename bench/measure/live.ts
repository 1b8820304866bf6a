/**
 * The rest of what is measured over veth pairs beside Open vSwitch, in one run, in turn: new connections, TCP as the
 * machine makes it, the round trip of a ping, and what is left of forwarding while flows or addresses change.
 */
import { type Lab, output } from '../live/lab.js';
import type { Side } from '../live/sides.js';
import {
  BRIDGE,
  FIREWALL,
  FULL_PPS,
  type LiveScene,
  losesNothing,
  offer,
  type Passed,
  prepare,
  withSides,
} from './forwarding.js';
import { median, OURS, type Rounds, type Row, type Table } from './table.js';

/** Figures of each side, in turn, by its name. */
async function inTurn(
  sides: readonly Side[],
  rounds: number,
  run: (side: Side, round: number) => Promise<number>,
): Promise<Record<string, number[]>> {
  const figures = Object.fromEntries(sides.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) figures[side.name].push(await run(side, round));
  }
  return figures;
}

const CONNECTIONS = 400_000;

/** Each frame is the first of a connection that is committed. */
export async function connections(rounds: number): Promise<Table[]> {
  return withSides(async (sides) => {
    for (const side of sides) await prepare(side, { ...FIREWALL, answered: false }, 1);
    const figures = await inTurn(sides, rounds, async (side, round) => {
      // Round 0 has been used for preparing.
      await side.lab.expect('query', CONNECTIONS, round + 1, 16);
      return (await offer(side, 'query', CONNECTIONS, round + 1, FULL_PPS, 0)).passed / 1000;
    });
    const [, own] = sides;
    const half = (median(figures[OURS]) * 1000) / 2;
    let fresh = rounds;
    await losesNothing('ctswitch, new connections at half of its rate', async () => {
      await own.lab.expect('query', CONNECTIONS / 4, ++fresh);
      return offer(own, 'query', CONNECTIONS / 4, fresh, half, 0);
    });
    return [
      {
        title: 'New connections, veth',
        unit: 'thousands a second',
        rows: [{ what: 'UDP, ct(commit), 64 bytes', figures, goal: { least: 1 } }],
        how: `Every frame opens another connection, ${CONNECTIONS.toLocaleString('en')} a round, more than either takes.`,
      },
    ];
  });
}

const MEGABYTES = 100;
const TCP_TIMEOUT_MS = 20_000;
const SERVER = `
  import net from 'node:net';
  const server = net.createServer((socket) => {
    let bytes = 0;
    const right = Buffer.alloc(1 << 20, 7);
    socket.on('data', (data) => { if (data.equals(right.subarray(0, data.length))) bytes += data.length; });
    socket.on('end', () => { socket.end(String(bytes)); server.close(); });
  });
  server.listen(7, '198.18.0.2', () => console.log('listening'));`;
const CLIENT = `
  import net from 'node:net';
  const chunk = Buffer.alloc(1 << 18, 7);
  let left = ${MEGABYTES} << 20;
  const begun = performance.now();
  const socket = net.connect(7, '198.18.0.2');
  const write = () => { for (; left > 0; left -= chunk.length) if (!socket.write(chunk)) { left -= chunk.length; socket.once('drain', write); return; } socket.end(); };
  socket.once('connect', write);
  let answer = '';
  socket.on('data', (data) => { answer += data; });
  socket.on('close', () => console.log(JSON.stringify({ bytes: Number(answer), seconds: (performance.now() - begun) / 1000 })));`;

/** Seconds for the transfer; 0 where it doesn't come to its end. */
async function transfer(lab: Lab): Promise<number> {
  const words = [process.execPath, '--input-type=module', '-e'];
  const server = lab.start('k', [...words, SERVER]);
  await new Promise((resolve) => server.stdout?.once('data', resolve));
  const client = lab.start('g', [...words, CLIENT]);
  const timer = setTimeout(() => client.kill('SIGKILL'), TCP_TIMEOUT_MS);
  try {
    const { bytes, seconds } = JSON.parse(await output(client)) as { bytes: number; seconds: number };
    if (bytes !== MEGABYTES << 20) throw new Error(`${bytes} bytes came`);
    return seconds;
  } catch {
    return 0;
  } finally {
    clearTimeout(timer);
    server.kill('SIGKILL');
  }
}

/** Megabits a second; 0 where Open vSwitch's transfer comes to nothing. Throws where ours does. */
async function speed(side: Side): Promise<number> {
  const seconds = await transfer(side.lab);
  if (seconds === 0 && side.name === OURS) throw new Error(`${side.name}: the transfer doesn't come to its end`);
  return seconds === 0 ? 0 : (MEGABYTES * 8.388608) / seconds;
}

async function setChecksums(lab: Lab, how: 'on' | 'off'): Promise<void> {
  for (const place of ['g', 'k'] as const) await output(lab.start(place, ['ethtool', '-K', `${place}0`, 'tx', how]));
}

/** 100 MB over TCP, NORMAL. */
export async function tcp(rounds: number): Promise<Table[]> {
  return withSides(async (sides) => {
    const rows: Row[] = [];
    for (const side of sides) await side.setFlows(['actions=NORMAL']);
    for (const [what, how] of [
      ['default offloads', 'on'],
      ['without offloads (ethtool tx off)', 'off'],
    ] as const) {
      for (const { lab } of sides) await setChecksums(lab, how);
      const dead = new Set<Side>();
      const figures = await inTurn(sides, rounds, async (side) => {
        const rate = dead.has(side) ? 0 : await speed(side);
        if (rate === 0) dead.add(side);
        return rate;
      });
      rows.push({ what, figures, goal: how === 'on' ? { least: 1 } : undefined });
    }
    return [
      {
        title: `${MEGABYTES} MB over TCP`,
        unit: 'Mbit/s',
        rows,
        how: `0: the connection doesn't come about, since Open vSwitch's userspace datapath leaves partial checksums as they are.`,
      },
    ];
  });
}

const PINGS = 1000;

/** The round trip of a ping while nothing else happens. */
export async function ping(rounds: number): Promise<Table[]> {
  return withSides(async (sides) => {
    for (const side of sides) await side.setFlows(['actions=NORMAL']);
    const tails: Record<string, number[]> = Object.fromEntries(sides.map(({ name }) => [name, []]));
    const medians = await inTurn(sides, rounds, async (side) => {
      const words = ['ping', '-c', String(PINGS), '-i', '0.004', '198.18.0.2'];
      const text = await output(side.lab.start('g', words));
      if (/wrong data|BAD CHECKSUM|DUP!/.test(text)) throw new Error(`${side.name}: pings came back wrong`);
      const times = [...text.matchAll(/time=([\d.]+)/g)].map(([, ms]) => Number(ms));
      if (times.length < PINGS) throw new Error(`${side.name}: ${PINGS - times.length} pings were lost`);
      tails[side.name].push(times.sort((a, b) => a - b)[Math.floor(PINGS * 0.99)] * 1000);
      return median(times) * 1000;
    });
    const goal = { least: 1 / 1.3, words: 'within 1.3×' };
    return [
      {
        title: 'Ping, idle',
        unit: 'microseconds',
        rows: [
          { what: 'median', figures: medians, better: 'less', goal },
          { what: '99th percentile', figures: tails, better: 'less', goal },
        ],
        how: `${PINGS} pings a round, one every 4 ms.`,
      },
    ];
  });
}

const OFFERED_PPS = 600_000;
const GOAL_RATE = 1000;
const NORMAL: LiveScene = { what: 'NORMAL', flows: () => ['actions=NORMAL'] };

/** A disturbance: starts it, and gives what ends it. */
interface Disturbance {
  readonly what: string;
  /** Times a second. */
  readonly rate: number;
  readonly scene: LiveScene;
  readonly flows: number;
  start(side: Side): Promise<() => void>;
}

function flowMods(rate: number): Disturbance {
  const start = async (side: Side) => {
    if (rate === 0) return () => {};
    const child = side.lab.script('g', 'flow-sender', [side.socket, String(rate)]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    return () => void child.kill('SIGKILL');
  };
  return { what: `${rate.toLocaleString('en')} flow-mods a second`, rate, scene: BRIDGE, flows: 1000, start };
}

const STATIONS = 100_000;
function stations(rate: number): Disturbance {
  const start = async (side: Side) => {
    if (rate === 0) return () => {};
    const child = side.lab.script('k', 'sender', ['k0', 'station', STATIONS, 0, rate, 1000].map(String));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return () => void child.kill('SIGKILL');
  };
  return { what: `NORMAL, ${rate.toLocaleString('en')} new addresses a second`, rate, scene: NORMAL, flows: 1, start };
}

const KEPT = 'ctswitch, of undisturbed';
/** So much of its own undisturbed rate has to be left, where it isn't disturbed more often than a thousand times. */
const GOAL = { of: KEPT, least: 0.9, words: 'at least 0.9 of undisturbed' };

/** What is left of forwarding while something else changes. */
export async function disturbed(rounds: number): Promise<Table[]> {
  return withSides(async (sides) => {
    const rows: Row[] = [];
    for (const group of [[0, 100, 1000, 25_000].map(flowMods), [0, 1000].map(stations)]) {
      let undisturbed: Record<string, number> | null = null;
      for (const { what, rate, scene, flows, start } of group) {
        for (const side of sides) {
          await prepare(side, scene, flows);
          await side.lab.expect('query', flows, 0, 16);
        }
        const spent: Record<string, number[]> = Object.fromEntries(sides.map(({ name }) => [name, []]));
        const during = async (side: Side, run: () => Promise<Passed>): Promise<Passed> => {
          const end = await start(side);
          try {
            return await run();
          } finally {
            end();
          }
        };
        const rates = await inTurn(sides, rounds, async (side) => {
          const full = () => offer(side, 'query', flows, 0, OFFERED_PPS, 1);
          const { passed, cpu_ns } = await during(side, full);
          spent[side.name].push(cpu_ns);
          return passed / 1000;
        });
        const own = sides[1];
        const half = (median(rates[OURS]) * 1000) / 2;
        const slow = () => during(own, () => offer(own, 'query', flows, 0, half, 0.5));
        if (rate <= GOAL_RATE) await losesNothing(`${own.name}, ${what}, at half of its rate`, slow);
        undisturbed ??= Object.fromEntries(sides.map(({ name }) => [name, median(rates[name])]));
        const figures: Record<string, Rounds> = { ...rates };
        for (const { name } of sides) {
          const all = undisturbed[name];
          figures[`${name}, of undisturbed`] = rates[name].map((one) => one / all);
          figures[`${name}, CPU ns a frame`] = spent[name];
        }
        rows.push({ what, figures, goal: rate > 0 && rate <= GOAL_RATE ? GOAL : undefined });
      }
    }
    return [
      {
        title: 'Forwarding while something else changes',
        unit: 'thousands of frames a second',
        rows,
        how: `${OFFERED_PPS / 1000} thousand frames a second offered, as far as the sender comes beside the disturbance. The flows concern none of the frames.`,
      },
    ];
  });
}
