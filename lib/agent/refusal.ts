/**
 * The one place that answers a mistake: OFPT_ERROR with the request's xid and its beginning (OpenFlow 1.3.5 §7.4.4),
 * and a line in the log that says which message, what is wrong with it and where. A peer that makes many mistakes
 * gets all its errors, but only some of them fill the log.
 */
import type { Clock, Log, OpenFlowError } from '../bytes/index.js';
import { encode, errorMessage, extensionOf, kindNumbered, MULTIPARTS, peekType, peekXid } from '../wire/index.js';

/**
 * Bytes of a refused message that the error carries; at least 64 are asked for, or all. Nearly every message is carried
 * whole: what shows errors to people, as ovs-ofctl and Wireshark do, can then show which message it was.
 */
export const QUOTED_BYTES = 4096;
/** Up to and with a multipart's type. */
const MULTIPART_HEAD_BYTES = 10;
/** Up to and with an experimenter's type. */
const EXPERIMENTER_HEAD_BYTES = 16;
/** Lines about refusals in a second; the rest is counted and told later. */
const LINES_PER_S = 20;

/** The bytes of OFPT_ERROR for a refused message. */
export function errorFor(error: OpenFlowError, request: Uint8Array): Uint8Array {
  return encode(errorMessage(error.error, peekXid(request), request, QUOTED_BYTES));
}

/** "FLOW_MOD refused: tcp_dst needs nw_proto=6 (OFPBMC_BAD_PREREQ) at byte 64". */
export function refusalText(error: OpenFlowError, request: Uint8Array): string {
  return `${messageName(request)} refused: ${error.message}`;
}

/** "FLOW_MOD", "MULTIPART_REQUEST flow", "NXT_RESUME", "message of type 99". */
export function messageName(bytes: Uint8Array): string {
  const type = kindNumbered(peekType(bytes))?.type;
  if (!type) return `message of type ${peekType(bytes)}`;
  const name = type.toUpperCase();
  if (type === 'experimenter' && bytes.length >= EXPERIMENTER_HEAD_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return extensionOf(view.getUint32(8), view.getUint32(12))?.type.toUpperCase() ?? name;
  }
  if (!type.startsWith('multipart') || bytes.length < MULTIPART_HEAD_BYTES) return name;
  const number = (bytes[8] << 8) | bytes[9];
  const part = Object.values(MULTIPARTS).find((each) => each.number === number);
  return `${name} ${part?.kind ?? number}`;
}

/** Writes refusals to a log, a bounded number a second. */
export class RefusalLog {
  private second = Number.NEGATIVE_INFINITY;
  private lines = 0;
  private untold = 0;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  write(peer: string, error: OpenFlowError, request: Uint8Array): void {
    const second = Math.floor(this.clock.now() / 1000);
    if (second !== this.second) {
      if (this.untold > 0) this.log.warn(`${this.untold} more messages were refused`);
      this.second = second;
      this.lines = 0;
      this.untold = 0;
    }
    if (this.lines++ < LINES_PER_S) this.log.warn(`${peer}: ${refusalText(error, request)}`);
    else this.untold++;
  }
}
