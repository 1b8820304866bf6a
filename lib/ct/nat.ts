/**
 * NAT's choice: which reply tuple a new connection gets. One address out of the range, then ports until the reply tuple
 * is nobody else's, at most 128 and after random restarts 64, 32, 16 and 8 more; no other address is tried. Facts:
 * ovs-actions(7), and Open vSwitch's userspace datapath for the classes of ports and the numbers of tries. What becomes
 * of the frame is left to translate.ts.
 */
import type { Random } from '../bytes/index.js';
import type { Connections } from './connections.js';
import type { NatRequest } from './request.js';
import { PROTO_SCTP, PROTO_TCP, PROTO_UDP } from './states.js';
import { isQuery, Tuple } from './tuple.js';

/** Ports that are tried in a row, before the first restart. */
const TRIES = 128;
/** A restart tries half as many, down to this. */
const FEWEST_TRIES = 8;

/** Which part of the reply tuple a search changes: the port it goes to, or the one it comes from. */
const SPORT = 0;
const DPORT = 1;

/** True for protocols with ports. */
export function hasPorts(proto: number): boolean {
  return proto === PROTO_TCP || proto === PROTO_UDP || proto === PROTO_SCTP;
}

/** The class of source ports that `port` belongs to and stays in, as first << 16 | last. */
function portClass(port: number): number {
  if (port < 512) return (1 << 16) | 511;
  return port < 1024 ? (600 << 16) | 1023 : (1024 << 16) | 65535;
}

export class NatChooser {
  private readonly scratch = new Tuple();
  private now_ms = 0;

  /** @param seed what the hash begins with */
  constructor(
    private readonly connections: Connections,
    private readonly random: Random,
    private readonly seed: number,
  ) {}

  /**
   * Writes the reply tuple for a connection that begins with `tuple` into `reply`. False if none is free. `nat.kind`
   * isn't null.
   */
  choose(tuple: Tuple, nat: NatRequest, reply: Tuple, now_ms: number): boolean {
    this.now_ms = now_ms;
    const hash = nat.random ? this.random.u32() : tuple.hash(this.seed) >>> 0;
    reply.copy(tuple);
    reply.reverse();
    if (nat.family === tuple.family) this.setAddress(tuple, nat, reply, hash);
    if (isQuery(tuple.family, tuple.proto)) return this.chooseId(tuple, nat, reply, hash);
    if (!hasPorts(tuple.proto)) return this.isFree(reply);
    if (nat.kind === 'src') return this.chooseSource(tuple, reply, hash, nat.portMin, nat.portMax);
    if (nat.portMin !== 0) {
      const first = nat.portMin + (hash % (nat.portMax - nat.portMin + 1));
      if (this.search(reply, DPORT, first, nat.portMin, nat.portMax)) return true;
      reply.setPorts(first, tuple.ports >>> 16);
    }
    return this.chooseSource(tuple, reply, hash, 0, 0);
  }

  /** True if nobody has this tuple. */
  isFree(tuple: Tuple): boolean {
    return this.connections.find(tuple, this.now_ms) < 0;
  }

  /** The translated address: the receiver of replies for src, their sender for dst. */
  private setAddress(tuple: Tuple, nat: NatRequest, reply: Tuple, hash: number): void {
    let pick = hash;
    if (nat.persistent) {
      const { scratch } = this;
      scratch.copy(tuple);
      scratch.setPorts(0, 0);
      scratch.dst = 0;
      scratch.dst6.fill(0);
      scratch.proto = 0;
      pick = scratch.hash(0) >>> 0;
    }
    const offset = pick % addressesIn(nat);
    if (tuple.family === 4) {
      const address = (nat.min[0] + offset) | 0;
      if (nat.kind === 'src') reply.dst = address;
      else reply.src = address;
      return;
    }
    const to = nat.kind === 'src' ? reply.dst6 : reply.src6;
    let carry = offset;
    for (let i = 3; i >= 0; i--) {
      const sum = (nat.min[i] >>> 0) + carry;
      to[i] = sum | 0;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  /** The client's port: out of a range, or its own and then others of its class. */
  private chooseSource(tuple: Tuple, reply: Tuple, hash: number, min: number, max: number): boolean {
    if (min !== 0) return this.search(reply, SPORT, min + (hash % (max - min + 1)), min, max);
    const own = tuple.ports >>> 16;
    const range = portClass(own);
    return this.search(reply, SPORT, own, range >>> 16, range & 0xffff);
  }

  /** The same for the id of ICMP's queries. */
  private chooseId(tuple: Tuple, nat: NatRequest, reply: Tuple, hash: number): boolean {
    const { portMin, portMax } = nat;
    if (portMin !== 0) return this.search(reply, SPORT, portMin + (hash % (portMax - portMin + 1)), portMin, portMax);
    return this.search(reply, SPORT, tuple.ports & 0xffff, 0, 0xffff);
  }

  /** Tries ports upwards from `first` and around within the range, then from random places. */
  private search(reply: Tuple, which: number, first: number, min: number, max: number): boolean {
    const range = max - min + 1;
    let tries = Math.min(TRIES, range);
    let port = first;
    for (;;) {
      for (let n = 0; n < tries; n++) {
        setPort(reply, which, port);
        if (this.isFree(reply)) return true;
        // A port below its class (512 to 599) is followed by the first of it.
        port = port >= max || port < min ? min : port + 1;
      }
      if (tries >= range || tries <= FEWEST_TRIES) return false;
      tries >>= 1;
      port = min + this.random.below(range);
    }
  }
}

function setPort(reply: Tuple, which: number, port: number): void {
  const { ports } = reply;
  if (isQuery(reply.family, reply.proto)) reply.setQuery(ports >>> 16, port);
  else if (which === SPORT) reply.setPorts(ports >>> 16, port);
  else reply.setPorts(port, ports & 0xffff);
}

/** How many addresses a range has, as far as 32 bits tell. */
function addressesIn({ family, min, max }: NatRequest): number {
  if (family === 4) return ((max[0] - min[0]) >>> 0) + 1;
  if (min[0] !== max[0] || min[1] !== max[1]) return 0xffffffff;
  const high = (max[2] >>> 0) - (min[2] >>> 0);
  const count = high * 2 ** 32 + (max[3] >>> 0) - (min[3] >>> 0) + 1;
  return Math.min(count, 0xffffffff);
}
