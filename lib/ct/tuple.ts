/**
 * The tuple that names a connection: zone, family, protocol, and two endpoints. Addresses are signed 32-bit numbers
 * (IPv4) or four words each (IPv6, in the byte order of the machine: they are only compared and copied). Ports stand
 * in one number: the source's in the high half. A query of ICMP has its type there and its id in the low half, so the
 * reverse of a tuple has the answering type; protocols without ports have 0.
 *
 * The hash is the same for a tuple and its reverse, so one index entry finds a connection from both sides.
 */
import { PROTO_ICMP, PROTO_ICMPV6 } from './states.js';

/** ICMP's queries and their answers (RFC 792; RFC 4443 §4); 0xff: not a query. */
const ANSWER_V4: Record<number, number> = { 0: 8, 8: 0, 13: 14, 14: 13, 15: 16, 16: 15 };
const ANSWER_V6: Record<number, number> = { 128: 129, 129: 128 };
const counterparts = (table: Record<number, number>): Uint8Array =>
  new Uint8Array(256).map((_, type) => table[type] ?? 0xff);
const COUNTERPARTS_V4 = counterparts(ANSWER_V4);
const COUNTERPARTS_V6 = counterparts(ANSWER_V6);

/** The type that answers ICMP `type`, or that it answers; 0xff if it is no query. */
export function icmpCounterpart(family: number, type: number): number {
  return family === 4 ? COUNTERPARTS_V4[type] : COUNTERPARTS_V6[type];
}

/** True for ICMP in IPv4 and ICMPv6 in IPv6: their connections are queries. */
export function isQuery(family: number, proto: number): boolean {
  return proto === (family === 4 ? PROTO_ICMP : PROTO_ICMPV6);
}

export class Tuple {
  /** 4 or 6. */
  family = 4;
  proto = 0;
  zone = 0;
  /** IPv4 addresses. */
  src = 0;
  dst = 0;
  /** IPv6 addresses. */
  readonly src6 = new Int32Array(4);
  readonly dst6 = new Int32Array(4);
  /** Source and destination port, or ICMP type and id; and the same of the reverse tuple. */
  ports = 0;
  reversePorts = 0;

  setPorts(src: number, dst: number): void {
    this.ports = (src << 16) | dst;
    this.reversePorts = (dst << 16) | src;
  }

  /** For a query of ICMP. */
  setQuery(type: number, id: number): void {
    this.ports = (type << 16) | id;
    this.reversePorts = (icmpCounterpart(this.family, type) << 16) | id;
  }

  /** For ports or a query as they stand in one number; family and protocol are set. */
  setEncodedPorts(ports: number): void {
    if (isQuery(this.family, this.proto)) this.setQuery(ports >>> 16, ports & 0xffff);
    else this.setPorts(ports >>> 16, ports & 0xffff);
  }

  /** Swaps the two sides. */
  reverse(): void {
    const { src, ports } = this;
    this.src = this.dst;
    this.dst = src;
    this.ports = this.reversePorts;
    this.reversePorts = ports;
    if (this.family === 6) {
      for (let i = 0; i < 4; i++) {
        const word = this.src6[i];
        this.src6[i] = this.dst6[i];
        this.dst6[i] = word;
      }
    }
  }

  equals(other: Tuple): boolean {
    if (this.family !== other.family || this.proto !== other.proto || this.zone !== other.zone) return false;
    if (this.ports !== other.ports) return false;
    if (this.family === 4) return this.src === other.src && this.dst === other.dst;
    for (let i = 0; i < 4; i++) if (this.src6[i] !== other.src6[i] || this.dst6[i] !== other.dst6[i]) return false;
    return true;
  }

  /** True if this is `other` with its two sides swapped. */
  isReverseOf(other: Tuple): boolean {
    if (this.ports !== other.reversePorts) return false;
    if (this.family === 4) return this.src === other.dst && this.dst === other.src;
    for (let i = 0; i < 4; i++) if (this.src6[i] !== other.dst6[i] || this.dst6[i] !== other.src6[i]) return false;
    return true;
  }

  copy(from: Tuple): void {
    this.family = from.family;
    this.proto = from.proto;
    this.zone = from.zone;
    this.src = from.src;
    this.dst = from.dst;
    this.ports = from.ports;
    this.reversePorts = from.reversePorts;
    for (let i = 0; i < 4; i++) {
      this.src6[i] = from.src6[i];
      this.dst6[i] = from.dst6[i];
    }
  }

  /** A signed 32-bit hash. `seed` keeps strangers from choosing tuples that collide. */
  hash(seed: number): number {
    let a = seed;
    let b = seed;
    if (this.family === 4) {
      a = mix(a, this.src);
      b = mix(b, this.dst);
    } else {
      for (let i = 0; i < 4; i++) {
        a = mix(a, this.src6[i]);
        b = mix(b, this.dst6[i]);
      }
    }
    const { ports } = this;
    if (isQuery(this.family, this.proto)) {
      a = mix(a, ports & 0xffff);
      b = mix(b, ports & 0xffff);
    } else {
      a = mix(a, ports >>> 16);
      b = mix(b, ports & 0xffff);
    }
    const h = mix((a + b) | 0, (this.zone << 8) | this.proto);
    return h ^ (h >>> 16);
  }
}

function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 13);
}
