/** What later actions of a list may rely on once an action has put other headers in front, or taken some away. */
import { GROUPS, slots } from '../../packet/key.js';
import type { Check } from '../action.js';

/** Containers that mean something only together with the EtherType. */
const BEHIND = ['nw_proto', 'nw_frag', 'ipv4_src', 'ipv4_dst', 'tp_src', 'tp_dst', 'nw_tos', 'nw_ttl'] as const;

/** The EtherType from here on; null: nobody knows. Of what is behind it nothing is known any more. */
export function knownType({ value, mask }: Check, ethType: number | null): void {
  value.set(slots.eth_type, ethType ?? 0);
  mask.set(slots.eth_type, ethType === null ? 0 : 0xffff);
  for (const key of [value, mask]) {
    for (const name of BEHIND) key.set(slots[name], 0);
    for (const group of [GROUPS.ipv6, GROUPS.neighbour]) key.words.fill(0, ...group);
  }
}

/** Are there VLAN tags? False: certainly not; null: nobody knows. */
export function knownTags({ value, mask }: Check, tags: false | null): void {
  const bits = tags === false ? 0xffff : 0;
  for (const slot of [slots.vlan_tci, slots.inner_vlan_tci]) {
    value.set(slot, 0);
    mask.set(slot, bits);
  }
}
