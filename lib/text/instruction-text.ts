/**
 * A flow's instructions as ovs-ofctl reads and writes them:
 * "meter:1,set_field:5->reg0,clear_actions,write_actions(output:2), write_metadata:0x5/0xff,goto_table:3". Plain
 * actions are Apply-Actions. Each kind may come once, in the order in which they run (OpenFlow 1.3.5 §5.9).
 */
import {
  type Action,
  besideConjunction,
  checkOutside,
  formatActions,
  type Instructions,
  type KeyValue,
  keyValues,
  type PacketFacts,
  PLAIN_NAMES,
  parseAction,
  parseActions,
  parseNumber,
  parseTable,
  type TextNames,
} from '../nxm/index.js';
import { hexadecimal } from './match-printer.js';
import { mistake, type Place } from './place.js';

const ALL_ONES = 0xffffffffffffffffn;

/** A 64-bit number of a text, "-1" being all ones; null where it is none. */
export function parseNumber64(text: string): bigint | null {
  const number = /^-\d+$/.test(text) ? BigInt.asUintN(64, BigInt(text)) : parseNumber(text);
  return number === null || number > ALL_ONES ? null : number;
}

type Draft = { -readonly [K in keyof Instructions]: Instructions[K] };

interface Context {
  readonly place: Place;
  readonly facts: PacketFacts;
}

interface Kind {
  /** When it runs: kinds come in this order. */
  readonly order: number;
  read(part: KeyValue, draft: Draft, context: Context): void;
}

const APPLY = 1;

function metadata(part: KeyValue, place: Place): { value: bigint; mask: bigint } {
  const [valueText, maskText] = part.value.split('/', 2);
  const value = parseNumber64(valueText);
  const mask = maskText === undefined ? ALL_ONES : parseNumber64(maskText);
  if (value === null || mask === null) throw mistake(place, part.valueAt, `"${part.value}" is no VALUE or VALUE/MASK`);
  return { value, mask };
}

const KINDS: Readonly<Record<string, Kind>> = {
  meter: {
    order: 0,
    read({ value, valueAt }, draft, { place }) {
      const number = parseNumber(value);
      if (number === null || number > 0xffffffffn) throw mistake(place, valueAt, `"${value}" is no meter id`);
      draft.meter = Number(number);
    },
  },
  clear_actions: {
    order: 2,
    read(_, draft) {
      draft.clear = true;
    },
  },
  write_actions: {
    order: 3,
    read(part, draft, { place, facts }) {
      const actions = parseActions(part.value, { ...place, column: place.column + part.valueAt, facts });
      if (actions.length > 0) draft.write = actions;
    },
  },
  write_metadata: {
    order: 4,
    read(part, draft, { place }) {
      draft.metadata = metadata(part, place);
    },
  },
  goto_table: {
    order: 5,
    read({ value, valueAt }, draft, { place }) {
      const table = parseTable(value, place.tables);
      if (table === null) throw mistake(place, valueAt, `"${value}" is no table`);
      draft.goto = table;
    },
  },
};
const NAMES = ['meter', 'the other actions', 'clear_actions', 'write_actions', 'write_metadata', 'goto_table'];

/** Checks that `next` may follow what ran last. */
function checkOrder(last: number, next: number, part: KeyValue, place: Place): void {
  if (next > last || (next === last && next === APPLY)) return;
  const why =
    next === last
      ? `${NAMES[next]} comes twice`
      : `invalid order: ${next === APPLY ? part.key : NAMES[next]} must come before ${NAMES[last]}`;
  throw mistake(place, part.keyAt, why);
}

/** Reads what follows "actions=". Throws TextError. */
export function parseInstructions(text: string, place: Place, facts: PacketFacts): Instructions {
  const draft: Draft = {};
  const apply: Action[] = [];
  let last = -1;
  let drop: KeyValue | null = null;
  let count = 0;
  for (const part of keyValues(text)) {
    count++;
    const name = part.key.toLowerCase();
    if (name === 'drop') {
      drop = part;
      continue;
    }
    if (name === 'apply_actions') {
      throw mistake(place, part.keyAt, 'apply_actions is what plain actions are: leave it out');
    }
    const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
    if (kind && !part.closed) throw mistake(place, part.keyAt, `"${part.key}(" has no ")"`);
    const order = kind ? kind.order : APPLY;
    checkOrder(last, order, part, place);
    last = order;
    if (kind) {
      kind.read(part, draft, { place, facts });
      continue;
    }
    for (const action of parseAction(part, { ...place, facts })) {
      checkOutside(action, part, place);
      apply.push(action);
    }
  }
  if (drop && count > 1) throw mistake(place, drop.keyAt, 'drop stands alone, without any other action');
  const instructions = apply.length > 0 ? { ...draft, apply } : draft;
  const beside = besideConjunction(instructions);
  if (beside === null) return instructions;
  throw mistake(place, text.search(/\S/), `beside conjunction only note may stand, not ${beside}`);
}

/** Instructions as ovs-ofctl prints them; "drop" for none. */
export function formatInstructions(i: Instructions, names: TextNames = PLAIN_NAMES): string {
  const parts: string[] = [];
  if (i.meter !== undefined) parts.push(`meter:${i.meter}`);
  if (i.apply && i.apply.length > 0) parts.push(formatActions(i.apply, names));
  if (i.clear) parts.push('clear_actions');
  if (i.write) parts.push(`write_actions(${i.write.length > 0 ? formatActions(i.write, names) : 'drop'})`);
  if (i.metadata) {
    const { value, mask } = i.metadata;
    parts.push(`write_metadata:${hexadecimal(value)}${mask === ALL_ONES ? '' : `/${hexadecimal(mask)}`}`);
  }
  if (i.goto !== undefined) parts.push(`goto_table:${names.table(i.goto)}`);
  return parts.length > 0 ? parts.join(',') : 'drop';
}
