/**
 * A match: field values with masks, seen two ways. As TLVs in the order they were sent, so that statistics give them
 * back as they came; and compiled to the flow key's shape, sparse, for the classifier: a MaskShape (which words, which
 * bits), which all flows of a classifier subtable share, and one value a word. Most TLVs are kept as a form alone
 * (match-form.ts), which all matches of the same fields share.
 */
import { OpenFlowError, Reader, Writer } from '../bytes/index.js';
import { Key, optionPresent } from '../packet/key.js';
import { type MaskShape, sameShape, shapeOf, valuesFor } from '../packet/shape.js';
import { type Field, isUnmapped, port32 } from './field.js';
import { slotOf } from './fields.js';
import { formOf, type MatchForm, recentForm } from './match-form.js';
import { checkValue, type FieldValue, readTlv, writeTlv } from './oxm.js';
import { meets } from './prerequisite.js';

/** A number out of at most four bytes, big-endian. */
export function numberOf(bytes: Uint8Array): number {
  let number = 0;
  for (const byte of bytes) number = number * 256 + byte;
  return number;
}

/** `size` bytes of a number, big-endian. */
export function bytesOf(number: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = size - 1, rest = number; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}

/** Puts a value, or a mask, into a key at the field's place. */
export function storeValue(key: Key, field: Field, value: Uint8Array): void {
  const slot = slotOf(field);
  if (slot.size > 4) key.setBytes(slot, value);
  else key.set(slot, field.port16 ? port32(numberOf(value)) : numberOf(value));
}

/** Ors a mask into a key; null stands for all the field's bits. */
export function storeMask(key: Key, field: Field, mask: Uint8Array | null): void {
  const slot = slotOf(field);
  if (slot.size > 4) {
    for (let i = 0; i < slot.size; i++) key.bytes[slot.at + i] |= mask ? mask[i] : 0xff;
    key.touched(slot.at >> 2);
  } else {
    const bits = mask === null || field.port16 ? slotBits(field) : numberOf(mask) & slotBits(field);
    key.set(slot, (key.get(slot) | bits) >>> 0);
  }
}

function slotBits(field: Field): number {
  return field.port16 ? 0xffffffff : field.bits;
}

/** Is any bit of the field in the mask already? */
function matched(mask: Key, field: Field): boolean {
  const slot = slotOf(field);
  if (slot.size <= 4) return (mask.get(slot) & slotBits(field)) !== 0;
  for (let i = 0; i < slot.size; i++) if (mask.bytes[slot.at + i] !== 0) return true;
  return false;
}

const NO_OPTIONS: readonly FieldValue[] = [];

export class Match {
  constructor(
    /** The TLVs, or what they are made of with the values. */
    private readonly source: Uint8Array | MatchForm,
    /** The words and bits that count; shared with the subtable that holds the flow. */
    readonly shape: MaskShape,
    /** A masked value for each of the shape's words. */
    readonly values: Uint32Array,
    /** The Geneve options among its fields; as long as they aren't mapped, they aren't in its shape. */
    readonly options: readonly FieldValue[] = NO_OPTIONS,
  ) {}

  /** The match that every packet meets. */
  static readonly all = new Match(
    new Uint8Array(0),
    { words: new Uint16Array(0), bits: new Uint32Array(0) },
    new Uint32Array(0),
  );

  /** The TLVs as they were sent: masks of all ones left out, wildcarded fields dropped. */
  get tlvs(): Uint8Array {
    const { source } = this;
    return source instanceof Uint8Array ? source : source.tlvsOf(this.values);
  }

  /** What all matches share that differ from it in values alone; null where it keeps TLVs of its own. */
  get form(): MatchForm | null {
    return this.source instanceof Uint8Array ? null : this.source;
  }

  /** Bytes of the TLVs. */
  get length(): number {
    return this.source.length;
  }

  /** Writes the TLVs. */
  write(w: Writer): void {
    const { source } = this;
    if (source instanceof Uint8Array) w.put(source);
    else source.write(w, this.values);
  }

  /** Checks and compiles field values, in their order. Throws OpenFlowError as for a match that was sent. */
  static of(values: readonly FieldValue[]): Match {
    const builder = scratch.reset();
    for (const v of values) builder.add(v.field, v.value, v.mask);
    return builder.build();
  }

  /** The match to the reader's end, where it has a form that was met lately; else null, and nothing is read. */
  static like(r: Reader): Match | null {
    const like = recentForm(r);
    if (like === null) return null;
    r.skip(r.left);
    return new Match(like.form, like.form.shape, like.values);
  }

  /** Reads TLVs to the reader's end. */
  static read(r: Reader): Match {
    const like = Match.like(r);
    if (like !== null) return like;
    const builder = scratch.reset();
    while (r.left > 0) {
      const at = r.at;
      builder.put(readTlv(r), at);
    }
    return builder.build();
  }

  /** The fields with their values, in the order they were sent. */
  fields(): FieldValue[] {
    const r = new Reader(this.tlvs);
    const list: FieldValue[] = [];
    while (r.left > 0) list.push(readTlv(r));
    return list;
  }

