/**
 * Neighbour discovery for IPv6 (RFC 4861 §4.3, §4.4, §7.2): answers solicitations for the host's addresses, asks for
 * others', learns from both. No routers, no redirects, no duplicate address detection, no state machine of
 * reachability.
 */
import { solicitedNode } from './address.js';
import { icmpv6 } from './icmp-message.js';
import { Neighbours } from './neighbours.js';
import { type Datagram, PROTOCOL, type Stack } from './stack.js';

/** ICMPv6 types. */
export const SOLICITATION = 135;
export const ADVERTISEMENT = 136;

const SOURCE_LINK = 1;
const TARGET_LINK = 2;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;
/** Neighbour discovery is believed only with this hop limit: no router has passed it on. */
const HOP_LIMIT = 255;

export class NeighbourDiscovery {
  readonly neighbours: Neighbours;

  constructor(
    private readonly stack: Stack,
    deliver: (datagram: Uint8Array, mac: Uint8Array) => void,
  ) {
    this.neighbours = new Neighbours(stack, (address) => this.solicit(address), deliver);
  }

  receive({ from, payload, ttl }: Datagram): void {
    if (ttl !== HOP_LIMIT || payload.length < 24 || payload[1] !== 0) return;
    const target = payload.subarray(8, 24);
    const advertised = payload[0] === ADVERTISEMENT;
    const link = option(payload, advertised ? TARGET_LINK : SOURCE_LINK);
    if (advertised) {
      if (link !== null) this.neighbours.learn(target, link, false);
      return;
    }
    if (!this.stack.owns(target)) return;
    const known = from.some((byte) => byte !== 0);
    if (known && link !== null) this.neighbours.learn(from, link, true);
    this.advertise(target.slice(), known ? from : Uint8Array.of(0xff, 2, ...new Array(13).fill(0), 1), known);
  }

  private solicit(address: Uint8Array): void {
    const to = solicitedNode(address);
    this.say(SOLICITATION, 0, address, SOURCE_LINK, to, this.stack.source(address) ?? this.stack.linkLocal);
  }

  private advertise(target: Uint8Array, to: Uint8Array, solicited: boolean): void {
    this.say(ADVERTISEMENT, solicited ? SOLICITED | OVERRIDE : OVERRIDE, target, TARGET_LINK, to, target);
  }

  private say(type: number, flags: number, target: Uint8Array, option: number, to: Uint8Array, from: Uint8Array): void {
    const body = new Uint8Array(28);
    body[0] = flags;
    body.set(target, 4);
    body.set([option, 1], 20);
    body.set(this.stack.mac, 22);
    this.stack.send(to, PROTOCOL.icmpv6, icmpv6(from, to, type, 0, body), { from, ttl: HOP_LIMIT });
  }
}

/** The MAC address in the first option of a kind, or null. */
function option(payload: Uint8Array, kind: number): Uint8Array | null {
  for (let at = 24; at + 8 <= payload.length && payload[at + 1] > 0; at += payload[at + 1] * 8) {
    if (payload[at] === kind && payload[at + 1] === 1) return payload.slice(at + 2, at + 8);
  }
  return null;
}

/** Whether an ICMPv6 message is neighbour discovery's. */
export function isNeighbourDiscovery(payload: Uint8Array): boolean {
  return payload[0] === SOLICITATION || payload[0] === ADVERTISEMENT;
}
