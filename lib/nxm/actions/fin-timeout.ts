/**
 * fin_timeout: NXAST_FIN_TIMEOUT (19), ovs-actions(7). A TCP segment with FIN or RST shortens the timeouts of the flow
 * it stands in.
 */
import { slots } from '../../packet/key.js';
import { action, nicira } from '../action.js';
import { keyValues } from '../key-values.js';
import { IP_PROTO } from '../prerequisite.js';
import { didYouMean } from '../suggestion.js';
import { parseNumber } from '../value-text.js';

export interface FinTimeout {
  readonly type: 'fin_timeout';
  /** What the flow's timeouts are at most from then on, s; 0 leaves one as it is. */
  readonly idle_s: number;
  readonly hard_s: number;
}

const LENGTH = 16;

export const finTimeout = action<FinTimeout>({
  type: 'fin_timeout',
  ids: [nicira(19)],
  read(r) {
    if (r.left !== LENGTH - 10) throw r.error('OFPBAC_BAD_LEN', `fin_timeout of ${r.left + 10} bytes instead of 16`);
    return { type: 'fin_timeout', idle_s: r.u16(), hard_s: r.u16() };
  },
  write(a, w) {
    w.u16(a.idle_s).u16(a.hard_s).zeros(2);
  },
  texts: {
    fin_timeout(arg) {
      const times: Record<string, number> = { idle_timeout: 0, hard_timeout: 0 };
      for (const { key, keyAt, value, valueAt } of keyValues(arg.text)) {
        if (!Object.hasOwn(times, key)) {
          throw arg.error(`fin_timeout has no "${key}"${didYouMean(key, Object.keys(times))}`, keyAt);
        }
        const number = parseNumber(value);
        if (number === null || number > 0xffffn) throw arg.error(`${key} is 0 to 65535, not "${value}"`, valueAt);
        times[key] = Number(number);
      }
      return { type: 'fin_timeout', idle_s: times.idle_timeout, hard_s: times.hard_timeout };
    },
  },
  format(a) {
    const parts: string[] = [];
    if (a.idle_s) parts.push(`idle_timeout=${a.idle_s}`);
    if (a.hard_s) parts.push(`hard_timeout=${a.hard_s}`);
    return `fin_timeout(${parts.join(',')})`;
  },
  check(_, flow) {
    // Of a fragment, too, that is no first one: the protocol decides.
    if (flow.value.get(slots.nw_proto) !== IP_PROTO.TCP) flow.require('tcp', 'fin_timeout');
  },
  translate(a, m) {
    m.learning.finTimeout(a.idle_s, a.hard_s);
  },
});
