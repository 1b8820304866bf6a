/** role_status, ONF's extension 191 to OpenFlow 1.3 (subtype 1911): a controller's role was changed by another one. */
import { extension, onf } from '../kind.js';
import { enumeration, u8 } from '../struct.js';
import { ROLES, type Role } from './role.js';

/** OFPCRR_* in the order of their numbers. */
export const ROLE_STATUS_REASONS = ['master_request', 'config', 'experimenter'] as const;
export type RoleStatusReason = (typeof ROLE_STATUS_REASONS)[number];

export interface RoleStatus {
  readonly type: 'onf_role_status';
  readonly xid: number;
  /** The new role. */
  readonly role: Role;
  readonly reason: RoleStatusReason | number;
  readonly generationId: bigint;
}

const reasons = enumeration(u8, ROLE_STATUS_REASONS);

export const roleStatus = extension<RoleStatus>(onf(1911), {
  type: 'onf_role_status',
  read(r, c) {
    const number = r.u32('a role');
    const role = ROLES[number];
    if (role === undefined) throw r.error('OFPRRFC_BAD_ROLE', `role ${number}`, 4);
    const reason = reasons.read(r);
    r.skip(3);
    const generationId = r.u64('a generation id');
    if (r.left % 8 !== 0) throw r.error('OFPBRC_BAD_LEN', `${r.left} bytes behind a role status`);
    r.skip(r.left);
    return { type: 'onf_role_status', xid: c.xid, role, reason, generationId };
  },
  write(m, w) {
    w.u32(ROLES.indexOf(m.role)).u8(reasons.numberOf(m.reason)).zeros(3).u64(m.generationId);
  },
});
