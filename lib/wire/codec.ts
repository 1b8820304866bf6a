/**
 * Whole messages ↔ bytes (OpenFlow 1.3.5 §7.1): the header and its checks, the longest message, replies in parts.
 * Reading checks a message to its last byte before anyone sees it; every length is bounded by the one around it, so
 * that no input hangs or reaches past its end. Cutting a stream into messages is the channel's.
 */
import { OpenFlowError, Reader, Writer } from '../bytes/index.js';
import {
  HEADER_BYTES,
  MAX_MESSAGE_BYTES,
  OFP13_VERSION,
  peekLength,
  peekType,
  peekVersion,
  peekXid,
} from './header.js';
import type { Body, Context, MessageKind } from './kind.js';
import { kindNumbered, kindOf, type Message } from './messages/index.js';
import { multipartReply, writeMultipartHead } from './messages/multipart.js';
import { MULTIPARTS, type RowOf, type RowsName, rowsOf } from './multipart/index.js';

export interface DecodeOptions {
  /**
   * For tools: matches keep TLVs that aren't known, come twice or lack a prerequisite, and flow-mods undefined flags. A
   * switch must refuse those.
   */
  readonly lenient?: boolean;
}

/**
 * The message that is exactly these bytes; what it keeps of them is copied, given a plain Uint8Array (slices of a
 * Buffer are no copies). Throws OpenFlowError: BAD_VERSION for another version than 1.3 (hello and error may come in
 * any), BAD_TYPE, BAD_LEN where a length lies or bytes are left over, or what its content says.
 */
export function decode(bytes: Uint8Array, options?: DecodeOptions): Message {
  if (bytes.length < HEADER_BYTES) throw new OpenFlowError('OFPBRC_BAD_LEN', `a message of ${bytes.length} bytes`, 0);
  return readMessage(new Reader(bytes), options?.lenient === true);
}

/**
 * The next message of several that stand one behind the other, each whole and decoded before; the reader is moved
 * behind it.
 */
export function decodeNext(r: Reader): Message {
  return readMessage(r.sub(peekLength(r.bytes, r.at)), false);
}

/** Reads a message from its header to the reader's end. */
function readMessage(r: Reader, lenient: boolean): Message {
  const { bytes, at } = r;
  const version = peekVersion(bytes, at);
  const number = peekType(bytes, at);
  const length = peekLength(bytes, at);
  const kind = kindNumbered(number);
  if (version !== OFP13_VERSION && kind?.type !== 'hello' && kind?.type !== 'error') {
    throw new OpenFlowError('OFPBRC_BAD_VERSION', `version ${version} instead of ${OFP13_VERSION}`, at);
  }
  if (!kind) throw new OpenFlowError('OFPBRC_BAD_TYPE', `message type ${number}`, at + 1);
  if (length !== r.left) {
    throw new OpenFlowError('OFPBRC_BAD_LEN', `the header says ${length} bytes, there are ${r.left}`, at + 2);
  }
  r.skip(HEADER_BYTES);
  return readBody(r, kind, { version, xid: peekXid(bytes, at), lenient });
}

/** Reads what follows a header, to the reader's end. */
function readBody(r: Reader, kind: MessageKind<Message>, c: Context): Message {
  if (kind.bytes !== undefined && r.left !== kind.bytes) {
    throw r.error('OFPBRC_BAD_LEN', `${kind.type} has ${r.left} bytes behind its header instead of ${kind.bytes}`, 6);
  }
  const m = kind.read(r, c);
  if (r.left > 0) throw r.error('OFPBRC_BAD_LEN', `${kind.type} is ${r.left} bytes too long`);
  return m;
}

/** Reads a message inside another one, to the reader's end; whoever calls has looked at its header. */
export function readNested(r: Reader, c: Context): Message {
  const kind = kindNumbered(peekType(r.bytes, r.at));
  if (!kind) throw r.error('OFPBRC_BAD_TYPE', `message type ${peekType(r.bytes, r.at)}`, -1);
  const xid = peekXid(r.bytes, r.at);
  r.skip(HEADER_BYTES);
  return readBody(r, kind, { ...c, xid });
}

/**
 * Writes a message behind what the writer has already. Throws OpenFlowError (BAD_LEN) where it takes more than 65,535
 * bytes; the writer is then as it was.
 */
export function writeMessage(w: Writer, m: Message): void {
  const start = w.at;
  try {
    writeWhole(w, m);
  } catch (error) {
    w.at = start;
    throw error;
  }
}

function writeWhole(w: Writer, m: Message): void {
  const kind = kindOf(m);
  const start = w.at;
  const version = m.type === 'hello' || m.type === 'error' ? m.version : OFP13_VERSION;
  w.u8(version).u8(kind.number).u16(0).u32(m.xid);
  if (kind.extension) w.u32(kind.extension.experimenter).u32(kind.extension.expType);
  kind.write(m, w);
  const length = w.at - start;
  if (length > MAX_MESSAGE_BYTES) {
    throw new OpenFlowError(
      'OFPBRC_BAD_LEN',
      `${m.type} of ${length} bytes; a message has at most ${MAX_MESSAGE_BYTES}`,
    );
  }
  w.u16At(start + 2, length);
}

const scratch = new Writer(2048);

/** A message's bytes, in an array of its own. */
export function encode(m: Message): Uint8Array {
  writeMessage(scratch.reset(), m);
  return scratch.done();
}

/**
 * A multipart reply of rows as they come, in as many messages as it takes, all but the last with REPLY_MORE. Without
 * rows there is one empty reply. A row must fit into a message: BAD_LEN.
 */
export function* encodeRows<K extends RowsName>(
  kind: K,
  xid: number,
  rows: Iterable<RowOf<K>>,
  max_bytes = MAX_MESSAGE_BYTES,
): Generator<Uint8Array, void> {
  for (const part of passingRows(kind, xid, rows, max_bytes)) yield part.slice();
}

/** The same for who takes each message's bytes at once: they hold until the next one is asked for. */
export function* passingRows<K extends RowsName>(
  kind: K,
  xid: number,
  rows: Iterable<RowOf<K>>,
  max_bytes = MAX_MESSAGE_BYTES,
): Generator<Uint8Array, void> {
  const multipart = MULTIPARTS[kind];
  const { reply } = multipart;
  const list = rowsOf(reply as Body<unknown>);
  if (!list) throw new TypeError(`a ${kind} reply has no rows`);
  const w = new Writer(4096);
  const begin = (): number => {
    w.reset().u8(OFP13_VERSION).u8(multipartReply.number).u16(0).u32(xid);
    writeMultipartHead(w, multipart, false);
    return w.at;
  };
  const head = begin();
  for (const row of rows) {
    const before = w.at;
    list.writeRow(w, row);
    if (w.at <= max_bytes) continue;
    if (before > head) {
      w.at = before;
      yield w.u16At(2, before).u16At(10, 1).peek();
      begin();
      list.writeRow(w, row);
    }
    if (w.at > MAX_MESSAGE_BYTES) throw new OpenFlowError('OFPBRC_BAD_LEN', `a ${kind} row does not fit in a message`);
  }
  yield w.u16At(2, w.at).peek();
}

/** A message's bytes; a multipart reply whose rows don't fit in one message becomes several. */
export function encodeReply(m: Message): Uint8Array[] {
  if (m.type !== 'multipart_reply' || !('rows' in m.body)) return [encode(m)];
  const { kind, rows } = m.body;
  return [...encodeRows(kind, m.xid, rows as Iterable<RowOf<typeof kind>>)];
}
