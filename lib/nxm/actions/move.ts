/** move: NXAST_REG_MOVE (6), ovs-actions(7). Bits of one field into as many bits of another. */
import { OpenFlowError } from '../../bytes/index.js';
import { action, nicira } from '../action.js';
import { isReadOnly } from '../field.js';
import { checkSubfield, readFieldHeader, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield, parseSubfield } from '../subfield-text.js';
import { checkWritable } from './set-field.js';

export interface Move {
  readonly type: 'move';
  readonly from: Subfield;
  readonly to: Subfield;
}

export const move = action<Move>({
  type: 'move',
  ids: [nicira(6)],
  read(r) {
    const bits = r.u16('move bits');
    const fromStart = r.u16('move source bits');
    const toStart = r.u16('move destination bits');
    const from = { field: readFieldHeader(r), start: fromStart, bits };
    const to = { field: readFieldHeader(r), start: toStart, bits };
    while (r.left > 0) if (r.u8() !== 0) throw r.error('NXBAC_MUST_BE_ZERO', 'padding is not zero', 1);
    checkSubfield(from);
    checkSubfield(to);
    if (isReadOnly(to.field)) throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${to.field.name} is read-only`);
    return { type: 'move', from, to };
  },
  write(a, w) {
    w.u16(a.from.bits).u16(a.from.start).u16(a.to.start);
    writeFieldHeader(w, a.from.field);
    writeFieldHeader(w, a.to.field);
  },
  texts: {
    move(arg) {
      const [fromText, toText, ...more] = arg.text.split('->');
      if (toText === undefined || more.length > 0) throw arg.error('move is written FIELD[BITS]->FIELD[BITS]');
      const from = parseSubfield(fromText, arg, 0);
      const to = parseSubfield(toText, arg, fromText.length + 2);
      for (const { field } of [from, to]) {
        if (field.headers.length === 0) throw arg.error(`${field.name} has no number on the wire`);
      }
      if (isReadOnly(to.field)) throw arg.error(`${to.field.name} is read-only`, fromText.length + 2);
      if (from.bits !== to.bits) {
        throw arg.error(`source field is ${from.bits} bits wide but destination is ${to.bits} bits wide`);
      }
      return { type: 'move', from, to };
    },
  },
  format: (a) => `move:${formatSubfield(a.from)}->${formatSubfield(a.to)}`,
  check(a, flow) {
    checkSubfield(a.from);
    checkSubfield(a.to);
    if (a.from.bits !== a.to.bits) throw new OpenFlowError('OFPBAC_BAD_SET_LEN', 'move between different widths');
    flow.require(a.from.field.needs, a.from.field.name);
    checkWritable(a.to.field, flow);
  },
  translate(a, m) {
    if (m.fields.has(a.from.field) && m.fields.has(a.to.field)) m.fields.move(a.from, a.to);
  },
});
