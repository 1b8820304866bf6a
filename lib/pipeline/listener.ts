/**
 * What a trace hears of a translation while it is made: tables and flows, actions and what they change, buckets, and
 * remarks where something comes out otherwise than a reader of the flows may think. A listener only listens: with one
 * or without, the program is the same. What becomes of the frame is the datapath's; lib/trace makes one story of both.
 */
import type { Translation } from '../datapath/index.js';
import type { Action, Instructions } from '../nxm/index.js';
import type { Key } from '../packet/key.js';
import type { Flow } from './flow.js';
import type { Rest } from './frozen.js';
import type { Group } from './groups.js';
import type { Headers } from './headers.js';
import type { LearnedFlow } from './learner.js';

export interface TranslationListener {
  /** A translation begins: the packet's key as it came, and the headers as they will be followed. */
  began(key: Key, headers: Headers): void;
  /** It goes on from what was frozen at a recirculation. */
  resumed(rest: readonly Rest[]): void;
  /** A table was looked up; what follows until `done` is what its flow does. Null: no flow matched. */
  table(tableId: number, flow: Flow | null): void;
  /** An action begins; what follows until `done` belongs to it. */
  action(action: Action): void;
  /** An instruction that isn't a list of actions. */
  instruction(instruction: Instructions): void;
  /** The bucket of a group, by its place; what follows until `done` runs on a copy. */
  bucket(group: Group, place: number): void;
  /** The action set is run until `done`. */
  actionSet(): void;
  /** The innermost of those above is over. */
  done(): void;
  /** The packet teaches a flow (learn); false: more than its limit allows. */
  teaches(flow: LearnedFlow, added: boolean): void;
  /** A remark on where the translation stands. */
  note(text: string): void;
  finished(translation: Translation): void;
}
