/**
 * Table-features requests with a body (OpenFlow 1.3.5 §7.3.5.5): checked whole against what the switch can do, before
 * anything changes, and read into the limits that flow-mods are held to. Metadata has all its 64 bits, so the only mask
 * that is wrong is none at all where metadata is to be matched.
 */
import { NX, ONF, OpenFlowError } from '../bytes/index.js';
import { type Field, fieldOf } from '../nxm/index.js';
import type { Abilities, TableLimits } from '../pipeline/types.js';
import type { FeatureId, OxmId, TableFeatures, TableProperty } from '../wire/index.js';
import type { Capabilities } from './table-features.js';

/** OFPTC_DEPRECATED_MASK: bits that older versions gave a meaning. */
export const CONFIG_BITS = 3;
const EXPERIMENTER = 0xffff;

type PropertyType = TableProperty['type'];
const REQUIRED: readonly PropertyType[] = [
  'instructions',
  'next_tables',
  'write_actions',
  'apply_actions',
  'match',
  'wildcards',
  'write_setfield',
  'apply_setfield',
];

const wrong = (tableId: number, why: string): OpenFlowError =>
  new OpenFlowError('OFPTFFC_BAD_ARGUMENT', `table ${tableId}: ${why}`, 16);

/** Throws BAD_TABLE, BAD_METADATA, BAD_TYPE, BAD_ARGUMENT or EPERM unless the switch can have these tables. */
export function checkTables(rows: readonly TableFeatures[], can: Capabilities): void {
  const tables = new Set<number>();
  for (const { tableId } of rows) {
    if (tableId >= can.tables) throw new OpenFlowError('OFPTFFC_BAD_TABLE', `there is no table ${tableId}`, 16);
    if (tables.has(tableId)) throw new OpenFlowError('OFPTFFC_BAD_TABLE', `table ${tableId} comes twice`, 16);
    tables.add(tableId);
  }
  if (!tables.has(0)) throw new OpenFlowError('OFPTFFC_EPERM', 'table 0, where packets begin, can not be removed', 16);
  for (const row of rows) checkRow(row, tables, can);
}

function checkRow(row: TableFeatures, tables: ReadonlySet<number>, can: Capabilities): void {
  const { tableId, config, metadataMatch, properties } = row;
  if (config & ~CONFIG_BITS) throw wrong(tableId, `unknown configuration bits 0x${(config >>> 0).toString(16)}`);
  const there = new Set<PropertyType>();
  for (const property of properties) {
    if (there.has(property.type)) throw wrong(tableId, `the property ${property.type} comes twice`);
    there.add(property.type);
    checkProperty(property, tableId, tables, can);
  }
  const missing = REQUIRED.filter((type) => !there.has(type));
  if (missing.length > 0) throw wrong(tableId, `it lacks the properties ${missing.join(', ')}`);
  if (metadataMatch === 0n && fieldsOf(properties, 'match').some((id) => fieldOfId(id)?.name === 'metadata')) {
    throw new OpenFlowError('OFPTFFC_BAD_METADATA', `table ${tableId} matches metadata, and no bit of it`, 16);
  }
}

function checkProperty(p: TableProperty, tableId: number, tables: ReadonlySet<number>, can: Capabilities): void {
  if (p.type === 'unknown' || p.type === 'experimenter' || p.type === 'experimenter_miss') {
    const what = p.type === 'unknown' ? `property ${p.number}` : `a property of experimenter ${p.experimenter}`;
    throw new OpenFlowError('OFPTFFC_BAD_TYPE', `table ${tableId} has ${what}`, 16);
  }
  if ('tables' in p) {
    const bad = p.tables.find((next) => next <= tableId || !tables.has(next));
    if (bad !== undefined) throw wrong(tableId, `${p.type} has table ${bad}`);
  } else if ('ids' in p) {
    const known = p.type.startsWith('instructions') ? can.instructions : can.actions;
    const bad = p.ids.find((id) => !known.includes(id.type) && !isKnownExperimenter(id));
    if (bad) throw wrong(tableId, `${p.type} has ${bad.type}, which is not supported`);
  } else if ('fields' in p) {
    for (const id of p.fields) checkField(id, p.type, tableId, can);
  }
}

