/** dump-table-features, in ovs-ofctl's layout with every field by its whole name; mod-table, which names a table. */
import { fieldOf } from '../nxm/index.js';
import type { OxmId, TableFeatures, TableProperty } from '../wire/index.js';
import { actionNamesOf, instructionNamesOf } from './ability-names.js';
import type { Command, Scene } from './command.js';
import { Misuse } from './outcome.js';
import { dittos } from './switch-facts.js';

interface Abilities {
  readonly instructions: readonly string[];
  readonly next_tables: readonly number[];
  readonly write_actions: readonly string[];
  readonly apply_actions: readonly string[];
  readonly write_setfield: readonly string[];
  readonly apply_setfield: readonly string[];
}

function nameOf({ oxmClass, number, experimenter }: OxmId): string {
  const known = fieldOf(oxmClass, number, experimenter);
  return known?.name ?? `0x${oxmClass.toString(16)}/${number}`;
}

/** The properties with a name, or those for the table-miss flow; a list that isn't sent is the one of other flows. */
function abilities(features: TableFeatures, miss: boolean): Abilities {
  const find = (name: string): TableProperty | undefined => {
    const { properties } = features;
    const own = miss ? properties.find(({ type }) => type === `${name}_miss`) : undefined;
    return own ?? properties.find(({ type }) => type === name);
  };
  const ids = (name: string): number[] => {
    const property = find(name);
    return property && 'ids' in property ? property.ids.map(({ type }) => type) : [];
  };
  const fieldNames = (name: string): string[] => {
    const property = find(name);
    return property && 'fields' in property ? property.fields.map(nameOf) : [];
  };
  const next = find('next_tables');
  return {
    instructions: instructionNamesOf(ids('instructions')),
    next_tables: next && 'tables' in next ? next.tables : [],
    write_actions: actionNamesOf(ids('write_actions')),
    apply_actions: actionNamesOf(ids('apply_actions')),
    write_setfield: fieldNames('write_setfield'),
    apply_setfield: fieldNames('apply_setfield'),
  };
}

interface Matching {
  /** Fields with any mask; whole or left out; always whole. */
  readonly masked: readonly string[];
  readonly optional: readonly string[];
  readonly required: readonly string[];
}

function matching({ properties }: TableFeatures): Matching {
  const fieldsOf = (name: string): readonly OxmId[] => {
    const property = properties.find(({ type }) => type === name);
    return property && 'fields' in property ? property.fields : [];
  };
  const wildcards = new Set(fieldsOf('wildcards').map(nameOf));
  const fields = fieldsOf('match');
  const whole = fields.filter(({ hasMask }) => !hasMask).map(nameOf);
  return {
    masked: fields.filter(({ hasMask }) => hasMask).map(nameOf),
    optional: whole.filter((name) => wildcards.has(name)),
    required: whole.filter((name) => !wildcards.has(name)),
  };
}

/** "1-253", "1,4-5". */
function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && last[1] + 1 === number) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

function actionLines(title: string, actions: readonly string[], fields: readonly string[]): string[] {
  if (actions.length + fields.length === 0) return [];
  const lines = [`      ${title} features:`];
  if (actions.length > 0) lines.push(`        actions: ${actions.join(' ')}`);
  if (fields.length > 0) lines.push(`        supported on Set-Field: ${fields.join(' ')}`);
  return lines;
}

function abilityLines(title: string, a: Abilities): string[] {
  const lines = [`    instructions (${title}):`];
  if (a.next_tables.length > 0) lines.push(`      next tables: ${ranges(a.next_tables)}`);
  if (a.instructions.length > 0) lines.push(`      instructions: ${a.instructions.join(' ')}`);
  const write = actionLines('Write-Actions', a.write_actions, a.write_setfield);
  const apply = actionLines('Apply-Actions', a.apply_actions, a.apply_setfield);
  if (write.slice(1).join() !== apply.slice(1).join()) return [...lines, ...write, ...apply];
  return [...lines, ...actionLines('Write-Actions and Apply-Actions', a.write_actions, a.write_setfield)];
}

function textOf(features: TableFeatures): string {
  const lines: string[] = [];
  const { metadataMatch, metadataWrite, maxEntries } = features;
  if (metadataMatch || metadataWrite) {
    lines.push(`    metadata: match=0x${metadataMatch.toString(16)} write=0x${metadataWrite.toString(16)}`);
  }
  if (maxEntries !== 0) lines.push(`    max_entries=${maxEntries}`);
  const [hit, miss] = [abilities(features, false), abilities(features, true)];
  if (JSON.stringify(hit) === JSON.stringify(miss)) {
    lines.push(...abilityLines('table miss and others', hit));
  } else {
    lines.push(...abilityLines('other than table miss', hit), ...abilityLines('table miss', miss));
  }
  const { masked, optional, required } = matching(features);
  lines.push('    matching:');
  if (masked.length > 0) lines.push(`      arbitrary mask: ${masked.join(' ')}`);
  if (optional.length > 0) lines.push(`      exact match or wildcard: ${optional.join(' ')}`);
  if (required.length > 0) lines.push(`      must exact match: ${required.join(' ')}`);
  return lines.join('\n');
}

/** What is the same for tables that differ only in which tables come behind them. */
function keyOf(features: TableFeatures): string {
  const { tableId, properties } = features;
  const same = properties.map((property) => {
    if (!('tables' in property) || property.tables.length === 0) return property;
    const behind = property.tables.every((table, i) => table === tableId + 1 + i);
    return behind ? { type: property.type, behind: property.tables.at(-1) } : property;
  });
  const big = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  return JSON.stringify({ ...features, tableId: 0, name: '', properties: same }, big);
}

async function dump({ client, print }: Scene): Promise<void> {
  const rows = await client.list({ kind: 'table_features', rows: [] });
  if (!print.json) {
    print.say(dittos(rows.map((row) => ({ table: row.tableId, name: row.name, text: textOf(row), key: keyOf(row) }))));
    return;
  }
  for (const row of rows) {
    print.tell('table-features@1', {
      table_id: row.tableId,
      name: row.name,
      max_entries: row.maxEntries,
      metadata_match: `0x${row.metadataMatch.toString(16)}`,
      metadata_write: `0x${row.metadataWrite.toString(16)}`,
      matching: matching(row),
      others: abilities(row, false),
      table_miss: abilities(row, true),
    });
  }
}

/** Bytes of a table's name, without the zero behind it. */
const MAX_NAME_BYTES = 31;

async function modTable({ client }: Scene, [table, setting]: readonly string[]): Promise<void> {
  const name = /^name:(.*)$/.exec(setting)?.[1];
  if (name === undefined) {
    throw new Misuse(`"${setting}" is no setting of a table: in OpenFlow 1.3 there is name:NAME`);
  }
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new Misuse(`a name has at most ${MAX_NAME_BYTES} bytes`);
  const rows = await client.list({ kind: 'table_features', rows: [] });
  const own = rows.find((row) => String(row.tableId) === table || row.name === table);
  if (!own) throw new Misuse(`the switch has no table "${table}"`);
  // What isn't sent again is switched off (OpenFlow 1.3.5, "Table Features").
  await client.sendRows(rows.map((row) => (row === own ? { ...row, name } : row)));
}

export const TABLE_COMMANDS: readonly Command[] = [
  { name: 'dump-table-features', about: 'what flows of each table may match and do', run: dump },
  { name: 'mod-table', args: 'TABLE name:NAME', count: [2, 2], about: 'give a table a name', run: modTable },
];
