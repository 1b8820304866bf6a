/** push_vlan and pop_vlan: OpenFlow 1.3.5 §5.12, §7.2.4.5, §7.2.4.6. */
import { OpenFlowError } from '../../bytes/index.js';
import { slots, VLAN_CFI } from '../../packet/key.js';
import { action, type Check, standard } from '../action.js';
import { ETH_TYPE } from '../prerequisite.js';

export interface PushVlan {
  readonly type: 'push_vlan';
  readonly ethType: number;
}

export interface PopVlan {
  readonly type: 'pop_vlan';
}

/** What later actions may rely on: a tag more, in front of the one that was there. */
function pushed({ value, mask }: Check): void {
  for (const key of [value, mask]) {
    key.set(slots.inner_vlan_tci, key.get(slots.vlan_tci));
    key.set(slots.vlan_tci, VLAN_CFI);
  }
}

/** A type of tag without a mask: there may be a tag, or none. */
const MAYBE = 1;

/**
 * What later actions may rely on: the tag behind, if there is one. A match says nothing of it. That there may be one is
 * enough for another pop_vlan, which leaves packets without a tag alone, and for nothing else.
 */
function popped({ value, mask }: Check): void {
  value.set(slots.vlan_tpid, mask.get(slots.inner_vlan_tci) & VLAN_CFI ? 0 : MAYBE);
  for (const key of [value, mask]) {
    key.set(slots.vlan_tci, key.get(slots.inner_vlan_tci));
    key.set(slots.inner_vlan_tci, 0);
  }
}

/** Can there be a tag to take away? In a bucket nobody knows. */
function poppable({ value, mask, inside }: Check): boolean {
  const tagged = value.get(slots.vlan_tci) & mask.get(slots.vlan_tci) & VLAN_CFI;
  return tagged !== 0 || value.get(slots.vlan_tpid) === MAYBE || inside === 'bucket';
}

export const pushVlan = action<PushVlan>({
  type: 'push_vlan',
  ids: [standard(17)],
  read(r) {
    const ethType = r.u16('push_vlan EtherType');
    r.skip(2);
    if (ethType !== ETH_TYPE.VLAN && ethType !== ETH_TYPE.QINQ) {
      throw r.error('OFPBAC_BAD_ARGUMENT', `push_vlan can't push EtherType 0x${ethType.toString(16)}`, 4);
    }
    return { type: 'push_vlan', ethType };
  },
  write(a, w) {
    w.u16(a.ethType).zeros(2);
  },
  texts: {
    push_vlan(arg) {
      const ethType = Number(arg.text);
      if (ethType !== ETH_TYPE.VLAN && ethType !== ETH_TYPE.QINQ) {
        throw arg.error(`push_vlan takes 0x8100 or 0x88a8, not "${arg.text}"`);
      }
      return { type: 'push_vlan', ethType };
    },
  },
  format: (a) => `push_vlan:0x${a.ethType.toString(16).padStart(4, '0')}`,
  check(_, flow) {
    pushed(flow);
  },
  translate(a, m) {
    m.tags.pushVlan(a.ethType);
  },
});

export const popVlan = action<PopVlan>({
  type: 'pop_vlan',
  ids: [standard(18)],
  read(r) {
    r.skip(4);
    return { type: 'pop_vlan' };
  },
  write(_, w) {
    w.zeros(4);
  },
  texts: {
    pop_vlan: () => ({ type: 'pop_vlan' }),
    strip_vlan: () => ({ type: 'pop_vlan' }),
  },
  format: () => 'pop_vlan',
  check(_, flow) {
    if (!poppable(flow)) {
      throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT', 'pop_vlan needs a flow that matches a VLAN tag');
    }
    popped(flow);
  },
  translate(_, m) {
    m.tags.popVlan();
  },
});
