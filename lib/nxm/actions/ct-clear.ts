/** ct_clear: NXAST_CT_CLEAR (43), ovs-actions(7). The packet goes on untracked. */
import { action, nicira } from '../action.js';

export interface CtClear {
  readonly type: 'ct_clear';
}

export const ctClear = action<CtClear>({
  type: 'ct_clear',
  ids: [nicira(43)],
  read(r) {
    if (r.left < 6) throw r.error('OFPBAC_BAD_LEN', 'ct_clear is cut off');
    r.skip(r.left);
    return { type: 'ct_clear' };
  },
  write(_, w) {
    w.zeros(6);
  },
  texts: { ct_clear: () => ({ type: 'ct_clear' }) },
  format: () => 'ct_clear',
  check() {},
  translate(_, m) {
    m.tracking.clear();
  },
});
