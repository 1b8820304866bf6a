/** Every multipart: the table that bodies are read and written by, and the types of requests and replies. */
import type { Body, Extension, Rows, RowsBody } from '../kind.js';
import { desc } from './desc.js';
import { experimenterMultipart } from './experimenter.js';
import { aggregate, flow } from './flow.js';
import { flowMonitor } from './flow-monitor.js';
import { group, groupDesc, groupFeatures } from './group.js';
import { meter, meterConfig, meterFeatures } from './meter.js';
import { portDesc, portStats } from './port.js';
import { queue } from './queue.js';
import { table } from './table.js';
import { tableFeatures } from './table-features.js';

/** Kind → its number and bodies. */
export const MULTIPARTS = {
  desc,
  flow,
  aggregate,
  table,
  port_stats: portStats,
  queue,
  group,
  group_desc: groupDesc,
  group_features: groupFeatures,
  meter,
  meter_config: meterConfig,
  meter_features: meterFeatures,
  table_features: tableFeatures,
  port_desc: portDesc,
  experimenter: experimenterMultipart,
  flow_monitor: flowMonitor,
} as const;

type Multiparts = typeof MULTIPARTS;
/** OFPMP_* by name. */
export type MultipartName = keyof Multiparts;

type BodyOf<B> = B extends Body<infer T> ? T : never;
/** A body with the name that tells which it is. */
type Named<Side extends 'request' | 'reply'> = {
  [K in MultipartName]: { readonly kind: K } & BodyOf<Multiparts[K][Side]>;
}[MultipartName];

/** What a multipart request asks: `kind`, and what belongs to it. */
export type RequestBody = Named<'request'>;
/** What a multipart reply says: `kind`, and `rows` or the members of the one struct that it is. */
export type ReplyBody = Named<'reply'>;

/** The kinds whose replies are lists. */
export type RowsName = {
  [K in MultipartName]: BodyOf<Multiparts[K]['reply']> extends Rows<unknown> ? K : never;
}[MultipartName];
/** A row of such a reply. */
export type RowOf<K extends RowsName> = BodyOf<Multiparts[K]['reply']> extends Rows<infer T> ? T : never;

/** How a row is written where a body is a list, else undefined. */
export function rowsOf(body: Body<unknown>): RowsBody<unknown> | undefined {
  return 'writeRow' in body ? (body as RowsBody<unknown>) : undefined;
}

type AnyMultipart = Multiparts[MultipartName];
const all: readonly (AnyMultipart & { readonly extension?: Extension })[] = Object.values(MULTIPARTS);
const byNumber = new Map<number, AnyMultipart>(
  all.filter(({ extension }) => !extension).map((kind) => [kind.number, kind]),
);

/** The multipart of an experimenter, where it is known. */
export function multipartExtensionOf(experimenter: number, expType: number): AnyMultipart | undefined {
  return all.find((kind) => kind.extension?.experimenter === experimenter && kind.extension.expType === expType);
}

/** The multipart of a number on the wire. */
export function multipartOf(number: number): Multiparts[MultipartName] | undefined {
  return byNumber.get(number);
}
