/**
 * The tracker alone, in memory, one core: lookups with state update and commits in millions a second, and the longest
 * time that any one operation holds the event loop while a table of a million grows, is listed, flushed and expires.
 */
import { checksum, Random } from '../../lib/bytes/index.js';
import { lookupRequest, Tracker } from '../../lib/ct/index.js';
import { CS_INV } from '../../lib/ct/states.js';
import { extract, Key, Packet } from '../../lib/packet/index.js';
import { tcp4, udp4 } from '../../spec/support/frames.js';
import { median, OURS, type Row, type Table } from './table.js';

const MILLION = 1_000_000;
const CALLS = 400_000;
/** Frames that lookups take turns with. */
const FRAMES = 200_000;
/** The runs of which the shortest longest pause counts: what other programs do to caches can only add. */
const RUNS = 3;

const packet = new Packet();
const key = new Key();
const lookup = lookupRequest(1);
const commit = { ...lookupRequest(1), commit: true };

export function put(bytes: Uint8Array, at: number, value: number, size: 2 | 4): void {
  for (let i = 0; i < size; i++) bytes[at + i] = value >>> (8 * (size - 1 - i));
}

/** One frame that becomes connection `n`'s, its checksums with it. */
export class Aimed {
  readonly bytes = udp4({ payload: 'x'.repeat(18) });

  at(n: number): Packet {
    const { bytes } = this;
    put(bytes, 26, 0x0a000000 + (n >>> 12), 4);
    put(bytes, 30, 0xc0a80001, 4);
    put(bytes, 34, 1024 + (n & 0xfff), 2);
    put(bytes, 36, 53, 2);
    put(bytes, 24, 0, 2);
    put(bytes, 24, checksum(bytes, 14, 34), 2);
    put(bytes, 40, 0, 2);
    put(bytes, 40, checksum(bytes, 26, bytes.length, 17 + 26) || 0xffff, 2);
    packet.attach(bytes);
    packet.typeAt = 12;
    packet.l3 = 14;
    return packet;
  }
}

