/**
 * What a scenario writes for a packet: a word for where it comes from (`same`, `reply`, `again`, `error`, hex,
 * pcap:FILE#N; without one a match text), then fields as ovs-ofctl writes them, and words of our own for what a match
 * can't say (`payload="…"`, `seq=+1`).
 */
import { fromHex, type TextError } from '../bytes/index.js';
import type { Frame } from '../frames/index.js';
import { didYouMean, type KeyValue, keyValues, type Match } from '../nxm/index.js';
import { parseMatch } from '../text/index.js';
import { type Located, mistakeAt } from '../yaml/index.js';
import { CHUNKS } from './conversations.js';

/** Where a packet comes from. */
export const BASES = ['same', 'reply', 'again', 'error'] as const;
export type Base = (typeof BASES)[number] | 'match' | 'hex' | 'pcap';

/** A number, or how far it is from what it would be. */
export interface Amount {
  readonly value: number;
  readonly relative: boolean;
}

/** What the words of our own say. */
export interface Extras {
  seq?: Amount;
  ack?: Amount;
  window?: Amount;
  ip_id?: Amount;
  icmp_id?: Amount;
  icmp_seq?: Amount;
  vtag?: Amount;
  init_tag?: Amount;
  /** TCP's window scale option. */
  wscale?: Amount;
  /** Most bytes of a fragment, with the IP header; which pieces, from 1. */
  fragment?: Amount;
  piece?: Amount;
  /** Bytes that an ICMP error quotes. */
  quote?: Amount;
  payload?: Uint8Array;
  chunk?: string;
  checksum?: 'bad' | number;
  ip_checksum?: 'bad' | number;
  /** What the packet that an ICMP error quotes has to meet. */
  inner?: string;
}

/** A packet as it was written. */
export interface PacketText extends Located {
  readonly file?: string;
  readonly base: Base;
  /** Hex's bytes; the capture file and the number of its frame. */
  readonly bytes?: Uint8Array;
  readonly capture?: { readonly file: string; readonly frame: number };
  /** The fields, at their columns; blank where other things stood. */
  readonly fields: string;
  readonly extras: Extras;
}

/** The longest payload, in bytes. */
const MAX_PAYLOAD = 65_000;
const MOST: Readonly<Record<string, number>> = {
  ...{ seq: 0xffffffff, ack: 0xffffffff, window: 0xffff, ip_id: 0xffff, icmp_id: 0xffff, icmp_seq: 0xffff },
  ...{ vtag: 0xffffffff, init_tag: 0xffffffff, wscale: 14, fragment: 0xffff, piece: 0xffff, quote: 0xffff },
};
/** Numbers that may be written as a distance. */
const RELATIVE = new Set(['seq', 'ack']);
const SUMS = ['checksum', 'ip_checksum'];
const WORDS = [...Object.keys(MOST), ...SUMS, 'payload', 'len', 'chunk', 'inner'];

class Reader {
  readonly extras: Extras = {};

  constructor(
    private readonly located: Located,
    private readonly file: string | undefined,
  ) {}

  mistake(at: number, why: string): TextError {
    const { line, column } = this.located;
    return mistakeAt({ line, column: column + at }, why, this.file);
  }

  /** Takes a word of our own; false where it is none. */
  take(part: KeyValue, value: string): boolean {
    const { key, valueAt } = part;
    if (Object.hasOwn(MOST, key)) this.number(key as keyof Extras, value, valueAt);
    else if (SUMS.includes(key)) this.sum(key as 'checksum' | 'ip_checksum', value, valueAt);
    else if (key === 'payload') this.extras.payload = this.payload(value, valueAt);
    else if (key === 'len') this.extras.payload = new Uint8Array(this.whole(value, valueAt, MAX_PAYLOAD)).fill(0x61);
    else if (key === 'chunk') this.chunk(value, valueAt);
    else if (key === 'inner') this.extras.inner = this.quoted(value, valueAt);
    else return false;
    return true;
  }

  private number(key: keyof Extras, text: string, at: number): void {
    const relative = RELATIVE.has(key) && /^[+-]/.test(text);
    const value = this.whole(relative ? text.slice(1) : text, at, MOST[key]);
    Object.assign(this.extras, { [key]: { value: text.startsWith('-') ? -value : value, relative } });
  }

  private whole(text: string, at: number, most: number): number {
    const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
    if (!(value <= most)) throw this.mistake(at, `"${text}" is no number up to ${most}`);
    return value;
  }

  private sum(key: 'checksum' | 'ip_checksum', text: string, at: number): void {
    this.extras[key] = text === 'bad' ? 'bad' : this.whole(text, at, 0xffffffff);
  }

