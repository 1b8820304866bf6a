/**
 * Forms: what matches have in common that differ in nothing but values. Controllers send flows by the hundred thousand
 * with the same fields and masks; such a match is its form, kept once, and one value a word of the flow key, so that
 * neither a flow nor a bundle has to keep TLVs. A form also reads: TLVs that have it are checked by it, byte by byte,
 * without being taken apart. What it doesn't know is read field by field (match.ts), and that is where the truth is.
 *
 * Only values of fields that no other field, no action and no check depends on may differ; those of the others belong
 * to the form.
 */
import { Reader, type Writer } from '../bytes/index.js';
import { slots } from '../packet/key.js';
import type { MaskShape } from '../packet/shape.js';
import type { Field } from './field.js';
import { slotOf } from './fields.js';
import { type FieldValue, readTlv } from './oxm.js';

/**
 * Most forms that are kept. Matches of any other keep their own TLVs; when as many had to, all forms are forgotten, so
 * that those which nobody uses any more make room.
 */
export const MAX_FORMS = 4096;
/** Forms are looked for by the length of their TLVs, in so many places (a power of two) of so many each. */
const PLACES = 32;
const WAYS = 4;
/** Longest TLVs that have a form, in bytes. */
const LONGEST = 512;

/** Words that prerequisites and checks look at: fields there decide what others mean; and so do ICMP's. */
const DECIDING: ReadonlySet<number> = new Set(
  (
    [
      ...(['in_phy_port', 'actset_output', 'recirc_id', 'dp_hash', 'packet_type'] as const),
      ...(['eth_type', 'vlan_tci', 'nw_proto', 'ct_state', 'nw_frag'] as const),
    ] as const
  ).map((name) => slots[name].at >> 2),
);

/** May a field's value differ within a form? It must be whole bytes in the key, as it is on the wire. */
function isFree(field: Field): boolean {
  const slot = slotOf(field);
  if (DECIDING.has(slot.at >> 2) || field.name.startsWith('icmp') || field.port16) return false;
  return slot.shift === 0 && slot.size === field.bytes && slot.width === slot.size * 8;
}

/** Where a form's values are gathered, and their bytes. */
const words = new Uint32Array(128);
const bytesOfWords = new Uint8Array(words.buffer);

/** See above. */
export class MatchForm {
  constructor(
    /** The words and bits that count. */
    readonly shape: MaskShape,
    /** The TLVs, with zeros for what may differ. */
    private readonly fixed: Uint8Array,
    /** For each byte of the TLVs, the bits that may differ. */
    private readonly free: Uint8Array,
    /** The bytes of the TLVs that may differ, and for each its place among the bytes of the values. */
    private readonly from: Uint16Array,
    private readonly to: Uint16Array,
    /** The values, with zeros for what may differ. */
    private readonly base: Uint32Array,
  ) {}

  /** Bytes of the TLVs. */
  get length(): number {
    return this.fixed.length;
  }

  /** The values of TLVs that begin at `at` and are as long as the form; null where they have another form. */
  read(bytes: Uint8Array, at: number): Uint32Array | null {
    const { fixed, free, from, to, base } = this;
    for (let i = 0; i < fixed.length; i++) if ((bytes[at + i] ^ fixed[i]) & ~free[i]) return null;
    for (let i = 0; i < base.length; i++) words[i] = base[i];
    for (let i = 0; i < from.length; i++) bytesOfWords[to[i]] = bytes[at + from[i]];
    const values = new Uint32Array(base.length);
    for (let i = 0; i < values.length; i++) values[i] = words[i];
    return values;
  }

  /** Writes the TLVs of a match with these values. */
  write(w: Writer, values: Uint32Array): void {
    const { fixed, from, to } = this;
    const start = w.at;
    w.put(fixed);
    for (let i = 0; i < values.length; i++) words[i] = values[i];
    for (let i = 0; i < from.length; i++) w.u8At(start + from[i], bytesOfWords[to[i]]);
  }

