/** A running virtual host: the protocols, and which of them takes what comes in. */
import type { Clock, Random } from '../../bytes/index.js';
import type { PortHost } from '../port.js';
import { linkLocal, sameBytes } from './address.js';
import { ETHER_TYPE, ETHERNET_HEADER, get16 } from './ethernet.js';
import { Icmp } from './icmp.js';
import { type Interface, Ip } from './ip.js';
import { readDatagram } from './ip-header.js';
import { isNeighbourDiscovery } from './nd.js';
import { type Datagram, PROTOCOL, type SendOptions, type Stack } from './stack.js';
import { Tcp } from './tcp.js';
import { Udp } from './udp.js';

/** What a host is made of, as its port read it. */
export interface HostParts {
  name: string;
  mac: Uint8Array;
  interfaces: readonly Interface[];
  gateways: readonly Uint8Array[];
  /** Ports that echo; may change while the host runs. */
  udpPorts: Set<number>;
  tcpPorts: Set<number>;
  random: Random;
}

export class HostStack implements Stack {
  readonly name: string;
  readonly mac: Uint8Array;
  readonly ipv4: Uint8Array | null;
  readonly ipv6: Uint8Array | null;
  readonly linkLocal: Uint8Array;
  readonly random: Random;
  readonly clock: Clock;
  readonly ip: Ip;
  readonly icmp: Icmp;
  readonly udp: Udp;
  readonly tcp: Tcp;
  /** Whether the link is up: nothing goes out and nothing comes in while it is not. */
  up = true;

  constructor(
    parts: HostParts,
    private readonly port: PortHost,
  ) {
    const own = (length: number) => parts.interfaces.find(({ address }) => address.length === length)?.address ?? null;
    this.name = parts.name;
    this.mac = parts.mac;
    this.ipv4 = own(4);
    this.ipv6 = own(16);
    this.linkLocal = linkLocal(parts.mac);
    this.random = parts.random;
    this.clock = port.clock;
    this.ip = new Ip(this, parts.interfaces, parts.gateways, (datagram) => this.deliver(datagram));
    this.icmp = new Icmp(this);
    this.udp = new Udp(this, parts.udpPorts, (datagram) => this.icmp.portUnreachable(datagram));
    this.tcp = new Tcp(this, parts.tcpPorts);
  }

  /** A frame from the switch. Frames for others and tagged ones are not the host's. */
  receive(frame: Uint8Array): void {
    if (frame.length < ETHERNET_HEADER) return;
    if (!(frame[0] & 1) && !sameBytes(frame.subarray(0, 6), this.mac)) return;
    const type = get16(frame, 12);
    if (type === ETHER_TYPE.arp) this.ip.arp.receive(frame);
    else if (type === ETHER_TYPE.ipv4 || type === ETHER_TYPE.ipv6) this.ip.receive(frame.subarray(ETHERNET_HEADER));
  }

  owns(address: Uint8Array): boolean {
    const own = address.length === 4 ? [this.ipv4] : [this.ipv6, this.linkLocal];
    return own.some((one) => one !== null && sameBytes(address, one));
  }

  transmit(frame: Uint8Array): void {
    if (this.up) this.port.receive(frame, 0, frame.length);
  }

  send(to: Uint8Array, protocol: number, payload: Uint8Array, options: SendOptions = {}): void {
    this.ip.send(to, protocol, payload, options);
  }

  source(to: Uint8Array): Uint8Array | null {
    return this.ip.source(to);
  }

  undelivered(whole: Uint8Array): void {
    const quoted = readDatagram(whole, true);
    if (quoted === null || quoted.payload.length < 8 || !this.owns(quoted.from)) return;
    const sender = { [PROTOCOL.udp]: this.udp, [PROTOCOL.tcp]: this.tcp }[quoted.protocol] ?? this.icmp;
    sender.undelivered(quoted);
  }

  /** Ends what is under way: requests resolve, timers stop. Nothing more is sent. */
  close(): void {
    this.up = false;
    this.icmp.close();
    this.udp.close();
    this.tcp.close();
    this.ip.arp.neighbours.clear();
    this.ip.nd.neighbours.clear();
  }

  private deliver(datagram: Datagram): void {
    const icmp = datagram.from.length === 4 ? PROTOCOL.icmp : PROTOCOL.icmpv6;
    if (datagram.protocol === PROTOCOL.udp) this.udp.receive(datagram);
    else if (datagram.protocol === PROTOCOL.tcp) this.tcp.receive(datagram);
    else if (datagram.protocol !== icmp) return;
    else if (icmp === PROTOCOL.icmpv6 && isNeighbourDiscovery(datagram.payload)) this.ip.nd.receive(datagram);
    else this.icmp.receive(datagram);
  }
}
