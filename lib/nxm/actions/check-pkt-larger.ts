/**
 * check_pkt_larger: NXAST_CHECK_PKT_LARGER (49), ovs-actions(7). A bit says whether the frame is longer than so many
 * bytes.
 */
import { action, nicira, readZeros } from '../action.js';
import { isReadOnly } from '../field.js';
import { checkSubfield, readFieldHeader, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield, parseSubfield } from '../subfield-text.js';
import { parseNumber } from '../value-text.js';
import { checkWritable } from './set-field.js';

export interface CheckPktLarger {
  readonly type: 'check_pkt_larger';
  /** Bytes, from the Ethernet header on. */
  readonly length: number;
  /** One bit. */
  readonly to: Subfield;
}

/** Bytes behind the offset. */
const BODY = 10;

export const checkPktLarger = action<CheckPktLarger>({
  type: 'check_pkt_larger',
  ids: [nicira(49)],
  read(r) {
    const length = r.u16('a packet length');
    const start = r.u16('check_pkt_larger bits');
    const body = r.sub(BODY, 'check_pkt_larger', 'OFPBAC_BAD_LEN');
    const to = { field: readFieldHeader(body), start, bits: 1 };
    readZeros(body, 'NXBRC_MUST_BE_ZERO');
    checkSubfield(to);
    if (isReadOnly(to.field)) throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${to.field.name} is read-only`, BODY);
    return { type: 'check_pkt_larger', length, to };
  },
  write(a, w) {
    w.u16(a.length).u16(a.to.start);
    const start = w.at;
    writeFieldHeader(w, a.to.field);
    w.zeros(BODY - (w.at - start));
  },
  texts: {
    check_pkt_larger(arg) {
      const [, lengthText, toText] = /^(.*?)\)?->(.*)$/.exec(arg.text) ?? [];
      if (lengthText === undefined) throw arg.error('check_pkt_larger is written check_pkt_larger(BYTES)->FIELD[BIT]');
      const at = arg.text.length - toText.length;
      const to = parseSubfield(toText, arg, at);
      if (to.bits !== 1) throw arg.error('check_pkt_larger writes into one bit', at);
      if (to.field.headers.length === 0) throw arg.error(`${to.field.name} has no number on the wire`, at);
      if (isReadOnly(to.field)) throw arg.error(`${to.field.name} is read-only`, at);
      const length = parseNumber(lengthText);
      if (length === null || length > 0xffffn) throw arg.error(`"${lengthText}" is no length of 0 to 65535`);
      return { type: 'check_pkt_larger', length: Number(length), to };
    },
  },
  format: (a) => `check_pkt_larger(${a.length})->${formatSubfield(a.to)}`,
  check(a, flow) {
    checkWritable(a.to.field, flow);
  },
  translate(a, m) {
    m.lists.ifLarger(a.length, a.to);
  },
});
