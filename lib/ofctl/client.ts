/**
 * A client of one OpenFlow 1.3 switch, by promises: requests with a reply, replies in parts, and changes, which have a
 * reply only if they are refused and are therefore followed by barriers. Bytes and HELLO are the channel's.
 */
import { type Clock, errorName, type OpenFlowError, silent } from '../bytes/index.js';
import {
  type ActiveAddress,
  ChannelError,
  type CloseCause,
  Connection,
  Dialer,
  type DialerUser,
  openStream,
  type Tls,
} from '../channel/index.js';
import { requestText } from '../view/index.js';
import {
  BUNDLE_ADD_BYTES,
  type BundleCommand,
  decode,
  encode,
  encodeBundleAdd,
  MAX_MESSAGE_BYTES,
  type Message,
  type MessageOf,
  type MessageType,
  OFPBF,
  peekXid,
  type RequestBody,
  type RowOf,
  type RowsName,
  type TableFeatures,
} from '../wire/index.js';
import { Misuse, NoAnswer, Refused } from './outcome.js';

/** A message that has no xid yet. */
export type Unsent = Message extends infer M ? (M extends { readonly xid: number } ? Omit<M, 'xid'> : never) : never;

/** A change as it will be sent, and where it was written: "flows.txt:7", or "" for nowhere. */
export interface Change {
  readonly bytes: Uint8Array;
  readonly place: string;
  /** Where a message inside begins, which has the same xid: what a bundle is to do. */
  readonly inner?: number;
}

export interface ClientOptions {
  readonly clock: Clock;
  /** How long the switch may leave a request unanswered, or be silent; also how long connecting may take. */
  readonly timeout_ms: number;
  /** For an address that takes TLS. */
  readonly tls?: Tls | null;
}

