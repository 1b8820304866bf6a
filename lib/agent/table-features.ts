/**
 * What each table can do (OpenFlow 1.3.5 §7.3.5.5), derived from the fields and actions there are. ovs-ofctl asks in
 * nearly every call and gives up unless all eight required properties are there; those for table misses are left out,
 * which says they are the same.
 */
import { ACTION_KINDS, FIELDS, type Field } from '../nxm/index.js';
import { encodeRows, type FeatureId, oxmId, type TableFeatures, type TableProperty } from '../wire/index.js';
import { isShown, type Profile } from './profile.js';

/** Flows that a table is said to hold. */
const MAX_ENTRIES = 1_000_000;
const ALL_BITS = 0xffffffffffffffffn;
/** OFPIT_*: goto_table, write_metadata, write_actions, apply_actions, clear_actions. */
const GOTO_TABLE = 1;
const INSTRUCTIONS = [GOTO_TABLE, 2, 3, 4, 5];
/** Actions that messages may carry but no flow may have yet. */
const NOT_YET: readonly string[] = ['group'];

/** Reply messages with the features of `tables` tables; their xid is 0. */
export function tableFeatureReplies(tables: number, profile: Profile): Uint8Array[] {
  return [...encodeRows('table_features', 0, features(tables, profile))];
}

function* features(tables: number, profile: Profile): Generator<TableFeatures> {
  const fields = FIELDS.filter((field) => isMatchable(field) && isShown(profile, field));
  const shared = sharedProperties(fields);
  for (let tableId = 0; tableId < tables; tableId++) {
    yield {
      tableId,
      name: '',
      metadataMatch: ALL_BITS,
      metadataWrite: ALL_BITS,
      config: 0,
      maxEntries: MAX_ENTRIES,
      properties: [...ownProperties(tableId, tables), ...shared],
    };
  }
}

/** Has it a place in the key, and a number of its own for 32-bit ports? */
function isMatchable(field: Field): boolean {
  return field.slot !== null && field.headers.length > 0 && !field.port16;
}

/** The last table has nowhere to go to. */
function ownProperties(tableId: number, tables: number): TableProperty[] {
  const next = Array.from({ length: tables - tableId - 1 }, (_, i) => tableId + 1 + i);
  const instructions = INSTRUCTIONS.filter((type) => type !== GOTO_TABLE || next.length > 0);
  return [
    { type: 'instructions', ids: instructions.map((type) => ({ type })) },
    { type: 'next_tables', tables: next },
  ];
}

function sharedProperties(fields: readonly Field[]): TableProperty[] {
  const ids: FeatureId[] = ACTION_KINDS.filter(({ type }) => !NOT_YET.includes(type))
    .flatMap((kind) => kind.ids)
    .filter(({ vendor }) => vendor === 0)
    .map(({ number }) => ({ type: number }));
  ids.sort((a, b) => a.type - b.type);
  const settable = fields.filter(({ access }) => access === 'write').map((field) => oxmId(field));
  return [
    { type: 'write_actions', ids },
    { type: 'apply_actions', ids },
    { type: 'match', fields: fields.map((field) => oxmId(field, field.maskable)) },
    { type: 'wildcards', fields: fields.map((field) => oxmId(field)) },
    { type: 'write_setfield', fields: settable },
    { type: 'apply_setfield', fields: settable },
  ];
}
