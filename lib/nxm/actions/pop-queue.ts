/** pop_queue: NXAST_POP_QUEUE (5), ovs-actions(7). Outputs go through their port's own queue again. */
import { action, nicira } from '../action.js';

export interface PopQueue {
  readonly type: 'pop_queue';
}

export const popQueue = action<PopQueue>({
  type: 'pop_queue',
  ids: [nicira(5)],
  read(r) {
    r.skip(6);
    return { type: 'pop_queue' };
  },
  write(_, w) {
    w.zeros(6);
  },
  texts: { pop_queue: () => ({ type: 'pop_queue' }) },
  format: () => 'pop_queue',
  check() {},
  translate(_, m) {
    m.outputs.queue(null);
  },
});
