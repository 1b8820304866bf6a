/** Mark and label of stored connections: what a request writes, and what a related connection inherits. */
import type { Connections } from './connections.js';
import { RELATED } from './record.js';
import type { CtRequest } from './request.js';
import { Tuple } from './tuple.js';

/**
 * The writes to mark and label that a request asks for; true if something changed. What is related keeps its parent's.
 */
export function writeMarks(connections: Connections, slot: number, request: CtRequest): boolean {
  const { markMask, labelMask, labelValue } = request;
  if (markMask === 0 && labelMask === null) return false;
  if (connections.flags(slot) & RELATED) return false;
  let changed = false;
  if (markMask !== 0) {
    const before = connections.mark(slot);
    const mark = (request.markValue & markMask) | (before & ~markMask);
    changed = mark !== before;
    if (changed) connections.setMark(slot, mark);
  }
  if (labelMask === null || labelValue === null) return changed;
  for (let i = 0; i < 4; i++) {
    const before = connections.label(slot, i);
    const word = (labelValue[i] & labelMask[i]) | (before & ~labelMask[i]);
    if (word === before) continue;
    connections.setLabel(slot, i, word);
    changed = true;
  }
  return changed;
}

const scratch = new Tuple();

/** A related connection has its parent's tuple, mark and label. */
export function inherit(connections: Connections, slot: number, parent: number): void {
  connections.original(parent, scratch);
  connections.setParent(slot, scratch);
  if (connections.mark(parent) !== 0) connections.setMark(slot, connections.mark(parent));
  for (let i = 0; i < 4; i++) connections.setLabel(slot, i, connections.label(parent, i));
}
