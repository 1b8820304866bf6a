/** An action that this version doesn't know: decodes for tools and keeps its bytes; the agent refuses it. */
import { type ErrorName, OpenFlowError, toHex } from '../../bytes/index.js';
import { action } from '../action.js';

export interface Unknown {
  readonly type: 'unknown';
  /** The standard type, or the subtype behind an experimenter's id. */
  readonly number: number;
  /** The experimenter's id, or 0. */
  readonly vendor: number;
  /** What follows the header (type, length; experimenter id and subtype for Nicira's). */
  readonly data: Uint8Array;
  /**
   * As a text had it that a trace reads in spite of it; such an action does nothing, and never reaches a switch's
   * tables.
   */
  readonly text?: string;
}

/** The error for it: an unknown type, experimenter or subtype, as Open vSwitch tells them apart. */
function refusal(a: Unknown): ErrorName {
  if (a.vendor === 0) return 'OFPBAC_BAD_TYPE';
  return a.vendor === 0x2320 || a.vendor === 0x4f4e4600 ? 'OFPBAC_BAD_VENDOR_TYPE' : 'OFPBAC_BAD_VENDOR';
}

export const unknown = action<Unknown>({
  type: 'unknown',
  ids: [],
  read: (r, id) => ({ type: 'unknown', number: id.number, vendor: id.vendor, data: r.rest() }),
  write(a, w) {
    w.put(a.data);
  },
  texts: {},
  format: (a) => a.text ?? `unknown(type=${a.number},vendor=0x${a.vendor.toString(16)},data=${toHex(a.data)})`,
  check(a) {
    if (a.text !== undefined) return;
    const what = a.vendor ? `action ${a.number} of experimenter 0x${a.vendor.toString(16)}` : `action type ${a.number}`;
    throw new OpenFlowError(refusal(a), `unknown ${what}`);
  },
  translate() {},
});
