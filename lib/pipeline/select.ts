/**
 * Which buckets of a group a packet takes (OpenFlow 1.3.5 §5.6.1). A select group goes by a hash of the packet's
 * headers: Ethernet addresses and type, VLAN, IPv4, IPv6 or ARP addresses, protocol, and the ports of what isn't a
 * fragment, so that fragments stay with each other. What is hashed is marked, and nothing else, so a bucket is a
 * function of key and weights.
 *
 * Each bucket draws a number from hash and place, and the one with the largest -weight / ln(number) wins: shares follow
 * the weights, and when a bucket dies or changes, only packets that it loses or wins move (weighted rendezvous
 * hashing).
 */
import { ETH_TYPE, IP_PROTO } from '../nxm/index.js';
import { FRAG_ANY, type Slot, slots, vidSlot } from '../packet/key.js';
import { finish, mix } from '../packet/shape.js';
import type { Group, GroupBucket, Groups } from './groups.js';
import type { Headers } from './headers.js';

/** The buckets that a packet takes, in order. */
export function bucketsFor(group: Group, groups: Groups, headers: Headers): readonly GroupBucket[] {
  if (group.type === 'all' || group.type === 'indirect') return group.buckets;
  const isLive = (bucket: GroupBucket) => groups.isLive(group, bucket);
  const chosen = group.type === 'ff' ? group.buckets.find(isLive) : pick(group.buckets, isLive, headers);
  return chosen ? [chosen] : [];
}

function pick(
  buckets: readonly GroupBucket[],
  isLive: (bucket: GroupBucket) => boolean,
  headers: Headers,
): GroupBucket | undefined {
  const hash = flowHash(headers);
  let best: GroupBucket | undefined;
  let highest = -1;
  for (const [place, bucket] of buckets.entries()) {
    if (!isLive(bucket)) continue;
    const score = bucket.settings.weight / -Math.log(draw(hash, place));
    if (score <= highest) continue;
    best = bucket;
    highest = score;
  }
  return best;
}

/** A number between 0 and 1, both left out. */
function draw(hash: number, place: number): number {
  return ((finish(mix(hash, place + 1)) >>> 0) + 0.5) / 0x100000000;
}

const V4_SLOTS = [slots.ipv4_src, slots.ipv4_dst];
const V6_SLOTS = [slots.ipv6_src, slots.ipv6_dst];

/** A hash of what tells a packet's flow from others; marks what it read. */
export function flowHash(headers: Headers): number {
  let hash = 0;
  const take = (slot: Slot): void => {
    headers.lookAt(slot);
    const { bytes } = headers.flow;
    for (let i = slot.at; i < slot.at + slot.size; i += 2) hash = mix(hash, (bytes[i] << 8) | bytes[i + 1]);
  };
  take(slots.eth_dst);
  take(slots.eth_src);
  hash = mix(hash, headers.read(vidSlot));
  const type = headers.read(slots.eth_type);
  hash = mix(hash, type);
  const ip = type === ETH_TYPE.IP || type === ETH_TYPE.IPV6;
  if (type === ETH_TYPE.IPV6) V6_SLOTS.forEach(take);
  else if (ip || type === ETH_TYPE.ARP || type === ETH_TYPE.RARP) V4_SLOTS.forEach(take);
  if (ip) {
    const proto = headers.read(slots.nw_proto);
    hash = mix(hash, proto);
    const ports = proto === IP_PROTO.TCP || proto === IP_PROTO.UDP || proto === IP_PROTO.SCTP;
    if (ports && !(headers.read(slots.nw_frag) & FRAG_ANY)) {
      take(slots.tp_src);
      take(slots.tp_dst);
    }
  }
  return hash;
}
