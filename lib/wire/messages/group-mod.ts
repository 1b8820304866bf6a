/** group_mod: OpenFlow 1.3.5 §7.3.4.2. */
import { GROUP_TYPES, type GroupCommand, type GroupMod, OFPGC } from '../../nxm/group-mod.js';
import { readBuckets, writeBuckets } from '../bucket.js';
import { message } from '../kind.js';

export interface GroupModMessage {
  readonly type: 'group_mod';
  readonly xid: number;
  readonly change: GroupMod;
}

const COMMANDS = Object.keys(OFPGC) as GroupCommand[];

export const groupMod = message<GroupModMessage>({
  type: 'group_mod',
  number: 15,
  read(r, c) {
    const commandNumber = r.u16('group-mod command');
    const command = COMMANDS.find((name) => OFPGC[name] === commandNumber);
    if (command === undefined) throw r.error('OFPGMFC_BAD_COMMAND', `group-mod command ${commandNumber}`, 2);
    const typeNumber = r.u8('group type');
    const groupType = GROUP_TYPES[typeNumber];
    if (groupType === undefined) throw r.error('OFPGMFC_BAD_TYPE', `group type ${typeNumber}`, 1);
    r.skip(1);
    const groupId = r.u32('group id');
    return { type: 'group_mod', xid: c.xid, change: { command, groupType, groupId, buckets: readBuckets(r) } };
  },
  write({ change: g }, w) {
    w.u16(OFPGC[g.command]).u8(GROUP_TYPES.indexOf(g.groupType)).zeros(1).u32(g.groupId);
    writeBuckets(w, g.buckets);
  },
});
