/** A change of the group table, as plain data: what OFPT_GROUP_MOD carries (OpenFlow 1.3.5 §5.6, §7.3.4.2). */
import type { Action } from './actions/index.js';

/** OFPGC_* in the order of their numbers. */
export type GroupCommand = 'add' | 'modify' | 'delete';
export const GROUP_COMMANDS: readonly GroupCommand[] = ['add', 'modify', 'delete'];

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
