/**
 * Which unasked messages a controller gets (OpenFlow 1.3.5 §6.3.5, §7.3.10): a bit a reason, for both kinds of role.
 * Role status and requestforward, ONF's extensions, can only be asked for by Nicira's NXT_SET_ASYNC_CONFIG2.
 */
import { OpenFlowError } from '../bytes/index.js';
import type { AsyncChange, AsyncKind, AsyncMasks } from '../wire/index.js';
import type { HeldRole } from './role.js';

/** For every kind of message: [as equal or master, as slave]. */
export type HeldMasks = { readonly [K in AsyncKind]: readonly number[] };

const PACKET_IN_NO_MATCH_AND_ACTION = 0b11;

/** Reasons that there are. */
const REASONS: { readonly [K in AsyncKind]: number } = {
  packetIn: 0b111,
  portStatus: 0b111,
  flowRemoved: 0b111111,
  roleStatus: 0b111,
  tableStatus: 0b11000,
  requestForward: 0b11,
};
const ALL_FLOW_REMOVED = 0b1111;

/** What set_async can't name is off where one was sent, and at first. */
const NO_EXTRA_MASKS = { roleStatus: [0, 0], tableStatus: [0, 0], requestForward: [0, 0] } as const;

/** A new connection's masks. */
export const DEFAULT_MASKS: HeldMasks = {
  packetIn: [PACKET_IN_NO_MATCH_AND_ACTION, 0],
  portStatus: [REASONS.portStatus, REASONS.portStatus],
  flowRemoved: [ALL_FLOW_REMOVED, 0],
  ...NO_EXTRA_MASKS,
};

/** The masks of a set_async: bits that stand for no reason are left out, as in Open vSwitch. */
export function masksOf({ packetIn, portStatus, flowRemoved }: AsyncMasks): HeldMasks {
  const known = (kind: AsyncKind, masks: readonly number[]) => masks.map((mask) => (mask & REASONS[kind]) >>> 0);
  return {
    packetIn: known('packetIn', packetIn),
    portStatus: known('portStatus', portStatus),
    flowRemoved: known('flowRemoved', flowRemoved),
    ...NO_EXTRA_MASKS,
  };
}

/** Masks with some changed. Throws OFPACFC_INVALID for a reason that there isn't. */
export function masksWith(masks: HeldMasks, changes: readonly AsyncChange[]): HeldMasks {
  const changed = { ...masks };
  for (const { kind, slave, mask } of changes) {
    if (mask & ~REASONS[kind]) {
      throw new OpenFlowError('OFPACFC_INVALID', `${kind} has no reasons 0x${(mask & ~REASONS[kind]).toString(16)}`);
    }
    changed[kind] = slave ? [changed[kind][0], mask] : [mask, changed[kind][1]];
  }
  return changed;
}

/** Does a controller in this role want messages with this reason's number? */
export function wants(masks: HeldMasks, kind: AsyncKind, role: HeldRole, reason: number): boolean {
  return ((masks[kind][role === 'slave' ? 1 : 0] >>> reason) & 1) === 1;
}
