/**
 * Multipart table_features: OpenFlow 1.3.5 §7.3.5.5. All properties in both directions; unknown ones keep their bytes.
 * Which of them must be there, and what a table can do, is the agent's.
 */
import { OpenFlowError, type Reader, type Writer } from '../../bytes/index.js';
import { type Field, headerOf, type RawHeader } from '../../nxm/index.js';
import { multipart, rows } from '../kind.js';
import { struct, text, u8, u32, u64, writeSize } from '../struct.js';

/** An instruction or action by its number; an experimenter's id, and what it put behind that, are `data`. */
export interface FeatureId {
  readonly type: number;
  readonly data?: Uint8Array;
}

/** A field as it stands in lists of what can be matched or set: a TLV header without a value. */
export type OxmId = RawHeader;

const NUMBERS = {
  instructions: 0,
  instructions_miss: 1,
  next_tables: 2,
  next_tables_miss: 3,
  write_actions: 4,
  write_actions_miss: 5,
  apply_actions: 6,
  apply_actions_miss: 7,
  match: 8,
  wildcards: 10,
  write_setfield: 12,
  write_setfield_miss: 13,
  apply_setfield: 14,
  apply_setfield_miss: 15,
  experimenter: 0xfffe,
  experimenter_miss: 0xffff,
} as const;

type Miss<N extends string> = N | `${N}_miss`;

export type TableProperty =
  | { readonly type: Miss<'instructions' | 'write_actions' | 'apply_actions'>; readonly ids: readonly FeatureId[] }
  | { readonly type: Miss<'next_tables'>; readonly tables: readonly number[] }
  | {
      readonly type: 'match' | 'wildcards' | Miss<'write_setfield' | 'apply_setfield'>;
      readonly fields: readonly OxmId[];
    }
  | {
      readonly type: Miss<'experimenter'>;
      readonly experimenter: number;
      readonly expType: number;
      readonly data: Uint8Array;
    }
  | { readonly type: 'unknown'; readonly number: number; readonly data: Uint8Array };

export interface TableFeatures {
  readonly tableId: number;
  /** At most 31 bytes of UTF-8. */
  readonly name: string;
  /** Bits of metadata that can be matched and written. */
  readonly metadataMatch: bigint;
  readonly metadataWrite: bigint;
  readonly config: number;
  readonly maxEntries: number;
  readonly properties: readonly TableProperty[];
}

/** The id of a field in table features: the header that messages of OpenFlow 1.3 are written with. */
export function oxmId(field: Field, hasMask = false): OxmId {
  const { oxmClass, number, experimenter } = headerOf(field);
  return { oxmClass, number, experimenter, hasMask, length: hasMask ? 2 * field.bytes : field.bytes };
}

const NAMES = new Map<number, keyof typeof NUMBERS>(
  (Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]).map((name) => [NUMBERS[name], name]),
);

/** Reads a list to the reader's end; each item must move it on. */
function list<T>(r: Reader, read: (r: Reader) => T): T[] {
  const items: T[] = [];
  while (r.left > 0) items.push(read(r));
  return items;
}

function readId(r: Reader): FeatureId {
  const type = r.u16();
  const length = r.u16();
  if (length < 4 || length - 4 > r.left) throw r.error('OFPTFFC_BAD_LEN', `id ${type} of length ${length}`, 4);
  return length === 4 ? { type } : { type, data: r.take(length - 4) };
}

function writeId(w: Writer, { type, data }: FeatureId): void {
  w.u16(type).u16(4 + (data?.length ?? 0));
  if (data) w.put(data);
}

const EXPERIMENTER_CLASS = 0xffff;

/**
 * Controllers put 0 into the length of an id (Ryu does), so that it can't tell whether an experimenter's id follows.
 */
