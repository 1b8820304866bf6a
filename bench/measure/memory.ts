/**
 * Packets inside the process: a port that only counts, frames that are handed to it again and again, flows for a
 * bridge, an access list over three tables, and a stateful firewall. Millions of packets a second, each on one core.
 */
import { ManualClock } from '../../lib/bytes/index.js';
import { extract, Key, Packet } from '../../lib/packet/index.js';
import type { Port, PortHost } from '../../lib/ports/port.js';
import { Switch } from '../../lib/switch.js';
import { tcp4, udp4, udp6 } from '../../spec/support/frames.js';
import { median, type Row, type Table } from './table.js';

/** Takes frames and forgets them. */
class Sink implements Port {
  readonly kind = 'sink';
  frames = 0;
  private host: PortHost | null = null;

  constructor(readonly name: string) {}

  start(host: PortHost): void {
    this.host = host;
  }

  receive(frame: Uint8Array): void {
    this.host?.receive(frame, 0, frame.length);
  }

  send(): void {
    this.frames++;
  }

  close(): void {}
}

interface Scene {
  readonly what: string;
  readonly flows: (n: number) => string[];
  readonly frame: (i: number) => Uint8Array;
  /** What has to have happened before: the first packets of connections. */
  readonly before?: (sw: Scened, i: number) => void;
}

interface Scened {
  readonly inside: Sink;
  readonly outside: Sink;
}

const mac = (i: number): string => `02:00:00:00:${hex(i >> 8)}:${hex(i & 255)}`;
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const host = (i: number): string => `10.0.${i >> 8}.${i & 255}`;
const range = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const frameOf = (i: number): Uint8Array =>
  udp4({ eth_dst: mac(i), src: host(i), dst: '192.0.2.9', dport: 53, payload: 'x'.repeat(18) });

const SCENES: readonly Scene[] = [
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

const ROUNDS = 5;
const ROUND_MS = 300;
const CHUNK = 1000;

/**
 * Calls of `run(i)` in a second of processor time, in millions; the median of a few rounds. Others' work counts little
 * thereby.
 */
function rate(run: (i: number) => void): number {
  const rounds = range(ROUNDS + 1, () => {
    const begun = performance.now();
    const used = process.cpuUsage();
    let calls = 0;
    while (performance.now() - begun < ROUND_MS) {
      for (let i = 0; i < CHUNK; i++) run(i);
      calls += CHUNK;
    }
    const { user, system } = process.cpuUsage(used);
    return calls / (user + system);
  });
  return median(rounds.slice(1));
}

function scened(flows: readonly string[], caching = true): Scened & { sw: Switch } {
  const sw = new Switch({ clock: new ManualClock(), caching });
  sw.flows.load(flows.join('\n'));
  return { sw, inside: sw.addPort(1, new Sink('inside')), outside: sw.addPort(2, new Sink('outside')) };
}

async function run(scene: Scene, n: number, caching: boolean): Promise<number> {
  const made = scened(scene.flows(n), caching);
  const frames = range(n, scene.frame);
  for (let i = 0; i < n; i++) scene.before?.(made, i);
  const result = rate((i) => made.inside.receive(frames[i % n]));
  if (made.outside.frames === 0) throw new Error(`${scene.what}: nothing came out`);
  await made.sw.close();
  return result;
}

/** Packets out of the cache. */
export async function packets(): Promise<Table> {
  const rows: Row[] = [];
  for (const scene of SCENES) {
    const figures: Record<string, number> = {};
    for (const n of [1, 1000]) figures[n === 1 ? '1 flow' : `${n} flows`] = await run(scene, n, true);
    rows.push({ what: scene.what, figures });
  }
  return {
    title: 'Packets from cache, in memory',
    unit: 'millions of packets a second',
    rows,
    how: 'Frames of 60 bytes from a port that only counts to another, medians of 5 rounds of processor time; "flows" are flows and as many kinds of packets.',
  };
}

/** What a packet costs that no cached program fits. */
export async function translation(): Promise<Table> {
  const rows: Row[] = [];
  for (const scene of SCENES) {
    rows.push({ what: scene.what, figures: { 'a packet': 1 / (await run(scene, 1000, false)) } });
  }
  return {
    title: 'Translation',
    unit: 'microseconds',
    rows,
    how: 'The same with 1,000 flows, each packet translated anew: lookup in the tables, program made, run and thrown away.',
  };
}

/** From frame to key. */
export async function extraction(): Promise<Table> {
  const frames: [string, Uint8Array][] = [
    ['UDP over IPv4', udp4()],
    ['TCP over IPv4, one tag', tcp4({ vlan: [5] })],
    ['UDP over IPv6', udp6()],
  ];
  const packet = new Packet();
  const key = new Key();
  const rows = frames.map(([what, frame]): Row => {
    const millions = rate(() => extract(packet.attach(frame), key, 1));
    return { what, figures: { 'a frame': 1000 / millions } };
  });
  return { title: 'Extraction', unit: 'nanoseconds', rows, how: 'One frame into the key, over and over.' };
}

/** The cache as its masks grow. */
export async function masks(): Promise<Table> {
  const rows: Row[] = [];
  for (const count of [1, 4, 16, 64])
    rows.push({ what: count === 1 ? '1 flow' : `${count} flows`, figures: await manyMasks(count) });
  return {
    title: 'Cache lookup by masks',
    unit: 'nanoseconds a packet',
    rows,
    how: 'Packets of ever new ports, which no mask looks at; a mask a flow, prefixes of ever other length.',
  };
}

const NEW_PORTS = 50_000;

/** `n` ones and then zeros, as an address. */
function ones(n: number): string {
  const bits = n === 0 ? 0 : (0xffffffff << (32 - n)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

/**
 * Flow `n` and its packets: ever longer prefixes, each with its last bit zero, of the source and then of the
 * destination.
 */
const sourceOf = (n: number): string => (n < 32 ? ones(n) : '255.255.255.255');
const destinationOf = (n: number): string => (n < 32 ? '192.0.2.9' : ones(n - 32));

async function manyMasks(count: number): Promise<Record<string, number>> {
  const flows = range(count, (i) => {
    const where =
      i < 32 ? `nw_src=${sourceOf(i)}/${i + 1}` : `nw_src=${sourceOf(i)},nw_dst=${destinationOf(i)}/${i - 31}`;
    return `priority=${1000 - i},udp,${where},actions=output:2`;
  });
  const made = scened(flows);
  const frames = range(count, (i) => udp4({ src: sourceOf(i), dst: destinationOf(i) }));
  let port = 0;
  const millions = rate((i) => {
    const frame = frames[i % count];
    port = (port + 1) % NEW_PORTS;
    frame[34] = port >> 8;
    frame[35] = port;
    made.inside.receive(frame);
  });
  const { masks } = made.sw.pipeline.datapath.cached;
  await made.sw.close();
  return { 'a packet': 1000 / millions, 'masks in the cache': masks };
}
