/**
 * push and pop: NXAST_STACK_PUSH (27) and NXAST_STACK_POP (28), ovs-actions(7). Bits of fields on a stack that the
 * packet keeps.
 */
import type { Reader, Writer } from '../../bytes/index.js';
import { action, nicira, readZeros, type TextArgument } from '../action.js';
import { isReadOnly } from '../field.js';
import { checkSubfield, readFieldHeader, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield, parseSubfield } from '../subfield-text.js';
import { checkWritable } from './set-field.js';

export interface Push {
  readonly type: 'push';
  readonly from: Subfield;
}

export interface Pop {
  readonly type: 'pop';
  readonly to: Subfield;
}

/** Bytes behind the offset: a header of 4 or 8, the number of bits, and zeros. */
const BODY = 12;

function read(r: Reader): Subfield {
  const start = r.u16('stack bits');
  const body = r.sub(BODY, 'a stack action', 'OFPBAC_BAD_LEN');
  const field = readFieldHeader(body);
  const bits = body.u16('stack bits');
  readZeros(body, 'NXBRC_MUST_BE_ZERO');
  checkSubfield({ field, start, bits });
  return { field, start, bits };
}

function write(s: Subfield, w: Writer): void {
  w.u16(s.start);
  const start = w.at;
  writeFieldHeader(w, s.field);
  w.u16(s.bits).zeros(BODY - (w.at - start));
}

function parse(arg: TextArgument): Subfield {
  const s = parseSubfield(arg.text, arg, 0);
  if (s.field.headers.length === 0) throw arg.error(`${s.field.name} has no number on the wire`);
  return s;
}

export const push = action<Push>({
  type: 'push',
  ids: [nicira(27)],
  read: (r) => ({ type: 'push', from: read(r) }),
  write(a, w) {
    write(a.from, w);
  },
  texts: { push: (arg) => ({ type: 'push', from: parse(arg) }) },
  format: (a) => `push:${formatSubfield(a.from)}`,
  check(a, flow) {
    flow.require(a.from.field.needs, a.from.field.name);
  },
  translate(a, m) {
    m.fields.push(a.from);
  },
});

export const pop = action<Pop>({
  type: 'pop',
  ids: [nicira(28)],
  read(r) {
    const to = read(r);
    if (isReadOnly(to.field)) throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${to.field.name} is read-only`);
    return { type: 'pop', to };
  },
  write(a, w) {
    write(a.to, w);
  },
  texts: {
    pop(arg) {
      const to = parse(arg);
      if (isReadOnly(to.field)) throw arg.error(`${to.field.name} is read-only`);
      return { type: 'pop', to };
    },
  },
  format: (a) => `pop:${formatSubfield(a.to)}`,
  check(a, flow) {
    checkWritable(a.to.field, flow);
  },
  translate(a, m) {
    m.fields.pop(a.to);
  },
});