/** Connection `n`'s packet as it comes: what the client sends, or its answer. */
function frameOf(n: number, reply: boolean, tcp: boolean): Uint8Array {
  const client = { ip: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`, port: 1024 + (n & 1023) };
  const server = { ip: '192.168.0.1', port: 53 };
  const [from, to] = reply ? [server, client] : [client, server];
  const o = { src: from.ip, dst: to.ip, sport: from.port, dport: to.port, payload: 'x'.repeat(18) };
  const [seq, ack] = reply ? [5000, 1000] : [1000, 5000];
  return tcp ? tcp4({ ...o, flags: 'ack', seq, ack, window: 1000 }) : udp4(o);
}

export function receive(frame: Uint8Array): Packet {
  extract(packet.attach(frame), key, 1);
  return packet;
}

/** Millions of calls a second of processor time, for each round behind a first one. */
function rates(rounds: number, calls: number, run: (i: number) => void): number[] {
  const all = Array.from({ length: rounds + 1 }, () => {
    const used = process.cpuUsage();
    for (let i = 0; i < calls; i++) run(i);
    const { user, system } = process.cpuUsage(used);
    return calls / (user + system);
  });
  return all.slice(1);
}

/** Lookups in a table of `size` connections. Throws where one doesn't find its connection established. */
function lookups(rounds: number, size: number, tcp: boolean): number[] {
  const random = new Random(1);
  const tracker = new Tracker({ random });
  for (let n = 0; n < size; n++) tracker.process(receive(frameOf(n, false, tcp)), commit, 0);
  if (tracker.count !== size) throw new Error(`${tracker.count} connections instead of ${size}`);
  const frames = Array.from({ length: Math.min(FRAMES, 2 * size) }, (_, i) =>
    frameOf(random.below(size), i % 2 === 1, tcp),
  );
  let states = 0;
  const all = rates(rounds, CALLS, (i) => {
    packet.attach(frames[i % frames.length]);
    packet.typeAt = 12;
    packet.l3 = 14;
    states |= tracker.process(packet, lookup, 1).state;
  });
  if ((states & CS_INV) !== 0 || tracker.count !== size) throw new Error('lookups found invalid packets');
  return all;
}

function commits(rounds: number): number[] {
  const aimed = new Aimed();
  const alone = median(rates(rounds, MILLION, (i) => aimed.at(i)));
  return Array.from({ length: rounds }, (_, seed) => {
    const tracker = new Tracker({ random: new Random(seed + 1) });
    const used = process.cpuUsage();
    for (let i = 0; i < MILLION; i++) tracker.process(aimed.at(i), commit, 0);
    const { user, system } = process.cpuUsage(used);
    if (tracker.count !== MILLION) throw new Error(`${tracker.count} connections instead of ${MILLION}`);
    return 1 / ((user + system) / MILLION - 1 / alone);
  });
}

/** Longest time of one call, in ms, by what it did. */
class Pauses {
  readonly longest = new Map<string, number>();

  time<T>(what: string, run: () => T): T {
    const used = process.cpuUsage();
    const begun = performance.now();
    const result = run();
    const passed = performance.now() - begun;
    const { user, system } = process.cpuUsage(used);
    // Neither is less than what the thread took: the one counts other programs, the other the process's other threads.
    const took = Math.min(passed, (user + system) / 1000);
    this.longest.set(what, Math.max(this.longest.get(what) ?? 0, took));
    return result;
  }
}

function onePauseRun(): ReadonlyMap<string, number> {
  const pauses = new Pauses();
  const aimed = new Aimed();
  const tracker = new Tracker({ random: new Random(1) });
  const ask = { ...commit, markMask: -1 };
  const fill = (): void => {
    for (let i = 0; i < MILLION; i++) {
      const sent = aimed.at(i);
      ask.markValue = i & 0xff;
      pauses.time('commit', () => tracker.process(sent, ask, 0));
    }
  };
  const sweepUp = (what: string, now_ms: number): void => {
    for (let due = 0; due === 0; ) due = pauses.time(what, () => tracker.sweep(now_ms));
    if (tracker.count !== 0) throw new Error(`${what} left ${tracker.count}`);
  };
  const steps = (what: string, generator: Generator<unknown>): void => {
    while (!pauses.time(what, () => generator.next()).done);
  };
  fill();
  steps('step of a dump', tracker.dumpSteps(0));
  steps('step of statistics', tracker.statisticsSteps(0));
  pauses.time('settings read', () => tracker.settings());
  pauses.time('flush of a zone', () => tracker.flush({ zone: 1 }, 0));
  sweepUp('step of reclaiming', 0);
  fill();
  pauses.time('flush of everything', () => tracker.flush({}, 0));
  sweepUp('step of reclaiming', 0);
  fill();
  for (let mark = 0; mark < 256; mark++) pauses.time('flush by mark', () => tracker.flush({ mark }, 0));
  for (let i = 0; i < 1000; i++)
    pauses.time('lookup, 256 flushes waiting', () => tracker.process(aimed.at(i), lookup, 0));
  sweepUp('step of reclaiming, 256 flushes', 0);
  fill();
  sweepUp('step of expiry', 600_000);
  return pauses.longest;
}

function pauses(): Row[] {
  const runs = Array.from({ length: RUNS }, onePauseRun);
  return [...runs[0].keys()].map((what) => {
    const ms = Math.min(...runs.map((run) => run.get(what) ?? 0));
    return { what, figures: { 'longest, ms': ms } };
  });
}

/** All of it. */
export async function tracker(rounds: number): Promise<Table[]> {
  // First, while there is little else for the garbage collector to look at, as in a switch.
  const longest = pauses();
  const least = (goal: number) => ({ of: OURS, least: goal });
  const speed: Row[] = [
    { what: 'lookups, 10,000 UDP connections', figures: { [OURS]: lookups(rounds, 10_000, false) }, goal: least(3) },
    { what: 'lookups, 10,000 TCP connections', figures: { [OURS]: lookups(rounds, 10_000, true) }, goal: least(3) },
    {
      what: 'lookups, 1,000,000 UDP connections',
      figures: { [OURS]: lookups(rounds, MILLION, false) },
      goal: least(2),
    },
    { what: 'commits into an empty table, 1,000,000', figures: { [OURS]: commits(rounds) } },
  ];
  const state =
    'Each lookup parses a frame of 60 bytes, verifies its checksums, finds its connection in either direction and updates state and timer';
  return [
    { title: 'Tracker', unit: 'millions a second of one core', rows: speed, how: `${state}.` },
    {
      title: 'Longest operation on a million connections',
      unit: 'milliseconds',
      rows: longest,
      how: `The longest of each kind, garbage collection included, processor time where that is less than time passed; of ${RUNS} runs the shortest.`,
    },
  ];
}
