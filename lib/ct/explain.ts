/**
 * A verdict in words: the reason, and the numbers behind it. For people who ask why, so speed doesn't count; nothing
 * stored changes.
 */

import { describeConnection } from './connection.js';
import type { Connections } from './connections.js';
import { formatConnection } from './dump.js';
import type { Parsed } from './parse.js';
import { WHY_TEXT, why } from './reasons.js';
import { TcpPeer, TOLERANCE, windowScale } from './tcp/machine.js';
import { loadPeer } from './tcp/record.js';
import { ACK, RST } from './tcp/segment.js';
import type { Verdict } from './verdict.js';
import type { Zones } from './zones.js';

/** Zones with connections that are asked for the same tuple: it must not take long. */
const MOST_ZONES = 4096;

/** What was judged, and what was there. */
export interface Judged {
  parsed: Parsed;
  verdict: Verdict;
  connections: Connections;
  zones: Zones;
  /** Connections allowed in all zones. */
  limit: number;
  now_ms: number;
}

/** Why the verdict is what it is, in one sentence or several joined by semicolons. */
export function explain(judged: Judged): string {
  const { verdict } = judged;
  const text = WHY_TEXT[verdict.why] ?? `reason ${verdict.why}`;
  const details = detailsOf(judged);
  return [text, ...details].join('; ');
}

function detailsOf(judged: Judged): string[] {
  const { verdict, zones, limit } = judged;
  const { zone } = judged.parsed.tuple;
  switch (verdict.why) {
    case why.no_connection:
    case why.committed:
    case why.unrelated_error:
    case why.answer_without_query:
    case why.syn_ack_begins:
      return whyNotFound(judged);
    case why.tcp_window:
      return whyOutside(judged);
    case why.limit:
      return [`${zones.total} are stored, ${limit} allowed`];
    case why.zone_limit:
      return [`zone ${zone} holds ${zones.count(zone)} of ${zones.limit(zone)}`];
    case why.found:
    case why.related_error:
    case why.tcp_loose:
    case why.forced:
    case why.begins_again:
      return which(judged, verdict.slot >= 0 ? verdict.slot : verdict.ends);
    default:
      return [];
  }
}

/** The connection itself. */
function which({ connections, now_ms }: Judged, slot: number): string[] {
  if (slot < 0) return [];
  const seen = connections.replied(slot) ? 'a reply was seen' : 'no reply was seen yet';
  return [formatConnection(describeConnection(connections, slot, now_ms), { statistics: true }), seen];
}

/** A connection with this tuple that is gone, an empty zone, the same tuple elsewhere. */
function whyNotFound({ parsed, connections, zones, now_ms }: Judged): string[] {
  const { tuple } = parsed;
  const { zone } = tuple;
  const details: string[] = [];
  connections.find(tuple, now_ms);
  const { stale } = connections;
  if (stale >= 0 && connections.isFlushed(stale)) details.push('it was flushed');
  else if (stale >= 0) details.push(`it expired ${Math.floor((now_ms - connections.expiry(stale)) / 1000)} s ago`);
  else if (zones.count(zone) === 0) details.push(`zone ${zone} is empty`);
  let left = MOST_ZONES;
  for (const other of zones.occupied()) {
    if (other === zone) continue;
    if (left-- === 0) break;
    tuple.zone = other;
    if (connections.find(tuple, now_ms) >= 0) details.push(`the same tuple is in zone ${other}`);
  }
  tuple.zone = zone;
  return details;
}

/** Which of the numbers lies outside which range. */
function whyOutside({ verdict, connections }: Judged): string[] {
  const { segment, slot, reply } = verdict;
  const src = new TcpPeer();
  const dst = new TcpPeer();
  loadPeer(connections, slot, reply ? 1 : 0, src);
  loadPeer(connections, slot, reply ? 0 : 1, dst);
  const u32 = (value: number): number => value >>> 0;
  const lowest = src.seqlo - (dst.window << windowScale(dst, src, segment));
  const details = [`seq ${u32(segment.seq)} with ${segment.length} bytes, allowed ${u32(lowest)}–${u32(src.seqhi)}`];
  if (segment.flags & ACK) {
    const scale = windowScale(src, dst, segment);
    const from = u32(dst.seqlo - (TOLERANCE << scale));
    details.push(`ack ${u32(segment.ack)}, allowed ${from}–${u32(dst.seqlo + TOLERANCE)}`);
  }
  if (segment.flags & RST) details.push(`a RST needs seq ${u32(src.seqlo)} ± 1`);
  return details;
}