/** Changes behind which a barrier goes out at the latest, and their bytes. */
const BATCH_MESSAGES = 512;
const BATCH_BYTES = 1 << 18;
/** Barriers that may be unanswered while further changes are sent. */
const BATCHES_AHEAD = 2;
/** A client has one bundle at a time, so all have the same id. */
const BUNDLE_ID = 1;
const BUNDLE_FLAGS = OFPBF.ATOMIC | OFPBF.ORDERED;

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
  /** Changes that no barrier has followed yet, or that stand in a bundle. */
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
      const { clock, timeout_ms, tls = null } = options;
      let client: Client | null = null;
      const fail = (error: Error): void => {
        timer.cancel();
        dialer.close();
        client?.connection.close();
        reject(error);
      };
      const user: DialerUser = {
        connected: (stream, name) => {
          client = new Client(name, options);
          // A probe comes second: an answer that is asked for and doesn't come is NoAnswer.
          const channel = { clock, log: silent, name, probe_ms: timeout_ms, helloTimeout_ms: timeout_ms };
          client.connection = new Connection(stream, client.user(resolve, fail, timer), channel);
        },
        failed: (why) => fail(new ChannelError(dialer.name, 'environment', why)),
      };
      const dialer = new Dialer(address, clock, user, (to) => openStream(to, tls));
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

  /**
   * Sends rows, in as many messages as it takes; resolves when the reply has come. Rejects with Refused, NoAnswer or a
   * ChannelError.
   */
  async sendRows(rows: readonly TableFeatures[]): Promise<void> {
    const part = (more: boolean, own: readonly TableFeatures[]) => {
      return { type: 'multipart_request', more, body: { kind: 'table_features', rows: own } } as const;
    };
    const parts: TableFeatures[][] = [[]];
    let bytes = 0;
    for (const row of rows) {
      const size = encode({ ...part(false, [row]), xid: 0 }).length;
      if (bytes + size > MAX_MESSAGE_BYTES) {
        parts.push([]);
        bytes = 0;
      }
      parts[parts.length - 1].push(row);
      bytes += size;
    }
    const last = parts.pop() ?? [];
    await this.ask(
      part(false, last),
      () => {},
      parts.map((own) => part(true, own)),
    );
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
  change(changes: Iterable<Change>): Promise<number> {
    return this.send(changes, true);
  }

  /** The same; a change is forgotten when a barrier behind it is answered, if it is in force by then. */
  private async send(changes: Iterable<Change>, inForce: boolean): Promise<number> {
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
      this.barrier(barriers, inForce);
      messages = 0;
      bytes = 0;
      if (barriers.length > BATCHES_AHEAD) await barriers.shift();
      if (this.refused) break;
    }
    if (messages > 0) this.barrier(barriers, inForce);
    await Promise.all(barriers);
    if (this.refused) throw this.refused;
    return count;
  }

  /** Changes that were written nowhere. */
  changes(messages: readonly Unsent[]): Promise<number> {
    return this.change(messages.map((message) => changeOf(message)));
  }

  /**
   * Makes changes together and in their order, or none of them (ONF's extension 230); resolves to their number. Rejects
   * with the refusal of the first one that can't be made, or with that of bundles where the switch knows none.
   */
  async bundle(changes: Iterable<Change>): Promise<number> {
    const control = async (command: BundleCommand): Promise<void> => {
      const request = { type: 'onf_bundle_control', bundleId: BUNDLE_ID, command, flags: BUNDLE_FLAGS } as const;
      await this.request(request, 'onf_bundle_control');
    };
    await control('open_request');
    try {
      const count = await this.send(bundled(changes), false);
      await control('close_request');
      await control('commit_request');
      return count;
    } catch (error) {
      // A bundle that failed may be gone already.
      if (error instanceof Refused && this.refused === error) await control('discard_request').catch(() => {});
      throw this.refused ?? error;
    } finally {
      this.unconfirmed.clear();
    }
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
  private barrier(barriers: Promise<unknown>[], inForce: boolean): void {
    const covered = inForce ? [...this.unconfirmed.keys()] : [];
    const answered = this.ask({ type: 'barrier_request' }, () => {}).then(() => {
      for (const xid of covered) this.unconfirmed.delete(xid);
    });
    answered.catch(() => {});
    barriers.push(answered);
  }

  private sendChange(change: Change): void {
    if (this.over) throw this.over;
    const xid = this.connection.xid();
    const { bytes, inner } = change;
    for (const at of inner === undefined ? [0] : [0, inner]) {
      for (let i = 0; i < 4; i++) bytes[at + 4 + i] = xid >>> (24 - 8 * i);
    }
    this.unconfirmed.set(xid, change);
    this.connection.send(bytes);
  }

  /** `before`: parts of the request that go ahead of the last one. */
  private ask(message: Unsent, part: (reply: Message) => void, before: readonly Unsent[] = []): Promise<Message> {
    return new Promise((resolve, reject) => {
      if (this.over) {
        reject(this.over);
        return;
      }
      const xid = this.connection.xid();
      this.xid = xid;
      this.waiting.set(xid, { message, part, done: resolve, failed: reject });
      this.heard_ms = this.waiting.size === 1 ? this.options.clock.now() : this.heard_ms;
      for (const each of [...before, message]) this.connection.send(encode({ ...each, xid } as Message));
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
      this.refused ??= new Refused(
        errorText(message),
        requestText(decode(change.bytes.subarray(change.inner))),
        change.place,
      );
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

const REPLIES: readonly MessageType[] = [
  ...(['echo_reply', 'features_reply', 'get_config_reply', 'multipart_reply', 'barrier_reply'] as const),
  ...(['queue_get_config_reply', 'onf_bundle_control', 'nxt_tlv_table_reply'] as const),
];

function isReply({ type }: Message): boolean {
  return REPLIES.includes(type);
}

/** An error by its name, or by its numbers. */
export function errorText({ error }: MessageOf<'error'>): string {
  const experimenter = error.experimenter === undefined ? '' : ` of experimenter 0x${error.experimenter.toString(16)}`;
  return errorName(error) ?? `error type ${error.type}, code ${error.code}${experimenter}`;
}

/** Changes as parts of a bundle. Throws a Misuse for one that has no room in it. */
function* bundled(changes: Iterable<Change>): Generator<Change> {
  for (const { bytes: message, place } of changes) {
    const bytes = encodeBundleAdd(BUNDLE_ID, BUNDLE_FLAGS, message);
    if (bytes.length > MAX_MESSAGE_BYTES) {
      const where = place === '' ? '' : `${place}: `;
      throw new Misuse(`${where}a message of ${message.length} bytes is too long for a bundle`);
    }
    yield { bytes, place, inner: BUNDLE_ADD_BYTES };
  }
}

/** A change as bytes. */
export function changeOf(message: Unsent, place = ''): Change {
  return { bytes: encode({ ...message, xid: 0 } as Message), place };
}
