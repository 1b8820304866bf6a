/**
 * The cache of programs. An entry stands for all packets that agree in the bits of its mask; entries with one mask
 * share a subtable, a hash table with open addressing. In front, once there are several, stands a two-way table of
 * hints, indexed by a hash of the words that any mask looks at: a hint names an entry, and the entry's own mask and
 * values decide. Entries are slots in typed arrays; what only a change or a reader of counters needs is a cold object.
 */
import type { Key } from '../packet/key.js';
import { hashMasked, hashValues, type MaskShape, sameShape } from '../packet/shape.js';

/** Most entries that are kept; beyond it the least recently used of a few goes. */
export const MAX_ENTRIES = 200_000;
/** Candidates that are looked at when one must go. */
const EVICTION_SAMPLE = 16;
const HINT_SETS = 1 << 13;
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

/** Does a key have these values where the shape looks? */
function agrees({ words, bits }: MaskShape, values: Uint32Array, key: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) if (((key[words[i]] & bits[i]) ^ values[i]) !== 0) return false;
  return true;
}

class Subtable {
  slots = new Int32Array(16).fill(NONE);
  count = 0;
  private filled = 0;
  hits = 0;

  constructor(readonly shape: MaskShape) {}

  find(key: Uint32Array, cache: Cache): number {
    const mask = this.slots.length - 1;
    for (let i = hashMasked(this.shape, key) & mask; ; i = (i + 1) & mask) {
      const entry = this.slots[i];
      if (entry === NONE) return NONE;
      if (entry !== GONE && agrees(this.shape, cache.info(entry).values, key)) return entry;
    }
  }

  add(entry: number, values: Uint32Array, cache: Cache): void {
    if ((this.filled + 1) * 2 > this.slots.length) this.rebuild(cache);
    this.place(entry, hashValues(values));
    this.count++;
    this.filled++;
  }

  remove(entry: number, values: Uint32Array): void {
    const mask = this.slots.length - 1;
    for (let i = hashValues(values) & mask; this.slots[i] !== NONE; i = (i + 1) & mask) {
      if (this.slots[i] !== entry) continue;
      this.slots[i] = GONE;
      this.count--;
      return;
    }
  }

  private place(entry: number, hash: number): void {
    const mask = this.slots.length - 1;
    let i = hash & mask;
    while (this.slots[i] >= 0) i = (i + 1) & mask;
    this.slots[i] = entry;
  }

  private rebuild(cache: Cache): void {
    const old = this.slots;
    let size = 16;
    while (size < this.count * 4) size *= 2;
    this.slots = new Int32Array(size).fill(NONE);
    for (const entry of old) if (entry >= 0) this.place(entry, hashValues(cache.info(entry).values));
    this.filled = this.count;
  }
}

export class Cache {
  /** By entry: place of the program, generation of the journal it is right for, counters, last use. */
  program = new Int32Array(1024);
  generation = new Float64Array(1024);
  packets = new Float64Array(1024);
  bytes = new Float64Array(1024);
  used_ms = new Float64Array(1024);
  private readonly infos: (EntryInfo | null)[] = [];
  private readonly free: number[] = [];
  private readonly subtables: Subtable[] = [];
  private readonly hints = new Int32Array(HINT_SETS * 2).fill(NONE);
  /** Words that a mask looks at. */
  private live = new Uint16Array(0);
  private clockHand = 0;
  /** Live entries. */
  count = 0;

  /** Called before an entry is dropped, so that its counters and programs aren't lost. */
  constructor(
    private readonly onDrop: (entry: number, info: EntryInfo) => void,
    private readonly maxEntries = MAX_ENTRIES,
  ) {}

  info(entry: number): EntryInfo {
    return this.infos[entry] as EntryInfo;
  }

  /** Does a key agree with the entry in the entry's bits? */
  fits(entry: number, key: Uint32Array): boolean {
    const info = this.infos[entry];
    return info !== null && info !== undefined && agrees(info.shape, info.values, key);
  }

  /** The entry for a key, or -1. */
  find(key: Key): number {
    const { words } = key;
    const { subtables, live } = this;
    if (subtables.length <= 1) return subtables.length === 0 ? NONE : subtables[0].find(words, this);
    let hash = 0;
    // A hint may err: one multiplication a word will do.
    for (let i = 0; i < live.length; i++) {
      hash = Math.imul(hash ^ words[live[i]], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const set = (hash & (HINT_SETS - 1)) * 2;
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

  private search(key: Uint32Array): number {
    const { subtables } = this;
    for (let i = 0; i < subtables.length; i++) {
      const entry = subtables[i].find(key, this);
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
    if (entry >= this.program.length) this.grow();
    let subtable = this.subtables.find((s) => sameShape(s.shape, info.shape));
    if (!subtable) {
      subtable = new Subtable(info.shape);
      this.subtables.push(subtable);
      this.findLive();
    }
    this.infos[entry] = { ...info, shape: subtable.shape };
    this.program[entry] = program;
    this.generation[entry] = generation;
    this.packets[entry] = 0;
    this.bytes[entry] = 0;
    this.used_ms[entry] = now_ms;
    subtable.add(entry, info.values, this);
    this.count++;
    return entry;
  }

  /** Takes an entry out. */
  remove(entry: number): void {
    const info = this.info(entry);
    const at = this.subtables.findIndex((s) => s.shape === info.shape);
    this.subtables[at].remove(entry, info.values);
    if (this.subtables[at].count === 0) {
      this.subtables.splice(at, 1);
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
      if (oldest < 0 || this.used_ms[this.clockHand] < this.used_ms[oldest]) oldest = this.clockHand;
    }
    this.remove(oldest);
  }

  private grow(): void {
    const size = this.program.length * 2;
    const wider = <T extends Int32Array | Float64Array>(bigger: T, old: T): T => {
      bigger.set(old);
      return bigger;
    };
    this.program = wider(new Int32Array(size), this.program);
    this.generation = wider(new Float64Array(size), this.generation);
    this.packets = wider(new Float64Array(size), this.packets);
    this.bytes = wider(new Float64Array(size), this.bytes);
    this.used_ms = wider(new Float64Array(size), this.used_ms);
  }
}