  /** Spreads the match over two whole keys, cleared before. */
  expand(value: Key, mask: Key): void {
    value.clear();
    mask.clear();
    const { words, bits } = this.shape;
    for (let i = 0; i < words.length; i++) {
      value.words[words[i]] = this.values[i];
      mask.words[words[i]] = bits[i];
      value.touched(words[i]);
      mask.touched(words[i]);
    }
  }

  /** Do both match exactly the same packets? */
  equals(other: Match): boolean {
    return sameShape(this.shape, other.shape) && this.values.every((value, i) => value === other.values[i]);
  }

  /** Does a key fit? */
  fits(key: Uint32Array): boolean {
    const { words, bits } = this.shape;
    for (let i = 0; i < words.length; i++) if ((key[words[i]] & bits[i]) >>> 0 !== this.values[i]) return false;
    return true;
  }

  /** Is every packet of this match also one of `wider`? (Loose modify and delete, flow statistics.) */
  isWithin(wider: Match): boolean {
    return compare(wider, this, (bits, own) => (bits & ~own) === 0);
  }

  /** Is there a packet that both match? (CHECK_OVERLAP.) */
  overlaps(other: Match): boolean {
    const { words, bits } = this.shape;
    const theirs = other.shape;
    for (let i = 0, j = 0; i < words.length; i++) {
      while (j < theirs.words.length && theirs.words[j] < words[i]) j++;
      if (j < theirs.words.length && theirs.words[j] === words[i]) {
        if ((this.values[i] ^ other.values[j]) & bits[i] & theirs.bits[j]) return false;
      }
    }
    return true;
  }
}

/** For each word of `a`: `b` has it, with bits that `enough` accepts, and agrees in a's bits. */
function compare(a: Match, b: Match, enough: (bits: number, own: number) => boolean): boolean {
  const { words, bits } = a.shape;
  const own = b.shape;
  for (let i = 0, j = 0; i < words.length; i++) {
    while (j < own.words.length && own.words[j] < words[i]) j++;
    if (j >= own.words.length || own.words[j] !== words[i] || !enough(bits[i], own.bits[j])) return false;
    if ((a.values[i] ^ b.values[j]) & bits[i]) return false;
  }
  return true;
}

/** Gathers a match, field by field, and checks each against those before it. */
export class MatchBuilder {
  /** What has been gathered; masked values and masks. */
  readonly value = new Key();
  readonly mask = new Key();
  private readonly tlvs = new Writer(64);
  private options: FieldValue[] = [];

  /** Starts over; what `build` returned stays as it was. */
  reset(): this {
    this.value.clear();
    this.mask.clear();
    this.tlvs.reset();
    if (this.options.length > 0) this.options = [];
    return this;
  }

  /** Adds a field. `at` is where it stood, for the error. */
  add(field: Field, value: Uint8Array, mask: Uint8Array | null = null, at?: number): this {
    return this.put(checkValue(field, value, mask, at), at);
  }

  /** Adds a field whose value was checked by itself. */
  put(v: FieldValue, at?: number): this {
    const { field, mask } = v;
    if (!meets(field.needs, this.value, this.mask)) {
      throw new OpenFlowError('OFPBMC_BAD_PREREQ', `${field.name} needs ${field.needs} before it`, at);
    }
    if (field.option !== undefined) return this.putOption(v, at);
    if (mask?.every((byte) => byte === 0)) return this;
    if (matched(this.mask, field)) throw new OpenFlowError('OFPBMC_DUP_FIELD', `${field.name} comes twice`, at);
    storeValue(this.value, field, mask ? v.value.map((byte, i) => byte & mask[i]) : v.value);
    storeMask(this.mask, field, mask);
    if (field.headers.length > 0) writeTlv(this.tlvs, v);
    return this;
  }

  /** Adds a Geneve option, which is to be there, whatever its mask. */
  private putOption(v: FieldValue, at?: number): this {
    const { field, mask } = v;
    if (this.options.some((other) => other.field.option === field.option)) {
      throw new OpenFlowError('OFPBMC_DUP_FIELD', `${field.name} comes twice`, at);
    }
    this.options.push(v);
    if (!isUnmapped(field)) {
      const present = optionPresent(field.option ?? 0);
      this.value.set(present, 1);
      this.mask.set(present, 1);
      if (field.bytes > 0) {
        storeValue(this.value, field, mask ? v.value.map((byte, i) => byte & mask[i]) : v.value);
        storeMask(this.mask, field, mask);
      }
    }
    writeTlv(this.tlvs, v);
    return this;
  }

  build(): Match {
    const shape = shapeOf(this.mask.words);
    const values = valuesFor(shape, this.value.words);
    const tlvs = this.tlvs.done();
    const { options } = this;
    if (options.length > 0) return new Match(tlvs, shape, values, options);
    const form = formOf(tlvs, shape, values);
    return form === null ? new Match(tlvs, shape, values) : new Match(form, form.shape, values);
  }
}

/** For Match.of and Match.read: two keys are more to make than to clear. */
const scratch = new MatchBuilder();
