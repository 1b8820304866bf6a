/**
 * What waits to be written to one peer. Messages of a turn are gathered and written together: thousands of barrier
 * replies are one write. The queue is bounded: above PAUSE_BYTES the connection reads no more requests, above
 * PACKET_IN_BYTES packet-ins are dropped, and what the peer didn't ask for but must not miss (flow-removed,
 * port-status) closes the connection above UNASKED_BYTES. A reply is never dropped, so the queue holds at most
 * PAUSE_BYTES and the replies to one request. Replies of any length are made part by part (connection.ts's sendAll).
 */
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
/** Messages gather in a buffer up to this size; bigger ones are written as they are. */
const BLOCK_BYTES = 1 << 16;

/** What is to be sent, with a bound. */
export class Output {
  /** What waits: whole blocks, and behind them the messages in `block`. */
  private blocks: Uint8Array[] = [];
  private blocksBytes = 0;
  private readonly block = new Writer(1024);
  private unaskedBytes = 0;
  private scheduled = false;

  constructor(private readonly stream: Duplex) {}

  /** Bytes that wait here and in the stream. */
  get bytes(): number {
    return this.blocksBytes + this.block.at + this.stream.writableLength;
  }

  /** Queues a message: it is written by `flush`, at the latest at the end of this turn. */
  put(message: Uint8Array): void {
    if (this.block.at + message.length > BLOCK_BYTES) this.seal();
    if (message.length > BLOCK_BYTES / 2) {
      this.seal();
      this.add(message);
    } else {
      this.block.put(message);
    }
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
      this.stream.write(blocks[0]);
      return;
    }
    this.stream.cork();
    for (const block of blocks) this.stream.write(block);
    this.stream.uncork();
  }

  private seal(): void {
    if (this.block.at === 0) return;
    this.add(this.block.done());
    this.block.reset();
  }

  private add(block: Uint8Array): void {
    this.blocks.push(block);
    this.blocksBytes += block.length;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => this.flush());
  }
}
