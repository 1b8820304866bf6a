/**
 * Multipart experimenter: OpenFlow 1.3.5 §7.3.5.16. Keeps its bytes; the agent answers those that it doesn't know with
 * BAD_VENDOR.
 */
import { type Body, multipart } from '../kind.js';

export interface ExperimenterBody {
  readonly experimenter: number;
  readonly expType: number;
  readonly data: Uint8Array;
}

const body: Body<ExperimenterBody> = {
  read: (r) => ({
    experimenter: r.u32('an experimenter id'),
    expType: r.u32('an experimenter type'),
    data: r.rest(),
  }),
  write(w, e) {
    w.u32(e.experimenter).u32(e.expType).put(e.data);
  },
};

export const experimenterMultipart = multipart('experimenter', 0xffff, body, body);
