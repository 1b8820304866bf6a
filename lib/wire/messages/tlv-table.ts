/**
 * NXT_TLV_TABLE_MOD, _REQUEST and _REPLY (Nicira's subtypes 24 to 26): which Geneve option is which tun_metadata field.
 * What the table does with a change is nxm/tlv-table.ts's.
 */
import { TLV_COMMANDS, type TlvMapping, type TlvTableChange } from '../../nxm/index.js';
import { extension, nxt } from '../kind.js';
import { type Part, struct, u8, u16 } from '../struct.js';

const mapping: Part<TlvMapping> = struct([
  ['optionClass', u16],
  ['optionType', u8],
  ['optionLength', u8],
  ['index', u16],
  2,
]);

export interface TlvTableMod extends TlvTableChange {
  readonly type: 'nxt_tlv_table_mod';
  readonly xid: number;
}

export const tlvTableMod = extension<TlvTableMod>(nxt(24), {
  type: 'nxt_tlv_table_mod',
  read(r, c) {
    const number = r.u16('a TLV table command');
    const command = TLV_COMMANDS[number];
    if (command === undefined) throw r.error('NXTTMFC_BAD_COMMAND', `TLV table command ${number}`, 2);
    r.skip(6);
    const mappings: TlvMapping[] = [];
    while (r.left > 0) mappings.push(mapping.read(r));
    return { type: 'nxt_tlv_table_mod', xid: c.xid, command, mappings };
  },
  write(m, w) {
    w.u16(TLV_COMMANDS.indexOf(m.command)).zeros(6);
    for (const each of m.mappings) mapping.write(w, each);
  },
});

export interface TlvTableRequest {
  readonly type: 'nxt_tlv_table_request';
  readonly xid: number;
}

export const tlvTableRequest = extension<TlvTableRequest>(nxt(25), {
  type: 'nxt_tlv_table_request',
  bytes: 0,
  read: (_, c) => ({ type: 'nxt_tlv_table_request', xid: c.xid }),
  write() {},
});

export interface TlvTableReply {
  readonly type: 'nxt_tlv_table_reply';
  readonly xid: number;
  /** Bytes that options may have together, and how many fields there are. */
  readonly maxOptionSpace: number;
  readonly maxFields: number;
  readonly mappings: readonly TlvMapping[];
}

export const tlvTableReply = extension<TlvTableReply>(nxt(26), {
  type: 'nxt_tlv_table_reply',
  read(r, c) {
    const maxOptionSpace = r.u32('the space for options');
    const maxFields = r.u16('the number of fields');
    r.skip(10);
    const mappings: TlvMapping[] = [];
    while (r.left > 0) mappings.push(mapping.read(r));
    return { type: 'nxt_tlv_table_reply', xid: c.xid, maxOptionSpace, maxFields, mappings };
  },
  write(m, w) {
    w.u32(m.maxOptionSpace).u16(m.maxFields).zeros(10);
    for (const each of m.mappings) mapping.write(w, each);
  },
});
