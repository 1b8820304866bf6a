/**
 * Paused packets: what one goes on with, as plain data for its controllers and back again. Nothing is kept here: a
 * packet that no controller sends back is gone.
 */
import type { ControllerCold } from '../datapath/index.js';
import {
  type Action,
  type Continuation,
  type ContinuedList,
  type FieldValue,
  type Instructions,
  Match,
  mapActions,
  mapValue,
  storeValue,
  type TlvTable,
} from '../nxm/index.js';
import { GROUPS, Key, slots } from '../packet/key.js';
import { Flow } from './flow.js';
import type { Frozen, Rest } from './frozen.js';

/** What the packet of a packet-in goes on with; null: it doesn't wait. */
export function continuationOf(cold: ControllerCold, key: Key): Continuation | null {
  if (cold.paused === null) return null;
  const { rest, actionSet, stack, tracked, words } = cold.paused as Frozen;
  const queueWord = slots.skb_priority.at >> 2;
  return {
    rest: rest.map(({ actions, after, tableId, flow }) => ({ actions, after, tableId, cookie: flow?.cookie ?? 0n })),
    actionSet,
    stack,
    tracked: tracked && key.get(slots.ct_state) !== 0,
    inPort: key.get(slots.in_port),
    queue: numberAt(words, queueWord),
  };
}

/** A number of the flow key, whose bytes stand in network order. */
function numberAt(words: Frozen['words'], word: number): number {
  const key = new Key();
  for (const [at, value] of words) if (at === word) key.words[at] = value;
  return key.get(slots.skb_priority);
}

/** What a packet has that comes back: its fields in a key, and what it goes on with. */
export interface Resumed {
  readonly fields: Key;
  readonly frozen: Frozen;
}

/** The other way. Throws OpenFlowError for fields that mean nothing here. */
export function resumed(values: readonly FieldValue[], c: Continuation, table: TlvTable): Resumed {
  const key = new Key();
  key.set(slots.in_port, c.inPort);
  for (const value of values) {
    const { field, value: bytes } = mapValue(value, table);
    storeValue(key, field, bytes);
  }
  key.set(slots.skb_priority, c.queue);
  const words: [number, number][] = [];
  for (let word = GROUPS.pipeline[0]; word < GROUPS.pipeline[1]; word++) {
    if (key.words[word] !== 0) words.push([word, key.words[word]]);
  }
  const frozen: Frozen = {
    rest: c.rest.map((list) => restOf(list, table)),
    tracked: c.tracked,
    inPort: key.get(slots.in_port),
    packetType: key.get(slots.packet_type),
    words,
    actionSet: mapActions(c.actionSet, table),
    stack: c.stack,
  };
  return { fields: key, frozen };
}

/** Packet-ins behind it name a flow of this cookie; nothing else is left of it. */
function restOf({ actions, after, tableId, cookie }: ContinuedList, table: TlvTable): Rest {
  const flow = new Flow(tableId, 1, Match.all, {}, cookie, 0, 0, 0, 0);
  return { actions: mapActions(actions, table), after: after && mapActions(after, table), tableId, flow };
}

/** All actions that a packet could run when it goes on, to be checked. */
export function actionsOf({ rest, actionSet }: Continuation): Action[] {
  const behind = ({ after }: { readonly after: Instructions | null }) => [
    ...(after?.apply ?? []),
    ...(after?.write ?? []),
  ];
  return [...rest.flatMap((list) => [...list.actions, ...behind(list)]), ...actionSet];
}
