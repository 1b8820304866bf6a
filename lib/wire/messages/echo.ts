/** echo_request and echo_reply: OpenFlow 1.3.5 §7.5.2, §7.5.3. Any bytes, which come back. */
import { type MessageKind, message } from '../kind.js';

interface Echo<T extends string> {
  readonly type: T;
  readonly xid: number;
  readonly data: Uint8Array;
}
export type EchoRequest = Echo<'echo_request'>;
export type EchoReply = Echo<'echo_reply'>;

function echo<T extends string>(type: T, number: number): MessageKind<Echo<T>> {
  return message({
    type,
    number,
    read: (r, c) => ({ type, xid: c.xid, data: r.rest() }),
    write(m, w) {
      w.put(m.data);
    },
  });
}

export const echoRequest = echo('echo_request', 2);
export const echoReply = echo('echo_reply', 3);
