/** dec_ttl: OpenFlow 1.3.5 §7.2.4.4. A TTL of 0 or 1 sends the packet to the controller and ends the actions. */
import { action, standard } from '../action.js';
import { fields } from '../fields.js';
import { NO_BUFFER } from './output.js';

export interface DecTtl {
  readonly type: 'dec_ttl';
}

export const decTtl = action<DecTtl>({
  type: 'dec_ttl',
  ids: [standard(24)],
  read(r) {
    r.skip(4);
    return { type: 'dec_ttl' };
  },
  write(_, w) {
    w.zeros(4);
  },
  texts: {
    dec_ttl(arg) {
      if (arg.text !== '') throw arg.error('dec_ttl with controller ids is not supported yet');
      return { type: 'dec_ttl' };
    },
  },
  format: () => 'dec_ttl',
  check(_, flow) {
    flow.require('ip', 'dec_ttl');
  },
  translate(_, m) {
    if (!m.fields.has(fields.nw_ttl)) return;
    const ttl = m.fields.read(fields.nw_ttl);
    if (ttl > 1) {
      m.fields.set(fields.nw_ttl, ttl - 1);
    } else {
      m.outputs.controller({ maxLen: NO_BUFFER, reason: 'invalid_ttl', controllerId: 0 });
      m.lists.end();
    }
  },
});
