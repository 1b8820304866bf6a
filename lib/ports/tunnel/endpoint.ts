/**
 * A UDP socket on one address of this machine, shared by all tunnel ports of one kind that listen there. It reads the
 * outer header, finds the port that a datagram is for, as Open vSwitch does (an exact key before any key, an exact
 * remote before any, an exact local address before any), and drops and counts what is for nobody.
 *
 * A plain socket doesn't tell the outer TTL, TOS and checksum of what came in, and can't set TOS: tun_ttl and tun_tos
 * stay zero, and congestion marks are not carried over.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { parseIpv4, parseIpv6 } from '../../bytes/index.js';
import { slots } from '../../packet/key.js';
import { TunnelIn, type TunnelOut } from '../../packet/tunnel.js';
import { PortError } from '../port.js';
import { ENCAPSULATIONS, type Encapsulation } from './header.js';

/** Datagrams that may wait for the machine to take them; a frame beyond is lost and counted. */
export const MAX_UNSENT = 256;
/** What the machine may hold for a socket, where it allows so much, in bytes. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
const BUFFER_BYTES = 2048;

/** Who gets the frames for a key and a remote address. */
export interface TunnelListener {
  readonly name: string;
  readonly in_key: number | 'flow';
  readonly remote: string | 'flow';
  /** An address; 'any'; or 'flow'. Exact before any before flow. */
  readonly heard: 'exact' | 'any' | 'flow';
  arrived(bytes: Uint8Array, start: number, end: number, tunnel: TunnelIn): void;
  /** A datagram that is for no port, or that is none of this kind. */
  refused(kind: 'dropped' | 'errors'): void;
  unsent(kind: 'dropped' | 'errors'): void;
}

const HEARD = ['exact', 'any', 'flow'] as const;

/** A buffer for a datagram, and what is called when the machine has taken it. */
interface Outgoing {
  bytes: Uint8Array;
  sender: TunnelListener | null;
  readonly done: (error: Error | null) => void;
}

/** The address as the fields tun_src and tun_dst, or tun_ipv6_src and tun_ipv6_dst, hold it. */
function bytesOf(address: string): Uint8Array {
  return parseIpv4(address) ?? parseIpv6(address.replace(/%.*/, '')) ?? new Uint8Array(16);
}

/** Reads names without asking anyone: an address stands for itself, at once. */
const lookup = (
  address: string,
  _options: object,
  done: (error: null, address: string, family: number) => void,
): void => done(null, address, address.includes(':') ? 6 : 4);

/** Sockets that are open, by kind, address and port. */
const open = new Map<string, Promise<Endpoint>>();

export class Endpoint {
  /** Key (-1: any) → remote ('flow': any) → listeners, exact first. */
  private readonly listeners = new Map<number, Map<string, TunnelListener[]>>();
  private readonly all: TunnelListener[] = [];
  private readonly tunnel = new TunnelIn();
  private readonly free: Outgoing[] = [];
  private unsent = 0;
  private closed = false;
  private ttl = 0;
  private readonly own: Uint8Array;
  private readonly remotes = new Map<string, Uint8Array>();

  private constructor(
    private readonly key: string,
    private readonly encapsulation: Encapsulation,
    address: string,
    private readonly gbp: boolean,
    private readonly socket: Socket,
  ) {
    this.own = bytesOf(address);
    socket.on('message', (datagram, from) => this.received(datagram, from));
    socket.on('error', () => this.all[0]?.refused('errors'));
  }

  /**
   * The socket for a kind of tunnel at an address; listeners of the same switch, or of others in this process, share
   * it. Rejects with a PortError where the address isn't this machine's, or the port is taken.
   */
  static async at(
    kind: 'vxlan' | 'geneve',
    gbp: boolean,
    address: string,
    port: number,
    listener: TunnelListener,
  ): Promise<Endpoint> {
    const key = `${kind} ${address} ${port}`;
    const opening = open.get(key) ?? Endpoint.bind(key, kind, gbp, address, port, listener.name);
    open.set(key, opening);
    const endpoint = await opening.catch((error: Error) => {
      open.delete(key);
      throw error;
    });
    // Its last port may have gone meanwhile.
    if (endpoint.closed) return Endpoint.at(kind, gbp, address, port, listener);
    if (endpoint.gbp !== gbp) {
      const why = `${endpoint.all[0]?.name} listens there ${gbp ? 'without' : 'with'} group policy: take another port`;
      throw new PortError(listener.name, why);
    }
    endpoint.add(listener);
    return endpoint;
  }

  private static bind(
    key: string,
    kind: 'vxlan' | 'geneve',
    gbp: boolean,
    address: string,
    port: number,
    name: string,
  ): Promise<Endpoint> {
    const family = address.includes(':') ? 'udp6' : 'udp4';
    const socket = createSocket({ type: family, lookup: lookup as never });
    return new Promise((resolve, reject) => {
      socket.once('error', (error: NodeJS.ErrnoException) => {
        socket.close();
        reject(new PortError(name, whyNot(error, address, port)));
      });
      socket.bind({ address, port, exclusive: true }, () => {
        socket.removeAllListeners('error');
        try {
          socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
        } catch {
          // What the machine gives by itself has to do.
        }
        resolve(new Endpoint(key, ENCAPSULATIONS[kind], address, gbp, socket));
      });
    });
  }

