/** A program while it is made: its steps, its cold arguments, whom it counts for, and what it depends on. */
import type { Cold, ColdStore, ControllerCold, Credit, Lookup, Translation } from '../datapath/index.js';
import { OP, STEP_WORDS } from '../datapath/index.js';
import { SPECIAL } from '../packet/rewrite.js';
import { shapeOf, valuesFor } from '../packet/shape.js';
import type { Headers } from './headers.js';

/** Steps that somebody outside notices. */
const EFFECTS = new Set<number>([OP.output, OP.controller, OP.learn, OP.ct, OP.ctClear, OP.recirculate]);

export class ProgramBuilder {
  private steps: number[] = [];
  /** Where the last step begins, -1 none. */
  private last = -1;
  private coldIds: number[] = [];
  private recirculations: number[] = [];
  private credits: Credit[] = [];
  private found: Lookup[] = [];
  private missed: Lookup[] = [];
  private visited = new Uint32Array(8);

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

  ct(cold: Cold, recirculation: number): void {
    if (recirculation) this.recirculations.push(recirculation);
    this.step(OP.ct, this.keep(cold), recirculation, 0);
  }

  /** The packet goes on from a frozen state. */
  recirculate(id: number): void {
    this.recirculations.push(id);
    this.step(OP.recirculate, id, 0);
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

  /** The finished translation. Steps behind the last effect go; a ct learns whether the frame is needed behind it. */
  seal(headers: Headers): Translation {
    const starts: number[] = [];
    let length = 0;
    for (let at = 0; at < this.steps.length; at += STEP_WORDS[this.steps[at]]) {
      starts.push(at);
      if (EFFECTS.has(this.steps[at])) length = at + STEP_WORDS[this.steps[at]];
    }
    this.steps.length = length;
    let needed = 0;
    for (const at of starts.filter((start) => start < length).reverse()) {
      if (this.steps[at] === OP.ct) this.steps[at + 3] = needed;
      else if (this.steps[at] === OP.recirculate) this.steps[at + 2] = needed;
      if (this.steps[at] !== OP.ctClear) needed = 1;
    }
    const shape = shapeOf(headers.mask);
    return {
      steps: this.steps,
      length,
      shape,
      values: valuesFor(shape, headers.original),
      credits: this.credits,
      found: this.found,
      missed: this.missed,
      visited: this.visited,
      rewritten: headers.rewritten(),
      cold: this.coldIds,
      recirculations: this.recirculations,
    };
  }
}