function readOxmId(r: Reader): OxmId {
  const oxmClass = r.u16('an OXM id');
  const second = r.u8('an OXM id');
  const length = r.u8('an OXM id');
  const hasMask = (second & 1) !== 0;
  if (oxmClass !== EXPERIMENTER_CLASS) return { oxmClass, number: second >> 1, experimenter: 0, hasMask, length };
  const experimenter = r.u32('an experimenter id');
  return { oxmClass, number: second >> 1, experimenter, hasMask, length: Math.max(0, length - 4) };
}

function writeOxmId(w: Writer, id: OxmId): void {
  const second = (id.number << 1) | (id.hasMask ? 1 : 0);
  if (id.oxmClass !== EXPERIMENTER_CLASS) w.u16(id.oxmClass).u8(second).u8(id.length);
  else
    w.u16(id.oxmClass)
      .u8(second)
      .u8(id.length + 4)
      .u32(id.experimenter);
}

function readPropertyBody(number: number, r: Reader): TableProperty {
  const type = NAMES.get(number);
  switch (type) {
    case undefined:
      return { type: 'unknown', number, data: r.rest() };
    case 'instructions':
    case 'instructions_miss':
    case 'write_actions':
    case 'write_actions_miss':
    case 'apply_actions':
    case 'apply_actions_miss':
      return { type, ids: list(r, readId) };
    case 'next_tables':
    case 'next_tables_miss':
      return { type, tables: [...r.rest()] };
    case 'experimenter':
    case 'experimenter_miss':
      return { type, experimenter: r.u32(), expType: r.u32(), data: r.rest() };
    default:
      return { type, fields: list(r, readOxmId) };
  }
}

const PROPERTY_HEADER = 4;

function readProperty(r: Reader): TableProperty {
  const at = r.at;
  const number = r.u16('a property');
  const length = r.u16('a property');
  if (length < PROPERTY_HEADER || length - PROPERTY_HEADER > r.left) {
    throw new OpenFlowError('OFPTFFC_BAD_LEN', `property ${number} of length ${length}, ${r.left + 4} bytes left`, at);
  }
  const property = readPropertyBody(number, r.sub(length - PROPERTY_HEADER));
  r.skip(-length & 7, 'padding of a property');
  return property;
}

function writeProperty(w: Writer, p: TableProperty): void {
  const start = w.at;
  w.u16(p.type === 'unknown' ? p.number : NUMBERS[p.type]).u16(0);
  if ('ids' in p) for (const id of p.ids) writeId(w, id);
  else if ('fields' in p) for (const id of p.fields) writeOxmId(w, id);
  else if ('tables' in p) w.put(Uint8Array.from(p.tables));
  else if (p.type === 'unknown') w.put(p.data);
  else w.u32(p.experimenter).u32(p.expType).put(p.data);
  writeSize(w, start, start + 2);
  w.pad(8, start);
}

/** What stands between a row's length and its properties. */
const head = struct<Omit<TableFeatures, 'properties'>>([
  ['tableId', u8],
  5,
  ['name', text(32)],
  ['metadataMatch', u64],
  ['metadataWrite', u64],
  ['config', u32],
  ['maxEntries', u32],
]);

const row = {
  read(all: Reader): TableFeatures {
    const length = all.peek16(0, 'table features');
    if (length < 2 + head.bytes || length % 8 !== 0 || length > all.left) {
      throw all.error('OFPTFFC_BAD_LEN', `table features of length ${length}, ${all.left} bytes are left`);
    }
    const r = all.sub(length, 'table features', 'OFPTFFC_BAD_LEN');
    r.skip(2);
    return { ...head.read(r), properties: list(r, readProperty) };
  },
  write(w: Writer, t: TableFeatures): void {
    const start = w.at;
    w.u16(0);
    head.write(w, t);
    for (const property of t.properties) writeProperty(w, property);
    writeSize(w, start);
  },
};

/** A request without rows asks; one with rows sets. */
export const tableFeatures = multipart('table_features', 12, rows(row), rows(row));
