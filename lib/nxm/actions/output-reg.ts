/**
 * output to the port in a field, "output:reg0[0..15]": NXAST_OUTPUT_REG (15), and NXAST_OUTPUT_REG2 (32) where the
 * field has no 32-bit header; ovs-actions(7). In texts it is output's (output.ts). The field holds an OpenFlow 1.0 port
 * number.
 */
import type { Reader } from '../../bytes/index.js';
import { action, nicira, readZeros } from '../action.js';
import { type Field, port32 } from '../field.js';
import { checkSubfield, fieldFrom32, readFieldHeader, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield } from '../subfield-text.js';

export interface OutputReg {
  readonly type: 'output_reg';
  readonly from: Subfield;
  /** Bytes of a packet-in, should the port be CONTROLLER; 0xffff: all. */
  readonly maxLen: number;
  /** It came as NXAST_OUTPUT_REG2, and is written so. */
  readonly second: boolean;
}

const FIRST = nicira(15);
const SECOND = nicira(32);
const LAST_PORT = 0xffffn;

/** Bytes behind the bits in the second form. */
const BODY = 12;

function readFirst(r: Reader): { field: Field; maxLen: number } {
  const field = fieldFrom32(r.u32('output source'), r.at - 4);
  const maxLen = r.u16('output max_len');
  readZeros(r, 'OFPBAC_BAD_ARGUMENT', 6);
  return { field, maxLen };
}

function readSecond(r: Reader): { field: Field; maxLen: number } {
  const body = r.sub(BODY, 'output', 'OFPBAC_BAD_LEN');
  const maxLen = body.u16('output max_len');
  const field = readFieldHeader(body);
  readZeros(body, 'NXBRC_MUST_BE_ZERO');
  return { field, maxLen };
}

export const outputReg = action<OutputReg>({
  type: 'output_reg',
  ids: [FIRST, SECOND],
  form: (a) => (a.second || a.from.field.headers[0].experimenter !== 0 ? SECOND : FIRST),
  read(r, id) {
    const range = r.u16('output bits');
    const bits = { start: range >> 6, bits: (range & 0x3f) + 1 };
    const found = id === SECOND ? readSecond(r) : readFirst(r);
    const from = { field: found.field, ...bits };
    checkSubfield(from);
    return { type: 'output_reg', from, maxLen: found.maxLen, second: id === SECOND };
  },
  write(a, w, id) {
    w.u16((a.from.start << 6) | (a.from.bits - 1));
    if (id === SECOND) {
      const start = w.at;
      w.u16(a.maxLen);
      writeFieldHeader(w, a.from.field);
      w.zeros(BODY - (w.at - start));
    } else {
      writeFieldHeader(w, a.from.field);
      w.u16(a.maxLen).zeros(6);
    }
  },
  texts: {},
  format: (a) => `output:${formatSubfield(a.from)}`,
  check(a, flow) {
    flow.require(a.from.field.needs, a.from.field.name);
  },
  translate(a, m) {
    if (!m.fields.has(a.from.field)) return;
    const port = m.fields.number(a.from);
    if (port <= LAST_PORT) m.outputs.port(port32(Number(port)), a.maxLen);
  },
});
