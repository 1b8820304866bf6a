/**
 * The cache of programs. An entry stands for all packets that agree in the bits of its mask; entries with one mask
 * share a subtable, a hash table with open addressing. In front, once there are several, stands a two-way table of
 * hints, indexed by a hash of the words that any mask looks at: a hint names an entry, and the entry's own mask and
 * values decide. What a packet needs of an entry stands in one record, a cache line; values of one mask stand together;
 * what only a change or a reader of counters needs is a cold object.
 */
import type { Key } from '../packet/key.js';
import { hashMasked, hashValues, type MaskShape, sameShape } from '../packet/shape.js';

/** Most entries that are kept; beyond it the least recently used of a few goes. */
export const MAX_ENTRIES = 200_000;
/** Candidates that are looked at when one must go. */
const EVICTION_SAMPLE = 16;
const HINT_SETS = 1 << 13;
const AGAIN_BITS = 8;
/** Entries that there is room for at first. */
const FEW_ENTRIES = 1024;
const NONE = -1;
const GONE = -2;

/** Whom an entry's packets count for. */
export interface Credit {
  packets: number;
  bytes: number;
  /** Time of the last packet, ms. */
  used_ms: number;
}

/** A table that a translation looked into. */
export interface Lookup {
  lookups: number;
  matched: number;
}

/** What is needed of an entry off the packet path. */
export interface EntryInfo {
  readonly shape: MaskShape;
  readonly values: Uint32Array;
  readonly credits: readonly Credit[];
  readonly missed: readonly Lookup[];
  readonly found: readonly Lookup[];
  /** A bit for each table that was looked into. */
  readonly visited: Uint32Array;
  /** A bit for each key word that the translation wrote. */
  readonly rewritten: Uint32Array;
  /** Words of the program, without its end. */
  readonly length: number;
  readonly cold: readonly number[];
  /** Recirculation ids that the program refers to. */
  readonly recirculations: readonly number[];
}

/** An entry's record: four numbers of 64 bits, then numbers of 32 bits. */
const RECORD_DOUBLES = 8;
const RECORD_WORDS = 16;
const PACKETS = 0;
const BYTES = 1;
const USED_MS = 2;
const GENERATION = 3;
/** Places of the numbers of 32 bits, in a view of them: the program's place, the subtable, the row of values in it. */
const PROGRAM = 8;
const SUBTABLE = 9;
const ROW = 10;

/** All entries of one mask: a hash table of pairs, hash and entry, and the entries' values, a row each. */
class Subtable {
  slots = new Int32Array(32).fill(NONE);
  /** Rows of masked values, one behind the other. */
  values: Uint32Array;
  count = 0;
  hits = 0;
  private filled = 0;
  private rows = 0;
  private readonly free: number[] = [];
  private readonly width: number;

  constructor(
    readonly shape: MaskShape,
    /** Its number, which records name. */
    readonly id: number,
  ) {
    this.width = shape.words.length;
    this.values = new Uint32Array(Math.max(1, this.width * 8));
  }

  /** Does a key have the values of the row at `row` where the mask looks? */
  agrees(row: number, key: Uint32Array): boolean {
    const { words, bits } = this.shape;
    const { values } = this;
    for (let i = 0; i < words.length; i++) if (((key[words[i]] & bits[i]) ^ values[row + i]) !== 0) return false;
    return true;
  }

  find(key: Uint32Array, records: Int32Array): number {
    const { slots } = this;
    const mask = (slots.length >> 1) - 1;
    const hash = hashMasked(this.shape, key);
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const entry = slots[i * 2 + 1];
      if (entry === NONE) return NONE;
      if (slots[i * 2] !== hash || entry === GONE) continue;
      if (this.agrees(records[entry * RECORD_WORDS + ROW], key)) return entry;
    }
  }

  /** Adds an entry; gives the row of its values. */
  add(entry: number, values: Uint32Array): number {
    if ((this.filled + 1) * 4 > this.slots.length) this.rebuild();
    place(this.slots, hashValues(values), entry);
    this.count++;
    this.filled++;
    const row = this.free.pop() ?? this.rows++ * this.width;
    if (row + this.width > this.values.length) {
      const wider = new Uint32Array(this.values.length * 2);
      wider.set(this.values);
      this.values = wider;
    }
    this.values.set(values, row);
    return row;
  }

  remove(entry: number, row: number, values: Uint32Array): void {
    const { slots } = this;
    const mask = (slots.length >> 1) - 1;
    for (let i = hashValues(values) & mask; slots[i * 2 + 1] !== NONE; i = (i + 1) & mask) {
      if (slots[i * 2 + 1] !== entry) continue;
      slots[i * 2 + 1] = GONE;
      this.count--;
      this.free.push(row);
      return;
    }
  }

  private rebuild(): void {
    const old = this.slots;
    let size = 32;
    while (size < this.count * 8) size *= 2;
    this.slots = new Int32Array(size).fill(NONE);
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] >= 0) place(this.slots, old[i], old[i + 1]);
    this.filled = this.count;
  }
}

