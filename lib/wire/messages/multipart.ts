/** multipart_request and multipart_reply: OpenFlow 1.3.5 §7.3.5. The bodies are files of their own. */
import type { Reader, Writer } from '../../bytes/index.js';
import { type Body, type Context, EXPERIMENTER_MULTIPART, type Extension, message } from '../kind.js';
import { MULTIPARTS, multipartExtensionOf, multipartOf, type ReplyBody, type RequestBody } from '../multipart/index.js';

interface Multipart<T extends string, B> {
  readonly type: T;
  readonly xid: number;
  /** OFPMPF_REQ_MORE or OFPMPF_REPLY_MORE: another part follows. */
  readonly more: boolean;
  readonly body: B;
}
export type MultipartRequest = Multipart<'multipart_request', RequestBody>;
export type MultipartReply = Multipart<'multipart_reply', ReplyBody>;

const MORE = 1;

/** Writes what stands before a multipart's body. */
export function writeMultipartHead(
  w: Writer,
  { number, extension }: { readonly number: number; readonly extension?: Extension },
  more: boolean,
): void {
  w.u16(number)
    .u16(more ? MORE : 0)
    .zeros(4);
  if (extension) w.u32(extension.experimenter).u32(extension.expType);
}

type AnyMultipart = (typeof MULTIPARTS)[keyof typeof MULTIPARTS];

/** An experimenter's multipart that is known, whose ids are stepped over; else the one that keeps all bytes. */
function extensionAt(r: Reader): AnyMultipart {
  const known = multipartExtensionOf(r.peek32(0, 'an experimenter id'), r.peek32(4, 'an experimenter type'));
  if (known) r.skip(8);
  return known ?? MULTIPARTS.experimenter;
}

function readMultipart(r: Reader, c: Context, side: 'request' | 'reply'): { more: boolean; body: object } {
  const number = r.u16('a multipart type');
  if (!multipartOf(number)) throw r.error('OFPBRC_BAD_STAT', `multipart type ${number}`, 2);
  const more = (r.u16('multipart flags') & MORE) !== 0;
  r.skip(4);
  const kind = number === EXPERIMENTER_MULTIPART ? extensionAt(r) : (multipartOf(number) as AnyMultipart);
  const body: Body<object> = kind[side];
  if (body.bytes !== undefined && body.bytes !== r.left) {
    const wanted = `${body.bytes} bytes`;
    throw r.error('OFPBRC_BAD_LEN', `${kind.kind} ${side} with a body of ${r.left} bytes instead of ${wanted}`);
  }
  return { more, body: { kind: kind.kind, ...body.read(r, c) } };
}

function writeMultipart(w: Writer, more: boolean, body: RequestBody | ReplyBody, side: 'request' | 'reply'): void {
  const kind = MULTIPARTS[body.kind];
  writeMultipartHead(w, kind, more);
  (kind[side] as Body<object>).write(w, body);
}

export const multipartRequest = message<MultipartRequest>({
  type: 'multipart_request',
  number: 18,
  read: (r, c) => ({ type: 'multipart_request', xid: c.xid, ...readMultipart(r, c, 'request') }) as MultipartRequest,
  write: (m, w) => writeMultipart(w, m.more, m.body, 'request'),
});

export const multipartReply = message<MultipartReply>({
  type: 'multipart_reply',
  number: 19,
  read: (r, c) => ({ type: 'multipart_reply', xid: c.xid, ...readMultipart(r, c, 'reply') }) as MultipartReply,
  write: (m, w) => writeMultipart(w, m.more, m.body, 'reply'),
});
