/** A program while it is made: its steps, its cold arguments, whom it counts for, and what it depends on. */
import type {
  Cold,
  ColdStore,
  ControllerCold,
  Credit,
  Effect,
  Lookup,
  Meter,
  MeterCold,
  Translation,
} from '../datapath/index.js';
import { OP, STEP_WORDS } from '../datapath/index.js';
import { SPECIAL } from '../packet/rewrite.js';
import { shapeOf, valuesFor } from '../packet/shape.js';
import type { TunnelOut } from '../packet/tunnel.js';
import type { Headers } from './headers.js';

/** Steps that somebody outside notices. */
const EFFECTS = new Set<number>([
  OP.output,
  OP.controller,
  OP.learn,
  OP.ct,
  OP.ctClear,
  OP.recirculate,
  OP.enqueue,
  OP.tunnel,
  OP.meter,
  OP.sample,
  OP.larger,
]);
/** Steps that leave the packet as it is: others in a body need a copy of it. */
const HARMLESS = new Set<number>([OP.output, OP.enqueue, OP.tunnel, OP.controller, OP.learn, OP.truncate, OP.sample]);

/** Words of the body of steps that belongs to the step at `at`, 0: it has none. */
function bodyWords(steps: readonly number[], at: number): number {
  if (steps[at] === OP.clone) return steps[at + 1];
  return steps[at] === OP.larger ? steps[at + 2] : 0;
}

/** A meter step, and how many had been found before it. */
interface Metered {
  readonly cold: MeterCold;
  readonly credits: number;
  readonly found: number;
  readonly missed: number;
}

/** A body of steps that is being made. */
export interface Body {
  readonly at: number;
  readonly metered: number;
}

export class ProgramBuilder {
  private steps: number[] = [];
  /** Where the last step begins, -1 none. */
  private last = -1;
  private coldIds: number[] = [];
  /** What happens before the first step: cold arguments. */
  private readonly first: number[] = [];
  private recirculations: number[] = [];
  private credits: Credit[] = [];
  private found: Lookup[] = [];
  private missed: Lookup[] = [];
  private visited = new Uint32Array(8);
  /** Meters whose part of the program isn't done yet. */
  private readonly metered: Metered[] = [];

  constructor(private readonly cold: ColdStore) {}

  step(...words: number[]): void {
    this.last = this.steps.length;
    for (const word of words) this.steps.push(word | 0);
  }

  /** A masked write of a header word. The tag that was just pushed is changed where it stands. */
  rewrite(unit: number, value: number, mask: number, tci: number): void {
    if (unit === SPECIAL.vlanTci && this.last >= 0 && this.steps[this.last] === OP.pushVlan) {
      this.steps[this.last + 2] = tci;
    } else {
      this.step(OP.rewrite, unit, value, mask);
    }
  }

  controller(cold: ControllerCold): void {
    this.step(OP.controller, this.keep(cold));
  }

  /** Into a tunnel, through a queue or none (-1). */
  tunnel(slot: number, queue: number, out: TunnelOut): void {
    this.step(OP.tunnel, slot, queue, this.keep({ kind: 'tunnel', out }));
  }

  /** Puts a header in front of the frame, or `behind` its first bytes. */
  header(bytes: Uint8Array, behind: number, ethType: number): void {
    this.step(OP.header, this.keep({ kind: 'header', bytes }), behind, ethType);
  }

  ct(cold: Cold, recirculation: number): void {
    if (recirculation) this.recirculations.push(recirculation);
    this.step(OP.ct, this.keep(cold), recirculation, 0);
  }

  /** Happens before the first step, also where the packet is dropped after all. */
  before(effect: Effect): void {
    this.first.push(this.cold.put({ kind: 'effect', effect }));
  }

  /** The packet goes on from a frozen state. */
  recirculate(id: number): void {
    this.recirculations.push(id);
    this.step(OP.recirculate, id, 0);
  }

  /** Measures the packet. What is found from here to the end of the body doesn't count for what is dropped. */
  meter(meter: Meter): void {
    const cold: MeterCold = { kind: 'meter', meter, after: { credits: [], found: [], missed: [] } };
    const { credits, found, missed } = this;
    this.metered.push({ cold, credits: credits.length, found: found.length, missed: missed.length });
    this.step(OP.meter, this.keep(cold));
  }

  /** Meters from `first` on are done: whom they take from is known. */
  private settleMeters(first: number): void {
    for (const { cold, credits, found, missed } of this.metered.splice(first)) {
      cold.after = {
        credits: this.credits.slice(credits),
        found: this.found.slice(found),
        missed: this.missed.slice(missed),
      };
    }
  }