/** Puts an entry where the next free place for its hash is. */
function place(slots: Int32Array, hash: number, entry: number): void {
  const mask = (slots.length >> 1) - 1;
  let i = hash & mask;
  while (slots[i * 2 + 1] >= 0) i = (i + 1) & mask;
  slots[i * 2] = hash;
  slots[i * 2 + 1] = entry;
}

export class Cache {
  private records: Float64Array;
  private words: Int32Array;
  private readonly infos: (EntryInfo | null)[] = [];
  private readonly free: number[] = [];
  /** By rank, and by number; a number that is free has none. */
  private readonly subtables: Subtable[] = [];
  private readonly byId: (Subtable | null)[] = [];
  private readonly hints: Int32Array;
  /** What packets found that went on from somewhere, by where and how they were tracked. */
  private readonly again = new Int32Array(1 << AGAIN_BITS).fill(NONE);
  /** Words that a mask looks at. */
  private live = new Uint16Array(0);
  private clockHand = 0;
  /** Live entries. */
  count = 0;

  /** Called before an entry is dropped, so that its counters and programs aren't lost. */
  constructor(
    private readonly onDrop: (entry: number, info: EntryInfo) => void,
    private readonly maxEntries = MAX_ENTRIES,
  ) {
    const few = maxEntries < FEW_ENTRIES;
    this.records = new Float64Array((few ? maxEntries : FEW_ENTRIES) * RECORD_DOUBLES);
    this.words = new Int32Array(this.records.buffer);
    this.hints = new Int32Array(few ? 2 : HINT_SETS * 2).fill(NONE);
  }

  info(entry: number): EntryInfo {
    return this.infos[entry] as EntryInfo;
  }

  /** The program of an entry. */
  program(entry: number): number {
    return this.words[entry * RECORD_WORDS + PROGRAM];
  }

  /** The generation of the journal that an entry is right for. */
  generation(entry: number): number {
    return this.records[entry * RECORD_DOUBLES + GENERATION];
  }

  renew(entry: number, generation: number): void {
    this.records[entry * RECORD_DOUBLES + GENERATION] = generation;
  }

  /** Counts a packet. */
  hit(entry: number, bytes: number, now_ms: number): void {
    const { records } = this;
    const at = entry * RECORD_DOUBLES;
    records[at + PACKETS]++;
    records[at + BYTES] += bytes;
    records[at + USED_MS] = now_ms;
  }

  /** What an entry counted since `reset`. */
  packets(entry: number): number {
    return this.records[entry * RECORD_DOUBLES + PACKETS];
  }

  bytes(entry: number): number {
    return this.records[entry * RECORD_DOUBLES + BYTES];
  }

  reset(entry: number): void {
    this.records.fill(0, entry * RECORD_DOUBLES + PACKETS, entry * RECORD_DOUBLES + BYTES + 1);
  }

  /** When an entry was used last, ms. */
  used_ms(entry: number): number {
    return this.records[entry * RECORD_DOUBLES + USED_MS];
  }

  /** Does a key agree with an entry in the entry's bits? The entry may have gone. */
  fits(entry: number, key: Uint32Array): boolean {
    const at = entry * RECORD_WORDS;
    const id = this.words[at + SUBTABLE];
    return id >= 0 && (this.byId[id] as Subtable).agrees(this.words[at + ROW], key);
  }

