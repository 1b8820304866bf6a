/** table_mod: OpenFlow 1.3.5 §7.3.3. Deprecated there; a switch need not do anything. */
import { structMessage } from '../kind.js';
import { struct, u8, u32 } from '../struct.js';

export interface TableMod {
  readonly type: 'table_mod';
  readonly xid: number;
  /** 0xff: all tables. */
  readonly tableId: number;
  readonly config: number;
}

export const tableMod = structMessage<TableMod>('table_mod', 17, struct([['tableId', u8], 3, ['config', u32]]));
