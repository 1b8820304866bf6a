/**
 * Which unasked messages a controller gets (OpenFlow 1.3.5 §6.3.5, §7.3.10): a bit a reason, for both kinds of role.
 */
import type { AsyncMasks } from '../wire/index.js';
import type { HeldRole } from './role.js';

const PACKET_IN_NO_MATCH_AND_ACTION = 0b11;
const ALL_PORT_STATUS = 0b111;
const ALL_FLOW_REMOVED = 0b1111;

/** A new connection's masks: [as equal or master, as slave]. */
export const DEFAULT_MASKS: AsyncMasks = {
  packetIn: [PACKET_IN_NO_MATCH_AND_ACTION, 0],
  portStatus: [ALL_PORT_STATUS, ALL_PORT_STATUS],
  flowRemoved: [ALL_FLOW_REMOVED, 0],
};

/** Does a controller in this role want messages with this reason's number? */
export function wants(masks: AsyncMasks, kind: keyof AsyncMasks, role: HeldRole, reason: number): boolean {
  return ((masks[kind][role === 'slave' ? 1 : 0] >>> reason) & 1) === 1;
}
