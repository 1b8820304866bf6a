/**
 * Meters as ovs-ofctl reads and prints them (ovs-ofctl(8), "Meter Syntax"):
 * "meter=1,kbps,burst,stats,bands=type=drop,rate=1000, burst_size=500,type=dscp_remark,rate=…,prec_level=1". Commas,
 * "=" and white space all separate.
 */
import type { TextError } from '../bytes/index.js';
import {
  didYouMean,
  type MeterBand,
  type MeterCommand,
  type MeterMod,
  OFPM,
  OFPMBT,
  OFPMF,
  parseNumber,
} from '../nxm/index.js';
import { formatDuration } from './flow-printer.js';
import { mistake, type Place, type PlaceOptions, placeOf } from './place.js';

export interface MeterTextOptions extends PlaceOptions {
  /** Default: add. A delete names a meter and nothing else. */
  readonly command?: MeterCommand;
}

const FLAGS: readonly (readonly [name: string, bit: number])[] = [
  ['kbps', OFPMF.KBPS],
  ['pktps', OFPMF.PKTPS],
  ['burst', OFPMF.BURST],
  ['stats', OFPMF.STATS],
];
const flagOf = new Map(FLAGS);
const VIRTUAL: readonly (readonly [name: string, id: number])[] = [
  ['all', OFPM.ALL],
  ['controller', OFPM.CONTROLLER],
  ['slowpath', OFPM.SLOWPATH],
];
const idOf = new Map(VIRTUAL);
const nameOf = new Map(VIRTUAL.map(([name, id]) => [id, name]));

/** Words of a text, and where they stand. */
class Words {
  private readonly words: { readonly text: string; readonly at: number }[];
  private next = 0;

  constructor(
    text: string,
    readonly place: Place,
  ) {
    this.words = [...text.matchAll(/[^=,\s]+/g)].map((match) => ({ text: match[0], at: match.index }));
  }

  take(): string | undefined {
    return this.words[this.next++]?.text;
  }

  peek(): string | undefined {
    return this.words[this.next]?.text;
  }

  /** A mistake at the word taken last. */
  error(why: string): TextError {
    return mistake(this.place, this.words[Math.max(0, this.next - 1)]?.at ?? 0, why);
  }

  value(of: string): string {
    const value = this.take();
    if (value === undefined) throw mistake(this.place, this.words.at(-1)?.at ?? 0, `${of} needs a value`);
    return value;
  }

  number(of: string, most: number): number {
    const text = this.value(of);
    const value = parseNumber(text);
    if (value === null || value > BigInt(most)) throw this.error(`${of} is a number up to ${most}, not "${text}"`);
    return Number(value);
  }
}

/** Reads one meter. Throws TextError: what is wrong, and where. */
export function parseMeter(text: string, options: MeterTextOptions = {}): MeterMod {
  const command = options.command ?? 'add';
  const words = new Words(text, placeOf(options));
  if (command === 'delete' && words.peek() === undefined) return { command, flags: 0, meterId: OFPM.ALL, bands: [] };
  let flags = 0;
  let meterId = 0;
  let bands: MeterBand[] | null = null;
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const flag = flagOf.get(word);
    if (word === 'meter') {
      meterId = meterOf(words);
    } else if (command === 'delete') {
      throw words.error(`a delete names a meter, and no ${word}`);
    } else if (flag !== undefined) {
      flags |= flag;
    } else if (word === 'band' || word === 'bands') {
      bands = bandsOf(words, flags);
    } else {
      throw words.error(`unknown keyword "${word}"${didYouMean(word, ['meter', ...flagOf.keys(), 'bands'])}`);
    }
  }
  if (meterId === 0) throw words.error('a meter needs meter=…');
  if (command === 'delete') return { command, flags: 0, meterId, bands: [] };
  if (!bands) throw words.error('a meter needs bands=…');
  if ((flags & (OFPMF.KBPS | OFPMF.PKTPS)) === 0) throw words.error('a meter needs kbps or pktps');
  return { command, flags, meterId, bands };
}

function meterOf(words: Words): number {
  const text = words.value('meter');
  const id = idOf.get(text) ?? Number(parseNumber(text) ?? 0);
  if (id === 0 || (id > OFPM.MAX && !nameOf.has(id))) throw words.error(`"${text}" is no meter id`);
  return id;
}

/** A band before it is whole. */
interface Draft {
  readonly type: 'drop' | 'dscp_remark';
  rate: number;
  burst: number;
  precLevel: number;
}

