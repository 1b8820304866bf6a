/**
 * A client of one OpenFlow 1.3 switch, by promises: requests with a reply, replies in parts, and changes, which have a
 * reply only if they are refused and are therefore followed by barriers. Bytes and HELLO are the channel's.
 */
import { type Clock, errorName, type OpenFlowError, silent } from '../bytes/index.js';
import { type ActiveAddress, ChannelError, type CloseCause, Connection, Dialer } from '../channel/index.js';
import { requestText } from '../view/index.js';
import {
  decode,
  encode,
  type Message,
  type MessageOf,
  type MessageType,
  peekXid,
  type RequestBody,
  type RowOf,
  type RowsName,
} from '../wire/index.js';
import { NoAnswer, Refused } from './outcome.js';

/** A message that has no xid yet. */
export type Unsent = Message extends infer M ? (M extends { readonly xid: number } ? Omit<M, 'xid'> : never) : never;

/** A change as it will be sent, and where it was written: "flows.txt:7", or "" for nowhere. */
export interface Change {
  readonly bytes: Uint8Array;
  readonly place: string;
}

export interface ClientOptions {
  readonly clock: Clock;
  /** How long the switch may leave a request unanswered, or be silent; also how long connecting may take. */
  readonly timeout_ms: number;
}

/** Changes behind which a barrier goes out at the latest, and their bytes. */
const BATCH_MESSAGES = 512;
const BATCH_BYTES = 1 << 18;
/** Barriers that may be unanswered while further changes are sent. */
const BATCHES_AHEAD = 2;

interface Waiting {
  readonly message: Unsent;
  part(reply: Message): void;
  done(reply: Message): void;
  failed(error: Error): void;
}

export class Client {
  /** What arrives unasked: packet-ins, removed flows, port changes, errors about nothing that is waited for. */
  onEvent: (message: Message, bytes: Uint8Array) => void = () => {};
  /** Resolves to the reason when the connection is over. */
  readonly closed: Promise<string>;
  /** The xid of the last request. */
  xid = 0;
  private connection!: Connection;
  private readonly waiting = new Map<number, Waiting>();
  /** Changes that no barrier has followed yet. */
  private readonly unconfirmed = new Map<number, Change>();
  private refused: Refused | null = null;
  private over: Error | null = null;
  private heard_ms = 0;
  private watching = false;
  private ended: (why: string) => void = () => {};

  private constructor(
    readonly address: string,
    private readonly options: ClientOptions,
  ) {
    this.closed = new Promise((resolve) => {
      this.ended = resolve;
    });
  }

  /** Connects and says HELLO. Rejects with a ChannelError or NoAnswer. */
  static connect(address: ActiveAddress, options: ClientOptions): Promise<Client> {
    return new Promise((resolve, reject) => {
      const { clock, timeout_ms } = options;
      let client: Client | null = null;
      const fail = (error: Error): void => {
        timer.cancel();
        dialer.close();
        client?.connection.close();
        reject(error);
      };
      const dialer = new Dialer(address, clock, {
        connected: (stream, name) => {
          client = new Client(name, options);
          // A probe comes second: an answer that is asked for and doesn't come is NoAnswer.
          const channel = { clock, log: silent, name, probe_ms: timeout_ms, helloTimeout_ms: timeout_ms };
          client.connection = new Connection(stream, client.user(resolve, fail, timer), channel);
        },
        failed: (why) => fail(new ChannelError(dialer.name, 'environment', why)),
      });
      const timer = clock.after(timeout_ms, () => fail(new NoAnswer(dialer.name, timeout_ms)));
      dialer.start();
    });
  }

  private user(resolve: (client: Client) => void, reject: (error: Error) => void, timer: { cancel(): void }) {
    return {
      opened: () => {
        timer.cancel();
        resolve(this);
      },
      message: (message: Message, bytes: Uint8Array) => this.received(message, bytes),
      mistake: (error: OpenFlowError, bytes: Uint8Array) => this.undecoded(error, bytes),
      closed: (_: CloseCause, why: string) => {
        const lost = new ChannelError(this.address, 'environment', why);
        reject(lost);
        this.fail(lost);
        this.ended(why);
      },
    };
  }

  /** Sends a request; its reply must be of this type. Rejects with Refused, NoAnswer or a ChannelError. */
  async request<T extends MessageType>(message: Unsent, type: T): Promise<MessageOf<T>> {
    const reply = await this.ask(message, () => {});
    if (reply.type !== type) throw new ChannelError(this.address, 'environment', `${reply.type} came, not ${type}`);
    return reply as MessageOf<T>;
  }

  /** Asks for rows; each part of the reply is handed on as it comes. Resolves to the request's xid. */
  async rows<K extends RowsName>(
    body: RequestBody & { readonly kind: K },
    each: (rows: readonly RowOf<K>[]) => void,
  ): Promise<number> {
    const part = (reply: Message): void => {
      if (reply.type === 'multipart_reply' && 'rows' in reply.body) each(reply.body.rows as readonly RowOf<K>[]);
    };
    const reply = await this.ask({ type: 'multipart_request', more: false, body }, part);
    part(reply);
    return reply.xid;
  }

  /** All rows at once. */
  async list<K extends RowsName>(body: RequestBody & { readonly kind: K }): Promise<RowOf<K>[]> {
    const all: RowOf<K>[] = [];
    await this.rows(body, (rows) => {
      for (const row of rows) all.push(row);
    });
    return all;
  }

