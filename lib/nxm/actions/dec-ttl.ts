/**
 * dec_ttl: OpenFlow 1.3.5 §7.2.4.4, and with ids of controllers NXAST_DEC_TTL_CNT_IDS (21), ovs-actions(7). A TTL of 0
 * or 1 sends the packet to the controller, or to those, and ends the actions.
 */
import { action, nicira, readZeros, standard } from '../action.js';
import { fields } from '../fields.js';
import { NO_BUFFER } from './output.js';

export interface DecTtl {
  readonly type: 'dec_ttl';
  /** Ids of controllers, 16 bits each; left out: controller 0. */
  readonly ids?: readonly number[];
}

const PLAIN = standard(24);
const WITH_IDS = nicira(21);
const JUST_ZERO: readonly number[] = [0];

export const decTtl = action<DecTtl>({
  type: 'dec_ttl',
  ids: [PLAIN, WITH_IDS],
  form: (a) => (a.ids ? WITH_IDS : PLAIN),
  read(r, id) {
    if (id === PLAIN) {
      r.skip(4);
      return { type: 'dec_ttl' };
    }
    const count = r.u16('number of controllers');
    readZeros(r, 'NXBRC_MUST_BE_ZERO', 4);
    const ids = Array.from({ length: Math.min(count, r.left) }, () => r.u16('a controller id'));
    r.skip(r.left);
    return { type: 'dec_ttl', ids };
  },
  write(a, w) {
    if (!a.ids) w.zeros(4);
    else {
      w.u16(a.ids.length).zeros(4);
      for (const id of a.ids) w.u16(id);
    }
  },
  texts: {
    dec_ttl(arg) {
      if (arg.text === '') return { type: 'dec_ttl' };
      const ids = arg.text.split(/[,\s]+/).filter((text) => text !== '');
      if (ids.length === 0) throw arg.error('dec_ttl(…) takes the ids of controllers');
      const wrong = ids.find((text) => !/^\d+$/.test(text) || Number(text) > 0xffff);
      if (wrong !== undefined) throw arg.error(`"${wrong}" is no controller id of 0 to 65535`, arg.text.indexOf(wrong));
      return { type: 'dec_ttl', ids: ids.map(Number) };
    },
  },
  format: (a) => (a.ids ? `dec_ttl(${a.ids.join(',')})` : 'dec_ttl'),
  check(_, flow) {
    flow.require('ip', 'dec_ttl');
  },
  translate(a, m) {
    if (!m.fields.has(fields.nw_ttl)) return;
    const ttl = m.fields.read(fields.nw_ttl);
    if (ttl > 1) {
      m.fields.set(fields.nw_ttl, ttl - 1);
    } else {
      for (const controllerId of a.ids ?? JUST_ZERO) {
        m.outputs.controller({ maxLen: NO_BUFFER, reason: 'invalid_ttl', controllerId });
      }
      m.lists.end();
    }
  },
});
