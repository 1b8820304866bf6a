/**
 * Cuts a byte stream into OpenFlow messages by the length in their headers (OpenFlow 1.3.5 §7.1). What a message says
 * is left to lib/wire. A message that lies inside one chunk is a window on it; one that spans chunks is copied once,
 * into a buffer of its own length. So a framer holds the chunks it was given and at most 65,535 bytes more.
 */
import { HEADER_BYTES, peekLength } from '../wire/index.js';

/** The stream isn't OpenFlow: where its next message begins can't be known, so the connection must close. */
export class FramingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FramingError';
  }
}

/** Cuts a stream into messages, however it comes in. */
export class Framer {
  private readonly chunks: Uint8Array[] = [];
  /** Next byte of the first chunk. */
  private at = 0;
  /** The beginning of a message whose rest isn't there yet. */
  private partial: Uint8Array | null = null;
  private filled = 0;
  /** A header that is cut off before its length is collected here. */
  private readonly header = new Uint8Array(4);

  /** The last message has begun, and isn't whole yet. */
  get isInside(): boolean {
    return this.partial !== null;
  }

  /** Takes over a chunk: its bytes must not change any more. */
  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.chunks.push(chunk);
  }

  /**
   * The next whole message, or null until more comes. It stays valid. Throws FramingError where a length is below 8.
   */
  next(): Uint8Array | null {
    while (this.chunks.length > 0) {
      const chunk = this.chunks[0];
      const message = this.partial ? this.fill(chunk) : this.begin(chunk);
      if (this.at === chunk.length) {
        this.chunks.shift();
        this.at = 0;
      }
      if (message) return message;
    }
    return null;
  }

  /** Cuts a message out of the chunk, or starts a partial one with what is there. */
  private begin(chunk: Uint8Array): Uint8Array | null {
    const left = chunk.length - this.at;
    if (left < 4) {
      this.start(this.header);
      return null;
    }
    const length = checkLength(chunk, this.at);
    if (left >= length) {
      this.at += length;
      return chunk.subarray(this.at - length, this.at);
    }
    this.start(new Uint8Array(length));
    return null;
  }

  private start(buffer: Uint8Array): void {
    this.partial = buffer;
    this.filled = 0;
    this.fill(this.chunks[0]);
  }

  /** Goes on with the partial message; returns it when it is whole. */
  private fill(chunk: Uint8Array): Uint8Array | null {
    const buffer = this.partial as Uint8Array;
    const count = Math.min(buffer.length - this.filled, chunk.length - this.at);
    buffer.set(chunk.subarray(this.at, this.at + count), this.filled);
    this.at += count;
    this.filled += count;
    if (this.filled < buffer.length) return null;
    if (buffer !== this.header) {
      this.partial = null;
      return buffer;
    }
    const message = new Uint8Array(checkLength(buffer, 0));
    message.set(buffer);
    this.partial = message;
    return null;
  }
}

function checkLength(bytes: Uint8Array, at: number): number {
  const length = peekLength(bytes, at);
  if (length < HEADER_BYTES) {
    throw new FramingError(`a message says it is ${length} bytes long: this is not OpenFlow`);
  }
  return length;
}
