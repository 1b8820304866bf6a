/** role_request and role_reply: OpenFlow 1.3.5 §7.3.9. What a role means is the agent's. */
import { type MessageKind, message } from '../kind.js';

/** OFPCR_ROLE_* in the order of their numbers. */
export const ROLES = ['nochange', 'equal', 'master', 'slave'] as const;
export type Role = (typeof ROLES)[number];

interface RoleBody<T extends string> {
  readonly type: T;
  readonly xid: number;
  readonly role: Role;
  /** Counts changes of master; all ones in a reply while the switch has none. */
  readonly generationId: bigint;
}
export type RoleRequest = RoleBody<'role_request'>;
export type RoleReply = RoleBody<'role_reply'>;

function role<T extends string>(type: T, number: number): MessageKind<RoleBody<T>> {
  return message({
    type,
    number,
    bytes: 16,
    read(r, c) {
      const code = r.u32('a role');
      const role = ROLES[code];
      if (role === undefined) throw r.error('OFPRRFC_BAD_ROLE', `role ${code}`, 4);
      r.skip(4);
      return { type, xid: c.xid, role, generationId: r.u64('a generation id') };
    },
    write(m, w) {
      w.u32(ROLES.indexOf(m.role)).zeros(4).u64(m.generationId);
    },
  });
}

export const roleRequest = role('role_request', 24);
export const roleReply = role('role_reply', 25);
