/**
 * Multipart requests that come in several messages (OpenFlow 1.3.5 §7.3.5, OFPMPF_REQ_MORE). Only table features can be
 * so long; they are kept here as bytes, within bounds of number, size and time, until the last part comes.
 */
import { type Clock, OpenFlowError, type Timer } from '../bytes/index.js';
import { decode, type MessageOf, type TableFeatures } from '../wire/index.js';

/** How long the next part may take (as in Open vSwitch). */
export const PART_TIMEOUT_MS = 1_000;
/** Most bytes of one request. */
export const MAX_REQUEST_BYTES = 4 << 20;
/** Most requests of one controller that wait for their rest. */
export const MAX_PARTIAL_REQUESTS = 4;

type Request = MessageOf<'multipart_request'>;

interface Partial {
  readonly parts: Uint8Array[];
  bytes: number;
  timer: Timer;
}

export class PartialRequests {
  private readonly byXid = new Map<number, Partial>();

  /** `late` is called with the last part that came, where the next one doesn't. */
  constructor(
    private readonly clock: Clock,
    private readonly late: (error: OpenFlowError, bytes: Uint8Array) => void,
  ) {}

  /** The whole request, or null while parts are missing. Throws OpenFlowError, and forgets what it had. */
  add(m: Request, bytes: Uint8Array): Request | null {
    const known = this.byXid.get(m.xid);
    if (!known && !m.more) return m;
    this.forget(m.xid);
    if (m.body.kind !== 'table_features') throw this.wrongKind(m, known !== undefined);
    const partial = known ?? { parts: [], bytes: 0, timer: NO_TIMER };
    partial.bytes += bytes.length;
    if (partial.bytes > MAX_REQUEST_BYTES || this.byXid.size >= MAX_PARTIAL_REQUESTS) {
      throw new OpenFlowError('OFPBRC_MULTIPART_BUFFER_OVERFLOW', 'too much of multipart requests to keep', 10);
    }
    if (!m.more) {
      const rows = [...partial.parts.flatMap(rowsOf), ...m.body.rows];
      return { ...m, body: { kind: 'table_features', rows } };
    }
    partial.parts.push(new Uint8Array(bytes));
    partial.timer = this.clock.after(PART_TIMEOUT_MS, () => {
      this.byXid.delete(m.xid);
      const why = `the next part of a request did not come within ${PART_TIMEOUT_MS} ms`;
      this.late(new OpenFlowError('OFPBRC_MULTIPART_REQUEST_TIMEOUT', why), bytes);
    });
    this.byXid.set(m.xid, partial);
    return null;
  }

  /** Forgets all. */
  clear(): void {
    for (const xid of [...this.byXid.keys()]) this.forget(xid);
  }

  private forget(xid: number): void {
    this.byXid.get(xid)?.timer.cancel();
    this.byXid.delete(xid);
  }

  private wrongKind({ body }: Request, begun: boolean): OpenFlowError {
    if (begun) return new OpenFlowError('OFPBRC_BAD_STAT', `a part of ${body.kind} within a table_features request`, 8);
    return new OpenFlowError('OFPBRC_MULTIPART_BUFFER_OVERFLOW', `a ${body.kind} request has one part`, 10);
  }
}

/** The rows of a part, which was decoded before. */
function rowsOf(part: Uint8Array): readonly TableFeatures[] {
  const m = decode(part);
  return m.type === 'multipart_request' && m.body.kind === 'table_features' ? m.body.rows : [];
}

const NO_TIMER: Timer = { cancel() {} };
