/**
 * Bundles, ONF's extension 230 to OpenFlow 1.3: bundle_control (subtype 2300) and bundle_add (2301), which carries
 * another message of the same xid. Which messages may stand in one is decided here, before anyone looks at them; errors
 * are Open vSwitch's.
 */
import { ONF, OpenFlowError, type Reader, Writer } from '../../bytes/index.js';
import { readNested, writeMessage } from '../codec.js';
import { HEADER_BYTES, OFP13_VERSION, peekLength, peekType, peekVersion, peekXid } from '../header.js';
import { type Context, EXPERIMENTER_MESSAGE, extension, onf } from '../kind.js';
import { kindNumbered, type Message, type MessageOf, type MessageType } from './index.js';

/** OFPBCT_* in the order of their numbers. */
export const BUNDLE_COMMANDS = [
  'open_request',
  'open_reply',
  'close_request',
  'close_reply',
  'commit_request',
  'commit_reply',
  'discard_request',
  'discard_reply',
] as const;
export type BundleCommand = (typeof BUNDLE_COMMANDS)[number];

/** OFPBF_* bits. */
export const OFPBF = { ATOMIC: 1, ORDERED: 2 } as const;

export interface BundleControl {
  readonly type: 'onf_bundle_control';
  readonly xid: number;
  readonly bundleId: number;
  readonly command: BundleCommand;
  /** OFPBF.* bits. */
  readonly flags: number;
}

export const bundleControl = extension<BundleControl>(onf(2300), {
  type: 'onf_bundle_control',
  read(r, c) {
    const bundleId = r.u32('a bundle id');
    const number = r.u16('a bundle command');
    const command = BUNDLE_COMMANDS[number];
    if (command === undefined) throw r.error('OFPBFC_BAD_TYPE', `bundle command ${number}`, 2);
    const flags = r.u16('bundle flags');
    // Properties: none is defined but experimenters'.
    if (r.left % 8 !== 0) throw r.error('OFPBRC_BAD_LEN', `${r.left} bytes behind a bundle command`);
    r.skip(r.left);
    return { type: 'onf_bundle_control', xid: c.xid, bundleId, command, flags };
  },
  write(m, w) {
    w.u32(m.bundleId).u16(BUNDLE_COMMANDS.indexOf(m.command)).u16(m.flags);
  },
});

/** Messages that may stand in a bundle. */
const BUNDLABLE = ['flow_mod', 'group_mod', 'port_mod', 'packet_out'] as const satisfies readonly MessageType[];
export type Bundlable = MessageOf<(typeof BUNDLABLE)[number]>;

export interface BundleAdd {
  readonly type: 'onf_bundle_add';
  readonly xid: number;
  readonly bundleId: number;
  readonly flags: number;
  readonly message: Bundlable;
}

export const bundleAdd = extension<BundleAdd>(onf(2301), {
  type: 'onf_bundle_add',
  read(r, c) {
    const bundleId = r.u32('a bundle id');
    r.skip(2);
    const flags = r.u16('bundle flags');
    const message = readBundled(r, c);
    // Properties behind it: none is known.
    r.skip(r.left);
    return { type: 'onf_bundle_add', xid: c.xid, bundleId, flags, message };
  },
  write(m, w) {
    w.u32(m.bundleId).zeros(2).u16(m.flags);
    writeMessage(w, m.message);
  },
});

/** Bytes of a bundle_add in front of the message in it. */
export const BUNDLE_ADD_BYTES = 24;

/**
 * A bundle_add around a message's bytes, with its xid: as encode makes it, without decoding what is bundled. More than
 * MAX_MESSAGE_BYTES are no message.
 */
export function encodeBundleAdd(bundleId: number, flags: number, message: Uint8Array): Uint8Array {
  const length = BUNDLE_ADD_BYTES + message.length;
  const w = new Writer(length)
    .u8(OFP13_VERSION)
    .u8(EXPERIMENTER_MESSAGE)
    .u16(length & 0xffff)
    .u32(peekXid(message));
  return w.u32(ONF).u32(2301).u32(bundleId).zeros(2).u16(flags).put(message).done();
}

function readBundled(r: Reader, c: Context): Bundlable {
  const { bytes, at } = r;
  if (r.left < HEADER_BYTES) throw r.error('OFPBFC_MSG_BAD_LEN', `a bundled message of ${r.left} bytes`);
  if (peekVersion(bytes, at) !== c.version) {
    // OFPBFC_BAD_VERSION has no number in OpenFlow 1.3.
    throw r.error('NXBRC_UNENCODABLE_ERROR', `a bundled message of version ${peekVersion(bytes, at)}`);
  }
  const length = peekLength(bytes, at);
  if (length < HEADER_BYTES || length > r.left) {
    throw r.error('OFPBFC_MSG_BAD_LEN', `a bundled message of length ${length}, ${r.left} bytes are left`);
  }
  if (peekXid(bytes, at) !== c.xid) {
    throw r.error('OFPBFC_MSG_BAD_XID', `a bundled message with xid ${peekXid(bytes, at)} instead of ${c.xid}`);
  }
  const kind = kindNumbered(peekType(bytes, at));
  if (!kind || !isBundlable(kind.type)) {
    throw new OpenFlowError('OFPBFC_MSG_UNSUP', `${kind?.type ?? 'an unknown message'} can't be bundled`, at);
  }
  return readNested(r.sub(length, 'a bundled message'), c) as Message as Bundlable;
}

function isBundlable(type: MessageType): boolean {
  return (BUNDLABLE as readonly MessageType[]).includes(type);
}
