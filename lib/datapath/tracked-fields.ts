/** The ct_* fields of the key, as the tracker's answer has them (ovs-fields(7)). */
import type { CtResult } from '../ct/index.js';
import { DIRTY, type Key, slots } from '../packet/key.js';

/** Puts what the tracker found into a key whose ct_* fields are zero. */
export function fillTracked(key: Key, result: CtResult): void {
  key.set(slots.ct_state, result.state);
  key.set(slots.ct_zone, result.zone);
  key.set(slots.ct_mark, result.mark);
  if (result.family === 0 && result.label[0] + result.label[1] + result.label[2] + result.label[3] === 0) return;
  key.dirty |= DIRTY.ctTuple;
  key.words.set(result.label, slots.ct_label.at >> 2);
  key.set(slots.ct_nw_proto, result.proto);
  if (result.family === 4) {
    key.setBytes(slots.ct_nw_src, result.src);
    key.setBytes(slots.ct_nw_dst, result.dst);
  } else if (result.family === 6) {
    key.setBytes(slots.ct_ipv6_src, result.src);
    key.setBytes(slots.ct_ipv6_dst, result.dst);
  }
  key.set(slots.ct_tp_src, result.tp_src);
  key.set(slots.ct_tp_dst, result.tp_dst);
}
