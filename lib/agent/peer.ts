/**
 * One controller as the agent knows it: its connection, and what it has asked for on it. All of this ends with the
 * connection.
 */
import type { Duplex } from 'node:stream';
import type { OpenFlowError } from '../bytes/index.js';
import { type CloseCause, Connection, type ConnectionOptions, type ConnectionUser } from '../channel/index.js';
import {
  type AsyncKind,
  type Message,
  type PacketInFormat,
  passingRows,
  type RowOf,
  type RowsName,
} from '../wire/index.js';
import { DEFAULT_MASKS, type HeldMasks, wants } from './async.js';
import { Bundles } from './bundles.js';
import type { PacketInEncoder, PacketInForm } from './packet-in.js';
import { PartialRequests } from './partial-requests.js';
import type { Profile } from './profile.js';
import type { HeldRole, RoleHolder } from './role.js';

/** A message without its xid. */
type Answer<M = Message> = M extends Message ? Omit<M, 'xid'> : never;

/** OFP_DEFAULT_MISS_SEND_LEN. */
const DEFAULT_MISS_SEND_LEN = 128;

/** What a peer tells its agent. */
export interface PeerOwner {
  opened(peer: Peer): void;
  message(peer: Peer, message: Message, bytes: Uint8Array): void;
  refused(peer: Peer, error: OpenFlowError, request: Uint8Array): void;
  /** It has taken all that waited for it. */
  drained(peer: Peer): void;
  closed(peer: Peer, cause: CloseCause, why: string): void;
}

export class Peer implements ConnectionUser, RoleHolder, PacketInForm {
  readonly connection: Connection;
  /** Multipart requests whose last part hasn't come. */
  readonly partial: PartialRequests;
  /** Changes that are to be made together. */
  readonly bundles: Bundles;
  role: HeldRole = 'equal';
  masks: HeldMasks = DEFAULT_MASKS;
  missSendLen = DEFAULT_MISS_SEND_LEN;
  format: PacketInFormat = 'standard';
  /** Which controller actions are meant for it (NXT_SET_CONTROLLER_ID). */
  controllerId = 0;

  constructor(
    stream: Duplex,
    options: ConnectionOptions,
    readonly profile: Profile,
    /** When it was connected, in ms since 1970. */
    readonly since_ms: number,
    private readonly owner: PeerOwner,
  ) {
    this.partial = new PartialRequests(options.clock, (error, bytes) => this.mistake(error, bytes));
    this.bundles = new Bundles(options.clock, (error, bytes) => this.mistake(error, bytes));
    this.connection = new Connection(stream, this, options);
  }

  get name(): string {
    return this.connection.name;
  }

  /** Answers a request: the xid is the request's. */
  reply(to: { readonly xid: number }, answer: Answer): void {
    this.connection.write({ ...answer, xid: to.xid } as Message);
  }

  /** Answers a multipart request with rows, in as many messages as it takes; rows are asked for as the peer reads. */
  replyRows<K extends RowsName>(to: { readonly xid: number }, kind: K, rows: Iterable<RowOf<K>>): void {
    this.connection.sendAll(passingRows(kind, to.xid, rows));
  }

  /** Does it want such a message? `reason` is the number of an OFPR_*, OFPPR_*, OFPRR_*, OFPCRR_* or OFPRFR_*. */
  wants(kind: AsyncKind, reason: number): boolean {
    return this.connection.state === 'open' && wants(this.masks, kind, this.role, reason);
  }

  /** Sends a packet in the form it asked for, unless it reads too slowly. */
  packetIn(encoder: PacketInEncoder): void {
    const bytes = encoder.bytesFor(this);
    if (bytes) this.connection.sendPacketIn(bytes);
    else this.connection.droppedPacketIns++;
  }

  opened(): void {
    this.owner.opened(this);
  }

  message(message: Message, bytes: Uint8Array): void {
    this.owner.message(this, message, bytes);
  }

  mistake(error: OpenFlowError, bytes: Uint8Array): void {
    this.owner.refused(this, error, bytes);
  }

  drained(): void {
    this.owner.drained(this);
  }

  closed(cause: CloseCause, why: string): void {
    this.partial.clear();
    this.bundles.clear();
    this.owner.closed(this, cause, why);
  }
}
