/**
 * What few connections have, beside their records: a label, a reply tuple that isn't the inverted original one, the
 * original tuple of a parent. A side record is a number, 0 none; the connection's record keeps it.
 */
import { CHUNK_BITS, CHUNK_MASK, Pool } from './pool.js';
import type { Tuple } from './tuple.js';

// Words of a side record: label, addresses and ports of the reply tuple, the parent's record or 0.
const STRIDE = 16;
const REPLY_SRC = 4;
const REPLY_DST = REPLY_SRC + 4;
const REPLY_PORTS = 12;
const PARENT = 13;

/** In both kinds the second address stands behind the four words of the first. */
const DST = 4;
// Words of a parent's record: addresses and ports of its original tuple.
const PARENT_PORTS = 8;
const PARENT_STRIDE = 10;

export class SideRecords {
  private readonly records = new Pool(STRIDE, 1);
  private readonly parents = new Pool(PARENT_STRIDE, 1);

  /** A record of zeros. */
  take(): number {
    const record = this.records.take();
    const at = (record & CHUNK_MASK) * STRIDE;
    this.records.chunks[record >> CHUNK_BITS].fill(0, at, at + STRIDE);
    return record;
  }

  release(record: number): void {
    const parent = this.word(record, PARENT);
    if (parent !== 0) this.parents.release(parent);
    this.records.release(record);
  }

  private word(record: number, word: number): number {
    return this.records.chunks[record >> CHUNK_BITS][(record & CHUNK_MASK) * STRIDE + word];
  }

  private setWord(record: number, word: number, value: number): void {
    this.records.chunks[record >> CHUNK_BITS][(record & CHUNK_MASK) * STRIDE + word] = value;
  }

  /** Word `i` of the label. */
  label(record: number, i: number): number {
    return this.word(record, i);
  }

  setLabel(record: number, i: number, word: number): void {
    this.setWord(record, i, word);
  }

  /** True if `tuple` is the reply tuple kept here; zone, family and protocol are known to agree. */
  isReply(record: number, tuple: Tuple): boolean {
    const words = this.records.chunks[record >> CHUNK_BITS];
    const x = (record & CHUNK_MASK) * STRIDE;
    if (words[x + REPLY_PORTS] !== tuple.ports) return false;
    if (tuple.family === 4) return words[x + REPLY_SRC] === tuple.src && words[x + REPLY_DST] === tuple.dst;
    return same4(words, x + REPLY_SRC, tuple.src6) && same4(words, x + REPLY_DST, tuple.dst6);
  }

  setReply(record: number, reply: Tuple): void {
    const words = this.records.chunks[record >> CHUNK_BITS];
    writeAddresses(words, (record & CHUNK_MASK) * STRIDE + REPLY_SRC, reply);
    this.setWord(record, REPLY_PORTS, reply.ports);
  }

  /** Copies addresses and ports of the reply tuple into one whose family and protocol are set. */
  reply(record: number, out: Tuple): void {
    readAddresses(this.records.chunks[record >> CHUNK_BITS], (record & CHUNK_MASK) * STRIDE + REPLY_SRC, out);
    out.setEncodedPorts(this.word(record, REPLY_PORTS));
  }

  setParent(record: number, tuple: Tuple): void {
    const parent = this.parents.take();
    this.setWord(record, PARENT, parent);
    const words = this.parents.chunks[parent >> CHUNK_BITS];
    const p = (parent & CHUNK_MASK) * PARENT_STRIDE;
    writeAddresses(words, p, tuple);
    words[p + PARENT_PORTS] = tuple.ports;
  }

  /** Copies addresses and ports of the parent's tuple. */
  parent(record: number, out: Tuple): void {
    const parent = this.word(record, PARENT);
    const words = this.parents.chunks[parent >> CHUNK_BITS];
    const p = (parent & CHUNK_MASK) * PARENT_STRIDE;
    readAddresses(words, p, out);
    out.setEncodedPorts(words[p + PARENT_PORTS]);
  }

  /** Bytes held. */
  get bytes(): number {
    return this.records.bytes + this.parents.bytes;
  }
}

/** Four words of one address, then four of the other; of IPv4 the first of each. */
function writeAddresses(words: Int32Array, at: number, tuple: Tuple): void {
  if (tuple.family === 4) {
    words[at] = tuple.src;
    words[at + DST] = tuple.dst;
    return;
  }
  words.set(tuple.src6, at);
  words.set(tuple.dst6, at + DST);
}

function readAddresses(words: Int32Array, at: number, out: Tuple): void {
  if (out.family === 4) {
    out.src = words[at];
    out.dst = words[at + DST];
    return;
  }
  for (let i = 0; i < 4; i++) {
    out.src6[i] = words[at + i];
    out.dst6[i] = words[at + DST + i];
  }
}

/** True if four words from `at` on are `address`. */
export function same4(words: Int32Array, at: number, address: Int32Array): boolean {
  return (
    words[at] === address[0] &&
    words[at + 1] === address[1] &&
    words[at + 2] === address[2] &&
    words[at + 3] === address[3]
  );
}
