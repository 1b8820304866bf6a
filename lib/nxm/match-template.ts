/**
 * Matches that are like one that was read a moment ago: controllers send them by the thousand with the same fields and
 * masks and other values. Where only the values of fields that no other field depends on differ, the new match is the
 * old one with those put in; what is checked of a value alone is checked again. Everything else is read anew
 * (match.ts).
 */
import { Reader } from '../bytes/index.js';
import { Key, slots } from '../packet/key.js';
import type { MaskShape } from '../packet/shape.js';
import type { Field } from './field.js';
import { slotOf } from './fields.js';
import { Match, storeMask, storeValue } from './match.js';
import { readHeader } from './oxm.js';

/** Templates are kept by the length of their TLVs, in so many places (a power of two). */
const PLACES = 16;

/** Words that prerequisites look at: fields there decide what others mean; and so do ICMP's. */
const DECIDING: ReadonlySet<number> = new Set(
  (['in_port', 'packet_type', 'eth_type', 'vlan_tci', 'nw_proto', 'ct_state', 'nw_frag'] as const).map(
    (name) => slots[name].at >> 2,
  ),
);
const decides = (field: Field) => DECIDING.has(slotOf(field).at >> 2) || field.name.startsWith('icmp');

/** A value in the TLVs, and where it goes. */
interface Part {
  readonly from: number;
  readonly to: number;
  readonly field: Field;
  /** Where its mask begins; -1: none. */
  readonly maskAt: number;
  /** Indexes of the match's values, and which of their bits are the field's. */
  readonly indexes: readonly number[];
  readonly bits: readonly number[];
}

interface Template {
  readonly match: Match;
  readonly parts: readonly Part[];
  /** For each byte of the TLVs its part, -1 where it may not differ. */
  readonly partOf: Int16Array;
}

const templates: (Template | undefined)[] = new Array(PLACES).fill(undefined);
const scratch = new Key();

/** The match to the reader's end, where it is like one that was kept; else null, and nothing is read. */
export function readLike(r: Reader): Match | null {
  const { bytes, at } = r;
  const length = r.left;
  const template = templates[length & (PLACES - 1)];
  if (template === undefined || template.match.tlvs.length !== length) return null;
  const { match, parts, partOf } = template;
  const { tlvs } = match;
  let values: Uint32Array | null = null;
  for (let i = 0; i < length; ) {
    if (bytes[at + i] === tlvs[i]) {
      i++;
      continue;
    }
    if (partOf[i] < 0) return null;
    const part = parts[partOf[i]];
    if (!isRight(part, bytes, at)) return null;
    values ??= match.values.slice();
    put(part, bytes.slice(at + part.from, at + part.to), match, values);
    i = part.to;
  }
  r.skip(length);
  return values === null ? match : new Match(bytes.slice(at, at + length), match.shape, values);
}

/** May the field have this value? */
function isRight({ field, from, to, maskAt }: Part, bytes: Uint8Array, at: number): boolean {
  if (maskAt >= 0) {
    for (let i = 0; i < to - from; i++) if (bytes[at + from + i] & ~bytes[at + maskAt + i]) return false;
  }
  if (field.bits === 0 || field.bytes > 4) return true;
  let number = 0;
  for (let i = from; i < to; i++) number = number * 256 + bytes[at + i];
  return (number & ~field.bits) >>> 0 === 0;
}

function put({ field, indexes, bits }: Part, value: Uint8Array, match: Match, values: Uint32Array): void {
  storeValue(scratch, field, value);
  for (let i = 0; i < indexes.length; i++) {
    const word = match.shape.words[indexes[i]];
    values[indexes[i]] = (values[indexes[i]] & ~bits[i]) | (scratch.words[word] & bits[i]);
    scratch.words[word] = 0;
  }
}

let latest: MaskShape | null = null;

/** Keeps a match that was read anew, where the one before had the same shape: more like it may come. */
export function keepTemplate(match: Match): void {
  const { tlvs, options, shape } = match;
  const again = shape === latest;
  latest = shape;
  if (!again || tlvs.length === 0 || options.length > 0) return;
  const place = tlvs.length & (PLACES - 1);
  const parts: Part[] = [];
  const partOf = new Int16Array(tlvs.length).fill(-1);
  const r = new Reader(tlvs);
  for (const { field, mask } of match.fields()) {
    const header = readHeader(r);
    const from = r.at;
    const to = from + field.bytes;
    r.skip(header.length);
    if (decides(field) || field.port16) continue;
    const where = placesOf(field, mask, match);
    partOf.fill(parts.length, from, to);
    parts.push({ from, to, field, maskAt: mask ? to : -1, ...where });
  }
  templates[place] = { match, parts, partOf };
}

function placesOf(field: Field, mask: Uint8Array | null, match: Match): Pick<Part, 'indexes' | 'bits'> {
  const own = new Key();
  storeMask(own, field, mask);
  const indexes: number[] = [];
  const bits: number[] = [];
  match.shape.words.forEach((word, i) => {
    if (own.words[word] === 0) return;
    indexes.push(i);
    bits.push(own.words[word]);
  });
  return { indexes, bits };
}

/** Forgets what was kept: for specs that compare. */
export function forgetTemplates(): void {
  templates.fill(undefined);
  latest = null;
}
