/**
 * experimenter: OpenFlow 1.3.5 §7.5.4. Messages of Nicira's and ONF's that are known are types of their own; all others
 * keep their bytes here.
 */
import { EXPERIMENTER_MESSAGE, type MessageKind, message } from '../kind.js';
import { extensionOf } from './index.js';

export interface Experimenter {
  readonly type: 'experimenter';
  readonly xid: number;
  /** 0x2320 Nicira, 0x4f4e4600 ONF, … */
  readonly experimenter: number;
  readonly expType: number;
  readonly data: Uint8Array;
}

export const experimenter: MessageKind<Experimenter> = message<Experimenter>({
  type: 'experimenter',
  number: EXPERIMENTER_MESSAGE,
  read(r, c) {
    const experimenter = r.u32('an experimenter id');
    const expType = r.u32('an experimenter type');
    const known = extensionOf(experimenter, expType);
    if (!known) return { type: 'experimenter', xid: c.xid, experimenter, expType, data: r.rest() };
    if (known.bytes !== undefined && r.left !== known.bytes) {
      throw r.error('OFPBRC_BAD_LEN', `${known.type} has a body of ${r.left} bytes instead of ${known.bytes}`);
    }
    // The table of messages says what type it is of.
    return known.read(r, c) as unknown as Experimenter;
  },
  write(m, w) {
    w.u32(m.experimenter).u32(m.expType).put(m.data);
  },
});