  /** A socket to send from, whose address the machine chooses for each datagram. */
  static unbound(kind: 'vxlan' | 'geneve', v6: boolean): Endpoint {
    const socket = createSocket({ type: v6 ? 'udp6' : 'udp4', lookup: lookup as never });
    socket.bind();
    return new Endpoint('', ENCAPSULATIONS[kind], '', false, socket);
  }

  private add(listener: TunnelListener): void {
    const key = listener.in_key === 'flow' ? -1 : listener.in_key;
    const byRemote = this.listeners.get(key) ?? new Map<string, TunnelListener[]>();
    const list = byRemote.get(listener.remote) ?? [];
    const same = list.find(({ heard }) => heard === listener.heard);
    if (same) {
      throw new PortError(listener.name, `${same.name} takes the same frames: another remote, key or local address`);
    }
    list.push(listener);
    list.sort((a, b) => HEARD.indexOf(a.heard) - HEARD.indexOf(b.heard));
    byRemote.set(listener.remote, list);
    this.listeners.set(key, byRemote);
    this.all.push(listener);
  }

  /** Takes a listener away; the last one closes the socket. */
  async leave(listener: TunnelListener): Promise<void> {
    const at = this.all.indexOf(listener);
    if (at >= 0) {
      this.all.splice(at, 1);
      const key = listener.in_key === 'flow' ? -1 : listener.in_key;
      const list = this.listeners.get(key)?.get(listener.remote);
      list?.splice(list.indexOf(listener), 1);
      if (list?.length === 0) this.listeners.get(key)?.delete(listener.remote);
    }
    if (this.all.length > 0 || this.closed) return;
    this.closed = true;
    open.delete(this.key);
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }

  private received(datagram: Uint8Array, { address }: RemoteInfo): void {
    const tunnel = this.tunnel.clear();
    const start = this.encapsulation.read(datagram, datagram.length, this.gbp, tunnel);
    if (start < 0) {
      this.all[0]?.refused('errors');
      return;
    }
    const vni = (datagram[4] << 16) | (datagram[5] << 8) | datagram[6];
    const listener = this.listenerFor(vni, address) ?? this.listenerFor(-1, address);
    if (listener === undefined) {
      this.all[0]?.refused('dropped');
      return;
    }
    const remote = this.bytesOfRemote(address);
    const v4 = remote.length === 4;
    tunnel.key.setBytes(v4 ? slots.tun_src : slots.tun_ipv6_src, remote);
    tunnel.key.setBytes(v4 ? slots.tun_dst : slots.tun_ipv6_dst, this.own);
    listener.arrived(datagram, start, datagram.length, tunnel);
  }

  private listenerFor(key: number, remote: string): TunnelListener | undefined {
    const byRemote = this.listeners.get(key);
    return (byRemote?.get(remote) ?? byRemote?.get('flow'))?.[0];
  }

  /** A remote's address, remembered for those that are heard again. */
  private bytesOfRemote(address: string): Uint8Array {
    let bytes = this.remotes.get(address);
    if (bytes === undefined) {
      if (this.remotes.size >= MAX_REMOTES) this.remotes.clear();
      bytes = bytesOf(address);
      this.remotes.set(address, bytes);
    }
    return bytes;
  }

  /** Sends a frame; what can't be sent is told to the listener. */
  send(sender: TunnelListener, bytes: Uint8Array, start: number, end: number, out: TunnelOut, port: number): void {
    if (this.unsent >= MAX_UNSENT) {
      sender.unsent('dropped');
      return;
    }
    const { encapsulation, socket } = this;
    const size = encapsulation.size(out);
    const length = size + end - start;
    const outgoing = this.free.pop() ?? this.outgoing();
    if (outgoing.bytes.length < length) outgoing.bytes = new Uint8Array(length);
    encapsulation.write(outgoing.bytes, out);
    const { bytes: to } = outgoing;
    for (let from = start, at = size; from < end; from++, at++) to[at] = bytes[from];
    outgoing.sender = sender;
    this.unsent++;
    try {
      if (this.ttl !== out.ttl) socket.setTTL(out.ttl);
      this.ttl = out.ttl;
      socket.send(to, 0, length, port, out.remote, outgoing.done);
    } catch {
      outgoing.done(new Error('unsent'));
    }
  }

  private outgoing(): Outgoing {
    const outgoing: Outgoing = {
      bytes: new Uint8Array(BUFFER_BYTES),
      sender: null,
      done: (error) => {
        this.unsent--;
        if (error) outgoing.sender?.unsent('errors');
        outgoing.sender = null;
        this.free.push(outgoing);
      },
    };
    return outgoing;
  }
}

/** Remote addresses whose bytes are remembered. */
const MAX_REMOTES = 4096;

function whyNot({ code, message }: NodeJS.ErrnoException, address: string, port: number): string {
  const at = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  if (code === 'EADDRINUSE')
    return `UDP ${at} is in use: choose another port with dst_port, or another address with local`;
  if (code === 'EADDRNOTAVAIL') return `${address} is no address of this machine: ip address lists those there are`;
  if (code === 'EACCES') return `no right to open UDP ${at}: take a port above 1023`;
  return `UDP ${at} can't be opened: ${message}`;
}
