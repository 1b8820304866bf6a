/**
 * move: NXAST_REG_MOVE (6), ovs-actions(7), and OpenFlow 1.5's copy_field as the ONF's extension to 1.3 (3200), which
 * prints as move. Bits of one field into as many bits of another.
 */
import { OpenFlowError } from '../../bytes/index.js';
import { action, nicira, onf, readZeros } from '../action.js';
import { isReadOnly } from '../field.js';
import { checkSubfield, readFieldHeader, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield, parseSubfield } from '../subfield-text.js';
import { checkWritable } from './set-field.js';

export interface Move {
  readonly type: 'move';
  readonly from: Subfield;
  readonly to: Subfield;
  /** It came as the ONF's copy_field, and is written so. */
  readonly onf?: true;
}

const MOVE = nicira(6);
const COPY_FIELD = onf(3200);

export const move = action<Move>({
  type: 'move',
  ids: [MOVE, COPY_FIELD],
  form: (a) => (a.onf ? COPY_FIELD : MOVE),
  read(r, id) {
    if (id === COPY_FIELD) r.skip(2);
    const bits = r.u16('move bits');
    const fromStart = r.u16('move source bits');
    const toStart = r.u16('move destination bits');
    if (id === COPY_FIELD) r.skip(2);
    const from = { field: readFieldHeader(r), start: fromStart, bits };
    const to = { field: readFieldHeader(r), start: toStart, bits };
    readZeros(r, 'NXBRC_MUST_BE_ZERO');
    checkSubfield(from);
    checkSubfield(to);
    if (isReadOnly(to.field)) throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${to.field.name} is read-only`);
    return id === COPY_FIELD ? { type: 'move', from, to, onf: true } : { type: 'move', from, to };
  },
  write(a, w) {
    if (a.onf) w.zeros(2);
    w.u16(a.from.bits).u16(a.from.start).u16(a.to.start);
    if (a.onf) w.zeros(2);
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
