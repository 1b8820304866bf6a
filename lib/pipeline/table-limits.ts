/**
 * What a controller has made of a flow table by a table-features request (OpenFlow 1.3.5 §7.3.5.5): flows that go
 * beyond it are refused. A table that nobody configured has no limits. Nicira's and ONF's actions, which table features
 * can't name, aren't limited.
 */
import { OpenFlowError } from '../bytes/index.js';
import { type Action, type Field, type Instructions, kindOf, type Match, meets } from '../nxm/index.js';
import { Key } from '../packet/key.js';
import type { Abilities, TableLimits } from './types.js';

const ALL_BITS = 0xffffffffffffffffn;

/** Throws OpenFlowError where a flow goes beyond its table's limits. */
export function checkLimits(limits: TableLimits, match: Match, priority: number, instructions: Instructions): void {
  const miss = priority === 0 && match.shape.words.length === 0;
  if (!miss) checkMatch(limits, match);
  checkAbilities(miss ? limits.miss : limits.hit, limits, instructions);
}

function checkMatch({ fields, wildcards, metadataMatch }: TableLimits, match: Match): void {
  const there = new Set<Field>();
  for (const { field, mask } of match.fields()) {
    const maskable = fields.get(field);
    if (maskable === undefined) {
      throw new OpenFlowError('OFPBMC_BAD_FIELD', `the table does not match ${field.name}`);
    }
    if (mask && !maskable) throw new OpenFlowError('OFPBMC_BAD_MASK', `the table does not mask ${field.name}`);
    if (field.name === 'metadata' && (mask ? bits(mask) : ALL_BITS) & ~metadataMatch) {
      throw new OpenFlowError('OFPBMC_BAD_MASK', 'the table does not match these bits of metadata');
    }
    there.add(field);
  }
  const value = new Key();
  const mask = new Key();
  match.expand(value, mask);
  for (const field of fields.keys()) {
    // A field that these packets don't have can't be asked for.
    if (there.has(field) || wildcards.has(field) || !meets(field.needs, value, mask)) continue;
    throw new OpenFlowError('OFPBMC_BAD_WILDCARDS', `the table needs ${field.name}`);
  }
}

function checkAbilities(can: Abilities, { metadataWrite }: TableLimits, i: Instructions): void {
  for (const [name, type] of INSTRUCTIONS) {
    if (i[name] !== undefined && !can.instructions.has(type)) {
      throw new OpenFlowError('OFPBIC_UNSUP_INST', `the table has no instruction ${name}`);
    }
  }
  if (i.goto !== undefined && !can.next.has(i.goto)) {
    throw new OpenFlowError('OFPBIC_BAD_TABLE_ID', `the table does not lead to table ${i.goto}`);
  }
  if (i.metadata && i.metadata.mask & ~metadataWrite) {
    throw new OpenFlowError('OFPBIC_UNSUP_METADATA_MASK', 'the table does not write these bits of metadata');
  }
  if (i.apply) checkActions(i.apply, can.applyActions, can.applyFields);
  if (i.write) checkActions(i.write, can.writeActions, can.writeFields);
}

/** OFPIT_*. */
const INSTRUCTIONS = [
  ['goto', 1],
  ['metadata', 2],
  ['write', 3],
  ['apply', 4],
  ['clear', 5],
  ['meter', 6],
] as const satisfies readonly (readonly [keyof Instructions, number])[];

function checkActions(actions: readonly Action[], types: ReadonlySet<number>, fields: ReadonlySet<Field>): void {
  for (const action of actions) {
    const kind = kindOf(action);
    const id = kind.form ? kind.form(action) : kind.ids[0];
    if (action.type === 'unknown' || id.vendor !== 0) continue;
    if (!types.has(id.number)) {
      throw new OpenFlowError('OFPBAC_BAD_TYPE', `the table has no action ${action.type}`);
    }
    if (action.type === 'set_field' && !fields.has(action.field)) {
      throw new OpenFlowError('OFPBAC_BAD_SET_TYPE', `the table does not set ${action.field.name}`);
    }
  }
}

function bits(bytes: Uint8Array): bigint {
  let number = 0n;
  for (const byte of bytes) number = (number << 8n) | BigInt(byte);
  return number;
}
