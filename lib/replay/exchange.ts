/** A session as requests and their answers, and messages that nobody asked for: what playing it goes by. */
import { peekType, peekXid } from '../wire/index.js';
import { messageOf, type Recorded, type Session } from './session.js';

const TYPE = { hello: 0, error: 1, echo_request: 2, echo_reply: 3 } as const;
/** Messages of the switch that answer nothing: packet_in, flow_removed, port_status. */
const UNASKED = new Set([10, 11, 12]);
/** Messages of the switch that answer a request: errors and replies. */
const ANSWERS = new Set([1, 6, 8, 19, 21, 23, 25, 27]);

/** A message of the controller, and what the switch answered. */
export interface Request {
  /** Its place in the session. */
  readonly index: number;
  readonly recorded: Recorded;
  readonly xid: number;
  /** Answers, with their places, in order. */
  readonly answers: { readonly index: number; readonly recorded: Recorded }[];
  /** A further part of the multipart request before: its answers are with the first part. */
  readonly continues: Request | null;
}

export interface Unasked {
  readonly index: number;
  readonly recorded: Recorded;
}

export interface Exchange {
  readonly requests: readonly Request[];
  /** Packet-ins, removed flows, changes of ports and whatever else answers nothing, in order. */
  readonly unasked: readonly Unasked[];
  /** Answers to what was asked before the capture began: nothing here can ask for them. */
  readonly early: readonly Recorded[];
}

/** HELLOs and keep-alives are each end's own and left out, but for echo requests of the controller. */
export function exchangeOf({ messages }: Session): Exchange {
  const requests: Request[] = [];
  const unasked: Unasked[] = [];
  const early: Recorded[] = [];
  const latest = new Map<number, Request>();
  messages.forEach((recorded, index) => {
    const type = peekType(recorded.bytes);
    const xid = peekXid(recorded.bytes);
    if (type === TYPE.hello) return;
    const request = latest.get(xid);
    if (recorded.by === 'controller') {
      if (type === TYPE.echo_reply || type === TYPE.error) return;
      const continues = request !== undefined && hasMore(request.recorded) ? (request.continues ?? request) : null;
      const made: Request = { index, recorded, xid, answers: [], continues };
      requests.push(made);
      latest.set(xid, made);
    } else if (type !== TYPE.echo_request) {
      const answers = !UNASKED.has(type) && request !== undefined;
      if (answers) (request.continues ?? request).answers.push({ index, recorded });
      else if (ANSWERS.has(type) && xid !== 0 && request === undefined) early.push(recorded);
      else unasked.push({ index, recorded });
    }
  });
  return { requests, unasked, early };
}

/** Does another part of the same request follow? */
function hasMore({ bytes }: Recorded): boolean {
  const message = messageOf(bytes);
  return message?.type === 'multipart_request' && message.more;
}
