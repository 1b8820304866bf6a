/**
 * How costs grow, in memory, one core: a hit in the cache, a packet whose hint is gone, a lookup in the classifier, by
 * masks and by flows; a translation by the tables that it crosses. A hit may not grow; a lookup grows with the masks
 * that it visits.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { extract, KEY_WORDS, Key, Packet } from '../../lib/packet/index.js';
import { slots } from '../../lib/packet/key.js';
import { Classifier } from '../../lib/pipeline/classifier.js';
import { Flow } from '../../lib/pipeline/flow.js';
import { parseFlow } from '../../lib/text/index.js';
import { udp4, udp6 } from '../../spec/support/frames.js';
import { nanoseconds, range, type Scened, scened, verify } from './memory.js';
import { median, type Row, type Table } from './table.js';

/** None leaves less than two bytes of its last word free. */
const MASKS = [1, 2, 5, 10, 16, 40, 70, 100, 140, 200];
const FLOWS = [10, 100, 1000, 10_000, 100_000, 1_000_000];
const TABLES = [1, 2, 4, 6, 8, 10];
/** Kinds of packets that hits take turns with, however many flows there are. */
const KINDS = 1000;
/** Flows that are made at a time. */
const CHUNK = 20_000;
const ROUND_MS = 200;
/** Times as long as with the fewest; what is beyond a fifth is more than chance. */
const GROWN = { of: 'factor', most: 1.2, words: "doesn't grow (at most 1.2)" };
const HIT = 'cache hit';
const ASKED = 'cache, masks asked';
const LOOKUP = 'classifier lookup';

const UDP_SRC = 34;

/** Forgets nothing that it is given: sums up lookups, so that none can be left out by the compiler. */
class Lookups {
  private readonly classifier = new Classifier();
  private readonly seen = new Uint32Array(KEY_WORDS);
  private missed = 0;
  private calls = 0;

  add(text: string): void {
    const { match, priority } = parseFlow(text);
    this.classifier.add(new Flow(0, priority, match, {}, 0n, 0, 0, 0, 0));
  }

  find(words: Uint32Array): void {
    this.calls++;
    if (this.classifier.find(words, this.seen) === null) this.missed++;
  }

  /** Masks that a lookup has asked since the last call. Throws where one has found nothing. */
  visits(): number {
    const { missed, calls } = this;
    if (missed > 0) throw new Error(`${missed} of ${calls} lookups found no flow`);
    const visited = this.classifier.visits / calls;
    this.classifier.visits = 0;
    this.calls = 0;
    return visited;
  }
}

function keyOf(frame: Uint8Array): Uint32Array {
  const key = new Key();
  extract(new Packet().attach(frame), key, 1);
  return key.words;
}

/** Checks that all came out. */
function counted(made: Scened, what: string, sent: number): void {
  if (made.outside.frames !== sent) throw new Error(`${what}: ${sent} frames went in, ${made.outside.frames} came out`);
  made.outside.frames = 0;
}

/** Hits: packets of a few kinds, over and over. */
function hits(made: Scened, frames: readonly Uint8Array[], rounds: number, what: string): number[] {
  verify(made, frames, what);
  let sent = 0;
  const all = nanoseconds(
    rounds,
    (i) => {
      sent++;
      made.inside.receive(frames[i % frames.length]);
    },
    ROUND_MS,
  );
  counted(made, what, sent);
  return all;
}

/** Both addresses of an IPv6 header as one row of bits, of which the first `n` are ones. */
const ones = (n: number): boolean[] => range(ADDRESS_BITS, (i) => i < n);
const ADDRESS_BITS = 256;
const WORD_BITS = 32;
/** Where that row begins in a frame. */
const ADDRESSES = 22;

