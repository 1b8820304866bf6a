/**
 * The flows of a table that have one mask: a hash table over their masked values. The values of all flows stand in one
 * array, so a flow in a table has none of its own; flows that differ only in priority hang together, highest first.
 * Which subtables a lookup asks is classifier.ts's.
 */
import { Match, type MatchForm } from '../nxm/index.js';
import { slots } from '../packet/key.js';
import { hashMasked, hashOf, type MaskShape } from '../packet/shape.js';
import type { Flow } from './flow.js';
import { METADATA_WORDS } from './headers.js';

const TYPE_WORD = slots.packet_type.at >> 2;
/** Words that say nothing of the frame. */
const OUTSIDE: ReadonlySet<number> = new Set([...METADATA_WORDS, slots.recirc_id.at >> 2, slots.in_phy_port.at >> 2]);

/** See above. */
export class Subtable {
  /** Flows by their places, and the places that are free again. */
  private readonly flowsAt: (Flow | null)[] = [];
  private readonly free: number[] = [];
  /** The values of each place's flow. */
  private values: Uint32Array;
  /** The hash table: 0, or the place of a chain's first flow, and 1. */
  private slots = new Int32Array(8);
  /** Chains in the hash table. */
  private chains = 0;
  /** Flows by priority, to know the highest. */
  private readonly priorities = new Map<number, number>();
  maxPriority = -1;
  count = 0;
  /** Values of a flow. */
  private readonly width: number;

  /** It looks at the frame, but not at the packet type: an Ethernet header is meant (ovs-fields(7), packet_type). */
  readonly ethernet: boolean;

  constructor(readonly shape: MaskShape) {
    this.ethernet = !shape.words.includes(TYPE_WORD) && shape.words.some((word) => !OUTSIDE.has(word));
    this.width = shape.words.length;
    this.values = new Uint32Array(8 * this.width);
  }

  /** The first flow of the chain with a key's values. */
  find(key: Uint32Array): Flow | null {
    const { slots, values, width } = this;
    const { words, bits } = this.shape;
    const mask = slots.length - 1;
    probe: for (let i = hashMasked(this.shape, key) & mask; slots[i] !== 0; i = (i + 1) & mask) {
      const place = slots[i] - 1;
      const base = place * width;
      for (let w = 0; w < width; w++) {
        if ((key[words[w]] & bits[w]) >>> 0 !== values[base + w]) continue probe;
      }
      return this.flowsAt[place];
    }
    return null;
  }

  /** Where in the hash table the chain with these values stands, or would stand. */
  private slotOf(own: Uint32Array, from: number): number {
    const { slots, values, width } = this;
    const mask = slots.length - 1;
    let i = hashOf(own, from, width) & mask;
    probe: for (; slots[i] !== 0; i = (i + 1) & mask) {
      const base = (slots[i] - 1) * width;
      for (let w = 0; w < width; w++) if (values[base + w] !== own[from + w]) continue probe;
      break;
    }
    return i;
  }

  private headAt(slot: number): Flow | null {
    const place = this.slots[slot];
    return place === 0 ? null : this.flowsAt[place - 1];
  }

  /** The first flow of the chain with these values. */
  chain(values: Uint32Array): Flow | null {
    return this.headAt(this.slotOf(values, 0));
  }

  /** Takes a flow in, and its match's values over. */
  add(flow: Flow): void {
    if ((this.chains + 1) * 2 > this.slots.length) this.rebuild();
    const { values } = flow.match;
    const slot = this.slotOf(values, 0);
    const head = this.headAt(slot);
    const place = this.settle(flow, values);
    if (head === null) this.chains++;
    if (head === null || head.priority < flow.priority) {
      flow.next = head;
      this.slots[slot] = place + 1;
    } else {
      let before = head;
      while (before.next && before.next.priority >= flow.priority) before = before.next;
      flow.next = before.next;
      before.next = flow;
    }
    this.count++;
    this.priorities.set(flow.priority, (this.priorities.get(flow.priority) ?? 0) + 1);
    this.maxPriority = Math.max(this.maxPriority, flow.priority);
  }

