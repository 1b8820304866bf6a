/** A flush: which connections end at once. Records are reclaimed in steps, however many there are. */
import { type ConnectionTuple, encodeTuple } from './connection.js';
import type { Connections } from './connections.js';
import { Tuple } from './tuple.js';

/** Which connections a flush ends; an empty one ends all. */
export interface Flush {
  zone?: number;
  tuple?: ConnectionTuple;
  mark?: number;
  markMask?: number;
  /** Four words as in the flow key. */
  label?: Uint32Array;
  labelMask?: Uint32Array;
}

const ALL_ONES = new Uint32Array(4).fill(0xffffffff);
const scratch = new Tuple();

/** See Tracker.flush. */
export function flush(connections: Connections, what: Flush, now_ms: number): void {
  const zone = what.zone ?? -1;
  if (what.tuple !== undefined) {
    if (!encodeTuple(what.tuple, what.zone ?? 0, scratch)) return;
    const slot = connections.find(scratch, now_ms);
    if (slot >= 0) connections.remove(slot, 'flushed');
  } else if (what.mark !== undefined || what.label !== undefined) {
    const markMask = what.mark === undefined ? 0 : (what.markMask ?? 0xffffffff);
    const label = what.label ?? null;
    const labelMask = label && (what.labelMask ?? ALL_ONES);
    connections.flushMarked({ zone, mark: what.mark ?? 0, markMask: markMask | 0, label, labelMask });
  } else {
    connections.flushZone(zone);
  }
}
