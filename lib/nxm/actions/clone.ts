/**
 * clone: NXAST_CLONE (42), ovs-actions(7). Actions on a copy of the packet; nothing of what they change is left behind
 * them.
 */
import { action, nicira } from '../action.js';
import { readActions, writeActions } from '../action-list.js';
import { formatActions } from '../action-text.js';
import type { Action } from './index.js';

export interface Clone {
  readonly type: 'clone';
  readonly actions: readonly Action[];
}

export const clone = action<Clone>({
  type: 'clone',
  ids: [nicira(42)],
  read(r) {
    r.skip(6);
    return { type: 'clone', actions: readActions(r) };
  },
  write(a, w) {
    w.zeros(6);
    writeActions(w, a.actions);
  },
  texts: { clone: (arg) => ({ type: 'clone', actions: arg.actions(arg.text, 0) }) },
  format: (a, names) => `clone(${formatActions(a.actions, names) || 'drop'})`,
  check(a, flow) {
    flow.nested(a.actions, flow.inside);
  },
  translate(a, m) {
    m.copies.clone(a.actions);
  },
});
