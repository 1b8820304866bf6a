/**
 * The bits of ct_state, and the numbers of IP protocols and families that the tracker distinguishes. ovs-fields(7),
 * ct_state.
 */

/** Bits of ct_state. */
export const CS_NEW = 0x01;
/** ct_state: belongs to a connection that was committed. */
export const CS_EST = 0x02;
/** ct_state: about another connection, or announced by one. */
export const CS_REL = 0x04;
/** ct_state: in the reply direction. */
export const CS_RPL = 0x08;
/** ct_state: can not be tracked. */
export const CS_INV = 0x10;
/** ct_state: has been through ct. */
export const CS_TRK = 0x20;
/** ct_state: its source was translated. */
export const CS_SNAT = 0x40;
/** ct_state: its destination was translated. */
export const CS_DNAT = 0x80;

/** Names of the bits, lowest first, as Open vSwitch writes them. */
export const STATE_NAMES = ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'] as const;

/** "new|trk" for 0x21. */
export function formatState(state: number): string {
  return STATE_NAMES.filter((_, bit) => state & (1 << bit)).join('|');
}

/** "trk,est", "est|trk", "+trk+est" → the bits; trk comes with any. Null for another word. */
export function parseState(text: string): number | null {
  let state = 0;
  for (const word of text.split(/[\s,|+]+/).filter((each) => each !== '')) {
    const bit = STATE_NAMES.indexOf(word as (typeof STATE_NAMES)[number]);
    if (bit < 0) return null;
    state |= 1 << bit;
  }
  return state === 0 ? 0 : state | CS_TRK;
}

/** IP's protocol numbers, here ICMP's. */
export const PROTO_ICMP = 1;
/** TCP's. */
export const PROTO_TCP = 6;
/** UDP's. */
export const PROTO_UDP = 17;
/** ICMPv6's. */
export const PROTO_ICMPV6 = 58;
/** SCTP's. */
export const PROTO_SCTP = 132;
