/** load: NXAST_REG_LOAD (7), ovs-actions(7). A number into up to 64 bits of a field. */
import { OpenFlowError } from '../../bytes/index.js';
import { action, nicira } from '../action.js';
import { checkSubfield, fieldFrom32, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield, parseSubfield } from '../subfield-text.js';
import { checkWritable } from './set-field.js';

export interface Load {
  readonly type: 'load';
  readonly value: bigint;
  readonly to: Subfield;
}

export const load = action<Load>({
  type: 'load',
  ids: [nicira(7)],
  read(r) {
    const range = r.u16('load bits');
    const field = fieldFrom32(r.u32('load destination'), r.at - 4);
    const value = r.u64('load value');
    const to = { field, start: range >> 6, bits: (range & 0x3f) + 1 };
    checkSubfield(to);
    if (field.access === 'read') throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${field.name} is read-only`, 12);
    if (to.bits < 64 && value >> BigInt(to.bits)) {
      throw r.error('OFPBAC_BAD_ARGUMENT', `${value} does not fit in ${to.bits} bits`, 8);
    }
    return { type: 'load', value, to };
  },
  write(a, w) {
    w.u16((a.to.start << 6) | (a.to.bits - 1));
    writeFieldHeader(w, a.to.field);
    w.u64(a.value);
  },
  texts: {
    load(arg) {
      const [valueText, toText, ...more] = arg.text.split('->');
      if (toText === undefined || more.length > 0) throw arg.error('load is written VALUE->FIELD[BITS]');
      const to = parseSubfield(toText, arg, valueText.length + 2);
      if (!/^(\d+|0x[0-9a-f]+)$/i.test(valueText)) throw arg.error(`"${valueText}" is no number`);
      const value = BigInt(valueText);
      if (value >> BigInt(to.bits)) throw arg.error(`${valueText} does not fit in ${to.bits} bits`);
      if (to.bits > 64) throw arg.error('load sets at most 64 bits');
      return { type: 'load', value, to };
    },
  },
  format: (a) => `load:0x${a.value.toString(16)}->${formatSubfield(a.to)}`,
  check(a, flow) {
    checkSubfield(a.to);
    checkWritable(a.to.field, flow);
    if (a.to.field.headers.length === 0) {
      throw new OpenFlowError('OFPBAC_BAD_SET_TYPE', `${a.to.field.name} has no number on the wire`);
    }
  },
  translate(a, m) {
    if (m.has(a.to.field)) m.setBits(a.to, a.value);
  },
});