  /** Begins steps of which nothing is left for the packet behind them; `close` ends them. */
  open(): Body {
    const at = this.steps.length;
    this.steps.push(OP.clone, 0);
    this.last = -1;
    return { at, metered: this.metered.length };
  }

  /** Ends a body: it runs on a copy where it changes the packet or may end early, else in place. */
  close({ at, metered }: Body): void {
    const start = at + STEP_WORDS[OP.clone];
    this.settleMeters(metered);
    this.trim(start);
    if (this.steps.length === start) {
      this.steps.length = at;
    } else if (this.starts(start).every((step) => HARMLESS.has(this.steps[step]))) {
      this.steps.splice(at, start - at);
    } else {
      this.steps.push(OP.end);
      this.steps[at + 1] = this.steps.length - start;
    }
    this.last = -1;
  }

  /** Begins steps for frames of more than `length` bytes, with which their program ends; `closeLarger` ends them. */
  openLarger(length: number): number {
    const at = this.steps.length;
    this.steps.push(OP.larger, length, 0);
    this.last = -1;
    return at;
  }

  closeLarger(at: number): void {
    this.steps.push(OP.end);
    this.steps[at + 2] = this.steps.length - at - STEP_WORDS[OP.larger];
    this.last = -1;
  }

  /** A packet counts for it, too. */
  credit(credit: Credit): void {
    this.credits.push(credit);
  }

  /** Where steps begin, from `first` on; bodies count as one. */
  private starts(first: number): number[] {
    const { steps } = this;
    const starts: number[] = [];
    for (let at = first; at < steps.length; at += STEP_WORDS[steps[at]] + bodyWords(steps, at)) starts.push(at);
    return starts;
  }

  /** Takes away what stands behind the last effect, from `first` on. */
  private trim(first: number): void {
    const { steps } = this;
    const last = this.starts(first).findLast((at) => steps[at] === OP.clone || EFFECTS.has(steps[at]));
    if (last === undefined) steps.length = first;
    else steps.length = last + STEP_WORDS[steps[last]] + bodyWords(steps, last);
  }

  /** A body at the very end needs no copy: nothing comes behind it. */
  private unwrap(): void {
    const { steps } = this;
    for (;;) {
      const last = this.starts(0).at(-1);
      if (last === undefined || steps[last] !== OP.clone) return;
      steps.splice(last, STEP_WORDS[OP.clone]);
      steps.pop();
    }
  }

  private keep(cold: Cold): number {
    const index = this.cold.put(cold);
    this.coldIds.push(index);
    return index;
  }

  visit(table: number): void {
    this.visited[table >> 5] |= 1 << (table & 31);
  }

  looked(table: Lookup, flow: Credit | null): void {
    if (flow) {
      this.found.push(table);
      this.credits.push(flow);
    } else {
      this.missed.push(table);
    }
  }

  /** Everything that was to be done is undone: the packet is dropped. */
  drop(): void {
    for (const index of this.coldIds) this.cold.drop(index);
    this.coldIds = [];
    this.steps = [];
    this.last = -1;
    this.recirculations = [];
  }

  /** Tells each ct and recirculation whether steps behind it, in its body, need the frame. */
  private markNeeds(): void {
    const { steps } = this;
    const starts: number[] = [];
    for (let at = 0; at < steps.length; at += STEP_WORDS[steps[at]]) starts.push(at);
    let needed = 0;
    for (const at of starts.reverse()) {
      if (steps[at] === OP.ct) steps[at + 3] = needed;
      else if (steps[at] === OP.recirculate) steps[at + 2] = needed;
      // A body's copy ends with it; the packet that it is made from is needed.
      if (steps[at] === OP.end) needed = 0;
      else if (steps[at] !== OP.ctClear) needed = 1;
    }
  }

  /**
   * The finished translation. Steps behind the last effect go; a ct and a recirculation learn whether the frame is
   * needed behind them.
   */
  seal(headers: Headers): Translation {
    this.settleMeters(0);
    this.trim(0);
    this.unwrap();
    this.markNeeds();
    const steps = [...this.first.flatMap((cold) => [OP.effect, cold]), ...this.steps];
    const shape = shapeOf(headers.mask);
    return {
      steps,
      length: steps.length,
      shape,
      values: valuesFor(shape, headers.original),
      credits: this.credits,
      found: this.found,
      missed: this.missed,
      visited: this.visited,
      rewritten: headers.rewritten(),
      cold: [...this.first, ...this.coldIds],
      recirculations: this.recirculations,
    };
  }
}