function checkField(id: OxmId, type: string, tableId: number, can: Capabilities): void {
  const field = fieldOfId(id);
  const known = type.includes('setfield') ? can.settable : can.matchable;
  if (!field || !known.includes(field)) {
    const name = field?.name ?? `field ${id.number} of class 0x${id.oxmClass.toString(16)}`;
    throw wrong(tableId, `${type} has ${name}, which is not supported`);
  }
  if (type === 'match' && id.hasMask && !field.maskable) throw wrong(tableId, `${field.name} can not be masked`);
}

/** Nicira's and ONF's actions are named by nothing but their experimenter. */
function isKnownExperimenter({ type, data }: FeatureId): boolean {
  if (type !== EXPERIMENTER || !data || data.length < 4) return false;
  const id = new DataView(data.buffer, data.byteOffset).getUint32(0);
  return id === NX || id === ONF;
}

/** The field that an id in table features names. */
export function fieldOfId(id: OxmId): Field | undefined {
  return fieldOf(id.oxmClass, id.number, id.experimenter);
}

function fieldsOf(properties: readonly TableProperty[], type: PropertyType): readonly OxmId[] {
  const p = properties.find((each) => each.type === type);
  return p && 'fields' in p ? p.fields : [];
}

function fieldSet(properties: readonly TableProperty[], type: PropertyType): Set<Field> {
  return new Set(fieldsOf(properties, type).map((id) => fieldOfId(id) as Field));
}

function numberSet(properties: readonly TableProperty[], type: PropertyType): Set<number> {
  const p = properties.find((each) => each.type === type);
  if (p && 'tables' in p) return new Set(p.tables);
  return new Set(p && 'ids' in p ? p.ids.map((id) => id.type) : []);
}

/** The limits that a checked row asks for. */
export function limitsOf({ metadataMatch, metadataWrite, properties }: TableFeatures): TableLimits {
  const fields = fieldsOf(properties, 'match').map((id) => [fieldOfId(id) as Field, id.hasMask] as const);
  return {
    fields: new Map(fields),
    wildcards: fieldSet(properties, 'wildcards'),
    metadataMatch,
    metadataWrite,
    hit: abilities(properties, (type) => type),
    // What isn't said of the table-miss flow is as for the others.
    miss: abilities(properties, (type) => {
      const own = `${type}_miss` as PropertyType;
      return properties.some((p) => p.type === own) ? own : type;
    }),
  };
}

function abilities(properties: readonly TableProperty[], as: (type: PropertyType) => PropertyType): Abilities {
  return {
    instructions: numberSet(properties, as('instructions')),
    next: numberSet(properties, as('next_tables')),
    applyActions: numberSet(properties, as('apply_actions')),
    writeActions: numberSet(properties, as('write_actions')),
    applyFields: fieldSet(properties, as('apply_setfield')),
    writeFields: fieldSet(properties, as('write_setfield')),
  };
}

/** What a row says a table can do, as a text: two rows that say the same give the same, in whatever order. */
export function capabilityText({ metadataMatch, metadataWrite, properties }: TableFeatures): string {
  const lists = properties.map((p) => {
    if ('tables' in p) return `${p.type} ${sorted(p.tables)}`;
    if ('ids' in p) return `${p.type} ${sorted(p.ids.map(({ type }) => type))}`;
    if (!('fields' in p)) return p.type;
    // Only a match says which fields may be masked.
    const ids = p.fields.map((id) => 2 * (fieldOfId(id)?.id ?? -1) + (p.type === 'match' && id.hasMask ? 1 : 0));
    return `${p.type} ${sorted(ids)}`;
  });
  return [metadataMatch, metadataWrite, ...lists.sort()].join('\n');
}

const sorted = (numbers: readonly number[]): string => [...numbers].sort((a, b) => a - b).join();
