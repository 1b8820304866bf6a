/**
 * Multipart flow_monitor, ONF's extension 187 to OpenFlow 1.3 (experimenter multipart 1870): requests to be told of
 * flows, and what is told. Its structs are Nicira's NXST_FLOW_MONITOR's with OpenFlow 1.3's matches and instructions;
 * numbers: Open vSwitch's openflow-1.3.h.
 */
import { OpenFlowError, type Reader, type Writer } from '../../bytes/index.js';
import { type Instructions, Match, readInstructions, writeInstructions } from '../../nxm/index.js';
import { type Context, multipartExtension, onf, rows } from '../kind.js';
import { OFPMT_OXM, readMatch, readMatchTlvs, writeMatch } from '../match.js';
import { FLOW_REMOVED_REASONS, type FlowRemovedReason } from '../messages/flow-removed.js';
import { enumeration, readSized, u16, writeSize } from '../struct.js';

/** ONFFMF_* bits: what is told of, and what is told. */
export const ONFFMF = { INITIAL: 1, ADD: 2, DELETE: 4, MODIFY: 8, ACTIONS: 16, OWN: 32 } as const;

export interface FlowMonitorRequest {
  readonly monitorId: number;
  /** ONFFMF.* bits. */
  readonly flags: number;
  /** A port that the flow's actions must name; 0xffffffff: any. */
  readonly outPort: number;
  /** 0xff: all. */
  readonly tableId: number;
  readonly match: Match;
  /** The match stands there without its header, as the extension's text and os-ken have it; Open vSwitch writes one. */
  readonly bare: boolean;
}

/** ONFFME_* in the order of their numbers. */
const EVENTS = ['added', 'deleted', 'modified', 'abbrev'] as const;

export interface FullFlowUpdate {
  readonly event: 'added' | 'deleted' | 'modified';
  /** Why it was deleted; of the others 0, which is `idle_timeout`'s number. */
  readonly reason: FlowRemovedReason | number;
  readonly priority: number;
  readonly idleTimeout_s: number;
  readonly hardTimeout_s: number;
  readonly tableId: number;
  readonly cookie: bigint;
  readonly match: Match;
  /** Empty where the monitor doesn't want them. */
  readonly instructions: Instructions;
}

/** What was done by the request of this xid, which the controller itself sent. */
export interface AbbreviatedFlowUpdate {
  readonly event: 'abbrev';
  readonly xid: number;
}
export type FlowUpdate = FullFlowUpdate | AbbreviatedFlowUpdate;

const ANY_EVENT = ONFFMF.ADD | ONFFMF.DELETE | ONFFMF.MODIFY;
const KNOWN_FLAGS = Object.values(ONFFMF).reduce((all: number, flag) => all | flag, 0);

function readRequest(r: Reader, c: Context): FlowMonitorRequest {
  const monitorId = r.u32('a flow monitor');
  const flags = r.u16('flow monitor flags');
  if (!c.lenient && (!(flags & ANY_EVENT) || flags & ~KNOWN_FLAGS)) {
    throw r.error('OFPMOFC_BAD_FLAGS', `flow monitor flags 0x${flags.toString(16)}`, 2);
  }
  const length = r.u16('a match length');
  const outPort = r.u32('a flow monitor');
  const tableId = r.u8('a flow monitor');
  if (r.u8() !== 0 || r.u16() !== 0) throw r.error('NXBRC_MUST_BE_ZERO', 'padding of a flow monitor', 3);
  const bare = length === 0 || r.left < 4 || r.peek16() !== OFPMT_OXM || r.peek16(2) !== length;
  const match = bare ? readBare(r, length, c.lenient) : readMatch(r, c.lenient);
  return { monitorId, flags, outPort, tableId, match, bare };
}

function readBare(r: Reader, length: number, lenient: boolean): Match {
  const tlvs = r.sub(length, 'a match', 'OFPBMC_BAD_LEN');
  r.skip(((length + 7) & ~7) - length);
  return length === 0 ? Match.all : readMatchTlvs(tlvs, lenient);
}

function writeRequest(w: Writer, m: FlowMonitorRequest): void {
  w.u32(m.monitorId)
    .u16(m.flags)
    .u16(m.bare ? m.match.length : lengthOf(m.match))
    .u32(m.outPort)
    .u8(m.tableId)
    .zeros(3);
  const start = w.at;
  if (m.bare) {
    m.match.write(w);
    w.pad(8, start);
  } else {
    writeMatch(w, m.match);
  }
}

/** As Open vSwitch counts it: the struct's header, and its TLVs. */
function lengthOf(match: Match): number {
  return match.length + 4;
}

const FULL_BYTES = 24;
const ABBREVIATED_BYTES = 8;
const reasons = enumeration(u16, FLOW_REMOVED_REASONS);

function readUpdate(all: Reader, c: Context): FlowUpdate {
  const r = readSized(all, ABBREVIATED_BYTES, 'a flow update');
  const length = r.left;
  r.skip(2);
  const number = r.u16('a flow update');
  const event = EVENTS[number];
  if (event === undefined) throw r.error('NXBRC_FM_BAD_EVENT', `flow update event ${number}`, 2);
  const wrong = event === 'abbrev' ? length !== ABBREVIATED_BYTES : length < FULL_BYTES;
  if (length % 8 !== 0 || wrong) {
    throw new OpenFlowError('OFPBRC_BAD_LEN', `a flow update (${event}) of ${length} bytes`, r.at - 4);
  }
  if (event === 'abbrev') return { event, xid: r.u32() };
  const reason = reasons.read(r);
  const priority = r.u16();
  const idleTimeout_s = r.u16();
  const hardTimeout_s = r.u16();
  r.skip(2);
  const tableId = r.u8();
  r.skip(1);
  const cookie = r.u64();
  const match = readMatch(r, c.lenient);
  const instructions = readInstructions(r);
  return { event, reason, priority, idleTimeout_s, hardTimeout_s, tableId, cookie, match, instructions };
}

function writeUpdate(w: Writer, m: FlowUpdate): void {
  const start = w.at;
  w.u16(0).u16(EVENTS.indexOf(m.event));
  if (m.event === 'abbrev') {
    w.u32(m.xid);
  } else {
    w.u16(reasons.numberOf(m.reason)).u16(m.priority).u16(m.idleTimeout_s).u16(m.hardTimeout_s);
    w.u16(lengthOf(m.match)).u8(m.tableId).zeros(1).u64(m.cookie);
    writeMatch(w, m.match);
    writeInstructions(w, m.instructions);
  }
  writeSize(w, start);
}

export const flowMonitor = multipartExtension(
  'flow_monitor',
  onf(1870),
  rows({ read: readRequest, write: writeRequest }),
  rows({ read: readUpdate, write: writeUpdate }),
);
