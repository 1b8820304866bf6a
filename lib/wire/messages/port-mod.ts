/** port_mod: OpenFlow 1.3.5 §7.3.4.3. */
import { structMessage } from '../kind.js';
import { mac, struct, u32 } from '../struct.js';

export interface PortMod {
  readonly type: 'port_mod';
  readonly xid: number;
  readonly port: number;
  /** Must be the port's own: six bytes. */
  readonly mac: Uint8Array;
  /** OFPPC_* bits, and which of them are to change. */
  readonly config: number;
  readonly mask: number;
  /** OFPPF_* bits; 0 leaves them as they are. */
  readonly advertise: number;
}

export const portMod = structMessage<PortMod>(
  'port_mod',
  16,
  struct([['port', u32], 4, ['mac', mac], 2, ['config', u32], ['mask', u32], ['advertise', u32], 4]),
);
