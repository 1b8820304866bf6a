/** nat as an action says it → what the tracker is asked. */
import type { NatRequest } from '../ct/index.js';
import type { Nat } from '../nxm/index.js';

/** Address bytes as signed 32-bit numbers; none: zeros. */
function words(address: Uint8Array | null): Int32Array {
  const out = new Int32Array(address === null ? 4 : address.length >> 2);
  address?.forEach((byte, i) => {
    out[i >> 2] |= byte << (24 - (i & 3) * 8);
  });
  return out;
}

export function natRequest(nat: Nat): NatRequest {
  return {
    kind: nat.kind,
    family: nat.family,
    min: words(nat.min),
    max: words(nat.max ?? nat.min),
    portMin: nat.portMin,
    portMax: nat.portMax || nat.portMin,
    random: nat.random,
    persistent: nat.persistent,
  };
}
