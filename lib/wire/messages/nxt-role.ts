/** NXT_ROLE_REQUEST and NXT_ROLE_REPLY (Nicira's subtypes 10 and 11): roles without a generation id. */
import { extension, type MessageKind, nxt } from '../kind.js';

/** NX_ROLE_* in the order of their numbers, by OpenFlow's names. */
export const NX_ROLES = ['equal', 'master', 'slave'] as const;

interface NxtRole<T extends string> {
  readonly type: T;
  readonly xid: number;
  readonly role: (typeof NX_ROLES)[number];
}
export type NxtRoleRequest = NxtRole<'nxt_role_request'>;
export type NxtRoleReply = NxtRole<'nxt_role_reply'>;

function role<T extends string>(type: T, expType: number): MessageKind<NxtRole<T>> {
  return extension<NxtRole<T>>(nxt(expType), {
    type,
    bytes: 4,
    read(r, c) {
      const number = r.u32('a role');
      const name = NX_ROLES[number];
      if (name === undefined) throw r.error('OFPRRFC_BAD_ROLE', `role ${number}`, 4);
      return { type, xid: c.xid, role: name };
    },
    write(m, w) {
      w.u32(NX_ROLES.indexOf(m.role));
    },
  });
}

export const nxtRoleRequest = role('nxt_role_request', 10);
export const nxtRoleReply = role('nxt_role_reply', 11);
