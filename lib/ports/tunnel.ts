/**
 * A tunnel to other switches over UDP: `vxlan:` and `geneve:`, without rights or interfaces. What a frame is sent with
 * is decided where its flow is translated (lib/pipeline/tunnel-output.ts); this port puts it around the frame, and
 * takes it off of what comes in. Options have ovs-vsctl's meaning (ovs-vswitchd.conf.db(5), "Tunnel Options").
 *
 * Unless it is told a local address it listens on loopback alone. With `local: 'flow'`, or an unspecified address, it
 * listens on each address that the machine has when the port starts.
 */
import { networkInterfaces } from 'node:os';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../bytes/index.js';
import type { TunnelIn, TunnelOut, TunnelSettings } from '../packet/tunnel.js';
import { completeChecksum } from './checksum-offload.js';
import { inHand } from './packet-socket/offload.js';
import { type Port, PortError, type PortHost } from './port.js';
import { segmentData } from './segment.js';
import { Endpoint, type TunnelListener } from './tunnel/endpoint.js';
import { ENCAPSULATIONS } from './tunnel/header.js';

/** The largest key: a VNI has 24 bits. */
export const MAX_VNI = 0xffffff;
const DEFAULT_TTL = 64;

/** What a tunnel is made with. */
export interface TunnelOptions {
  kind: 'vxlan' | 'geneve';
  /** Name of the port; the kind unless told. */
  name?: string;
  /** An IP address, or 'flow': each frame's tun_dst. */
  remote: string;
  /** The address to listen on and send from; loopback unless told. 'flow': all addresses, and each frame's tun_src. */
  local?: string;
  /** UDP port of both ends: 4789 or 6081 unless told. */
  dst_port?: number;
  /** The VNI in both directions, or 'flow': tun_id. 0 unless told. */
  key?: number | 'flow';
  in_key?: number | 'flow';
  out_key?: number | 'flow';
  /** 1 to 255, or 'inherit': that of the packet inside. 64 unless told. */
  ttl?: number | 'inherit';
  /** VXLAN's group policy. */
  gbp?: boolean;
}

/** The canonical text of an address, and whether it stands for all; throws a RangeError for what is none. */
function canonical(text: string): { address: string; any: boolean } {
  const v4 = parseIpv4(text);
  const v6 = v4 === null ? parseIpv6(text) : null;
  const bytes = v4 ?? v6;
  if (bytes === null) throw new RangeError(`"${text}" is no IP address`);
  return { address: v4 ? formatIpv4(bytes) : formatIpv6(bytes), any: bytes.every((byte) => byte === 0) };
}

/** A VXLAN or Geneve tunnel over a UDP socket. */
export class TunnelPort implements Port {
  readonly kind: 'vxlan' | 'geneve';
  readonly name: string;
  readonly tunnel: TunnelSettings;
  readonly in_key: number | 'flow';
  readonly dst_port: number;
  /** Where it listens: an address, or all of the machine. */
  private readonly local: string | 'all';
  private readonly listener: TunnelListener;
  private readonly endpoints = new Map<string, Endpoint>();
  /** For frames whose source the machine chooses, by family. */
  private readonly senders = new Map<'v4' | 'v6', Endpoint>();
  private host: PortHost | null = null;

  /** Throws a PortError for options that don't fit together. */
  constructor(options: TunnelOptions) {
    const { kind, key = 0, in_key = key, out_key = key, ttl = DEFAULT_TTL, gbp = false } = options;
    this.kind = kind;
    this.name = options.name ?? kind;
    this.in_key = in_key;
    this.dst_port = options.dst_port ?? ENCAPSULATIONS[kind].udp_port;
    const { remote, local, listens } = this.addresses(options);
    this.local = listens;
    for (const each of [in_key, out_key]) if (each !== 'flow') this.within('key', each, 0, MAX_VNI);
    this.within('dst_port', this.dst_port, 1, 0xffff);
    if (ttl !== 'inherit') this.within('ttl', ttl, 1, 255);
    if (gbp && kind !== 'vxlan') throw new PortError(this.name, 'group policy is in VXLAN headers alone');
    this.tunnel = { kind, remote, local, out_key, ttl, gbp };
    this.listener = {
      name: this.name,
      in_key,
      remote,
      heard: local === 'flow' ? 'flow' : local === '' ? 'any' : 'exact',
      arrived: (bytes, start, end, tunnel) => this.arrived(bytes, start, end, tunnel),
      refused: (kind) => this.host?.lost('rx', kind, 1),
      unsent: (kind) => this.host?.lost('tx', kind, 1),
    };
  }

