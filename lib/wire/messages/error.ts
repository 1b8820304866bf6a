/**
 * error: OpenFlow 1.3.5 §7.4.4, experimenter errors included. Which numbers belong to which name is bytes/openflow-
 * error.ts's.
 */
import { type ErrorName, type ErrorNumbers, errorNumbers } from '../../bytes/index.js';
import { OFP13_VERSION } from '../header.js';
import { message } from '../kind.js';

export interface ErrorMessage {
  readonly type: 'error';
  readonly xid: number;
  /** The header's version: a refusal of a hello goes out in the peer's version. */
  readonly version: number;
  /** Type and code, or an experimenter's type; `errorName` names them. */
  readonly error: ErrorNumbers;
  /** The beginning of the refused message; for HELLO_FAILED a text for people. */
  readonly data: Uint8Array;
}

const EXPERIMENTER = 0xffff;

/** The answer to a refused message: `request` is cut to `max_bytes` where it is longer. */
export function errorMessage(
  name: ErrorName,
  xid: number,
  request: Uint8Array,
  max_bytes = Number.POSITIVE_INFINITY,
): ErrorMessage {
  const data = request.length > max_bytes ? request.slice(0, max_bytes) : request;
  return { type: 'error', xid, version: OFP13_VERSION, error: errorNumbers(name), data };
}

export const error = message<ErrorMessage>({
  type: 'error',
  number: 1,
  read(r, c) {
    const type = r.u16('an error type');
    const code = r.u16('an error code');
    const numbers = type === EXPERIMENTER ? { type, code, experimenter: r.u32('an experimenter id') } : { type, code };
    return { type: 'error', xid: c.xid, version: c.version, error: numbers, data: r.rest() };
  },
  write(m, w) {
    w.u16(m.error.type).u16(m.error.code);
    if (m.error.type === EXPERIMENTER) w.u32(m.error.experimenter ?? 0);
    w.put(m.data);
  },
});
