/**
 * Multiparts flow and aggregate: OpenFlow 1.3.5 §7.3.5.2, §7.3.5.3. A flow's row is written by hand: dumps have many.
 */
import type { Reader, Writer } from '../../bytes/index.js';
import {
  type FlowCounters,
  type FlowSettings,
  type Match,
  readInstructions,
  writeInstructions,
} from '../../nxm/index.js';
import { type Body, type Context, multipart, one, rows } from '../kind.js';
import { readMatch, writeMatch } from '../match.js';
import { counter, readCounter, readSized, struct, u32, writeCounter, writeSize } from '../struct.js';

/** Which flows are asked for. */
export interface FlowStatsRequest {
  /** 0xff: all. */
  readonly tableId: number;
  /** A port or group that the flow's actions must name; 0xffffffff: any. */
  readonly outPort: number;
  readonly outGroup: number;
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly match: Match;
}

/** A flow's row. */
export interface FlowStats extends FlowSettings, FlowCounters {
  /** How long the flow has been there: seconds, and nanoseconds beyond them. */
  readonly duration_s: number;
  readonly duration_ns: number;
}

export interface AggregateStats extends FlowCounters {
  readonly flows: number;
}

/** A duration in the two numbers that messages carry. */
export function splitDuration(duration_ms: number): { readonly duration_s: number; readonly duration_ns: number } {
  const duration_s = Math.floor(duration_ms / 1000);
  return { duration_s, duration_ns: Math.min(999_999_999, Math.floor((duration_ms - duration_s * 1000) * 1e6)) };
}

const request: Body<FlowStatsRequest> = {
  read(r, c) {
    const tableId = r.u8('a table');
    r.skip(3);
    const outPort = r.u32('out_port');
    const outGroup = r.u32('out_group');
    r.skip(4);
    const cookie = r.u64('a cookie');
    const cookieMask = r.u64('a cookie mask');
    return { tableId, outPort, outGroup, cookie, cookieMask, match: readMatch(r, c.lenient) };
  },
  write(w, q) {
    w.u8(q.tableId).zeros(3).u32(q.outPort).u32(q.outGroup).zeros(4).u64(q.cookie).u64(q.cookieMask);
    writeMatch(w, q.match);
  },
};

const LEAST = 56;

function readFlow(all: Reader, c: Context): FlowStats {
  const r = readSized(all, LEAST, 'flow statistics');
  r.skip(2);
  const tableId = r.u8();
  r.skip(1);
  const duration_s = r.u32();
  const duration_ns = r.u32();
  const priority = r.u16();
  const idleTimeout_s = r.u16();
  const hardTimeout_s = r.u16();
  const flags = r.u16();
  r.skip(4);
  const cookie = r.u64();
  const packets = readCounter(r);
  const bytes = readCounter(r);
  const match = readMatch(r, c.lenient);
  const instructions = readInstructions(r);
  return {
    tableId,
    duration_s,
    duration_ns,
    priority,
    idleTimeout_s,
    hardTimeout_s,
    flags,
    cookie,
    packets,
    bytes,
    match,
    instructions,
  };
}

function writeFlow(w: Writer, f: FlowStats): void {
  const start = w.at;
  w.u16(0).u8(f.tableId).zeros(1).u32(f.duration_s).u32(f.duration_ns);
  w.u16(f.priority).u16(f.idleTimeout_s).u16(f.hardTimeout_s).u16(f.flags).zeros(4).u64(f.cookie);
  writeCounter(w, f.packets);
  writeCounter(w, f.bytes);
  writeMatch(w, f.match);
  writeInstructions(w, f.instructions);
  writeSize(w, start);
}

export const flow = multipart('flow', 1, request, rows({ read: readFlow, write: writeFlow }));

export const aggregate = multipart(
  'aggregate',
  2,
  request,
  one(struct<AggregateStats>([['packets', counter], ['bytes', counter], ['flows', u32], 4])),
);
