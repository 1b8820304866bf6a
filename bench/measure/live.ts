/**
 * The rest of what is measured over veth pairs beside Open vSwitch, in one run, in turn: new connections, TCP as the
 * machine makes it, the round trip of a ping, and what is left of forwarding while flows or addresses change.
 */
import { type Lab, output } from '../live/lab.js';
import type { Side } from '../live/sides.js';
import { BRIDGE, FIREWALL, type LiveScene, offer, prepare, ROUNDS, withSides } from './forwarding.js';
import { median, type Row, type Table } from './table.js';

const FULL_PPS = 2_000_000;

/** A row of both switches' figures and their ratio: ours to theirs, or theirs to ours where less is better. */
function beside(what: string, theirs: number, ours: number, less = false): Row {
  const figures = { 'Open vSwitch': theirs, ctswitch: ours };
  if (theirs === 0) return { what, figures };
  return { what, figures: { ...figures, ratio: less ? theirs / ours : ours / theirs } };
}

/** Medians of a figure of each side, in turn. */
async function inTurn(sides: readonly Side[], run: (side: Side, round: number) => Promise<number>): Promise<number[]> {
  const figures = sides.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, side] of sides.entries()) figures[i].push(await run(side, round));
  }
  return figures.map(median);
}

const CONNECTIONS = 400_000;

/** Each frame is the first of a connection that is committed. */
export async function connections(): Promise<Table[]> {
  return withSides(async (sides) => {
    for (const side of sides) await prepare(side, { ...FIREWALL, answered: false }, 1);
    const rates = await inTurn(sides, async (side, round) => {
      // Round 0 has been used for preparing.
      await side.lab.expect('query', CONNECTIONS, round + 1, 16);
      return (await offer(side, 'query', CONNECTIONS, round + 1, FULL_PPS, 0)).passed / 1000;
    });
    return [
      {
        title: 'New connections over veth pairs',
        unit: 'thousands a second',
        rows: [beside('UDP, ct(commit), 64 bytes', rates[0], rates[1])],
        how: `Every frame opens another connection, ${CONNECTIONS.toLocaleString('en')} a round, more than either takes; medians of ${ROUNDS} rounds.`,
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
    socket.on('data', (data) => { bytes += data.length; });
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

/** Megabits a second; no rounds where a first try comes to nothing. */
async function speed(side: Side): Promise<number> {
  const seconds = await transfer(side.lab);
  return seconds === 0 ? 0 : (MEGABYTES * 8.388608) / seconds;
}

async function setChecksums(lab: Lab, how: 'on' | 'off'): Promise<void> {
  for (const place of ['g', 'k'] as const) await output(lab.start(place, ['ethtool', '-K', `${place}0`, 'tx', how]));
}

/** 100 MB over TCP, NORMAL. */
export async function tcp(): Promise<Table[]> {
  return withSides(async (sides) => {
    const rows: Row[] = [];
    for (const side of sides) await side.setFlows(['actions=NORMAL']);
    for (const [what, how] of [
      ['default offloads', 'on'],
      ['without offloads (ethtool tx off)', 'off'],
    ] as const) {
      for (const { lab } of sides) await setChecksums(lab, how);
      const dead = new Set<Side>();
      const rates = await inTurn(sides, async (side) => {
        const rate = dead.has(side) ? 0 : await speed(side);
        if (rate === 0) dead.add(side);
        return rate;
      });
      rows.push(beside(what, rates[0], rates[1]));
    }
    return [
      {
        title: `${MEGABYTES} MB over TCP`,
        unit: 'Mbit/s',
        rows,
        how: `Medians of ${ROUNDS} rounds; 0: the connection doesn't come about, since Open vSwitch's userspace datapath leaves partial checksums as they are.`,
      },
    ];
  });
}

const PINGS = 1000;

/** The round trip of a ping while nothing else happens. */
export async function ping(): Promise<Table[]> {
  return withSides(async (sides) => {
    for (const side of sides) await side.setFlows(['actions=NORMAL']);
    const tails: number[][] = sides.map(() => []);
    const medians = await inTurn(sides, async (side) => {
      const words = ['ping', '-c', String(PINGS), '-i', '0.004', '198.18.0.2'];
      const times = [...(await output(side.lab.start('g', words))).matchAll(/time=([\d.]+)/g)].map(([, ms]) =>
        Number(ms),
      );
      if (times.length < PINGS) throw new Error(`${side.name}: ${PINGS - times.length} pings were lost`);
      tails[sides.indexOf(side)].push(times.sort((a, b) => a - b)[Math.floor(PINGS * 0.99)]);
      return median(times) * 1000;
    });
    const [theirs, ours] = tails.map((tail) => median(tail) * 1000);
    return [
      {
        title: 'Ping through the switch, idle',
        unit: 'microseconds',
        rows: [beside('median', medians[0], medians[1], true), beside('99th percentile', theirs, ours, true)],
        how: `${PINGS} pings, one every 4 ms, medians of ${ROUNDS} rounds; above 1 the ratio is in our favour.`,
      },
    ];
  });
}

const OFFERED_PPS = 600_000;
const NORMAL: LiveScene = { what: 'NORMAL', flows: () => ['actions=NORMAL'] };

/** A disturbance: starts it, and gives what ends it. */
interface Disturbance {
  readonly what: string;
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
  return { what: `${rate.toLocaleString('en')} flow-mods a second`, scene: BRIDGE, flows: 1000, start };
}

const STATIONS = 100_000;
function stations(rate: number): Disturbance {
  const start = async (side: Side) => {
    if (rate === 0) return () => {};
    const child = side.lab.script('k', 'sender', ['k0', 'station', STATIONS, 0, rate, 1000].map(String));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return () => void child.kill('SIGKILL');
  };
  return { what: `NORMAL, ${rate.toLocaleString('en')} new addresses a second`, scene: NORMAL, flows: 1, start };
}

/** What is left of forwarding while something else changes. */
export async function disturbed(): Promise<Table[]> {
  return withSides(async (sides) => {
    const rows: Row[] = [];
    for (const group of [[0, 100, 1000, 25_000].map(flowMods), [0, 1000].map(stations)]) {
      let undisturbed: number[] = [];
      for (const { what, scene, flows, start } of group) {
        for (const side of sides) {
          await prepare(side, scene, flows);
          await side.lab.expect('query', flows, 0, 16);
        }
        const spent: number[][] = sides.map(() => []);
        const rates = await inTurn(sides, async (side) => {
          const end = await start(side);
          try {
            const { passed, cpu_ns } = await offer(side, 'query', flows, 0, OFFERED_PPS, 1);
            spent[sides.indexOf(side)].push(cpu_ns);
            return passed / 1000;
          } finally {
            end();
          }
        });
        if (undisturbed.length === 0) undisturbed = rates;
        const figures: Record<string, number> = { ...beside(what, rates[0], rates[1]).figures };
        for (const [n, { name }] of sides.entries()) {
          figures[`${name}, of undisturbed`] = rates[n] / undisturbed[n];
          figures[`${name}, CPU ns a frame`] = median(spent[n]);
        }
        rows.push({ what, figures });
        console.error(JSON.stringify(rows.at(-1)));
      }
    }
    return [
      {
        title: 'Forwarding while something else changes',
        unit: 'thousands of frames a second',
        rows,
        how: `${OFFERED_PPS / 1000} thousand frames a second offered, as far as the sender comes beside the disturbance; medians of ${ROUNDS} rounds of a second. The flows concern none of the frames.`,
      },
    ];
  });
}
