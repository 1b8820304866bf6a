/** A flush: which connections end at once. Records are reclaimed in steps, however many there are. */
import { type ConnectionTuple, encodeTuple } from './connection.js';
import type { Connections } from './connections.js';
import { Tuple } from './tuple.js';

/** Which connections a flush ends; an empty one ends all. */
export interface Flush {
  zone?: number;
  tuple?: ConnectionTuple;
  /** A reply's tuple isn't enough where it was translated, as ovs-appctl has it. */
  untranslated?: boolean;
  mark?: number;
  markMask?: number;
  /** Four words as in the flow key. */
  label?: Uint32Array;
  labelMask?: Uint32Array;
}

const ALL_ONES = new Uint32Array(4).fill(0xffffffff);
const scratch = new Tuple();

/** See Tracker.flush. */
export function flush(connections: Connections, what: Flush, now_ms: number): boolean {
  const zone = what.zone ?? -1;
  if (what.tuple !== undefined) {
    if (!encodeTuple(what.tuple, what.zone ?? 0, scratch)) return false;
    const slot = connections.find(scratch, now_ms);
    if (slot < 0 || (what.untranslated && connections.reply && connections.hasOwnReply(slot))) return false;
    connections.remove(slot, 'flushed');
  } else if (what.mark !== undefined || what.label !== undefined) {
    const markMask = what.mark === undefined ? 0 : (what.markMask ?? 0xffffffff);
    const label = what.label ?? null;
    const labelMask = label && (what.labelMask ?? ALL_ONES);
    connections.flushMarked({ zone, mark: what.mark ?? 0, markMask: markMask | 0, label, labelMask });
  } else {
    connections.flushZone(zone);
  }
  return true;
}
