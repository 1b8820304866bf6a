/**
 * The shapes that every message and every multipart body has: one value of these types a message, gathered in the two
 * index files.
 */
import { NX, ONF, type Reader, type Writer } from '../bytes/index.js';
import type { Part } from './struct.js';

/** What reading a message's body may need beside the bytes. */
export interface Context {
  /** The header's version; 4 but for hello and error. */
  readonly version: number;
  readonly xid: number;
  /** For tools: matches keep TLVs that aren't known, that come twice or lack a prerequisite. */
  readonly lenient: boolean;
}

/** How an experimenter's message or multipart is named on the wire. */
export interface Extension {
  readonly experimenter: number;
  readonly expType: number;
}

/** A message of Nicira's (NXT_*), by its subtype. */
export const nxt = (expType: number): Extension => ({ experimenter: NX, expType });
/** One of ONF's extensions to OpenFlow 1.3. */
export const onf = (expType: number): Extension => ({ experimenter: ONF, expType });

/** OFPT_EXPERIMENTER and OFPMP_EXPERIMENTER. */
export const EXPERIMENTER_MESSAGE = 4;
export const EXPERIMENTER_MULTIPART = 0xffff;

export interface MessageKind<M extends { readonly type: string }> {
  readonly type: M['type'];
  /** OFPT_*. */
  readonly number: number;
  /**
   * Whose extension it is; `number` is OFPT_EXPERIMENTER then, and the body begins behind the experimenter's header.
   */
  readonly extension?: Extension;
  /** Bytes behind the header, where that is always the same. */
  readonly bytes?: number;
  /** Reads what follows the header; the reader ends where the message ends. */
  read(r: Reader, c: Context): M;
  /** Writes what follows the header. */
  write(m: M, w: Writer): void;
}

/** Declares a message. */
export function message<M extends { readonly type: string }>(kind: MessageKind<M>): MessageKind<M> {
  return kind;
}

/** Declares an experimenter's message. */
export function extension<M extends { readonly type: string }>(
  id: Extension,
  kind: Omit<MessageKind<M>, 'number' | 'extension'>,
): MessageKind<M> {
  return { ...kind, number: EXPERIMENTER_MESSAGE, extension: id };
}

/** Declares a message whose body is a fixed struct, by its number or its experimenter's. */
export function structMessage<M extends { readonly type: string; readonly xid: number }>(
  type: M['type'],
  id: number | Extension,
  body: Part<Omit<M, 'type' | 'xid'>>,
): MessageKind<M> {
  return {
    type,
    ...(typeof id === 'number' ? { number: id } : { number: EXPERIMENTER_MESSAGE, extension: id }),
    bytes: body.bytes,
    read: (r, c) => ({ type, xid: c.xid, ...body.read(r) }) as unknown as M,
    write: (m, w) => body.write(w, m),
  };
}

/** A multipart's body in one direction. */
export interface Body<B> {
  /** Bytes, where that is always the same. */
  readonly bytes?: number;
  read(r: Reader, c: Context): B;
  write(w: Writer, body: B): void;
}

/** A body that is a list, which may be split between messages. */
export interface Rows<T> {
  readonly rows: readonly T[];
}

export interface RowsBody<T> extends Body<Rows<T>> {
  writeRow(w: Writer, row: T): void;
}

/** No body at all. */
export const nothing: Body<object> = { bytes: 0, read: () => ({}), write() {} };

/** A body of one fixed struct. */
export function one<B>(part: Part<B>): Body<B> {
  return part;
}

/** A body of any number of rows, read to the end of the message. Each must take at least a byte. */
export function rows<T>(row: { read(r: Reader, c: Context): T; write(w: Writer, row: T): void }): RowsBody<T> {
  return {
    read(r, c) {
      const list: T[] = [];
      while (r.left > 0) list.push(row.read(r, c));
      return { rows: list };
    },
    write(w, body) {
      for (const each of body.rows) row.write(w, each);
    },
    writeRow: (w, each) => row.write(w, each),
  };
}

export interface MultipartKind<K extends string, Q, P> {
  readonly kind: K;
  /** OFPMP_*. */
  readonly number: number;
  /** Whose extension it is; `number` is OFPMP_EXPERIMENTER then. */
  readonly extension?: Extension;
  readonly request: Body<Q>;
  readonly reply: Body<P>;
}

/** Declares a multipart. */
export function multipart<K extends string, Q, P>(
  kind: K,
  number: number,
  request: Body<Q>,
  reply: Body<P>,
): MultipartKind<K, Q, P> {
  return { kind, number, request, reply };
}

/** Declares an experimenter's multipart. */
export function multipartExtension<K extends string, Q, P>(
  kind: K,
  id: Extension,
  request: Body<Q>,
  reply: Body<P>,
): MultipartKind<K, Q, P> {
  return { kind, number: EXPERIMENTER_MULTIPART, extension: id, request, reply };
}
