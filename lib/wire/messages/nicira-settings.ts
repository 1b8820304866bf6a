/**
 * Nicira's messages by which a controller says what it wants to get: the format of packet-ins (NXT 16), its id (20),
 * flow_mod_table_id (15) and flow_age (18). The last two are older versions' and change nothing in OpenFlow 1.3.
 * Numbers: Open vSwitch's nicira-ext.h.
 */
import { extension, nxt, structMessage } from '../kind.js';
import { type Part, struct, u8 } from '../struct.js';

/** What nxt_set_packet_in_format may ask for. */
export const PACKET_IN_FORMATS = ['standard', 'nxt', 'nxt2'] as const;
export type PacketInFormat = (typeof PACKET_IN_FORMATS)[number];

export interface SetPacketInFormat {
  readonly type: 'nxt_set_packet_in_format';
  readonly xid: number;
  readonly format: PacketInFormat;
}

export const setPacketInFormat = extension<SetPacketInFormat>(nxt(16), {
  type: 'nxt_set_packet_in_format',
  bytes: 4,
  read(r, c) {
    const format = PACKET_IN_FORMATS[r.u32('a packet-in format')];
    if (format === undefined) throw r.error('OFPBRC_EPERM', 'no such packet-in format', 4);
    return { type: 'nxt_set_packet_in_format', xid: c.xid, format };
  },
  write(m, w) {
    w.u32(PACKET_IN_FORMATS.indexOf(m.format));
  },
});

/** Six zeros and a number of 16 bits: a controller's id, a zone. */
export const behindSixZeros: Part<number> = {
  bytes: 8,
  read(r) {
    if (r.u16() !== 0 || r.u32() !== 0) throw r.error('NXBRC_MUST_BE_ZERO', 'padding that is not zero', 6);
    return r.u16();
  },
  write: (w, value) => w.zeros(6).u16(value),
};

export interface SetControllerId {
  readonly type: 'nxt_set_controller_id';
  readonly xid: number;
  readonly controllerId: number;
}

export const setControllerId = structMessage<SetControllerId>(
  'nxt_set_controller_id',
  nxt(20),
  struct([['controllerId', behindSixZeros]]),
);

export interface FlowModTableId {
  readonly type: 'nxt_flow_mod_table_id';
  readonly xid: number;
  /** 0 or 1: do commands of flow-mods of OpenFlow 1.0 name a table? */
  readonly set: number;
}

export const flowModTableId = structMessage<FlowModTableId>('nxt_flow_mod_table_id', nxt(15), struct([['set', u8], 7]));

export interface FlowAge {
  readonly type: 'nxt_flow_age';
  readonly xid: number;
}

export const flowAge = extension<FlowAge>(nxt(18), {
  type: 'nxt_flow_age',
  bytes: 0,
  read: (_, c) => ({ type: 'nxt_flow_age', xid: c.xid }),
  write() {},
});
