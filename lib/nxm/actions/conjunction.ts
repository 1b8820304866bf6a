/**
 * conjunction: NXAST_CONJUNCTION (34), ovs-fields(7) "conj_id". Makes its flow one of the alternatives of a dimension:
 * a packet that meets a flow in each of k dimensions goes on with the flow that matches on conj_id. What that means to
 * a lookup is the classifier's; here are bytes and text.
 */
import { action, nicira } from '../action.js';
import { parseNumber } from '../value-text.js';

export interface Conjunction {
  readonly type: 'conjunction';
  /** 32 bits: what conj_id is for packets that meet all dimensions. */
  readonly id: number;
  /** The dimension, from 0. */
  readonly clause: number;
  /** Dimensions, 2 to 64. */
  readonly clauses: number;
}

const LENGTH = 16;
const MOST_CLAUSES = 64;

export const conjunction = action<Conjunction>({
  type: 'conjunction',
  ids: [nicira(34)],
  read(r) {
    if (r.left !== LENGTH - 10) throw r.error('OFPBAC_BAD_LEN', `conjunction of ${r.left + 10} bytes instead of 16`);
    const clause = r.u8();
    const clauses = r.u8();
    if (clauses < 2 || clauses > MOST_CLAUSES || clause >= clauses) {
      throw r.error('NXBAC_BAD_CONJUNCTION', `dimension ${clause + 1} of ${clauses}`, 2);
    }
    return { type: 'conjunction', id: r.u32(), clause, clauses };
  },
  write(a, w) {
    w.u8(a.clause).u8(a.clauses).u32(a.id);
  },
  texts: {
    conjunction(arg) {
      const [, idText, clauseText, clausesText] = /^(\w+)\s*,\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(arg.text) ?? [];
      const id = parseNumber(idText ?? '');
      if (id === null) throw arg.error('conjunction is written conjunction(ID,K/N)');
      const [clause, clauses] = [Number(clauseText), Number(clausesText)];
      if (id > 0xffffffffn) throw arg.error(`a conjunction's id has 32 bits, ${idText} has more`);
      const at = arg.text.indexOf(',') + 1;
      if (clauses < 2 || clauses > MOST_CLAUSES) {
        throw arg.error(`a conjunction has 2 to ${MOST_CLAUSES} dimensions, not ${clauses}`, at);
      }
      if (clause < 1 || clause > clauses) throw arg.error(`dimensions are 1 to ${clauses}, not ${clause}`, at);
      return { type: 'conjunction', id: Number(id), clause: clause - 1, clauses };
    },
  },
  format: (a) => `conjunction(${a.id},${a.clause + 1}/${a.clauses})`,
  check() {},
  translate() {},
});