const HALF = ADDRESS_BITS / 2;
/** Bits as an IPv6 address. */
function address6(bits: readonly boolean[]): string {
  const groups = range(8, (i) => bits.slice(i * 16, i * 16 + 16).reduce((sum, bit) => sum * 2 + (bit ? 1 : 0), 0));
  return groups.map((group) => group.toString(16)).join(':');
}
const sourceOf = (n: number): string => address6(ones(n).slice(0, HALF));
const destinationOf = (n: number): string => address6(ones(n).slice(HALF));

/**
 * Ever longer prefixes of that row, each with its last bit zero, so that a packet is of one flow only, and what lookups
 * have looked at is another mask for each.
 */
function maskFlow(n: number): string {
  const source = `ipv6_src=${sourceOf(n)}/${Math.min(n + 1, HALF)}`;
  const destination = n < HALF ? '' : `,ipv6_dst=${destinationOf(n)}/${n + 1 - HALF}`;
  return `priority=${1000 - n},udp6,${source}${destination}`;
}

async function byMasks(masks: number, rounds: number): Promise<Row> {
  const flows = range(masks, maskFlow);
  const made = scened(flows.map((flow) => `${flow},actions=output:2`));
  const what = `${masks} masks`;
  // Two bytes behind the longest prefix, of a word that masks look at: they tell hints apart, and no flow.
  const free = ADDRESSES + (Math.ceil(masks / WORD_BITS) * WORD_BITS) / 8 - 2;
  const kinds = range(Math.max(masks, KINDS), (i) => {
    const frame = udp6({ src: sourceOf(i % masks), dst: destinationOf(i % masks), payload: 'x'.repeat(18) });
    frame[free] = i / masks;
    return frame;
  });
  const figures: Record<string, number | number[]> = { [HIT]: hits(made, kinds, rounds, what) };
  const frames = range(masks, (i) => kinds[i].slice());
  let [fresh, sent] = [0, 0];
  figures[ASKED] = nanoseconds(
    rounds,
    (i) => {
      const frame = frames[i % masks];
      fresh = (fresh + 1) & 0xffff;
      frame[free] = fresh >> 8;
      frame[free + 1] = fresh;
      sent++;
      made.inside.receive(frame);
    },
    ROUND_MS,
  );
  counted(made, what, sent);
  const cached = made.sw.pipeline.datapath.cached.masks;
  await made.sw.close();
  const lookups = new Lookups();
  for (const flow of flows) lookups.add(`${flow},actions=drop`);
  const keys = frames.map(keyOf);
  figures[LOOKUP] = nanoseconds(rounds, (i) => lookups.find(keys[i % masks]), ROUND_MS);
  figures['masks visited'] = lookups.visits();
  figures['masks in the cache'] = cached;
  return { what: masks === 1 ? '1 mask' : what, x: masks, figures };
}

const flowAddress = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
const addressFlow = (n: number): string => `udp,nw_src=${flowAddress(n)}`;

/** What flows were made of isn't collected beside what is measured. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc === 'function') gc();
}

/** A switch and a classifier to which ever more flows are added. */
async function byFlows(rounds: number): Promise<Row[]> {
  const made = scened([]);
  const lookups = new Lookups();
  const rows: Row[] = [];
  let there = 0;
  for (const flows of FLOWS) {
    for (; there < flows; ) {
      const more = range(Math.min(CHUNK, flows - there), (i) => addressFlow(there + i));
      made.sw.flows.load(more.map((flow) => `${flow},actions=output:2`).join('\n'));
      for (const flow of more) lookups.add(`${flow},actions=drop`);
      there += more.length;
    }
    collect();
    const what = `${flows.toLocaleString('en')} flows`;
    const kinds = range(KINDS, (i) => {
      const frame = udp4({ src: flowAddress(Math.floor((i * flows) / KINDS)), payload: 'x'.repeat(18) });
      frame[UDP_SRC] = i >> 8;
      frame[UDP_SRC + 1] = i;
      return frame;
    });
    const figures: Record<string, number[]> = { [HIT]: hits(made, kinds, rounds, what) };
    const key = keyOf(kinds[0]);
    const bytes = new Uint8Array(key.buffer);
    const { at } = slots.ipv4_src;
    // A step that meets all flows in an order that memory doesn't foresee.
    let n = 0;
    figures[LOOKUP] = nanoseconds(
      rounds,
      () => {
        n = (n + 7919) % flows;
        bytes[at + 1] = n >> 16;
        bytes[at + 2] = n >> 8;
        bytes[at + 3] = n;
        lookups.find(key);
      },
      ROUND_MS,
    );
    lookups.visits();
    rows.push({ what, x: flows, figures });
  }
  await made.sw.close();
  return rows;
}

