/**
 * The ct_* fields of the key, as the tracker's answer has them (ovs-fields(7)). Called for every tracked packet: plain
 * stores.
 */
import type { CtResult, Origin } from '../ct/index.js';
import { DIRTY, GROUPS, Key, keyWord, slots } from '../packet/key.js';

const STATE_WORD = slots.ct_state.at >> 2;
/** Zone, and the protocol of the tuple. */
const ZONE_WORD = slots.ct_zone.at >> 2;
const MARK_WORD = slots.ct_mark.at >> 2;
const LABEL_WORD = slots.ct_label.at >> 2;
const SRC_WORD = slots.ct_nw_src.at >> 2;
const DST_WORD = slots.ct_nw_dst.at >> 2;
const SRC6_WORD = slots.ct_ipv6_src.at >> 2;
const DST6_WORD = slots.ct_ipv6_dst.at >> 2;
const PORTS_WORD = slots.ct_tp_src.at >> 2;
const [FIRST, END] = GROUPS.ctTuple;

/** Puts what the tracker found into a key, over what was there. */
export function fillTracked(key: Key, result: CtResult): void {
  const { words } = key;
  const { label, srcWords, dstWords, family } = result;
  words[STATE_WORD] = keyWord(result.state);
  words[ZONE_WORD] = keyWord((result.zone << 16) | (result.proto << 8));
  words[MARK_WORD] = keyWord(result.mark);
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
  words[PORTS_WORD] = keyWord((result.tp_src << 16) | result.tp_dst);
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