  /** Gives a flow a place, which holds its values from now on. */
  private settle(flow: Flow, own: Uint32Array): number {
    const { width } = this;
    const place = this.free.pop() ?? this.flowsAt.length;
    if ((place + 1) * width > this.values.length) {
      const bigger = new Uint32Array(this.values.length * 2);
      bigger.set(this.values);
      this.values = bigger;
    }
    for (let w = 0; w < width; w++) this.values[place * width + w] = own[w];
    this.flowsAt[place] = flow;
    flow.settle(this, place);
    return place;
  }

  /** Takes a flow out; its match is its own again. */
  remove(flow: Flow): void {
    const slot = this.slotOf(this.values, flow.place * this.width);
    const head = this.headAt(slot) as Flow;
    if (head === flow) {
      if (flow.next === null) this.close(slot);
      else this.slots[slot] = flow.next.place + 1;
    } else {
      let before = head;
      while (before.next !== flow) before = before.next as Flow;
      before.next = flow.next;
    }
    flow.next = null;
    this.flowsAt[flow.place] = null;
    this.free.push(flow.place);
    flow.leave();
    this.count--;
    const left = (this.priorities.get(flow.priority) as number) - 1;
    if (left > 0) this.priorities.set(flow.priority, left);
    else this.priorities.delete(flow.priority);
    if (left === 0 && flow.priority === this.maxPriority) this.maxPriority = this.highest();
  }

  /** The highest priority that is left. Many priorities lie close together: the next one is near. */
  private highest(): number {
    if (this.priorities.size <= 64) return Math.max(-1, ...this.priorities.keys());
    let priority = this.maxPriority;
    while (!this.priorities.has(priority)) priority--;
    return priority;
  }

  /** Empties a slot and closes the gap by moving back what was pushed past it. */
  private close(slot: number): void {
    this.chains--;
    const { slots, values, width } = this;
    const mask = slots.length - 1;
    let gap = slot;
    slots[gap] = 0;
    for (let i = (slot + 1) & mask; slots[i] !== 0; i = (i + 1) & mask) {
      const home = hashOf(values, (slots[i] - 1) * width, width) & mask;
      if (((i - home) & mask) < ((i - gap) & mask)) continue;
      slots[gap] = slots[i];
      slots[i] = 0;
      gap = i;
    }
  }

  private rebuild(): void {
    const { slots: old, values, width } = this;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    for (const place of old) {
      if (place === 0) continue;
      let at = hashOf(values, (place - 1) * width, width) & mask;
      while (slots[at] !== 0) at = (at + 1) & mask;
      slots[at] = place;
    }
    this.slots = slots;
  }

  /** A match of a flow's place, as it was made of this form. */
  matchOf(place: number, form: MatchForm): Match {
    const { values, width } = this;
    const own = new Uint32Array(width);
    for (let w = 0; w < width; w++) own[w] = values[place * width + w];
    return new Match(form, this.shape, own);
  }

  *flows(): Generator<Flow> {
    for (let slot = 0; slot < this.slots.length; slot++) {
      for (let flow = this.headAt(slot); flow; flow = flow.next) yield flow;
    }
  }

  /** Flows within `match`; its shape must have all the bits of the match. */
  *within({ shape, values }: Match): Generator<Flow> {
    const at = Array.from(shape.words, (word) => this.shape.words.indexOf(word));
    for (const flow of this.flows()) {
      const base = flow.place * this.width;
      let fits = true;
      for (let i = 0; fits && i < at.length; i++) {
        fits = ((this.values[base + at[i]] ^ values[i]) & shape.bits[i]) === 0;
      }
      if (fits) yield flow;
    }
  }

  /** Forgets its flows, which go on knowing what they matched. */
  abandon(): void {
    this.flowsAt.length = 0;
  }
}
