/**
 * Packets inside the process: a port that only counts, frames that are handed to it again and again, flows for a
 * bridge, an access list over three tables, and a stateful firewall. Millions of packets a second, each on one core.
 */
import { ManualClock } from '../../lib/bytes/index.js';
import { inlineMore } from '../../lib/cli/inlining.js';
import { extract, Key, Packet } from '../../lib/packet/index.js';
import type { Port, PortHost } from '../../lib/ports/port.js';
import { Switch } from '../../lib/switch.js';
import { tcp4, udp4, udp6 } from '../../spec/support/frames.js';
import { OURS, type Row, type Table } from './table.js';

/** Takes frames and counts them; it keeps the last one for who wants to see it. */
export class Sink implements Port {
  readonly kind = 'sink';
  frames = 0;
  watched = false;
  last = new Uint8Array(0);
  private host: PortHost | null = null;

  constructor(readonly name: string) {}

  start(host: PortHost): void {
    this.host = host;
  }

  receive(frame: Uint8Array): void {
    this.host?.receive(frame, 0, frame.length);
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    this.frames++;
    if (this.watched) this.last = bytes.slice(start, end);
  }

  close(): void {}
}

export interface Scene {
  readonly what: string;
  readonly flows: (n: number) => string[];
  readonly frame: (i: number) => Uint8Array;
  /** What has to have happened before: the first packets of connections. */
  readonly before?: (sw: Scened, i: number) => void;
}

export interface Scened {
  readonly inside: Sink;
  readonly outside: Sink;
}

const mac = (i: number): string => `02:00:00:00:${hex(i >> 8)}:${hex(i & 255)}`;
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const host = (i: number): string => `10.0.${i >> 8}.${i & 255}`;
export const range = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const frameOf = (i: number): Uint8Array =>
  udp4({ eth_dst: mac(i), src: host(i), dst: '192.0.2.9', dport: 53, payload: 'x'.repeat(18) });

export const SCENES: readonly Scene[] = [
  {
    what: 'bridge: output by MAC',
    flows: (n) => range(n, (i) => `table=0,dl_dst=${mac(i)},actions=output:2`),
    frame: frameOf,
  },
  {
    what: 'access list over three tables',
    flows: (n) => [
      'table=0,in_port=1,actions=goto_table:1',
      ...range(n, (i) => `table=1,ip,nw_src=${host(i)},actions=goto_table:2`),
      'table=2,udp,tp_dst=53,actions=output:2',
    ],
    frame: frameOf,
  },
  {
    what: 'stateful firewall, established',
    flows: () => [
      'table=0,ip,ct_state=-trk,actions=ct(table=1)',
      'table=1,ip,in_port=1,ct_state=+trk+new,actions=ct(commit),2',
      'table=1,ip,in_port=1,ct_state=+trk+est,actions=2',
      'table=1,ip,in_port=2,ct_state=+trk+est,actions=1',
    ],
    frame: frameOf,
    before: ({ outside, inside }, i) => {
      inside.receive(frameOf(i));
      outside.receive(udp4({ src: '192.0.2.9', dst: host(i), sport: 53, dport: 1000 }));
    },
  },
];

const ROUND_MS = 300;
const CHUNK = 1000;

/**
 * Calls of `run(i)` in a second of processor time, in millions, for each round behind a first one. Others' work counts
 * little thereby.
 */
export function rates(rounds: number, run: (i: number) => void, round_ms = ROUND_MS): number[] {
  return range(rounds + 1, () => {
    const begun = performance.now();
    const used = process.cpuUsage();
    let calls = 0;
    while (performance.now() - begun < round_ms) {
      for (let i = 0; i < CHUNK; i++) run(i);
      calls += CHUNK;
    }
    const { user, system } = process.cpuUsage(used);
    return calls / (user + system);
  }).slice(1);
}

/** Nanoseconds of each call, likewise. */
export function nanoseconds(rounds: number, run: (i: number) => void, round_ms = ROUND_MS): number[] {
  return rates(rounds, run, round_ms).map((millions) => 1000 / millions);
}

