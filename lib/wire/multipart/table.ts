/** Multipart table: OpenFlow 1.3.5 §7.3.5.4. */
import { multipart, nothing, rows } from '../kind.js';
import { counter, struct, u8, u32 } from '../struct.js';

export interface TableStats {
  readonly tableId: number;
  /** Flows in it. */
  readonly active: number;
  /** Packets that were looked up, and those that hit a flow; null: not counted. */
  readonly lookups: number | null;
  readonly matched: number | null;
}

export const table = multipart(
  'table',
  3,
  nothing,
  rows(struct<TableStats>([['tableId', u8], 3, ['active', u32], ['lookups', counter], ['matched', counter]])),
);
