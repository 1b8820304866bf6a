/**
 * A packet in ovs-ofctl's words: "in_port=1,tcp,nw_src=10.0.0.1,tp_dst=80" → a frame with right lengths and checksums,
 * and what no frame shows (registers, ct fields, tunnel) in its key. What isn't said is zero, except what would make no
 * packet of it: the TTL is 64, TCP a SYN, ICMP an echo request, ARP a request.
 */
import { type Field, fields, type Match, OFPP, slotOf } from '../nxm/index.js';
import { composeFrame, extract, type FrameRest, GROUPS, Key, Packet, slots } from '../packet/index.js';
import { parseMatch } from './match-reader.js';
import type { PlaceOptions } from './place.js';

/** A packet to send or to trace. */
export interface PacketGiven {
  readonly inPort: number;
  /** What the frame says, with what was said beside it: registers, metadata, tunnel, ct_*. */
  readonly key: Key;
  readonly frame: Uint8Array;
}

const DEFAULT_TTL = 64;
const SYN = 2;

/** What a packet is where nothing else is said: protocol words' numbers, fields, values. */
const DEFAULTS: readonly (readonly [field: Field, value: number])[] = [
  [fields.nw_ttl, DEFAULT_TTL],
  [fields.arp_op, 1],
  [fields.tcp_flags, SYN],
  [fields.icmp_type, 8],
  [fields.icmpv6_type, 128],
];

/** Words of the key that no frame shows. */
const BESIDE = [
  ...range(slots.ct_state.at >> 2, slots.packet_type.at >> 2),
  ...range(...GROUPS.ctTuple),
  ...range(...GROUPS.pipeline),
  ...range(...GROUPS.tunnel),
];

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** The packet that a text describes. Throws a TextError with its place. `rest` is what no match can say. */
export function parsePacket(text: string, options: PlaceOptions = {}, rest: FrameRest = {}): PacketGiven {
  return packetOf(parseMatch(text, options), rest);
}

/** The packet of a match; bits that it leaves open are zero. */
export function packetOf(match: Match, rest: FrameRest = {}): PacketGiven {
  const [value, mask] = [new Key(), new Key()];
  match.expand(value, mask);
  for (const [field, number] of DEFAULTS) {
    const slot = slotOf(field);
    if (!mask.get(slot) && applies(field, value)) value.set(slot, number);
  }
  const inPort = mask.get(slots.in_port) ? value.get(slots.in_port) : OFPP.ANY;
  return givenFrame(inPort, composeFrame(value, rest), value);
}

/** The packet of a frame; `beside`: what was said of fields that no frame shows. */
export function givenFrame(inPort: number, frame: Uint8Array, beside: Key | null = null): PacketGiven {
  const key = new Key();
  extract(new Packet().attach(frame), key, inPort);
  if (beside === null) return { inPort, key, frame };
  for (const word of BESIDE) {
    key.words[word] = beside.words[word];
    if (key.words[word] !== 0) key.touched(word);
  }
  return { inPort, key, frame };
}

function applies(field: Field, key: Key): boolean {
  const [type, proto] = [key.get(slots.eth_type), key.get(slots.nw_proto)];
  const v4 = type === 0x0800;
  const v6 = type === 0x86dd;
  switch (field) {
    case fields.arp_op:
      return type === 0x0806;
    case fields.tcp_flags:
      return (v4 || v6) && proto === 6;
    case fields.icmp_type:
      return v4 && proto === 1;
    case fields.icmpv6_type:
      return v6 && proto === 58;
    default:
      return v4 || v6;
  }
}
