/** A change of the group table, as plain data: what OFPT_GROUP_MOD carries (OpenFlow 1.3.5 §5.6, §7.3.4.2). */
import type { Action } from './actions/index.js';

/** OFPGC_*; add_or_mod (Open vSwitch's OFPGC11_ADD_OR_MOD) is whichever of the two is possible. */
export const OFPGC = { add: 0, modify: 1, delete: 2, add_or_mod: 0x8000 } as const;
export type GroupCommand = keyof typeof OFPGC;

/** OFPGT_* in the order of their numbers. */
export type GroupType = 'all' | 'select' | 'indirect' | 'ff';
export const GROUP_TYPES: readonly GroupType[] = ['all', 'select', 'indirect', 'ff'];

/** OFPG_*: the largest group id, and all groups in a delete. OFPG_ANY is flow-mod.ts's ANY_GROUP. */
export const OFPG = { MAX: 0xffffff00, ALL: 0xfffffffc, ANY: 0xffffffff } as const;

export interface Bucket {
  /** Share of the packets; only in groups of type select, else 0. */
  readonly weight: number;
  /** The port, or group, whose liveness decides (ff); OFPP.ANY and OFPG.ANY: none. */
  readonly watchPort: number;
  readonly watchGroup: number;
  readonly actions: readonly Action[];
}

export interface GroupMod {
  readonly command: GroupCommand;
  readonly groupType: GroupType;
  readonly groupId: number;
  readonly buckets: readonly Bucket[];
}
