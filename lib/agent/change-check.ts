/**
 * What a change must say for itself, alone or in a bundle, before the pipeline looks at it: buffers, which this switch
 * has none of, and what has no room in statistics.
 */
import { OpenFlowError } from '../bytes/index.js';
import { checkFlowBytes, NO_BUFFER_ID, OFPP } from '../nxm/index.js';
import type { Bundlable } from '../wire/index.js';

/** Reserved ports that a packet-out may come from. */
const IN_PORTS: readonly number[] = [OFPP.CONTROLLER, OFPP.LOCAL, OFPP.ANY];

/** Throws OpenFlowError for a change that no switch like this one could make. `bytes` is the message's length. */
export function checkChange(m: Bundlable, bytes: number): void {
  if (m.type === 'flow_mod') {
    const { command, bufferId } = m.change;
    checkFlowBytes(command, bytes);
    if (command !== 'delete' && command !== 'delete_strict') checkBuffer(bufferId, 36);
  } else if (m.type === 'packet_out') {
    checkBuffer(m.bufferId, 8);
    if (m.inPort >= OFPP.MAX && !IN_PORTS.includes(m.inPort)) {
      throw new OpenFlowError('OFPBRC_BAD_PORT', `a packet can't come from port 0x${m.inPort.toString(16)}`, 12);
    }
  }
}

/** No packets are kept, so no buffer can be meant. */
function checkBuffer(id: number, at: number): void {
  if (id !== NO_BUFFER_ID) throw new OpenFlowError('OFPBRC_BUFFER_UNKNOWN', `there is no buffer ${id}`, at);
}
