/**
 * Sequence numbers behind a text that a helper made longer or shorter: what the one side sends is moved on, what the
 * other acknowledges is moved back, selective acknowledgements (RFC 2018) too. The tracker's own windows stay in the
 * sender's numbers.
 */
import { ACK } from '../tcp/segment.js';
import { after, distance, plus } from '../tcp/sequence.js';

/** One direction: up to `position` numbers are moved by `before`, behind it by `after`. */
interface Shift {
  position: number;
  before: number;
  after: number;
}

function moved(shift: Shift | null, seq: number): number {
  if (shift === null) return 0;
  return after(seq, shift.position) ? shift.after : shift.before;
}

/** By how much a number that was moved has to go back. */
function back(shift: Shift | null, seq: number): number {
  if (shift === null) return 0;
  return after(plus(seq, -shift.before), shift.position) ? shift.after : shift.before;
}

export class SequenceShifts {
  /** By record: of the original direction, and of the reply's. */
  private readonly bySlot = new Map<number, [Shift | null, Shift | null]>();

  has(slot: number): boolean {
    return this.bySlot.has(slot);
  }

  end(slot: number): void {
    this.bySlot.delete(slot);
  }

  /** Takes over what another table holds for `slot`, as `own`. */
  take(from: SequenceShifts, slot: number, own: number): void {
    const pair = from.bySlot.get(slot);
    if (pair !== undefined) this.bySlot.set(own, [pair[0] && { ...pair[0] }, pair[1] && { ...pair[1] }]);
  }

  private of(slot: number, reply: boolean): Shift | null {
    return this.bySlot.get(slot)?.[reply ? 1 : 0] ?? null;
  }

  /** The text of the segment that begins at `seq` grew by `by` bytes. A repeated segment changes nothing. */
  add(slot: number, reply: boolean, seq: number, by: number): void {
    let pair = this.bySlot.get(slot);
    if (pair === undefined) {
      pair = [null, null];
      this.bySlot.set(slot, pair);
    }
    const index = reply ? 1 : 0;
    const shift = pair[index];
    if (shift === null) {
      pair[index] = { position: seq, before: 0, after: by };
    } else if (distance(seq, shift.position) > 0) {
      shift.position = seq;
      shift.before = shift.after;
      shift.after += by;
    }
  }

  /** The acknowledgement of a segment in the numbers of the side that it is for. */
  acknowledged(slot: number, reply: boolean, ack: number): number {
    return plus(ack, -back(this.of(slot, !reply), ack));
  }

  /** The sequence number of a segment that was moved on before, as its sender wrote it. */
  sent(slot: number, reply: boolean, seq: number): number {
    return plus(seq, -back(this.of(slot, reply), seq));
  }

  /** Moves the numbers of a segment whose header stands at `l4`; true if one changed. */
  move(slot: number, reply: boolean, bytes: Uint8Array, l4: number): boolean {
    const own = this.of(slot, reply);
    const other = this.of(slot, !reply);
    const seq = get32(bytes, l4 + 4);
    const on = moved(own, seq);
    if (on !== 0) put32(bytes, l4 + 4, seq + on);
    if (other === null || (bytes[l4 + 13] & ACK) === 0) return on !== 0;
    const ack = get32(bytes, l4 + 8);
    const by = back(other, ack);
    if (by !== 0) put32(bytes, l4 + 8, ack - by);
    return moveSelective(bytes, l4, other) || on !== 0 || by !== 0;
  }
}

/** Moves the edges of blocks in a SACK option. */
function moveSelective(bytes: Uint8Array, l4: number, shift: Shift): boolean {
  const end = l4 + (bytes[l4 + 12] >> 4) * 4;
  let changed = false;
  for (let at = l4 + 20; at + 2 <= end && bytes[at] !== 0; ) {
    const kind = bytes[at];
    const length = kind === 1 ? 1 : Math.max(2, bytes[at + 1]);
    for (let edge = at + 2; kind === 5 && edge + 4 <= Math.min(at + length, end); edge += 4) {
      const seq = get32(bytes, edge);
      const by = back(shift, seq);
      put32(bytes, edge, seq - by);
      if (by !== 0) changed = true;
    }
    at += length;
  }
  return changed;
}

function get32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
