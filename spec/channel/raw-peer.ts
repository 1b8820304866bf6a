/** The other end of a session, in memory: sends what a spec writes, collects what came, does nothing by itself. */
import { type Duplex, duplexPair } from 'node:stream';
import { fromHex } from '../../lib/bytes/index.js';
import { Framer } from '../../lib/channel/framer.js';
import { decode, encode, type Message, type MessageOf, type MessageType } from '../../lib/wire/index.js';

/** Lets streams pass on what was written. */
export async function turns(count = 4): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

export class RawPeer {
  /** The end under test. */
  readonly far: Duplex;
  readonly near: Duplex;
  /** What came, decoded. */
  readonly messages: Message[] = [];
  readonly raw: Uint8Array[] = [];
  /** Writes that came: what one turn sent is one of them. */
  chunks = 0;
  ended = false;

  constructor() {
    [this.near, this.far] = duplexPair();
    const framer = new Framer();
    this.near.on('data', (chunk: Uint8Array) => {
      this.chunks++;
      framer.push(chunk);
      for (let m = framer.next(); m; m = framer.next()) {
        this.raw.push(m);
        this.messages.push(decode(m, { lenient: true }));
      }
    });
    this.near.on('end', () => {
      this.ended = true;
      this.near.end();
    });
    this.near.on('error', () => {});
  }

  /** Sends messages, bytes or hexadecimal text in one write, and lets the other end react. */
  async send(...parts: (Message | Uint8Array | string)[]): Promise<void> {
    const bytes = parts.map((part) => {
      if (typeof part === 'string') return fromHex(part);
      return part instanceof Uint8Array ? part : encode(part);
    });
    this.near.write(Buffer.concat(bytes));
    await turns();
  }

  async hello(): Promise<void> {
    await this.send({ type: 'hello', xid: 1, version: 4, versions: [4] });
  }

  /** The last message, which must be of this type. */
  last<T extends MessageType>(type: T): MessageOf<T> {
    const m = this.messages.at(-1);
    if (m?.type !== type) throw new Error(`${m?.type ?? 'nothing'} came instead of ${type}`);
    return m as MessageOf<T>;
  }

  /** All messages of a type that came. */
  all<T extends MessageType>(type: T): MessageOf<T>[] {
    return this.messages.filter((m): m is MessageOf<T> => m.type === type);
  }

  /** Forgets what came. */
  forget(): void {
    this.messages.length = 0;
    this.raw.length = 0;
    this.chunks = 0;
  }
}
