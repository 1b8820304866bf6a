/** exit: NXAST_EXIT (17), ovs-actions(7). No action runs any more, in this list and those that led to it. */
import { action, nicira } from '../action.js';

export interface Exit {
  readonly type: 'exit';
}

export const exit = action<Exit>({
  type: 'exit',
  ids: [nicira(17)],
  read(r) {
    r.skip(6);
    return { type: 'exit' };
  },
  write(_, w) {
    w.zeros(6);
  },
  texts: { exit: () => ({ type: 'exit' }) },
  format: () => 'exit',
  check() {},
  translate(_, m) {
    m.lists.exit();
  },
});