/** A row of tables, each of which asks for another field, and behind them the frame's way out. */
const ASKS = [
  'ip',
  'udp',
  'ip,nw_src=10.0.0.1',
  'ip,nw_dst=10.0.0.2',
  'udp,tp_dst=53',
  'dl_type=0x0800',
  'ip,nw_tos=0',
];

async function byTables(tables: number, rounds: number): Promise<Row> {
  const flows = range(tables, (i) => {
    const next = i === tables - 1 ? 'output:2' : `goto_table:${i + 1}`;
    return `table=${i},${ASKS[i % ASKS.length]},actions=${next}`;
  });
  const made = scened(flows, false);
  const frame = udp4({ src: '10.0.0.1', dst: '10.0.0.2', dport: 53, payload: 'x'.repeat(18) });
  const figures = { translation: hits(made, [frame], rounds, `${tables} tables`).map((ns) => ns / 1000) };
  await made.sw.close();
  return { what: tables === 1 ? '1 table' : `${tables} tables`, x: tables, figures };
}

/** How many times as long the last row's hit takes as the first one's. */
function growth(rows: readonly Row[]): Row {
  const [first, last] = [rows[0], rows.at(-1) as Row].map((row) => row.figures[HIT] as number[]);
  const factor = last.map((ns) => ns / median(first));
  return { what: `a hit, from ${rows[0].what} to ${rows.at(-1)?.what}`, figures: { factor }, goal: GROWN };
}

/** All of it. */
export async function growing(rounds: number): Promise<Table[]> {
  const masks: Row[] = [];
  for (const count of MASKS) masks.push(await byMasks(count, rounds));
  const tables: Row[] = [];
  for (const count of TABLES) tables.push(await byTables(count, rounds));
  const flows = await byFlows(rounds);
  return [
    {
      title: 'Growth',
      unit: 'times as long',
      rows: [growth(masks), growth(flows.filter(({ x }) => (x ?? 0) >= KINDS))],
      how: `Hits of ${KINDS.toLocaleString('en')} kinds of packets, beginning with as many flows; below that, kinds share entries of the cache. All figures stand below.`,
    },
    {
      title: 'Cost by masks',
      unit: 'nanoseconds a packet',
      rows: masks,
      how: `A flow a mask, packets for each in turn. A hit: ${KINDS.toLocaleString('en')} kinds of packets that come again and again, port to port. Masks asked: packets that differ in bits that masks look at, so that no hint fits and the cache's masks are asked. Lookup: the classifier of one table alone, from key to flow.`,
      plot: { x: 'masks', columns: [HIT, ASKED, LOOKUP] },
    },
    {
      title: 'Cost by flows',
      unit: 'nanoseconds a packet',
      rows: flows,
      how: `Flows of one mask. A hit: ${KINDS.toLocaleString('en')} kinds of packets, spread over all flows. Lookup: all flows by turns, most of them not in the processor's caches.`,
      plot: { x: 'flows', logarithmic: true },
    },
    {
      title: 'Cost by tables crossed',
      unit: 'microseconds a packet',
      rows: tables,
      how: 'Each packet translated anew, through goto_table; tables ask for seven kinds of fields in turn.',
      plot: { x: 'tables' },
    },
  ];
}
