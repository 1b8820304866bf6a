/**
 * requestforward, ONF's extension 235 to OpenFlow 1.3 (subtype 2350): a group-mod or meter-mod that another controller
 * sent and the switch has done.
 */
import { readNested, writeMessage } from '../codec.js';
import { HEADER_BYTES, peekLength, peekType, peekVersion } from '../header.js';
import { extension, onf } from '../kind.js';
import { kindNumbered, type Message, type MessageOf } from './index.js';

export interface RequestForward {
  readonly type: 'onf_requestforward';
  readonly xid: number;
  /** As its sender sent it, xid included. */
  readonly request: MessageOf<'group_mod' | 'meter_mod'>;
}

export const requestForward = extension<RequestForward>(onf(2350), {
  type: 'onf_requestforward',
  read(r, c) {
    const { bytes, at, left } = r;
    if (left < HEADER_BYTES) throw r.error('OFPBFC_MSG_BAD_LEN', `a forwarded request of ${left} bytes`);
    const length = peekLength(bytes, at);
    if (length < HEADER_BYTES || length > left) {
      throw r.error('OFPBFC_MSG_BAD_LEN', `a forwarded request of length ${length}, ${left} bytes are left`);
    }
    if (peekVersion(bytes, at) !== c.version) {
      throw r.error('OFPBRC_BAD_VERSION', `a forwarded request of version ${peekVersion(bytes, at)}`);
    }
    const kind = kindNumbered(peekType(bytes, at));
    if (kind?.type !== 'group_mod' && kind?.type !== 'meter_mod') {
      throw r.error('OFPBFC_MSG_UNSUP', `${kind?.type ?? 'an unknown message'} can't be forwarded`);
    }
    const request = readNested(r.sub(length, 'a forwarded request'), c) as Message as RequestForward['request'];
    return { type: 'onf_requestforward', xid: c.xid, request };
  },
  write(m, w) {
    writeMessage(w, m.request);
  },
});