  /**
   * Sends changes, with barriers between them and behind the last one; resolves to their number once all are in
   * force. Rejects with the first refusal, after which no further ones are sent.
   */
  async change(changes: Iterable<Change>): Promise<number> {
    const barriers: Promise<unknown>[] = [];
    this.refused = null;
    let count = 0;
    let messages = 0;
    let bytes = 0;
    for (const change of changes) {
      this.sendChange(change);
      count++;
      messages++;
      bytes += change.bytes.length;
      if (messages < BATCH_MESSAGES && bytes < BATCH_BYTES) continue;
      this.barrier(barriers);
      messages = 0;
      bytes = 0;
      if (barriers.length > BATCHES_AHEAD) await barriers.shift();
      if (this.refused) break;
    }
    if (messages > 0) this.barrier(barriers);
    await Promise.all(barriers);
    if (this.refused) throw this.refused;
    return count;
  }

  /** Changes that were written nowhere. */
  changes(messages: readonly Unsent[]): Promise<number> {
    return this.change(messages.map((message) => changeOf(message)));
  }

  /** Why the connection is over, as what is thrown; before that, a mistake to ask. */
  lost(): Error {
    return this.over ?? new ChannelError(this.address, 'environment', 'the connection is over');
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    this.connection.close();
    await this.closed;
  }

  /** Sends a barrier, whose answer forgets the changes before it; nobody may be looking yet when it fails. */
  private barrier(barriers: Promise<unknown>[]): void {
    const covered = [...this.unconfirmed.keys()];
    const answered = this.ask({ type: 'barrier_request' }, () => {}).then(() => {
      for (const xid of covered) this.unconfirmed.delete(xid);
    });
    answered.catch(() => {});
    barriers.push(answered);
  }

  private sendChange(change: Change): void {
    if (this.over) throw this.over;
    const xid = this.connection.xid();
    const { bytes } = change;
    for (let i = 0; i < 4; i++) bytes[4 + i] = xid >>> (24 - 8 * i);
    this.unconfirmed.set(xid, change);
    this.connection.send(bytes);
  }

  private ask(message: Unsent, part: (reply: Message) => void): Promise<Message> {
    return new Promise((resolve, reject) => {
      if (this.over) {
        reject(this.over);
        return;
      }
      const xid = this.connection.xid();
      this.xid = xid;
      this.waiting.set(xid, { message, part, done: resolve, failed: reject });
      this.heard_ms = this.waiting.size === 1 ? this.options.clock.now() : this.heard_ms;
      this.connection.send(encode({ ...message, xid } as Message));
      if (!this.watching) this.watch();
    });
  }

  /** Looks again when the switch's time may be up. */
  private watch(): void {
    const { clock, timeout_ms } = this.options;
    this.watching = true;
    clock.after(Math.max(1, this.heard_ms + timeout_ms - clock.now()), () => {
      this.watching = false;
      if (this.waiting.size === 0 || this.over) return;
      if (clock.now() - this.heard_ms < timeout_ms) {
        this.watch();
        return;
      }
      this.fail(new NoAnswer(this.address, timeout_ms));
      this.connection.close();
    });
  }

  private received(message: Message, bytes: Uint8Array): void {
    this.heard_ms = this.options.clock.now();
    const waiting = this.waiting.get(message.xid);
    if (message.type === 'error') {
      this.refusal(message, bytes);
    } else if (!waiting || !isReply(message)) {
      this.onEvent(message, bytes);
    } else if (message.type === 'multipart_reply' && message.more) {
      waiting.part(message);
    } else {
      this.waiting.delete(message.xid);
      waiting.done(message);
    }
  }

  private refusal(message: MessageOf<'error'>, bytes: Uint8Array): void {
    const waiting = this.waiting.get(message.xid);
    const change = this.unconfirmed.get(message.xid);
    if (waiting) {
      this.waiting.delete(message.xid);
      waiting.failed(new Refused(errorText(message), requestText(waiting.message)));
    } else if (change) {
      this.refused ??= new Refused(errorText(message), requestText(decode(change.bytes)), change.place);
    } else {
      this.onEvent(message, bytes);
    }
  }

  /** Statistics of a foreign switch may have fields that aren't known here: those are kept as they are. */
  private undecoded(error: OpenFlowError, bytes: Uint8Array): void {
    let message: Message;
    try {
      message = decode(bytes, { lenient: true });
    } catch {
      const waiting = this.waiting.get(peekXid(bytes));
      this.waiting.delete(peekXid(bytes));
      waiting?.failed(new ChannelError(this.address, 'environment', `its reply can't be read: ${error.message}`));
      return;
    }
    this.received(message, bytes);
  }

  private fail(error: Error): void {
    this.over ??= error;
    for (const { failed } of this.waiting.values()) failed(this.over);
    this.waiting.clear();
  }
}

const REPLIES = ['echo_reply', 'features_reply', 'get_config_reply', 'multipart_reply', 'barrier_reply'];

function isReply({ type }: Message): boolean {
  return REPLIES.includes(type) || type === 'queue_get_config_reply';
}

/** An error by its name, or by its numbers. */
export function errorText({ error }: MessageOf<'error'>): string {
  const experimenter = error.experimenter === undefined ? '' : ` of experimenter 0x${error.experimenter.toString(16)}`;
  return errorName(error) ?? `error type ${error.type}, code ${error.code}${experimenter}`;
}

/** A change as bytes. */
export function changeOf(message: Unsent, place = ''): Change {
  return { bytes: encode({ ...message, xid: 0 } as Message), place };
}
