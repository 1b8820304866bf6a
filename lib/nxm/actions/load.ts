/** load: NXAST_REG_LOAD (7), ovs-actions(7). A number into up to 64 bits of a field. */
import { fromBigInt, OpenFlowError } from '../../bytes/index.js';
import { action, nicira } from '../action.js';
import { isBeyondLoad, isReadOnly, isUnmapped } from '../field.js';
import { checkSubfield, fieldFrom32, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield, parseSubfield } from '../subfield-text.js';
import { parseNumber, shortened } from '../value-text.js';
import type { Action } from './index.js';
import { checkTag, checkWritable, type SetField } from './set-field.js';

export interface Load {
  readonly type: 'load';
  readonly value: bigint;
  readonly to: Subfield;
}

/** A load into a field that NXAST_REG_LOAD has no room for: set_field with a mask. */
function masked(value: bigint, { field, start, bits }: Subfield): SetField {
  const mask = fromBigInt(((1n << BigInt(bits)) - 1n) << BigInt(start), field.bytes);
  const whole = mask.every((byte) => byte === 0xff);
  const shifted = fromBigInt(value << BigInt(start), field.bytes);
  const set = isUnmapped(field) ? shortened(shifted, mask) : { value: shifted, mask: whole ? null : mask };
  return { type: 'set_field', field, ...set, load2: true };
}

/** What a load of any width stands for: loads of at most 64 bits, the low ones first. */
export function loadsOf(value: bigint, to: Subfield): Action[] {
  if (isBeyondLoad(to.field)) return [masked(value, to)];
  const list: Load[] = [];
  for (let done = 0; done < to.bits; done += 64) {
    const bits = Math.min(64, to.bits - done);
    const part = BigInt.asUintN(bits, value >> BigInt(done));
    list.push({ type: 'load', value: part, to: { field: to.field, start: to.start + done, bits } });
  }
  return list;
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
    if (isReadOnly(field)) throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${field.name} is read-only`, 12);
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
      if (isReadOnly(to.field)) throw arg.error(`${to.field.name} is read-only`, valueText.length + 2);
      if (to.field.headers.length === 0) throw arg.error(`${to.field.name} has no number on the wire`);
      const value = parseNumber(valueText);
      if (value === null) throw arg.error(`"${valueText}" is no number`);
      if (value >> BigInt(to.bits)) throw arg.error(`${valueText} does not fit in ${to.bits} bits`);
      return loadsOf(value, to);
    },
  },
  format: (a) => `load:${a.value ? `0x${a.value.toString(16)}` : '0'}->${formatSubfield(a.to)}`,
  check(a, flow) {
    checkSubfield(a.to);
    checkWritable(a.to.field, flow);
    checkTag(a.to.field, flow);
    if (a.to.field.headers.length === 0) {
      throw new OpenFlowError('OFPBAC_BAD_SET_TYPE', `${a.to.field.name} has no number on the wire`);
    }
  },
  translate(a, m) {
    if (m.fields.has(a.to.field)) m.fields.setBits(a.to, a.value);
  },
});
