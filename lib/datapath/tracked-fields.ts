/**
 * The ct_* fields of the key, as the tracker's answer has them (ovs-fields(7)). Called for every tracked packet: plain
 * stores.
 */
import type { CtResult, Origin } from '../ct/index.js';
import { DIRTY, GROUPS, Key, slots } from '../packet/key.js';

const STATE = slots.ct_state.at;
const STATE_WORD = STATE >> 2;
const ZONE = slots.ct_zone.at;
const PROTO = slots.ct_nw_proto.at;
const MARK = slots.ct_mark.at;
const LABEL_WORD = slots.ct_label.at >> 2;
const SRC_WORD = slots.ct_nw_src.at >> 2;
const DST_WORD = slots.ct_nw_dst.at >> 2;
const SRC6_WORD = slots.ct_ipv6_src.at >> 2;
const DST6_WORD = slots.ct_ipv6_dst.at >> 2;
const PORTS = slots.ct_tp_src.at;
const [FIRST, END] = GROUPS.ctTuple;

/** Puts what the tracker found into a key, over what was there. */
export function fillTracked(key: Key, result: CtResult): void {
  const { words, bytes } = key;
  const { label, srcWords, dstWords, family, zone, mark } = result;
  words[STATE_WORD] = 0;
  // No other bit of ct_state is in use.
  bytes[STATE + 3] = result.state;
  bytes[ZONE] = zone >>> 8;
  bytes[ZONE + 1] = zone;
  bytes[PROTO] = result.proto;
  bytes[MARK] = mark >>> 24;
  bytes[MARK + 1] = mark >>> 16;
  bytes[MARK + 2] = mark >>> 8;
  bytes[MARK + 3] = mark;
  const clean = (key.dirty & DIRTY.ctTuple) === 0;
  if (!clean) for (let i = FIRST; i < END; i++) words[i] = 0;
  const labelled = (label[0] | label[1] | label[2] | label[3]) !== 0;
  if (labelled) for (let i = 0; i < 4; i++) words[LABEL_WORD + i] = label[i];
  if (family === 0 && !labelled) return;
  key.dirty |= DIRTY.ctTuple;
  key.tupleIs4 = clean && family === 4 && !labelled;
  if (family === 4) {
    words[SRC_WORD] = srcWords[0];
    words[DST_WORD] = dstWords[0];
  } else if (family === 6) {
    for (let i = 0; i < 4; i++) {
      words[SRC6_WORD + i] = srcWords[i];
      words[DST6_WORD + i] = dstWords[i];
    }
  }
  const { tp_src, tp_dst } = result;
  bytes[PORTS] = tp_src >>> 8;
  bytes[PORTS + 1] = tp_src;
  bytes[PORTS + 2] = tp_dst >>> 8;
  bytes[PORTS + 3] = tp_dst;
}

/** Where a packet stands, by its key: looked up for fragments alone. */
export class KeyOrigin implements Origin {
  key = new Key();

  get tag(): number {
    return this.key.get(slots.in_port);
  }

  get place(): number {
    return this.key.get(slots.recirc_id);
  }
}