  private within(what: string, value: number, least: number, most: number): void {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new PortError(this.name, `${what} is a number from ${least} to ${most}, not ${value}`);
    }
  }

  private addresses(options: TunnelOptions): Pick<TunnelSettings, 'remote' | 'local'> & { listens: string } {
    try {
      const remote = options.remote === 'flow' ? 'flow' : canonical(options.remote).address;
      const v6 = remote.includes(':');
      if (options.local === 'flow') {
        if (remote !== 'flow') throw new RangeError('local=flow needs remote=flow');
        return { remote, local: 'flow', listens: 'all' };
      }
      const { address, any } = canonical(options.local ?? (v6 ? '::1' : '127.0.0.1'));
      if (remote !== 'flow' && v6 !== address.includes(':')) {
        throw new RangeError(`the remote and the local address are of two families: ${remote}, ${address}`);
      }
      if (options.local === undefined && remote !== 'flow' && !isLoopback(remote)) {
        throw new RangeError(
          `${remote} can't be reached from loopback, where tunnels listen unless told: ` +
            `add local=ADDRESS, or local=${v6 ? '::' : '0.0.0.0'} for all addresses`,
        );
      }
      if (!any && remote === address) throw new RangeError(`${remote} would be both ends`);
      return { remote, local: any ? '' : address, listens: any ? 'all' : address };
    } catch (error) {
      throw error instanceof RangeError ? new PortError(this.name, error.message) : error;
    }
  }

  async start(host: PortHost): Promise<void> {
    this.host = host;
    const { kind, listener, dst_port, tunnel } = this;
    const addresses = this.local === 'all' ? this.ownAddresses() : [this.local];
    try {
      for (const address of addresses) {
        this.endpoints.set(address, await Endpoint.at(kind, tunnel.gbp, address, dst_port, listener));
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.host === null) await this.close();
  }

  /** All addresses of the machine that the remote could be reached from. */
  private ownAddresses(): string[] {
    const { remote } = this.tunnel;
    return Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family, address }) => {
        const linkLocal = /^fe80:/i.test(address);
        return !linkLocal && (remote === 'flow' || (family === 'IPv6') === remote.includes(':'));
      })
      .map(({ address }) => canonical(address).address);
  }

  send(bytes: Uint8Array, start: number, end: number, out?: TunnelOut): void {
    const endpoint = out === undefined ? undefined : this.endpointFor(out);
    if (out === undefined || endpoint === undefined) {
      this.host?.lost('tx', 'dropped', 1);
      return;
    }
    const { listener, dst_port } = this;
    if (inHand.segment_bytes > 0) {
      // No card cuts what stands in a tunnel.
      const emit = (piece: Uint8Array, from: number, to: number): void =>
        endpoint.send(listener, piece, from, to, out, dst_port);
      if (segmentData(bytes, start, end, inHand.segment_bytes, emit) > 0) return;
    }
    endpoint.send(listener, bytes, start, end, out, dst_port);
  }

  private endpointFor({ local, remote }: TunnelOut): Endpoint | undefined {
    if (local !== '') return this.endpoints.get(local);
    const family = remote.includes(':') ? 'v6' : 'v4';
    const known = this.senders.get(family);
    if (known !== undefined || this.host === null) return known;
    const made = Endpoint.unbound(this.kind, family === 'v6');
    this.senders.set(family, made);
    return made;
  }

  private arrived(bytes: Uint8Array, start: number, end: number, tunnel: TunnelIn): void {
    // From a tunnel of the same machine: its sender left the checksum inside to a card, too.
    completeChecksum(bytes, start, end);
    this.host?.receive(bytes, start, end, tunnel);
  }

  async close(): Promise<void> {
    this.host = null;
    const all = [...this.endpoints.values(), ...this.senders.values()];
    this.endpoints.clear();
    this.senders.clear();
    await Promise.all(all.map((endpoint) => endpoint.leave(this.listener)));
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** A tunnel. Throws a PortError for options that don't fit together. */
export function tunnel(options: TunnelOptions): TunnelPort {
  return new TunnelPort(options);
}
