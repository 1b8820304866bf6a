/**
 * What waits to be written to one peer. Messages of a turn are gathered and written together: thousands of barrier
 * replies are one write. The queue is bounded: above PAUSE_BYTES the connection reads no more requests, above
 * PACKET_IN_BYTES packet-ins are dropped, and what the peer didn't ask for but must not miss (flow-removed,
 * port-status) closes the connection above UNASKED_BYTES. A reply is never dropped, so the queue holds at most
 * PAUSE_BYTES and the replies to one request. Replies of any length are made part by part (connection.ts's sendAll).
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Writer } from '../bytes/index.js';
import { type Message, writeMessage } from '../wire/index.js';

/** Bytes that wait for a peer before it may send no more requests. */
export const PAUSE_BYTES = 1 << 20;
/** Bytes that wait for a peer before packet-ins for it are dropped. */
export const PACKET_IN_BYTES = 1 << 18;
/**
 * Bytes of messages that weren't asked for, queued since the queue was last empty, before the connection is given up.
 */
export const UNASKED_BYTES = 1 << 24;
/** Messages gather in a buffer up to this size. */
const BLOCK_BYTES = 1 << 16;
/** What is written in pieces up to this size comes out of Node's pool of small buffers. */
const SMALL_BYTES = 2048;
/** Buffers that were written and wait for the next block, for all connections together. */
const MAX_SPARE = 16;
const spare: Buffer[] = [];

/** A buffer that a block fits in; where `reuses`, one of BLOCK_BYTES, which comes back. */
function bufferFor(bytes: number, reuses: boolean): Buffer {
  if (bytes <= SMALL_BYTES) return Buffer.allocUnsafe(bytes);
  if (bytes > BLOCK_BYTES || !reuses) return Buffer.allocUnsafeSlow(bytes);
  return spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
}

/** A socket has taken a block's bytes. */
function takeBack(buffer: Buffer): void {
  if (buffer.length === BLOCK_BYTES && spare.length < MAX_SPARE) spare.push(buffer);
}

/** What is to be sent, with a bound. */
export class Output {
  /** What waits: whole blocks, and behind them the messages in `block`. */
  private blocks: { readonly buffer: Buffer; readonly bytes: number }[] = [];
  private blocksBytes = 0;
  private readonly block = new Writer(1024);
  private unaskedBytes = 0;
  private scheduled = false;

  /** A socket is done with bytes that it has written; another stream may hand them on as they are. */
  private readonly reuses: boolean;

  constructor(private readonly stream: Duplex) {
    this.reuses = stream instanceof Socket;
  }

  /** Bytes that wait here and in the stream. */
  get bytes(): number {
    return this.blocksBytes + this.block.at + this.stream.writableLength;
  }

  /** Queues a copy of a message: it is written by `flush`, at the latest at the end of this turn. */
  put(message: Uint8Array): void {
    if (this.block.at + message.length > BLOCK_BYTES) this.seal();
    this.block.put(message);
    this.schedule();
  }

  /** The same for a message that isn't bytes yet: it is written behind the others, without an array of its own. */
  write(message: Message): void {
    if (this.block.at >= BLOCK_BYTES) this.seal();
    writeMessage(this.block, message);
    this.schedule();
  }

  /** Queues a message that wasn't asked for. False: the peer is too far behind. */
  putUnasked(message: Uint8Array): boolean {
    this.unaskedBytes = this.bytes === 0 ? message.length : this.unaskedBytes + message.length;
    if (this.unaskedBytes > UNASKED_BYTES) return false;
    this.put(message);
    return true;
  }

  /** Writes all that waits. */
  flush(): void {
    this.scheduled = false;
    this.seal();
    if (this.blocks.length === 0) return;
    const { blocks } = this;
    this.blocks = [];
    this.blocksBytes = 0;
    if (!this.stream.writable) return;
    if (blocks.length === 1) {
      this.hand(blocks[0]);
      return;
    }
    this.stream.cork();
    for (const block of blocks) this.hand(block);
    this.stream.uncork();
  }

  private hand({ buffer, bytes }: { readonly buffer: Buffer; readonly bytes: number }): void {
    if (!this.reuses || buffer.length <= SMALL_BYTES) this.stream.write(buffer);
    else this.stream.write(buffer.subarray(0, bytes), () => takeBack(buffer));
  }

  private seal(): void {
    const { block } = this;
    const bytes = block.at;
    if (bytes === 0) return;
    const buffer = bufferFor(bytes, this.reuses);
    buffer.set(block.peek());
    block.reset();
    this.blocks.push({ buffer, bytes });
    this.blocksBytes += bytes;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => this.flush());
  }
}
