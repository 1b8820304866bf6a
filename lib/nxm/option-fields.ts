/**
 * Geneve options in flows, before and after they are mapped. On the wire and in texts a field tun_metadata<n> has no
 * place and no length of its own; a switch puts in what its TLV table says before it looks at a flow. What isn't mapped
 * is refused, as Open vSwitch does (NXFMFC_INVALID_TLV_FIELD).
 */
import { OpenFlowError } from '../bytes/index.js';
import type { Action } from './actions/index.js';
import { type Field, isUnmapped } from './field.js';
import { FIELDS } from './fields.js';
import type { FlowMod } from './flow-mod.js';
import type { GroupMod } from './group-mod.js';
import type { Instructions } from './instruction.js';
import { lastAsked } from './last-asked.js';
import { Match } from './match.js';
import type { FieldValue } from './oxm.js';
import type { TlvTable } from './tlv-table.js';

function isField(value: object): value is Field {
  return 'headers' in value && FIELDS[(value as Field).id]?.name === (value as Field).name;
}

/** Does a test hold for a field anywhere in actions? Looks at plain data of any shape. */
function someField(value: unknown, test: (field: Field) => boolean): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  if (isField(value)) return test(value);
  for (const name in value) if (someField((value as Record<string, unknown>)[name], test)) return true;
  return false;
}

/** The field with its place. Throws where it isn't mapped. */
function mapped(field: Field, table: TlvTable): Field {
  const mapping = table.at(field.option ?? 0);
  if (mapping) return mapping.field;
  throw new OpenFlowError('NXFMFC_INVALID_TLV_FIELD', `${field.name} is not mapped to a Geneve option`);
}

/** A value, or a mask, of a Geneve option as long as the option is. */
function fitted(bytes: Uint8Array, field: Field): Uint8Array {
  const more = bytes.length - field.bytes;
  if (more <= 0) {
    const longer = new Uint8Array(field.bytes);
    longer.set(bytes, -more);
    return longer;
  }
  if (bytes.subarray(0, more).every((byte) => byte === 0)) return bytes.slice(more);
  throw new OpenFlowError('OFPBMC_BAD_LEN', `${field.name} has ${field.bytes} bytes, not ${bytes.length}`);
}

function mappedValue(value: FieldValue, table: TlvTable): FieldValue {
  const field = mapped(value.field, table);
  const mask = value.mask && fitted(value.mask, field);
  return {
    ...value,
    field,
    value: fitted(value.value, field),
    mask: mask?.every((byte) => byte === 0xff) ? null : mask,
  };
}

/** A copy of plain data with each Geneve option in it mapped. */
function mappedData(value: unknown, table: TlvTable): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((each) => mappedData(each, table));
  if (isField(value)) return isUnmapped(value) ? mapped(value, table) : value;
  const { field, value: bytes } = value as Partial<FieldValue>;
  if (field && isUnmapped(field) && bytes instanceof Uint8Array) return mappedValue(value as FieldValue, table);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mappedData(each, table)]));
}

/** A value with its Geneve option mapped, where it is one. */
export function mapValue(value: FieldValue, table: TlvTable): FieldValue {
  return isUnmapped(value.field) ? mappedValue(value, table) : value;
}

/** The match with its Geneve options mapped; the same one where it has none. */
export function mapMatch(match: Match, table: TlvTable): Match {
  if (!match.options.some(({ field }) => isUnmapped(field))) return match;
  return Match.of(match.fields().map((value) => (isUnmapped(value.field) ? mappedValue(value, table) : value)));
}

const hasUnmapped = lastAsked((actions: object) => someField(actions, isUnmapped));

/** Actions, or instructions, with their Geneve options mapped; the same ones where they have none. */
export function mapActions<T extends readonly Action[] | Instructions>(actions: T, table: TlvTable): T {
  return hasUnmapped(actions) ? (mappedData(actions, table) as T) : actions;
}

/** A change of flows with its Geneve options mapped. */
export function mapFlowMod(change: FlowMod, table: TlvTable): FlowMod {
  const match = mapMatch(change.match, table);
  const instructions = mapActions(change.instructions, table);
  return match === change.match && instructions === change.instructions ? change : { ...change, match, instructions };
}

/** A change of groups with its Geneve options mapped. */
export function mapGroupMod(change: GroupMod, table: TlvTable): GroupMod {
  const unmapped = change.buckets.some(({ actions }) => someField(actions, isUnmapped));
  if (!unmapped) return change;
  const buckets = change.buckets.map((bucket) => ({ ...bucket, actions: mapActions(bucket.actions, table) }));
  return { ...change, buckets };
}

/** Does a match, or do actions or instructions, name the Geneve option tun_metadata<index>? */
export function namesOption(what: Match | readonly Action[] | Instructions, index: number): boolean {
  if (what instanceof Match) return what.options.some(({ field }) => field.option === index);
  return someField(what, ({ option }) => option === index);
}