/** Reads bands to the end of the text. */
function bandsOf(words: Words, flags: number): MeterBand[] {
  const drafts: Draft[] = [];
  for (let word = words.take(); word !== undefined; word = words.take()) {
    if (word === 'type') {
      const type = words.value('type');
      if (type !== 'drop' && type !== 'dscp_remark') throw words.error(`"${type}" is no band: drop, dscp_remark`);
      drafts.push({ type, rate: 0, burst: 0, precLevel: 0 });
      continue;
    }
    const band = drafts.at(-1);
    if (!band) throw words.error('a band begins with type=…');
    if (word === 'rate') band.rate = words.number(word, 0xffffffff);
    else if (word === 'burst_size') band.burst = words.number(word, 0xffffffff);
    else if (word === 'prec_level') band.precLevel = words.number(word, 0xff);
    else
      throw words.error(`unknown keyword "${word}"${didYouMean(word, ['type', 'rate', 'burst_size', 'prec_level'])}`);
  }
  if (drafts.length === 0) throw words.error('a meter needs bands');
  return drafts.map((draft) => bandOf(draft, flags, words));
}

function bandOf({ type, rate, burst, precLevel }: Draft, flags: number, words: Words): MeterBand {
  if (rate === 0) throw words.error('a band needs rate=…');
  if (flags & OFPMF.BURST && burst === 0) throw words.error('with burst, a band needs burst_size=…');
  if (!(flags & OFPMF.BURST) && burst !== 0) throw words.error('burst_size needs burst');
  if (type === 'dscp_remark' && precLevel === 0) throw words.error('a dscp_remark band needs prec_level=…');
  if (type === 'drop' && precLevel !== 0) throw words.error('only a dscp_remark band has prec_level');
  return type === 'drop' ? { type, rate, burst } : { type, rate, burst, precLevel };
}

/** Reads a file of meters: a meter a line, "#" begins a comment, empty lines are left out. Throws TextError. */
export function parseMeters(text: string, options: MeterTextOptions = {}): MeterMod[] {
  const meters: MeterMod[] = [];
  const first = options.line ?? 1;
  for (const [i, line] of text.split('\n').entries()) {
    const meter = line.split('#', 1)[0];
    if (meter.trim() === '') continue;
    meters.push(parseMeter(meter, { ...options, line: first + i, column: 1 }));
  }
  return meters;
}

function formatId(id: number, separator: string): string {
  return `meter${separator}${id <= OFPM.MAX ? id : (nameOf.get(id) ?? 'unknown')}`;
}

/** As ovs-ofctl dump-meters prints it: a line, and one more a band; parseMeter reads it back. */
export function formatMeter({ meterId, flags, bands }: Pick<MeterMod, 'meterId' | 'flags' | 'bands'>): string {
  const names = FLAGS.filter(([, bit]) => flags & bit).map(([name]) => `${name} `);
  const rest = FLAGS.reduce((bits, [, bit]) => bits & ~bit, flags);
  if (rest) names.push(`flags:0x${rest.toString(16)} `);
  const lines = bands.map((band) => {
    const type = band.type === 'experimenter' ? OFPMBT.EXPERIMENTER : band.type;
    const burst = flags & OFPMF.BURST ? ` burst_size=${band.burst}` : '';
    const level = band.type === 'dscp_remark' ? ` prec_level=${band.precLevel}` : '';
    return `\ntype=${type} rate=${band.rate}${burst}${level}`;
  });
  return `${formatId(meterId, '=')} ${names.join('')}bands=${lines.join('')}`;
}

/** null: not counted. */
interface Counted {
  readonly packets: number | null;
  readonly bytes: number | null;
}

/** A meter's counters as ovs-ofctl meter-stats prints them: a line, and one more a band. */
export function formatMeterStats(
  meter: Counted & {
    readonly meterId: number;
    readonly flows: number;
    readonly duration_ms: number;
    readonly bands: readonly Counted[];
  },
): string {
  const { meterId, flows, packets, bytes, duration_ms, bands } = meter;
  const counts = `flow_count:${flows} packet_in_count:${packets ?? '?'} byte_in_count:${bytes ?? '?'}`;
  const lines = bands.map((band, i) => `\n${i}: packet_count:${band.packets ?? '?'} byte_count:${band.bytes ?? '?'}`);
  return `${formatId(meterId, ':')} ${counts} duration:${formatDuration(duration_ms)}s bands:${lines.join('')}`;
}
