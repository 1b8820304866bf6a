/**
 * Messages that wait, as the bytes they came in: what bundles keep. One after the other in blocks, so that a message
 * costs its bytes and nothing else, however many there are; they are decoded again when their turn comes.
 */
import { Reader } from '../bytes/index.js';
import { decodeNext, type Message, peekLength } from '../wire/index.js';

/** Bytes of a block, unless a message needs more. */
const BLOCK_BYTES = 1 << 18;

export class MessageStore {
  private readonly blocks: { readonly bytes: Uint8Array; filled: number }[] = [];
  /** Messages so far. */
  count = 0;
  /** Their bytes. */
  bytes = 0;

  /** Keeps a copy of a whole message. */
  add(message: Uint8Array): void {
    let block = this.blocks.at(-1);
    if (block === undefined || block.filled + message.length > block.bytes.length) {
      // The first one grows with what comes: most bundles are small.
      const size = Math.min(BLOCK_BYTES, Math.max(1024, this.bytes));
      block = { bytes: new Uint8Array(Math.max(size, message.length)), filled: 0 };
      this.blocks.push(block);
    }
    block.bytes.set(message, block.filled);
    block.filled += message.length;
    this.bytes += message.length;
    this.count++;
  }

  /** All messages, decoded one by one, in their order. */
  *messages(): Generator<Message> {
    for (const { bytes, filled } of this.blocks) {
      const r = new Reader(bytes, 0, filled);
      while (r.left > 0) yield decodeNext(r);
    }
  }

  /** The bytes of a message, by its place in the order. */
  at(index: number): Uint8Array | undefined {
    let left = index;
    for (const { bytes, filled } of this.blocks) {
      for (let at = 0; at < filled; at += peekLength(bytes, at)) {
        if (left-- === 0) return bytes.slice(at, at + peekLength(bytes, at));
      }
    }
    return undefined;
  }
}
