/** IPv4 and IPv6 of a virtual host: which neighbour a datagram goes to, and which received ones are the host's own. */

import { groupMac, parseIp, sameBytes, solicitedNode } from './address.js';
import { Arp } from './arp.js';
import { ETHER_TYPE, ethernet } from './ethernet.js';
import { ipDatagram, readDatagram } from './ip-header.js';
import { NeighbourDiscovery } from './nd.js';
import type { Datagram, SendOptions, Stack } from './stack.js';

const DEFAULT_TTL = 64;
const LINK_LOCAL_BITS = 10;
const ALL_NODES = parseIp('ff02::1');

/** An address and how many of its bits name the network. */
export interface Interface {
  address: Uint8Array;
  bits: number;
}

/** Reads "10.0.0.1" or "10.0.0.1/24"; without a length everything counts as on the link. Throws a RangeError. */
export function parseInterface(text: string): Interface {
  const [address, bits, ...more] = text.split('/');
  const bytes = parseIp(address);
  if (bits === undefined) return { address: bytes, bits: 0 };
  const ok = more.length === 0 && /^\d+$/.test(bits) && Number(bits) <= bytes.length * 8;
  if (!ok) throw new RangeError(`"${bits}" in ${text} is no prefix length`);
  return { address: bytes, bits: Number(bits) };
}

export class Ip {
  readonly arp: Arp;
  readonly nd: NeighbourDiscovery;
  private id: number;

  constructor(
    private readonly stack: Stack,
    private readonly interfaces: readonly Interface[],
    private readonly gateways: readonly Uint8Array[],
    /** Takes a datagram for the host. */
    private readonly deliver: (datagram: Datagram) => void,
  ) {
    this.arp = new Arp(stack, (datagram, mac) => this.transmit(datagram, mac));
    this.nd = new NeighbourDiscovery(stack, (datagram, mac) => this.transmit(datagram, mac));
    this.id = stack.random.below(0x10000);
  }

  send(to: Uint8Array, protocol: number, payload: Uint8Array, options: SendOptions): void {
    const from = options.from ?? this.source(to);
    if (from === null) return;
    this.id = (this.id + 1) & 0xffff;
    const datagram = ipDatagram(from, to, protocol, options.ttl ?? DEFAULT_TTL, this.id, payload);
    const group = groupMac(to);
    if (group !== null) {
      this.transmit(datagram, group);
    } else if (this.stack.owns(to)) {
      this.stack.clock.after(0, () => this.receive(datagram));
    } else {
      const { neighbours } = to.length === 4 ? this.arp : this.nd;
      neighbours.send(this.nextHop(to), datagram);
    }
  }

  /** A datagram came in, with whatever padding the frame has. */
  receive(bytes: Uint8Array): void {
    const datagram = readDatagram(bytes);
    if (datagram !== null && this.isOurs(datagram.to)) this.deliver(datagram);
  }

  /** The host's address that datagrams to `to` come from. */
  source(to: Uint8Array): Uint8Array | null {
    const { ipv4, ipv6, linkLocal: local } = this.stack;
    if (to.length === 4) return ipv4;
    const onLink = (to[0] === 0xff && (to[1] & 15) === 2) || sameBytes(to, local, LINK_LOCAL_BITS);
    return onLink ? local : (ipv6 ?? local);
  }

  private nextHop(to: Uint8Array): Uint8Array {
    const own = this.interfaces.find(({ address }) => address.length === to.length);
    const near = own === undefined || sameBytes(to, own.address, own.bits) || this.isLinkLocal(to);
    return near ? to : (this.gateways.find(({ length }) => length === to.length) ?? to);
  }

  private isLinkLocal(address: Uint8Array): boolean {
    return address.length === 16 && sameBytes(address, this.stack.linkLocal, LINK_LOCAL_BITS);
  }

  private isOurs(to: Uint8Array): boolean {
    if (this.stack.owns(to)) return true;
    if (to.length === 16)
      return sameBytes(to, ALL_NODES) || this.addresses().some((own) => sameBytes(to, solicitedNode(own)));
    const own = this.interfaces.find(({ address }) => address.length === 4);
    if (own === undefined) return false;
    const everyone = to.every((byte) => byte === 255);
    return everyone || (own.bits > 0 && own.bits < 31 && sameBytes(to, broadcast(own)));
  }

  private addresses(): Uint8Array[] {
    const { ipv6, linkLocal: local } = this.stack;
    return ipv6 === null ? [local] : [ipv6, local];
  }

  private transmit(datagram: Uint8Array, mac: Uint8Array): void {
    const type = datagram[0] >> 4 === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6;
    this.stack.transmit(ethernet(mac, this.stack.mac, type, datagram));
  }
}

/** The broadcast address of an interface's network. */
function broadcast({ address, bits }: Interface): Uint8Array {
  return address.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, bits - i * 8))));
}
