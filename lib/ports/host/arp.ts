/**
 * ARP for IPv4 over Ethernet (RFC 826): answers questions for the host's address, asks for others', learns from both.
 */
import { BROADCAST, sameBytes } from './address.js';
import { ETHER_TYPE, ETHERNET_HEADER, ethernet, get16, get32, put16, put32 } from './ethernet.js';
import { Neighbours } from './neighbours.js';
import type { Stack } from './stack.js';

const LENGTH = 28;
const REQUEST = 1;
const REPLY = 2;

export class Arp {
  readonly neighbours: Neighbours;

  constructor(
    private readonly stack: Stack,
    deliver: (datagram: Uint8Array, mac: Uint8Array) => void,
  ) {
    this.neighbours = new Neighbours(
      stack,
      (address) => this.say(REQUEST, BROADCAST, new Uint8Array(6), address),
      deliver,
    );
  }

  receive(frame: Uint8Array): void {
    const own = this.stack.ipv4;
    const arp = frame.subarray(ETHERNET_HEADER);
    const usual = arp.length >= LENGTH && get32(arp, 0) === 0x0001_0800 && get16(arp, 4) === 0x0604;
    if (own === null || !usual) return;
    const [mac, from, to] = [arp.subarray(8, 14), arp.subarray(14, 18), arp.subarray(24, 28)];
    const forUs = sameBytes(to, own);
    if (from.some((byte) => byte !== 0)) this.neighbours.learn(from, mac, forUs);
    if (forUs && get16(arp, 6) === REQUEST) this.say(REPLY, mac, mac, from);
  }

  private say(operation: number, to: Uint8Array, targetMac: Uint8Array, target: Uint8Array): void {
    const { stack } = this;
    if (stack.ipv4 === null) return;
    const arp = new Uint8Array(LENGTH);
    put32(arp, 0, 0x0001_0800);
    put16(arp, 4, 0x0604);
    put16(arp, 6, operation);
    arp.set(stack.mac, 8);
    arp.set(stack.ipv4, 14);
    arp.set(targetMac, 18);
    arp.set(target, 24);
    stack.transmit(ethernet(to, stack.mac, ETHER_TYPE.arp, arp));
  }
}
