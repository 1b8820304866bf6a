/** port_status: OpenFlow 1.3.5 §7.4.3. */
import { structMessage } from '../kind.js';
import { type Port, port } from '../port.js';
import { enumeration, struct, u8 } from '../struct.js';

/** OFPPR_* in the order of their numbers. */
export const PORT_STATUS_REASONS = ['add', 'delete', 'modify'] as const;
export type PortStatusReason = (typeof PORT_STATUS_REASONS)[number];

export interface PortStatus {
  readonly type: 'port_status';
  readonly xid: number;
  readonly reason: PortStatusReason | number;
  readonly port: Port;
}

export const portStatus = structMessage<PortStatus>(
  'port_status',
  12,
  struct([['reason', enumeration(u8, PORT_STATUS_REASONS)], 7, ['port', port]]),
);
