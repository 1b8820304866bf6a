/** Fields of the packet in hand: whether it has them, and the bits of metadata that write_metadata names. */
import { type Field, implied, meets } from '../nxm/index.js';
import { Key, slots } from '../packet/key.js';
import type { Headers } from './headers.js';

/** One bit of the outer TCI: a tag is there. */
const cfiSlot = { at: slots.vlan_tci.at, size: 2, shift: 12, width: 1 };

/** What a packet without an Ethernet header has not. */
const ETHERNET = new Set([slots.eth_dst, slots.eth_src, slots.vlan_tci].map(({ at }) => at));

const ONES = new Key();
ONES.words.fill(0xffffffff);

const L4_NEEDS = new Set(['tcp', 'udp', 'sctp']);

/** Is the prerequisite of a field true for this packet? Marks what it looked at. */
export function isPresent({ needs, slot }: Field, headers: Headers): boolean {
  // The packet type is always a constant: looking at it marks nothing.
  if (slot !== null && ETHERNET.has(slot.at) && headers.flow.get(slots.packet_type) !== 0) return false;
  if (needs === 'none') return true;
  if (needs === 'vlan') return headers.read(cfiSlot) !== 0;
  for (const [name] of implied(needs)) headers.read(slots[name]);
  if (L4_NEEDS.has(needs)) headers.read(slots.nw_frag);
  return meets(needs, headers.flow, ONES);
}

/** Writes the masked bits of the 64-bit metadata. */
export function writeMetadata(headers: Headers, value: bigint, mask: bigint): void {
  for (const [bit, at] of [
    [32n, slots.metadata.at],
    [0n, slots.metadata.at + 4],
  ] as const) {
    const bits = Number((mask >> bit) & 0xffffffffn);
    if (bits === 0) continue;
    const slot = { at, size: 4, shift: 0, width: 32 };
    headers.write(slot, ((headers.read(slot) & ~bits) | (Number((value >> bit) & 0xffffffffn) & bits)) >>> 0);
  }
}
