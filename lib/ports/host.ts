/**
 * A virtual host inside the process, behind a port: ARP, ND, ping, UDP and TCP, enough to make and answer traffic
 * without an interface or rights. It lives on the switch's clock and on seeded chance, so a run with a ManualClock is
 * the same each time. The protocols are in host/, one file each; this is the port and what a person asks of a host.
 */
import { formatMac, parseMac, Random } from '../bytes/index.js';
import { formatIp, parseIp } from './host/address.js';
import { type HostParts, HostStack } from './host/host-stack.js';
import type { PingOptions, Probe } from './host/icmp.js';
import { type Interface, parseInterface } from './host/ip.js';
import type { TcpResult } from './host/tcp.js';
import type { UdpResult } from './host/udp.js';
import { type Port, PortError, type PortHost } from './port.js';

export type { PingOptions, Probe } from './host/icmp.js';
export type { TcpResult } from './host/tcp.js';
export type { TcpEnd } from './host/tcp-connection.js';
export type { UdpResult } from './host/udp.js';

/** The echo service's port (RFC 862), which is open unless told otherwise. */
export const ECHO_PORT = 7;
const UDP_TIMEOUT_MS = 1000;
const TCP_TIMEOUT_MS = 10_000;

/** What a virtual host is made with. */
export interface HostOptions {
  /** Name of the host and of the port. */
  name: string;
  /** "50:54:00:00:00:01" or six bytes. */
  mac: string | Uint8Array;
  /** "10.0.0.1" or "10.0.0.1/24". Without a prefix length every address counts as on the link. */
  ipv4?: string;
  /** "2001:db8::1" or "2001:db8::1/64". A link-local address is there in any case. */
  ipv6?: string;
  /** Where datagrams for other networks go: one address, or one of each family. */
  gateway?: string | readonly string[];
  /** UDP and TCP ports that echo, [ECHO_PORT] each unless told. */
  udp?: readonly number[];
  tcp?: readonly number[];
  /** Chance for sequence numbers and ports; a stream named after the host unless told. */
  random?: Random;
}

/** A port with a small host behind it, inside the process. */
export class HostPort implements Port {
  readonly kind = 'host';
  readonly name: string;
  readonly mac: Uint8Array;
  private readonly parts: HostParts;
  private port: PortHost | null = null;
  private running: HostStack | null = null;
  private up = true;

  /** Throws a PortError for an address that is none. */
  constructor(options: HostOptions) {
    this.name = options.name;
    const mac = typeof options.mac === 'string' ? parseMac(options.mac) : options.mac.slice();
    if (mac === null || mac.length !== 6 || mac[0] & 1) {
      throw new PortError(options.name, `"${options.mac}" is no host's MAC address`);
    }
    this.mac = mac;
    try {
      this.parts = {
        name: options.name,
        mac,
        interfaces: [...read(options.ipv4, 4), ...read(options.ipv6, 16)],
        gateways: [options.gateway ?? []].flat().map(parseIp),
        udpPorts: new Set(options.udp ?? [ECHO_PORT]),
        tcpPorts: new Set(options.tcp ?? [ECHO_PORT]),
        random: options.random ?? new Random(0, `host ${options.name}`),
      };
    } catch (error) {
      throw new PortError(options.name, (error as Error).message);
    }
  }

  /** The host's addresses as text, without prefix lengths: IPv4, then IPv6, where it has them. */
  get addresses(): string[] {
    return this.parts.interfaces.map(({ address }) => formatIp(address));
  }

  start(port: PortHost): void {
    this.port = port;
    this.running ??= new HostStack(this.parts, port);
    this.running.up = this.up;
    if (!this.up) port.link(false);
  }

  /** A frame from the switch. */
  send(bytes: Uint8Array, start: number, end: number): void {
    if (this.up) this.running?.receive(bytes.slice(start, end));
    else this.port?.lost('tx', 'dropped', 1);
  }

  close(): void {
    this.running?.close();
    this.running = null;
    this.port = null;
  }

  /** Takes the link up or down, as if a cable were pulled. */
  link(up: boolean): void {
    if (this.up === up) return;
    this.up = up;
    if (this.running !== null) this.running.up = up;
    this.port?.link(up);
  }

  /** The ports that echo, ascending. */
  openPorts(protocol: 'udp' | 'tcp'): number[] {
    return [...(protocol === 'udp' ? this.parts.udpPorts : this.parts.tcpPorts)].sort((a, b) => a - b);
  }

  /** Opens a port for echo. */
  listen(protocol: 'udp' | 'tcp', port: number): void {
    (protocol === 'udp' ? this.parts.udpPorts : this.parts.tcpPorts).add(port);
  }

  /**
   * Pings an address; resolves with what became of each probe. Rejects for a text that is no address the host can
   * reach.
   */
  async ping(address: string, options: PingOptions = {}): Promise<Probe[]> {
    const [stack, to] = this.towards(address);
    return stack.icmp.ping(to, options);
  }

  /** Sends a datagram and resolves with the answer, or with why there was none. */
  async udp(address: string, port: number, data: Uint8Array | string, timeout_ms = UDP_TIMEOUT_MS): Promise<UdpResult> {
    const [stack, to] = this.towards(address);
    return stack.udp.request(to, port, toBytes(data), timeout_ms);
  }

  /** Connects, sends `data`, closes, and resolves with what came back once the peer has closed too, or with why not. */
  async tcp(
    address: string,
    port: number,
    data: Uint8Array | string = '',
    timeout_ms = TCP_TIMEOUT_MS,
  ): Promise<TcpResult> {
    const [stack, to] = this.towards(address);
    return stack.tcp.request(to, port, toBytes(data), timeout_ms);
  }

  /** The neighbours that the host knows, as IP address → MAC address. */
  neighbours(): Map<string, string> {
    if (this.running === null) return new Map();
    const { arp, nd } = this.running.ip;
    const all = [...arp.neighbours.entries(), ...nd.neighbours.entries()];
    return new Map(all.map(([address, mac]) => [address, formatMac(mac)]));
  }

  /** The running stack and an address that it can reach. */
  private towards(text: string): [HostStack, Uint8Array] {
    if (this.running === null) throw new PortError(this.name, 'the host is not started');
    const address = parseIp(text);
    if (this.running.source(address) === null) {
      throw new PortError(this.name, `the host has no IPv4 address, so it can't reach ${text}`);
    }
    return [this.running, address];
  }
}

/** Reads an interface of a family, where there is one. */
function read(text: string | undefined, length: number): Interface[] {
  if (text === undefined) return [];
  const added = parseInterface(text);
  if (added.address.length !== length) throw new RangeError(`"${text}" is no IPv${length === 4 ? 4 : 6} address`);
  return [added];
}

function toBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data;
}

/** A virtual host. Throws a PortError for an address that is none. */
export function host(options: HostOptions): HostPort {
  return new HostPort(options);
}