  /** The TLVs of a match with these values. */
  tlvsOf(values: Uint32Array): Uint8Array {
    const { fixed, from, to } = this;
    const tlvs = fixed.slice();
    for (let i = 0; i < values.length; i++) words[i] = values[i];
    for (let i = 0; i < from.length; i++) tlvs[from[i]] = bytesOfWords[to[i]];
    return tlvs;
  }
}

/** By the bytes that don't differ. */
const known = new Map<string, MatchForm>();
/** Those that were met last, by length; in each place the latest first. */
const recent: MatchForm[][] = Array.from({ length: PLACES }, () => []);

/** The form that was met lately and that the TLVs to the reader's end have, with their values; null: none. */
export function recentForm(r: Reader): { readonly form: MatchForm; readonly values: Uint32Array } | null {
  const { bytes, at, left } = r;
  const ways = recent[left & (PLACES - 1)];
  for (let i = 0; i < ways.length; i++) {
    const form = ways[i];
    if (form.length !== left) continue;
    const values = form.read(bytes, at);
    if (values === null) continue;
    if (i > 0) remember(form);
    return { form, values };
  }
  return null;
}

function remember(form: MatchForm): void {
  const ways = recent[form.length & (PLACES - 1)];
  const at = ways.indexOf(form);
  if (at >= 0) ways.splice(at, 1);
  else if (ways.length === WAYS) ways.pop();
  ways.unshift(form);
}

/**
 * The form of a match that was read field by field: its TLVs as they are written, its shape, and its values; null where
 * it has none, or there are too many.
 */
export function formOf(tlvs: Uint8Array, shape: MaskShape, values: Uint32Array): MatchForm | null {
  if (tlvs.length === 0 || tlvs.length > LONGEST || values.length > words.length) return null;
  const { fixed, free, from, to } = partsOf(tlvs, shape);
  const name = String.fromCharCode(...fixed);
  let form = known.get(name);
  if (form === undefined) {
    if (!hasRoom()) return null;
    form = new MatchForm(shape, fixed, free, Uint16Array.from(from), Uint16Array.from(to), baseOf(values, to));
    known.set(name, form);
  }
  remember(form);
  return form;
}

let refused = 0;

function hasRoom(): boolean {
  if (known.size < MAX_FORMS) return true;
  if (++refused < MAX_FORMS) return false;
  forgetForms();
  return true;
}

/** What differs in TLVs of this form, and where it goes. */
function partsOf(tlvs: Uint8Array, shape: MaskShape) {
  const fixed = tlvs.slice();
  const free = new Uint8Array(tlvs.length);
  const from: number[] = [];
  const to: number[] = [];
  const r = new Reader(tlvs);
  while (r.left > 0) {
    const { field, mask } = readTlv(r);
    const begins = r.at - field.bytes * (mask ? 2 : 1);
    if (!isFree(field)) continue;
    for (let i = 0; i < field.bytes; i++) {
      const allowed = bitsOf({ field, mask }, i);
      const key = slotOf(field).at + i;
      const index = shape.words.indexOf(key >> 2);
      if (allowed === 0 || index < 0) continue;
      fixed[begins + i] = 0;
      free[begins + i] = allowed;
      from.push(begins + i);
      to.push(index * 4 + (key & 3));
    }
  }
  return { fixed, free, from, to };
}

/** Which bits a byte of a value may have. */
function bitsOf({ field, mask }: Pick<FieldValue, 'field' | 'mask'>, i: number): number {
  const own = field.bits === 0 || field.bytes > 4 ? 0xff : (field.bits >>> (8 * (field.bytes - 1 - i))) & 0xff;
  return mask ? own & mask[i] : own;
}

function baseOf(values: Uint32Array, to: readonly number[]): Uint32Array {
  const base = values.slice();
  const bytes = new Uint8Array(base.buffer);
  for (const at of to) bytes[at] = 0;
  return base;
}

/** Forgets all forms; matches keep theirs. */
export function forgetForms(): void {
  refused = 0;
  known.clear();
  for (const ways of recent) ways.length = 0;
}
