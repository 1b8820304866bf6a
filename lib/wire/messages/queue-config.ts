/** queue_get_config_request and _reply: OpenFlow 1.3.5 §7.2.2, §7.3.6. */
import { OpenFlowError, type Reader, type Writer } from '../../bytes/index.js';
import { message, structMessage } from '../kind.js';
import { struct, u32, writeSize } from '../struct.js';

export interface QueueGetConfigRequest {
  readonly type: 'queue_get_config_request';
  readonly xid: number;
  /** OFPP.ANY: all ports. */
  readonly port: number;
}

/** A promise or a bound, in tenths of a percent of the port's speed (above 1000: none); others keep their bytes. */
export type QueueProperty =
  | { readonly type: 'min_rate' | 'max_rate'; readonly rate: number }
  | { readonly type: 'experimenter'; readonly experimenter: number; readonly data: Uint8Array }
  | { readonly type: 'unknown'; readonly number: number; readonly data: Uint8Array };

export interface Queue {
  readonly queueId: number;
  readonly port: number;
  readonly properties: readonly QueueProperty[];
}

export interface QueueGetConfigReply {
  readonly type: 'queue_get_config_reply';
  readonly xid: number;
  readonly port: number;
  readonly queues: readonly Queue[];
}

const PROPERTY = { min_rate: 1, max_rate: 2, experimenter: 0xffff } as const;
const PROPERTY_HEADER = 8;
const QUEUE_HEADER = 16;

function readProperty(r: Reader): QueueProperty {
  const at = r.at;
  const number = r.u16('a queue property');
  const length = r.u16('a queue property');
  if (length < PROPERTY_HEADER || length - 4 > r.left) {
    throw new OpenFlowError('OFPBRC_BAD_LEN', `queue property of length ${length}, ${r.left + 4} bytes are left`, at);
  }
  r.skip(4);
  const body = r.sub(length - PROPERTY_HEADER, 'a queue property');
  if (number === PROPERTY.min_rate || number === PROPERTY.max_rate) {
    const rate = body.u16('a rate');
    return { type: number === PROPERTY.min_rate ? 'min_rate' : 'max_rate', rate };
  }
  if (number !== PROPERTY.experimenter) return { type: 'unknown', number, data: body.rest() };
  const experimenter = body.u32('an experimenter id');
  body.skip(4);
  return { type: 'experimenter', experimenter, data: body.rest() };
}

function writeProperty(w: Writer, p: QueueProperty): void {
  const start = w.at;
  w.u16(p.type === 'unknown' ? p.number : PROPERTY[p.type]).zeros(6);
  if (p.type === 'experimenter') w.u32(p.experimenter).zeros(4).put(p.data);
  else if (p.type === 'unknown') w.put(p.data);
  else w.u16(p.rate).zeros(6);
  writeSize(w, start, start + 2);
}

function readQueue(r: Reader): Queue {
  const at = r.at;
  const queueId = r.u32('a queue');
  const port = r.u32('a queue');
  const length = r.u16('a queue');
  r.skip(6);
  if (length < QUEUE_HEADER || length - QUEUE_HEADER > r.left) {
    throw new OpenFlowError('OFPBRC_BAD_LEN', `queue of length ${length}, ${r.left + QUEUE_HEADER} bytes are left`, at);
  }
  const body = r.sub(length - QUEUE_HEADER, 'a queue');
  const properties: QueueProperty[] = [];
  while (body.left > 0) properties.push(readProperty(body));
  return { queueId, port, properties };
}

function writeQueue(w: Writer, q: Queue): void {
  const start = w.at;
  w.u32(q.queueId).u32(q.port).u16(0).zeros(6);
  for (const property of q.properties) writeProperty(w, property);
  writeSize(w, start, start + 8);
}

export const queueGetConfigRequest = structMessage<QueueGetConfigRequest>(
  'queue_get_config_request',
  22,
  struct([['port', u32], 4]),
);

export const queueGetConfigReply = message<QueueGetConfigReply>({
  type: 'queue_get_config_reply',
  number: 23,
  read(r, c) {
    const port = r.u32('a port');
    r.skip(4);
    const queues: Queue[] = [];
    while (r.left > 0) queues.push(readQueue(r));
    return { type: 'queue_get_config_reply', xid: c.xid, port, queues };
  },
  write(m, w) {
    w.u32(m.port).zeros(4);
    for (const queue of m.queues) writeQueue(w, queue);
  },
});