/** A switch with two ports that only count. */
export function scened(flows: readonly string[], caching = true): Scened & { sw: Switch } {
  const sw = new Switch({ clock: new ManualClock(), caching });
  sw.flows.load(flows.join('\n'));
  return { sw, inside: sw.addPort(1, new Sink('inside')), outside: sw.addPort(2, new Sink('outside')) };
}

/** Sees that each frame comes out once, as it went in. Throws where it doesn't. */
export function verify({ inside, outside }: Scened, frames: readonly Uint8Array[], what: string): void {
  outside.watched = true;
  for (const [i, frame] of frames.entries()) {
    outside.frames = 0;
    // The switch may change what it is handed.
    const wanted = frame.slice();
    inside.receive(frame);
    const { frames: came, last } = outside;
    if (came !== 1 || Buffer.compare(last, wanted) !== 0)
      throw new Error(`${what}: frame ${i} came out ${came} times, or wrong`);
  }
  outside.watched = false;
  outside.frames = 0;
}

/** Millions of packets a second, by rounds. Throws where one of them doesn't come out. */
async function run(scene: Scene, n: number, rounds: number, caching: boolean): Promise<number[]> {
  const made = scened(scene.flows(n), caching);
  const { inside, outside } = made;
  const frames = range(n, scene.frame);
  for (let i = 0; i < n; i++) scene.before?.(made, i);
  verify(made, frames, scene.what);
  let sent = 0;
  const all = rates(rounds, (i) => {
    sent++;
    inside.receive(frames[i % n]);
  });
  if (outside.frames !== sent) throw new Error(`${scene.what}: ${sent} frames went in, ${outside.frames} came out`);
  await made.sw.close();
  return all;
}

/** A packet takes no longer than an eighth of a microsecond out of the cache. */
const GOAL = 8;

/** Packets out of the cache. */
export async function packets(rounds: number): Promise<Table[]> {
  inlineMore();
  const rows: Row[] = [];
  for (const [i, scene] of SCENES.entries()) {
    for (const n of [1, 1000]) {
      // The goal is that of a cache hit; the firewall's packets are tracked as well.
      const goal = i < 2 ? { of: OURS, least: GOAL } : undefined;
      const what = `${scene.what}, ${n === 1 ? '1 flow' : '1,000 flows'}`;
      rows.push({ what, figures: { [OURS]: await run(scene, n, rounds, true) }, goal });
    }
  }
  return [
    {
      title: 'Packets from cache, in memory',
      unit: 'millions of packets a second',
      rows,
      how: 'Frames of 60 bytes from a port that only counts to another, by processor time; "flows" are flows and as many kinds of packets.',
    },
  ];
}

/** What a packet costs that no cached program fits. */
export async function translation(rounds: number): Promise<Table[]> {
  const rows: Row[] = [];
  for (const scene of SCENES) {
    const millions = await run(scene, 1000, rounds, false);
    rows.push({ what: scene.what, figures: { 'a packet': millions.map((rate) => 1 / rate) } });
  }
  return [
    {
      title: 'Translation',
      unit: 'microseconds',
      rows,
      how: 'The same with 1,000 flows, each packet translated anew: lookup in the tables, program made, run and thrown away.',
    },
  ];
}

/** From frame to key. */
export async function extraction(rounds: number): Promise<Table[]> {
  const frames: [string, Uint8Array][] = [
    ['UDP over IPv4', udp4()],
    ['TCP over IPv4, one tag', tcp4({ vlan: [5] })],
    ['UDP over IPv6', udp6()],
  ];
  const packet = new Packet();
  const key = new Key();
  const rows = frames.map(([what, frame]): Row => {
    return { what, figures: { 'a frame': nanoseconds(rounds, () => extract(packet.attach(frame), key, 1)) } };
  });
  return [{ title: 'Extraction', unit: 'nanoseconds', rows, how: 'One frame into the key, over and over.' }];
}
