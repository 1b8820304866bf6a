/**
 * What most packets are: UDP over IPv4 of a connection that was answered, which stays what it is. Verdict, apply and
 * answer in one, and straight from the record: the same as theirs, in a third of the time. Whatever is more than that
 * is left to them.
 */
import { keyWord } from '../packet/key.js';
import type { Connections } from './connections.js';
import { ANSWERED } from './datagram.js';
import type { Parsed } from './parse.js';
import { why } from './reasons.js';
import {
  DNAT,
  DST,
  EXPIRY_DOUBLE,
  EXTRA,
  FTP,
  IPV6,
  MARK,
  PORTS,
  RELATED,
  REPLIED,
  SERIAL,
  SNAT,
  SRC,
  STATE,
  TFTP,
  WHAT,
} from './record.js';
import type { CtRequest, CtResult } from './request.js';
import { CS_EST, CS_RPL, CS_TRK, PROTO_UDP } from './states.js';
import { type TimeoutPolicies, timeout } from './timeouts.js';

/** A connection with any of these is more than that. */
const MORE = IPV6 | RELATED | SNAT | DNAT | FTP | TFTP;

/** What trackStanding found, unless it is a record: that it has tracked the packet; that it hasn't looked. */
export const STANDS = -2;
export const NOT_LOOKED = -3;

/**
 * Tracks a whole packet that was read, if it is such a one: its connection's time starts anew, `result` is filled, and
 * STANDS returned. Else nothing has happened, and what is returned is what Connections.find gave, or NOT_LOOKED.
 */
export function trackStanding(
  parsed: Parsed,
  request: CtRequest,
  connections: Connections,
  timeouts: TimeoutPolicies,
  now_ms: number,
  result: CtResult,
): number {
  const { tuple } = parsed;
  if (tuple.proto !== PROTO_UDP || parsed.why !== why.none || parsed.related) return NOT_LOOKED;
  if (request.nat !== null || request.force || request.markMask !== 0 || request.labelMask !== null) return NOT_LOOKED;
  const slot = connections.find(tuple, now_ms);
  return slot >= 0 && answer(connections, slot, timeouts, now_ms, result) ? STANDS : slot;
}

/** The same for the connection in `slot`, which the packet is of. */
function answer(
  connections: Connections,
  slot: number,
  timeouts: TimeoutPolicies,
  now_ms: number,
  result: CtResult,
): boolean {
  const words = connections.chunk(slot);
  const at = connections.placeOf(slot);
  const what = words[at + WHAT];
  // No side record, no rule, and a reply was seen.
  if (words[at + STATE] !== ANSWERED || words[at + EXTRA] !== REPLIED) return false;
  if ((what & MORE) !== 0) return false;
  const zone = what >>> 16;
  connections.doubles(slot)[(at >> 1) + EXPIRY_DOUBLE] = now_ms + timeouts.of(zone, timeout.udp_multiple);
  const { reply } = connections;
  result.reply = reply;
  result.anew = false;
  result.state = reply ? CS_TRK | CS_EST | CS_RPL : CS_TRK | CS_EST;
  result.why = why.found;
  result.zone = zone;
  result.connection = slot;
  result.serial = words[at + SERIAL];
  result.mark = words[at + MARK] >>> 0;
  result.replied = true;
  const { label, srcWords, dstWords } = result;
  label[0] = 0;
  label[1] = 0;
  label[2] = 0;
  label[3] = 0;
  result.family = 4;
  result.proto = PROTO_UDP;
  const ports = words[at + PORTS];
  result.tp_src = ports >>> 16;
  result.tp_dst = ports & 0xffff;
  srcWords[0] = keyWord(words[at + SRC]);
  dstWords[0] = keyWord(words[at + DST]);
  return true;
}
