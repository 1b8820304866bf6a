/**
 * What waits to be written to one peer. Messages of a turn are gathered and written together: thousands of barrier
 * replies are one write. The queue is bounded: above PAUSE_BYTES the connection reads no more requests, above
 * PACKET_IN_BYTES packet-ins are dropped, and what the peer didn't ask for but must not miss (flow-removed,
 * port-status) closes the connection above UNASKED_BYTES. A reply is never dropped, so the queue holds at most
 * PAUSE_BYTES and the replies to one request.
 */
import type { Duplex } from 'node:stream';

/** Bytes that wait for a peer before it may send no more requests. */
export const PAUSE_BYTES = 1 << 20;
/** Bytes that wait for a peer before packet-ins for it are dropped. */
export const PACKET_IN_BYTES = 1 << 18;
/**
 * Bytes of messages that weren't asked for, queued since the queue was last empty, before the connection is given up.
 */
export const UNASKED_BYTES = 1 << 24;
/** Messages up to this size are copied together into blocks of this size. */
const BLOCK_BYTES = 1 << 16;

export class Output {
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private unaskedBytes = 0;
  private scheduled = false;

  constructor(private readonly stream: Duplex) {}

  /** Bytes that wait here and in the stream. */
  get bytes(): number {
    return this.waitingBytes + this.stream.writableLength;
  }

  /** Queues a message: it is written by `flush`, at the latest at the end of this turn. */
  put(message: Uint8Array): void {
    this.waiting.push(message);
    this.waitingBytes += message.length;
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => this.flush());
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
    if (this.waiting.length === 0) return;
    const messages = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    if (!this.stream.writable) return;
    this.stream.cork();
    for (const block of blocks(messages)) this.stream.write(block);
    this.stream.uncork();
  }
}

/** Copies runs of small messages together; big ones stay as they are. */
function* blocks(messages: readonly Uint8Array[]): Generator<Uint8Array> {
  let first = 0;
  while (first < messages.length) {
    let size = messages[first].length;
    let end = first + 1;
    while (end < messages.length && size + messages[end].length <= BLOCK_BYTES) size += messages[end++].length;
    yield end === first + 1 ? messages[first] : join(messages, first, end, size);
    first = end;
  }
}

function join(messages: readonly Uint8Array[], first: number, end: number, size: number): Uint8Array {
  const block = new Uint8Array(size);
  for (let i = first, at = 0; i < end; at += messages[i].length, i++) block.set(messages[i], at);
  return block;
}
