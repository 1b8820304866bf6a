/**
 * push_pbb and pop_pbb: OpenFlow 1.3.5 §5.12, §7.2.4.5, §7.2.4.6. The backbone header of IEEE 802.1ah: addresses,
 * EtherType 0x88e7 and the I-TAG with the service id. Open vSwitch has neither; texts use the specification's names.
 */
import { slots } from '../../packet/key.js';
import { action, alone, standard } from '../action.js';
import { ETH_TYPE } from '../prerequisite.js';
import { knownTags, knownType } from './known-type.js';

export interface PushPbb {
  readonly type: 'push_pbb';
  /** 0x88e7, the only one there is. */
  readonly ethType: number;
}

export interface PopPbb {
  readonly type: 'pop_pbb';
}

export const pushPbb = action<PushPbb>({
  type: 'push_pbb',
  ids: [standard(26)],
  read(r) {
    const ethType = r.u16('push_pbb EtherType');
    r.skip(2);
    if (ethType !== ETH_TYPE.PBB) {
      throw r.error('OFPBAC_BAD_ARGUMENT', `push_pbb can't push EtherType 0x${ethType.toString(16)}`, 4);
    }
    return { type: 'push_pbb', ethType };
  },
  write(a, w) {
    w.u16(a.ethType).zeros(2);
  },
  texts: {
    push_pbb(arg) {
      if (Number(arg.text) !== ETH_TYPE.PBB) throw arg.error(`push_pbb takes 0x88e7, not "${arg.text}"`);
      return { type: 'push_pbb', ethType: ETH_TYPE.PBB };
    },
  },
  format: (a) => `push_pbb:0x${a.ethType.toString(16)}`,
  check(a, flow) {
    knownType(flow, a.ethType);
    knownTags(flow, false);
  },
  translate(_, m) {
    m.tags.pushPbb();
  },
});

export const popPbb = action<PopPbb>({
  type: 'pop_pbb',
  ids: [standard(27)],
  read(r) {
    r.skip(4);
    return { type: 'pop_pbb' };
  },
  write(_, w) {
    w.zeros(4);
  },
  texts: { pop_pbb: alone({ type: 'pop_pbb' }) },
  format: () => 'pop_pbb',
  check(_, flow) {
    flow.require('pbb', 'pop_pbb');
    knownType(flow, null);
    knownTags(flow, null);
    for (const key of [flow.value, flow.mask]) {
      for (const slot of [slots.eth_dst, slots.eth_src]) key.setBytes(slot, new Uint8Array(slot.size));
    }
  },
  translate(_, m) {
    m.tags.popPbb();
  },
});