  private chunk(text: string, at: number): void {
    const known = Object.keys(CHUNKS);
    if (!known.includes(text)) {
      throw this.mistake(
        at,
        `no chunk is named "${text}"${didYouMean(text, known) || `: there are ${known.join(', ')}`}`,
      );
    }
    this.extras.chunk = text;
  }

  private quoted(text: string, at: number): string {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'string') return value;
    } catch {
      // Not JSON: told below.
    }
    throw this.mistake(at, `"${text}" is no text in double quotes, with \\r, \\n, \\" and \\u00XX as in JSON`);
  }

  private payload(text: string, at: number): Uint8Array {
    const bytes = text.startsWith('0x') ? this.hex(text.slice(2), at) : bytesOf(this.quoted(text, at));
    if (bytes.length > MAX_PAYLOAD) throw this.mistake(at, `a payload has at most ${MAX_PAYLOAD} bytes`);
    return bytes;
  }

  hex(text: string, at: number): Uint8Array {
    try {
      return fromHex(text);
    } catch (error) {
      throw error instanceof RangeError ? this.mistake(at, error.message) : error;
    }
  }
}

/** Characters up to 255 as the bytes they are, so that "\u00ff" is one; others as UTF-8. */
function bytesOf(text: string): Uint8Array {
  const wide = [...text].some((char) => (char.codePointAt(0) ?? 0) > 0xff);
  return wide ? new TextEncoder().encode(text) : Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Texts in quotes with their commas and blanks hidden, at the same columns. */
function masked(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => `"${'x'.repeat(quoted.length - 2)}"`);
}

const HEX = /^(0x)?[0-9a-f\s]{28,}$/i;
const PCAP = /^pcap:([^,#]+)#(\d+)\s*(?=,|$)/;

/** Reads a packet's text. Throws a TextError. */
export function parsePacket(located: Located, file?: string): PacketText {
  const { text } = located;
  const reader = new Reader(located, file);
  if (HEX.test(text)) {
    const bytes = reader.hex(text.replace(/^0x/i, ''), 0);
    return { ...located, file, base: 'hex', bytes, fields: '', extras: {} };
  }
  const capture = PCAP.exec(text);
  let fields = masked(text);
  const blank = (from: number, to: number) => {
    fields = fields.slice(0, from) + ' '.repeat(to - from) + fields.slice(to);
  };
  if (capture) blank(0, capture[0].length);
  let base: Base = capture ? 'pcap' : 'match';
  let first = !capture;
  for (const part of keyValues(fields)) {
    const to = part.valueAt + part.value.length;
    const named = BASES.find((name) => name === part.key);
    if (named && part.delimiter === '') {
      if (!first) throw reader.mistake(part.keyAt, `"${named}" stands first`);
      base = named;
      blank(part.keyAt, part.keyAt + named.length);
    } else if (part.delimiter === '=' && reader.take(part, text.slice(part.valueAt, to))) blank(part.keyAt, to);
    first = false;
  }
  if (base === 'match' && fields.trim().replace(/,/g, '') === '') throw reader.mistake(0, 'a packet is missing here');
  const frame = capture ? { file: capture[1], frame: Number(capture[2]) } : undefined;
  const packet: PacketText = { ...located, file, base, capture: frame, fields, extras: reader.extras };
  // What doesn't depend on another packet is checked before anything runs.
  if (base === 'match') fieldsOf(packet, '');
  return packet;
}

/** The match of a packet's fields; `prefix` says what the packet is, where the text doesn't. Throws a TextError. */
export function fieldsOf({ fields, line, column, file }: PacketText, prefix: string): Match {
  try {
    return parseMatch(prefix + fields, { line, column: column - prefix.length, file });
  } catch (error) {
    const unknown = /unknown field "([^"]*)"$/.exec((error as Error).message)?.[1];
    if (unknown === undefined) throw error;
    const { why, column: at } = error as TextError;
    const near = didYouMean(unknown, [...WORDS, ...BASES]);
    throw near === '' ? error : mistakeAt({ line, column: at }, why + near, file);
  }
}

/** The words that make a frame's own fields readable: "tcp,", "icmp6,icmpv6_type=135,". */
export function prefixOf(frame: Frame): string {
  const type = frame.get('eth_type');
  const words = type === null ? [] : [`dl_type=0x${type.toString(16)}`];
  if (frame.protocol >= 0) words.push(`nw_proto=${frame.protocol}`);
  for (const name of ['icmpv6_type', 'icmpv6_code']) {
    const value = frame.get(name);
    if (value !== null) words.push(`${name}=${value}`);
  }
  return words.map((word) => `${word},`).join('');
}
