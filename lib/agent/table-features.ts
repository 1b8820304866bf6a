/**
 * What the switch's tables can do (OpenFlow 1.3.5 §7.3.5.5), derived from the fields and actions there are, and how a
 * table that nobody configured is described. ovs-ofctl asks in nearly every call and gives up unless all eight required
 * properties are there; those for table misses are left out, which says they are the same. What controllers make of
 * tables is tables.ts's.
 */
import { ACTION_KINDS, FIELDS, type Field } from '../nxm/index.js';
import { type FeatureId, oxmId, type TableFeatures, type TableProperty } from '../wire/index.js';

/** Flows that a table is said to hold. */
export const MAX_ENTRIES = 1_000_000;
export const ALL_BITS = 0xffffffffffffffffn;
/** OFPIT_*: goto_table, write_metadata, write_actions, apply_actions, clear_actions, meter. */
const GOTO_TABLE = 1;
const INSTRUCTIONS = [GOTO_TABLE, 2, 3, 4, 5, 6];

/** What any table can do. */
export interface Capabilities {
  readonly tables: number;
  /** Numbers of OFPIT_* and OFPAT_*, ascending. */
  readonly instructions: readonly number[];
  readonly actions: readonly number[];
  /** Fields with a place in the key, and a number of their own for 32-bit ports. */
  readonly matchable: readonly Field[];
  readonly settable: readonly Field[];
}

/** What a switch with so many tables can do. */
export function capabilitiesOf(tables: number): Capabilities {
  const matchable = FIELDS.filter((field) => field.slot !== null && field.headers.length > 0 && !field.port16);
  const actions = ACTION_KINDS.flatMap((kind) => kind.ids)
    .filter(({ vendor }) => vendor === 0)
    .map(({ number }) => number);
  const settable = matchable.filter(({ access }) => access === 'write' || access === 'set-field');
  return { tables, instructions: INSTRUCTIONS, actions: actions.sort((a, b) => a - b), matchable, settable };
}

/** All that a table can do, as a row of table features. */
export function fullFeatures(can: Capabilities, tableId: number): TableFeatures {
  const next = Array.from({ length: can.tables - tableId - 1 }, (_, i) => tableId + 1 + i);
  // The last table has nowhere to go to.
  const instructions = can.instructions.filter((type) => type !== GOTO_TABLE || next.length > 0);
  const properties: TableProperty[] = [
    { type: 'instructions', ids: instructions.map((type) => ({ type })) },
    { type: 'next_tables', tables: next },
    ...sharedProperties(can),
  ];
  return {
    tableId,
    name: '',
    metadataMatch: ALL_BITS,
    metadataWrite: ALL_BITS,
    config: 0,
    maxEntries: MAX_ENTRIES,
    properties,
  };
}

const shared = new WeakMap<Capabilities, readonly TableProperty[]>();

/** The properties that are the same for all tables. */
function sharedProperties(can: Capabilities): readonly TableProperty[] {
  const known = shared.get(can);
  if (known) return known;
  const ids: FeatureId[] = can.actions.map((type) => ({ type }));
  const settable = can.settable.map((field) => oxmId(field));
  const made: TableProperty[] = [
    { type: 'write_actions', ids },
    { type: 'apply_actions', ids },
    { type: 'match', fields: can.matchable.map((field) => oxmId(field, field.maskable)) },
    { type: 'wildcards', fields: can.matchable.map((field) => oxmId(field)) },
    { type: 'write_setfield', fields: settable },
    { type: 'apply_setfield', fields: settable },
  ];
  shared.set(can, made);
  return made;
}
