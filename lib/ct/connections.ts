/**
 * The stored connections: records in typed arrays, an index from tuple to record, and their life: insertion, expiry,
 * flush and reclaiming in steps. What a packet means for a connection is left to verdict.ts.
 *
 * A record is one cache line of 16 words; only what every connection has stands in it. IPv6 addresses, and labels,
 * reply tuples and parents, stand in two side pools. Since a tuple's hash is that of its reverse, one index entry
 * finds a connection from both sides; where the reply tuple isn't the inverted original one, a second entry stands
 * under its hash.
 *
 * A connection is gone for every lookup as soon as it has expired or was flushed (an epoch a zone, or a pending flush
 * by mark and label); its record is reclaimed by the next sweep, or when a commit needs the room.
 */
import { HashIndex } from './hash-index.js';
import { type MarkedFlush, MarkedFlushes } from './marked-flushes.js';
import { CHUNK_BITS, CHUNK_MASK, Pool } from './pool.js';
import type { ReadThrough } from './read-through.js';
import {
  DNAT,
  DST,
  EPOCH,
  EXPIRY_DOUBLE,
  EXTRA,
  EXTRA_MASK,
  FTP,
  IPV6,
  MARK,
  OWN_REPLY,
  PORTS,
  RELATED,
  REPLIED,
  RULE_SHIFT,
  SERIAL,
  SNAT,
  SRC,
  STRIDE,
  TFTP,
  USED,
  WHAT,
} from './record.js';
import { SideRecords, same4 } from './side-records.js';
import { Tuple } from './tuple.js';
import type { Zones } from './zones.js';

/** Milliseconds between the beginnings of two sweeps. */
export const SWEEP_INTERVAL_MS = 20_000;
/** Records that a commit looks at when the table is full or flushed records wait. */
const RECLAIM_STEP = 64;

/** Why a connection ended. */
export type EndReason = 'expired' | 'flushed' | 'closed' | 'replaced';

export class Connections {
  private readonly records = new Pool(STRIDE);
  private readonly addresses = new Pool(8);
  private readonly extras = new SideRecords();
  private readonly index = new HashIndex();
  marked = new MarkedFlushes();
  private serial = 0;
  private readonly scratch = new Tuple();
  /** Connections with a reply tuple of their own: while there are none, no reply tuple can be taken. */
  ownReplies = 0;

  // What `find` found.
  /** The hash of the tuple that was looked up. */
  hash = 0;
  /** The tuple was that of the reply direction. */
  reply = false;
  /** A record with this tuple that is gone, or -1. */
  stale = -1;

  // The sweep.
  private cursor = 0;
  private left = 0;
  private sweepDue_ms = Number.NEGATIVE_INFINITY;

  /** Called with each connection that ends, while its record still stands. */
  onEnd: ((slot: number, why: EndReason) => void) | null = null;
  /** The same, for connections with FTP or TFTP alone. */
  onHelperEnd: ((slot: number) => void) | null = null;

  /** Another table whose connections count as being here; null: none. */
  private base: ReadThrough | null = null;

  constructor(
    readonly zones: Zones,
    private readonly seed: number,
  ) {}

  /** The live connection with this tuple in either direction, or -1. Sets `reply`, `hash` and `stale`. */
  find(tuple: Tuple, now_ms: number): number {
    const hash = tuple.hash(this.seed);
    const { index } = this;
    this.hash = hash;
    this.stale = -1;
    let slot = this.findIn(index.table, index.mask, hash, tuple, now_ms);
    if (slot < 0 && index.old !== null) slot = this.findIn(index.old, index.oldMask, hash, tuple, now_ms);
    return slot < 0 && this.base !== null ? this.base.find(tuple, now_ms) : slot;
  }

