/**
 * dec_nsh_ttl: NXAST_DEC_NSH_TTL (48), ovs-actions(7). A TTL of 0 or 1 sends the packet to the controller and ends the
 * actions.
 */
import { action, nicira } from '../action.js';
import { fields } from '../fields.js';
import { NO_BUFFER } from './output.js';

export interface DecNshTtl {
  readonly type: 'dec_nsh_ttl';
}

export const decNshTtl = action<DecNshTtl>({
  type: 'dec_nsh_ttl',
  ids: [nicira(48)],
  read(r) {
    r.skip(6);
    return { type: 'dec_nsh_ttl' };
  },
  write(_, w) {
    w.zeros(6);
  },
  texts: { dec_nsh_ttl: () => ({ type: 'dec_nsh_ttl' }) },
  format: () => 'dec_nsh_ttl',
  check(_, flow) {
    flow.require('nsh', 'dec_nsh_ttl');
  },
  translate(_, m) {
    const ttl = m.fields.has(fields.nsh_ttl) ? m.fields.read(fields.nsh_ttl) : -1;
    if (ttl > 1) {
      m.fields.set(fields.nsh_ttl, ttl - 1);
      return;
    }
    if (ttl >= 0) m.outputs.controller({ maxLen: NO_BUFFER, reason: 'invalid_ttl', controllerId: 0 });
    m.lists.end();
  },
});
