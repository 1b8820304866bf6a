/** packet_out: OpenFlow 1.3.5 §7.3.7. */
import { type Action, readActions, writeActions } from '../../nxm/index.js';
import { message } from '../kind.js';
import { writeSize } from '../struct.js';

export interface PacketOut {
  readonly type: 'packet_out';
  readonly xid: number;
  /** A buffered packet, or 0xffffffff: the packet is `data`. */
  readonly bufferId: number;
  readonly inPort: number;
  readonly actions: readonly Action[];
  readonly data: Uint8Array;
}

export const packetOut = message<PacketOut>({
  type: 'packet_out',
  number: 13,
  read(r, c) {
    const bufferId = r.u32('packet-out buffer');
    const inPort = r.u32('packet-out in_port');
    const length = r.u16('packet-out actions length');
    r.skip(6);
    const actions = readActions(r.sub(length, 'the actions', 'OFPBRC_BAD_LEN'));
    return { type: 'packet_out', xid: c.xid, bufferId, inPort, actions, data: r.rest() };
  },
  write(m, w) {
    w.u32(m.bufferId).u32(m.inPort).u16(0).zeros(6);
    const start = w.at;
    writeActions(w, m.actions);
    writeSize(w, start, start - 8);
    w.put(m.data);
  },
});
