/**
 * experimenter: OpenFlow 1.3.5 §7.5.4. Nicira's, ONF's and others' alike keep their bytes; who knows them reads those.
 */
import { message } from '../kind.js';

export interface Experimenter {
  readonly type: 'experimenter';
  readonly xid: number;
  /** 0x2320 Nicira, 0x4f4e4600 ONF, … */
  readonly experimenter: number;
  readonly expType: number;
  readonly data: Uint8Array;
}

export const experimenter = message<Experimenter>({
  type: 'experimenter',
  number: 4,
  read: (r, c) => ({
    type: 'experimenter',
    xid: c.xid,
    experimenter: r.u32('an experimenter id'),
    expType: r.u32('an experimenter type'),
    data: r.rest(),
  }),
  write(m, w) {
    w.u32(m.experimenter).u32(m.expType).put(m.data);
  },
});