  /** The same in one table of the index. */
  private findIn(table: Int32Array, mask: number, hash: number, tuple: Tuple, now_ms: number): number {
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const ref = table[at * 2 + 1];
      if (ref === 0) return -1;
      if (table[at * 2] !== hash) continue;
      const slot = ref - 1;
      const side = this.sideOf(slot, tuple);
      if (side < 0) continue;
      if (this.alive(slot, now_ms)) {
        this.reply = side === 1;
        return slot;
      }
      this.stale = slot;
    }
  }

  /** From now on connections of `other` count as being here, through `base`. */
  showAlso(base: ReadThrough, other: Connections): void {
    this.base = base;
    this.marked = other.marked.copy();
    // Theirs are met when they are looked for; at least as many there are.
    this.ownReplies = other.ownReplies;
  }

  /** 0: `tuple` is the original one of `slot`; 1: the reply; -1: neither. */
  private sideOf(slot: number, tuple: Tuple): number {
    const words = this.records.chunks[slot >> CHUNK_BITS];
    const at = (slot & CHUNK_MASK) * STRIDE;
    const what = words[at + WHAT];
    if (what >>> 8 !== ((tuple.zone << 8) | tuple.proto)) return -1;
    if ((what & IPV6) !== (tuple.family === 6 ? IPV6 : 0)) return -1;
    if (tuple.family === 6) return this.sideOfIpv6(words, at, tuple);
    const ports = words[at + PORTS];
    const src = words[at + SRC];
    const dst = words[at + DST];
    if (ports === tuple.ports && src === tuple.src && dst === tuple.dst) return 0;
    if ((what & OWN_REPLY) === 0) {
      return ports === tuple.reversePorts && src === tuple.dst && dst === tuple.src ? 1 : -1;
    }
    return this.extras.isReply(words[at + EXTRA] & EXTRA_MASK, tuple) ? 1 : -1;
  }

  private sideOfIpv6(words: Int32Array, at: number, tuple: Tuple): number {
    const pair = this.addresses.chunks[words[at + SRC] >> CHUNK_BITS];
    const p = (words[at + SRC] & CHUNK_MASK) * 8;
    const { src6, dst6 } = tuple;
    if (words[at + PORTS] === tuple.ports && same4(pair, p, src6) && same4(pair, p + 4, dst6)) return 0;
    if ((words[at + WHAT] & OWN_REPLY) === 0) {
      return words[at + PORTS] === tuple.reversePorts && same4(pair, p, dst6) && same4(pair, p + 4, src6) ? 1 : -1;
    }
    return this.extras.isReply(words[at + EXTRA] & EXTRA_MASK, tuple) ? 1 : -1;
  }

  /** True unless the connection has expired or was flushed. */
  alive(slot: number, now_ms: number): boolean {
    return this.expiry(slot) > now_ms && !this.isFlushed(slot);
  }

  /** True if a flush has ended the connection; its record may not be reclaimed yet. */
  isFlushed(slot: number): boolean {
    const words = this.records.chunks[slot >> CHUNK_BITS];
    const at = (slot & CHUNK_MASK) * STRIDE;
    if (this.zones.flushed(words[at + WHAT] >>> 16, words[at + EPOCH])) return true;
    return this.marked.count > 0 && this.marked.meet(words[at + EPOCH], this, slot);
  }

  /**
   * Stores a connection by its original tuple, and by its reply tuple where that isn't the inverse (null). Neither may
   * be stored already. `also`: SNAT, DNAT, FTP, TFTP. The caller sets the expiry; the protocol's words are zero.
   */
  insert(tuple: Tuple, reply: Tuple | null = null, also = 0): number {
    const slot = this.records.take();
    const words = this.records.chunks[slot >> CHUNK_BITS];
    const at = (slot & CHUNK_MASK) * STRIDE;
    words.fill(0, at, at + STRIDE);
    let flags = USED | also;
    if (tuple.family === 6) {
      flags |= IPV6;
      const pair = this.addresses.take();
      words[at + SRC] = pair;
      const chunk = this.addresses.chunks[pair >> CHUNK_BITS];
      const p = (pair & CHUNK_MASK) * 8;
      for (let i = 0; i < 4; i++) {
        chunk[p + i] = tuple.src6[i];
        chunk[p + 4 + i] = tuple.dst6[i];
      }
    } else {
      words[at + SRC] = tuple.src;
      words[at + DST] = tuple.dst;
    }
    words[at + PORTS] = tuple.ports;
    words[at + WHAT] = (tuple.zone << 16) | (tuple.proto << 8) | flags;
    words[at + EPOCH] = this.zones.epoch;
    this.serial = (this.serial + 1) | 0;
    words[at + SERIAL] = this.serial;
    const hash = tuple.hash(this.seed);
    this.index.insert(hash, slot);
    if (reply !== null) {
      this.ownReplies++;
      words[at + WHAT] |= OWN_REPLY;
      this.extras.setReply(this.extra(slot), reply);
      const replyHash = reply.hash(this.seed);
      if (replyHash !== hash) this.index.insert(replyHash, slot);
    }
    this.zones.added(tuple.zone);
    return slot;
  }

  /** Ends a connection and reclaims its record. */
  remove(slot: number, why: EndReason): void {
    this.onEnd?.(slot, why);
    const words = this.records.chunks[slot >> CHUNK_BITS];
    const at = (slot & CHUNK_MASK) * STRIDE;
    const what = words[at + WHAT];
    const { scratch } = this;
    this.original(slot, scratch);
    const hash = scratch.hash(this.seed);
    this.index.remove(hash, slot);
    if (what & (FTP | TFTP)) this.onHelperEnd?.(slot);
    if (what & OWN_REPLY) {
      this.ownReplies--;
      this.replyOf(slot, scratch);
      const replyHash = scratch.hash(this.seed);
      if (replyHash !== hash) this.index.remove(replyHash, slot);
    }
    if (what & IPV6) this.addresses.release(words[at + SRC]);
    const extra = words[at + EXTRA] & EXTRA_MASK;
    if (extra !== 0) this.extras.release(extra);
    this.zones.removed(what >>> 16, words[at + EPOCH]);
    words[at + WHAT] = 0;
    this.records.release(slot);
  }

  /** Room for one more: reclaims a few records where the table is full or flushed ones wait. True if there is room. */
  makeRoom(limit: number, zone: number, now_ms: number): boolean {
    const { zones } = this;
    if (zones.unreclaimed > 0) this.reclaim(now_ms, RECLAIM_STEP);
    if (zones.total < limit && !zones.full(zone)) return true;
    this.reclaim(now_ms, RECLAIM_STEP);
    return zones.total < limit && !zones.full(zone);
  }

  /** Looks at up to `budget` records and reclaims those that are gone. */
  private reclaim(now_ms: number, budget: number): void {
    const { top } = this.records;
    for (let n = Math.min(budget, top); n > 0; n--) {
      if (this.cursor >= top) this.cursor = 0;
      const slot = this.cursor++;
      if (!this.used(slot)) continue;
      if (this.isFlushed(slot)) this.remove(slot, 'flushed');
      else if (this.expiry(slot) <= now_ms) this.remove(slot, 'expired');
    }
  }

  /**
   * A step of the sweep: looks at up to `budget` records. Returns in how many milliseconds the next step is due: 0
   * while a sweep is under way, else the time until the next one begins.
   */
  sweep(now_ms: number, budget: number): number {
    this.index.move(budget);
    if (this.left === 0) {
      if (now_ms < this.sweepDue_ms) return this.sweepDue_ms - now_ms;
      this.sweepDue_ms = now_ms + SWEEP_INTERVAL_MS;
      this.left = this.records.top;
      this.cursor = 0;
      this.marked.sweepBegins();
    }
    const step = Math.min(budget, this.left);
    this.reclaim(now_ms, step);
    this.left -= step;
    if (this.left > 0) return 0;
    this.marked.sweepEnds();
    return Math.max(0, this.sweepDue_ms - now_ms);
  }

  /** Ends all connections of `zone` (-1: of all zones) at once; records are reclaimed in steps. Returns how many. */
  flushZone(zone: number): number {
    this.sweepSoon();
    return this.zones.flush(zone);
  }

  /** Ends at once all connections that the flush meets. Throws RangeError where too many flushes wait for a sweep. */
  flushMarked(flush: MarkedFlush): void {
    this.marked.add(flush, this.zones.epoch + 1);
    this.zones.nextEpoch();
    this.sweepSoon();
  }

  private sweepSoon(): void {
    this.sweepDue_ms = Number.NEGATIVE_INFINITY;
  }

  // --- What stands in a record ---

  /** Every record is below this; see `used`. */
  get top(): number {
    return this.records.top;
  }

  used(slot: number): boolean {
    return (this.word(slot, WHAT) & USED) !== 0;
  }

  /** True if `slot` still holds the connection that had `serial`, and it lives. */
  is(slot: number, serial: number, now_ms: number): boolean {
    return slot < this.records.top && this.used(slot) && this.serialOf(slot) === serial && this.alive(slot, now_ms);
  }

  serialOf(slot: number): number {
    return this.word(slot, SERIAL);
  }

  zone(slot: number): number {
    return this.word(slot, WHAT) >>> 16;
  }

  proto(slot: number): number {
    return (this.word(slot, WHAT) >>> 8) & 0xff;
  }

  /** SNAT, DNAT, RELATED, FTP and TFTP, as far as they hold. */
  flags(slot: number): number {
    return this.word(slot, WHAT) & (SNAT | DNAT | RELATED | FTP | TFTP);
  }

  expiry(slot: number): number {
    return this.records.doubles[slot >> CHUNK_BITS][((slot & CHUNK_MASK) * STRIDE) / 2 + EXPIRY_DOUBLE];
  }

  setExpiry(slot: number, at_ms: number): void {
    this.records.doubles[slot >> CHUNK_BITS][((slot & CHUNK_MASK) * STRIDE) / 2 + EXPIRY_DOUBLE] = at_ms;
  }

  /** The 32 bits of the mark, as a signed number. */
  mark(slot: number): number {
    return this.word(slot, MARK);
  }

  setMark(slot: number, mark: number): void {
    this.setWord(slot, MARK, mark);
    this.setWord(slot, EPOCH, this.zones.epoch);
  }

  /** Word `i` of the label, as it stands in a key. */
  label(slot: number, i: number): number {
    const extra = this.word(slot, EXTRA) & EXTRA_MASK;
    return extra === 0 ? 0 : this.extras.label(extra, i);
  }

  setLabel(slot: number, i: number, word: number): void {
    if (word === this.label(slot, i)) return;
    const extra = this.extra(slot);
    this.extras.setLabel(extra, i, word);
    this.setWord(slot, EPOCH, this.zones.epoch);
  }

  /** The side record, made where there is none. */
  private extra(slot: number): number {
    const word = this.word(slot, EXTRA);
    const there = word & EXTRA_MASK;
    if (there !== 0) return there;
    const extra = this.extras.take();
    this.setWord(slot, EXTRA, (word & ~EXTRA_MASK) | extra);
    return extra;
  }

  /** Copies the original tuple. */
  original(slot: number, out: Tuple): void {
    const words = this.records.chunks[slot >> CHUNK_BITS];
    const at = (slot & CHUNK_MASK) * STRIDE;
    const what = words[at + WHAT];
    out.zone = what >>> 16;
    out.proto = (what >>> 8) & 0xff;
    out.family = what & IPV6 ? 6 : 4;
    out.setEncodedPorts(words[at + PORTS]);
    if (what & IPV6) {
      const pair = this.addresses.chunks[words[at + SRC] >> CHUNK_BITS];
      const p = (words[at + SRC] & CHUNK_MASK) * 8;
      for (let i = 0; i < 4; i++) {
        out.src6[i] = pair[p + i];
        out.dst6[i] = pair[p + 4 + i];
      }
    } else {
      out.src = words[at + SRC];
      out.dst = words[at + DST];
    }
  }

  /** Is there a side record: a label, a reply tuple of its own, or a parent? */
  hasSide(slot: number): boolean {
    return (this.word(slot, EXTRA) & EXTRA_MASK) !== 0;
  }

  /** Isn't the reply tuple the inverted original one? */
  hasOwnReply(slot: number): boolean {
    return (this.word(slot, WHAT) & OWN_REPLY) !== 0;
  }

  /** Copies the reply tuple. */
  replyOf(slot: number, out: Tuple): void {
    this.original(slot, out);
    if (!this.hasOwnReply(slot)) {
      out.reverse();
      return;
    }
    this.extras.reply(this.word(slot, EXTRA) & EXTRA_MASK, out);
  }

  /**
   * Makes the connection a related one: keeps the original tuple of its parent, whose zone, family and protocol it has.
   */
  setParent(slot: number, tuple: Tuple): void {
    this.extras.setParent(this.extra(slot), tuple);
    this.setWord(slot, WHAT, this.word(slot, WHAT) | RELATED);
  }

  /**
   * Copies the tuple by which the connection is known to people: its parent's where it is related, else its original.
   */
  known(slot: number, out: Tuple): void {
    this.original(slot, out);
    if (this.word(slot, WHAT) & RELATED) this.extras.parent(this.word(slot, EXTRA) & EXTRA_MASK, out);
  }

  /** Has a packet of the reply direction been seen? */
  replied(slot: number): boolean {
    return (this.word(slot, EXTRA) & REPLIED) !== 0;
  }

  setReplied(slot: number): void {
    const words = this.records.chunks[slot >> CHUNK_BITS];
    words[(slot & CHUNK_MASK) * STRIDE + EXTRA] |= REPLIED;
  }

  /** The timeout rule of the commit, or 0. */
  rule(slot: number): number {
    return this.word(slot, EXTRA) >>> RULE_SHIFT;
  }

  setRule(slot: number, rule: number): void {
    const rest = this.word(slot, EXTRA) & (EXTRA_MASK | REPLIED);
    this.setWord(slot, EXTRA, rest | (rule << RULE_SHIFT));
  }

  /** The words among which the record's stand, from `placeOf` on: for who reads many of them. */
  chunk(slot: number): Int32Array {
    return this.records.chunks[slot >> CHUNK_BITS];
  }

  /** The same memory as 64-bit numbers. */
  doubles(slot: number): Float64Array {
    return this.records.doubles[slot >> CHUNK_BITS];
  }

  placeOf(slot: number): number {
    return (slot & CHUNK_MASK) * STRIDE;
  }

  /** A word of the record. */
  word(slot: number, word: number): number {
    return this.records.chunks[slot >> CHUNK_BITS][(slot & CHUNK_MASK) * STRIDE + word];
  }

  setWord(slot: number, word: number, value: number): void {
    this.records.chunks[slot >> CHUNK_BITS][(slot & CHUNK_MASK) * STRIDE + word] = value;
  }

  /** Bytes held by records, side records and index. */
  get bytes(): number {
    return this.records.bytes + this.addresses.bytes + this.extras.bytes + this.index.bytes;
  }
}
