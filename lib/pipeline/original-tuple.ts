/**
 * The lookup of resubmit with ct: addresses, protocol and ports of the packet change places with the original tuple of
 * its connection (ovs-actions(7)). What the lookup looked at is put where it belongs in the same way.
 */
import { ETH_TYPE } from '../nxm/index.js';
import { type Slot, slots } from '../packet/key.js';
import type { Headers } from './headers.js';

type Pair = readonly [own: Slot, original: Slot];

const COMMON: readonly Pair[] = [
  [slots.nw_proto, slots.ct_nw_proto],
  [slots.tp_src, slots.ct_tp_src],
  [slots.tp_dst, slots.ct_tp_dst],
];
const V4: readonly Pair[] = [...COMMON, [slots.ipv4_src, slots.ct_nw_src], [slots.ipv4_dst, slots.ct_nw_dst]];
const V6: readonly Pair[] = [...COMMON, [slots.ipv6_src, slots.ct_ipv6_src], [slots.ipv6_dst, slots.ct_ipv6_dst]];

/** Has the packet an original tuple? Marks what it looked at. */
export function hasTuple(headers: Headers): boolean {
  const type = headers.read(slots.eth_type);
  return (type === ETH_TYPE.IP || type === ETH_TYPE.IPV6) && headers.read(slots.ct_nw_proto) !== 0;
}

/** Lets the two tuples change places, or change back; with `seen`, in the words that a lookup looked at as well. */
export function swapTuple(headers: Headers, seen?: Uint32Array): void {
  const pairs = headers.read(slots.eth_type) === ETH_TYPE.IP ? V4 : V6;
  swap(headers.flow.bytes, pairs);
  if (seen) swap(new Uint8Array(seen.buffer, seen.byteOffset, seen.byteLength), pairs);
  headers.flow.touched(slots.ipv6_src.at >> 2);
  headers.flow.touched(slots.ct_nw_src.at >> 2);
  headers.lentOut(pairs.flat());
}

function swap(bytes: Uint8Array, pairs: readonly Pair[]): void {
  for (const [{ at: a, size }, { at: b }] of pairs) {
    for (let i = 0; i < size; i++) {
      const byte = bytes[a + i];
      bytes[a + i] = bytes[b + i];
      bytes[b + i] = byte;
    }
  }
}