  /** The entry for a key, or -1. */
  find(key: Key): number {
    const { words } = key;
    const { subtables, live } = this;
    if (subtables.length <= 1) return subtables.length === 0 ? NONE : subtables[0].find(words, this.words);
    let hash = 0;
    // A hint may err: one multiplication a word will do.
    for (let i = 0; i < live.length; i++) {
      hash = Math.imul(hash ^ words[live[i]], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const set = (hash << 1) & (this.hints.length - 2);
    const first = this.hints[set];
    if (first >= 0 && this.fits(first, words)) return first;
    const second = this.hints[set + 1];
    if (second >= 0 && this.fits(second, words)) {
      this.hints[set] = second;
      this.hints[set + 1] = first;
      return second;
    }
    const entry = this.search(words);
    if (entry >= 0) {
      this.hints[set + 1] = first;
      this.hints[set] = entry;
    }
    return entry;
  }

  /**
   * The same for a packet that goes on from recirculation `id`, tracked as `state`: what the last such packet found is
   * looked at first. Packets of one connection, and of many like it, find one program after the other.
   */
  findAgain(key: Key, id: number, state: number): number {
    const place = (Math.imul(id, 0x9e3779b1) ^ Math.imul(state, 0x85ebca6b)) >>> (32 - AGAIN_BITS);
    const last = this.again[place];
    if (last >= 0 && this.fits(last, key.words)) return last;
    const entry = this.find(key);
    this.again[place] = entry;
    return entry;
  }

  private search(key: Uint32Array): number {
    const { subtables } = this;
    for (let i = 0; i < subtables.length; i++) {
      const entry = subtables[i].find(key, this.words);
      if (entry < 0) continue;
      // A subtable that is hit more often than the one before it moves up.
      if (++subtables[i].hits > 255 + (i > 0 ? subtables[i - 1].hits : 0) && i > 0) {
        [subtables[i - 1], subtables[i]] = [subtables[i], subtables[i - 1]];
      }
      return entry;
    }
    return NONE;
  }

  /** Adds an entry; its counters begin at zero. */
  add(info: EntryInfo, program: number, generation: number, now_ms: number): number {
    if (this.count >= this.maxEntries) this.evict();
    const entry = this.free.pop() ?? this.infos.length;
    if ((entry + 1) * RECORD_WORDS > this.words.length) this.grow();
    const subtable = this.subtables.find((s) => sameShape(s.shape, info.shape)) ?? this.addSubtable(info.shape);
    this.infos[entry] = { ...info, shape: subtable.shape };
    const { records, words } = this;
    const at = entry * RECORD_DOUBLES;
    records[at + PACKETS] = 0;
    records[at + BYTES] = 0;
    records[at + USED_MS] = now_ms;
    records[at + GENERATION] = generation;
    words[entry * RECORD_WORDS + PROGRAM] = program;
    words[entry * RECORD_WORDS + SUBTABLE] = subtable.id;
    words[entry * RECORD_WORDS + ROW] = subtable.add(entry, info.values);
    this.count++;
    return entry;
  }

  private addSubtable(shape: MaskShape): Subtable {
    const free = this.byId.indexOf(null);
    const subtable = new Subtable(shape, free < 0 ? this.byId.length : free);
    this.byId[subtable.id] = subtable;
    this.subtables.push(subtable);
    this.findLive();
    return subtable;
  }

  /** Takes an entry out. */
  remove(entry: number): void {
    const info = this.info(entry);
    const at = entry * RECORD_WORDS;
    const subtable = this.byId[this.words[at + SUBTABLE]] as Subtable;
    subtable.remove(entry, this.words[at + ROW], info.values);
    this.words[at + SUBTABLE] = NONE;
    if (subtable.count === 0) {
      this.subtables.splice(this.subtables.indexOf(subtable), 1);
      this.byId[subtable.id] = null;
      this.findLive();
    }
    this.onDrop(entry, info);
    this.infos[entry] = null;
    this.free.push(entry);
    this.count--;
  }

  private findLive(): void {
    const words = new Set(this.subtables.flatMap(({ shape }) => [...shape.words]));
    this.live = Uint16Array.from(words).sort();
  }

  /** Every live entry. */
  *entries(): Generator<number> {
    for (let entry = 0; entry < this.infos.length; entry++) if (this.infos[entry]) yield entry;
  }

  /** Masks in use, for statistics. */
  get masks(): number {
    return this.subtables.length;
  }

  private evict(): void {
    let oldest = NONE;
    for (let seen = 0; seen < Math.min(EVICTION_SAMPLE, this.count); ) {
      this.clockHand = (this.clockHand + 1) % this.infos.length;
      if (!this.infos[this.clockHand]) continue;
      seen++;
      if (oldest < 0 || this.used_ms(this.clockHand) < this.used_ms(oldest)) oldest = this.clockHand;
    }
    this.remove(oldest);
  }

  private grow(): void {
    const wider = new Float64Array(this.records.length * 2);
    wider.set(this.records);
    this.records = wider;
    this.words = new Int32Array(wider.buffer);
  }
}
