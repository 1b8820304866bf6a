/** set_queue: OpenFlow 1.3.5 §7.2.4.3. Which of an output port's queues later outputs go through. */
import { OpenFlowError } from '../../bytes/index.js';
import { action, standard } from '../action.js';
import { parseNumber } from '../value-text.js';

export interface SetQueue {
  readonly type: 'set_queue';
  readonly queue: number;
}

/** OFPQ_ALL: no queue of its own. */
const ALL_QUEUES = 0xffffffff;

export const setQueue = action<SetQueue>({
  type: 'set_queue',
  ids: [standard(21)],
  read: (r) => ({ type: 'set_queue', queue: r.u32('queue id') }),
  write(a, w) {
    w.u32(a.queue);
  },
  texts: {
    set_queue(arg) {
      const queue = parseNumber(arg.text);
      if (queue === null || queue > 0xffffffffn) throw arg.error(`"${arg.text}" is no queue id`);
      return { type: 'set_queue', queue: Number(queue) };
    },
  },
  format: (a) => `set_queue:${a.queue}`,
  check(a) {
    if (a.queue === ALL_QUEUES) throw new OpenFlowError('OFPBAC_BAD_QUEUE', 'set_queue to all queues');
  },
  translate(a, m) {
    m.outputs.queue(a.queue);
  },
});
