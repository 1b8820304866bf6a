/**
 * How much of Open vSwitch's own a controller gets to see. Some controllers close the connection on field ids that
 * they don't know, so the fields in a packet-in's match and in table features are cut to a profile: `ovs` as Open
 * vSwitch sends them, `minimal` what every OpenFlow 1.3 parser knows, `full` all there is.
 */
import type { Field, FieldValue } from '../nxm/index.js';

export type Profile = 'ovs' | 'minimal' | 'full';
export const PROFILES: readonly Profile[] = ['ovs', 'minimal', 'full'];

/** What `minimal` leaves in a packet-in. */
const MINIMAL = new Set(['in_port_oxm', 'in_phy_port', 'metadata', 'tun_id']);
/** What Open vSwitch keeps to itself. */
const INTERNAL = new Set(['dp_hash', 'recirc_id', 'conj_id', 'skb_priority', 'actset_output']);

const OPENFLOW_BASIC = 0x8000;
/** The last field of OpenFlow 1.3 (§7.2.3.7): ipv6_exthdr. */
const LAST_OF_13 = 39;

/** A packet-in's fields as the profile shows them, in their order. */
export function packetInFields(profile: Profile, fields: readonly FieldValue[]): readonly FieldValue[] {
  if (profile === 'full') return fields;
  if (profile === 'minimal') return fields.filter(({ field }) => MINIMAL.has(field.name));
  return fields.filter(({ field }) => !INTERNAL.has(field.name));
}

/** May table features name the field? */
export function isShown(profile: Profile, field: Field): boolean {
  const header = field.headers.at(-1);
  if (!header) return false;
  if (profile === 'minimal') return header.oxmClass === OPENFLOW_BASIC && header.number <= LAST_OF_13;
  return profile === 'full' || !INTERNAL.has(field.name);
}
