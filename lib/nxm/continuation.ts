/**
 * What a packet goes on with that a controller action has paused (ovs-actions(7), `controller` with `pause`): plain
 * data.
 */
import type { Action } from './actions/index.js';
import type { Instructions } from './instruction.js';

/** The rest of a list of actions and of the instructions behind it, and whose they are. */
export interface ContinuedList {
  readonly actions: readonly Action[];
  /** Instructions that follow; null: none. */
  readonly after: Instructions | null;
  readonly tableId: number;
  readonly cookie: bigint;
}

/** What a paused packet goes on with, beside what the packet-in itself says: frame, registers, tunnel, tracking. */
export interface Continuation {
  /** What is to be done, the innermost list first. */
  readonly rest: readonly ContinuedList[];
  readonly actionSet: readonly Action[];
  /** Values on the stack, the top last. */
  readonly stack: readonly bigint[];
  /** Does the packet keep what connection tracking found? */
  readonly tracked: boolean;
  /** The port that the packet came in at, whatever lookups see. */
  readonly inPort: number;
  /** The queue of outputs, plus 1; 0: none was set. */
  readonly queue: number;
}
