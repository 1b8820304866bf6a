/**
 * What NORMAL drops: group addresses that a bridge keeps to itself, as Open vSwitch does without forward-bpdu, and
 * cut-off tags.
 */
import { ETH_TYPE } from '../nxm/index.js';

/** Is the address at `bytes[at]` reserved: IEEE 802.1's 01:80:c2:00:00:00–0f, Cisco's 01:00:0c:cc:cc:cc and cd? */
export function isReserved(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x01) return false;
  if (bytes[at + 1] === 0x80) {
    return bytes[at + 2] === 0xc2 && bytes[at + 3] === 0 && bytes[at + 4] === 0 && bytes[at + 5] < 0x10;
  }
  const cisco = bytes[at + 1] === 0 && bytes[at + 2] === 0x0c && bytes[at + 3] === 0xcc && bytes[at + 4] === 0xcc;
  return cisco && (bytes[at + 5] === 0xcc || bytes[at + 5] === 0xcd);
}

/** Is it the EtherType of a VLAN tag? */
export function isTagType(ethType: number): boolean {
  return ethType === ETH_TYPE.VLAN || ethType === ETH_TYPE.QINQ;
}
