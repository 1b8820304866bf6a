/**
 * Two hosts that talk: packets of both directions as they would come, with sequence numbers that go on, and among them
 * what is out of order, wrong, translated, an error about it, or in pieces.
 */
import {
  type Ethernet,
  icmp4,
  icmp6,
  inner,
  ip4,
  ip6,
  type Tcp,
  tcp4,
  tcp6,
  udp4,
  udp6,
} from '../../../spec/support/frames.js';
import type { Chance } from '../chance.js';
import { CLIENT_PORTS, type CtFeatures, HOSTS, NAT_PORTS, SERVER_PORTS } from './cases.js';

/** The next frames, and the port at which they come in. */
export interface Said {
  readonly port: number;
  readonly frames: readonly Uint8Array[];
}

interface Ends {
  readonly src: string;
  readonly dst: string;
  readonly sport: number;
  readonly dport: number;
}

/** The least payload of a piece that Open vSwitch holds, IPv4's header or IPv6's two included; a multiple of 8. */
const PIECE = { 4: 1184, 6: 1232 } as const;

export class Conversation {
  private readonly proto: 'tcp' | 'udp' | 'icmp';
  private readonly client: string;
  private readonly server: string;
  private readonly sport: number;
  private readonly dport: number;
  /** TCP: what each side sends next; whether it has sent SYN, and FIN. */
  private readonly next = [1000, 500_000];
  private readonly begun = [false, false];
  private said = 0;
  /** ICMP's id: each conversation its own, since 3.1 doesn't change one that is taken. */
  private readonly id: number;

  constructor(
    c: Chance,
    private readonly features: CtFeatures,
  ) {
    const hosts = HOSTS[features.family];
    this.proto = c.pick(['tcp', 'tcp', 'udp', 'udp', features.icmp ? 'icmp' : 'tcp']);
    this.id = c.below(65536);
    this.client = c.pick(hosts.inside);
    this.server = c.percent(90) ? c.pick(hosts.outside) : c.pick(hosts.nat);
    this.sport = c.pick(CLIENT_PORTS);
    this.dport = c.pick(SERVER_PORTS);
  }

  /** What is said next. */
  say(c: Chance): Said {
    return this.direction(c, this.said++ > 0 && c.percent(45));
  }

  private direction(c: Chance, reply: boolean): Said {
    const port = c.percent(92) ? (reply ? 2 : 1) : c.pick([1, 2, 3]);
    const ends = this.ends(c, reply);
    // Open vSwitch breaks an IPv6 error that it translates: its quote, and its checksum.
    const errors = this.features.family === 4 || !this.features.nat;
    if (errors && c.percent(6)) return { port, frames: [this.error(c, ends)] };
    if (this.proto === 'udp' && this.features.fragments && c.percent(25))
      return { port, frames: this.fragments(c, ends) };
    return { port, frames: [this.whole(c, ends, reply)] };
  }

  /** Addresses and ports of a direction, translated now and then. */
  private ends(c: Chance, reply: boolean): Ends {
    const { features, client, server, sport, dport } = this;
    const { nat } = HOSTS[features.family];
    const translated = features.nat && c.percent(50);
    if (!reply) {
      return {
        src: client,
        dst: translated && this.proto !== 'icmp' && c.percent(30) ? c.pick(nat) : server,
        sport,
        dport,
      };
    }
    const dst = translated ? c.pick(nat) : client;
    const to = translated && c.percent(50) ? c.pick(NAT_PORTS) : sport;
    return { src: features.nat && c.percent(20) ? c.pick(nat) : server, dst, sport: dport, dport: to };
  }

  private link(reply: boolean): Ethernet {
    const [a, b] = ['50:54:00:00:00:01', '50:54:00:00:00:02'];
    return reply ? { eth_src: b, eth_dst: a } : { eth_src: a, eth_dst: b };
  }

  private whole(c: Chance, ends: Ends, reply: boolean): Uint8Array {
    const { proto, features } = this;
    const four = features.family === 4;
    const payload = c.bytes(c.pick([0, 0, 4, 21]));
    const wrong = c.percent(4) ? { checksum: c.between(1, 65535) } : {};
    const o = { ...this.link(reply), ...ends, payload, ...wrong, padding: c.percent(10) ? 4 : 0 };
    if (proto === 'udp') return four ? udp4(o) : udp6(o);
    if (proto === 'tcp') {
      const segment = { ...o, ...this.segment(c, reply, payload.length) };
      return four ? tcp4(segment) : tcp6(segment);
    }
    const type = reply ? (four ? 0 : 129) : four ? 8 : 128;
    const odd = c.percent(4) ? c.pick(four ? [13, 14, 15, 5] : [1, 133, 200]) : type;
    const query = { ...o, type: odd, code: c.percent(96) ? 0 : 1, id: this.id };
    return four ? icmp4(query) : icmp6(query);
  }

  /** The segment that a side would send next, or now and then another. */
  private segment(c: Chance, reply: boolean, length: number): Tcp {
    const me = reply ? 1 : 0;
    const { next, begun } = this;
    const first = !begun[me];
    // Exec and NAT on a segment that is none of its connection are differences on purpose.
    const { nat } = this.features;
    const tame = this.features.exec || nat;
    if (c.percent(tame ? 2 : 8)) {
      const flags = c.pick(
        nat ? ['ack'] : tame ? ['syn', 'ack'] : ['syn', 'rst', 'fin|ack', 'syn|ack', '', 'urg', 'ack'],
      );
      // A first segment that is refused opens its side in Open vSwitch.
      const far = tame || !(begun[0] && begun[1]) ? 0 : c.pick([0, 0, 1, 100_000, -100_000]);
      return { flags, seq: (next[me] + far) >>> 0, ack: next[1 - me], window: c.pick([0, 100, 65535]) };
    }
    const seq = next[me];
    if (first) {
      begun[me] = true;
      next[me] += 1 + length;
      const wscale = c.percent(50) ? c.between(0, 14) : undefined;
      return { flags: reply ? 'syn|ack' : 'syn', seq, ack: reply ? next[0] : 0, window: 8192, wscale };
    }
    const end = c.percent(15);
    next[me] += length + (end ? 1 : 0);
    const flags = end ? (nat || c.percent(75) ? 'fin|ack' : 'rst|ack') : c.pick(['ack', 'psh|ack']);
    return { flags, seq, ack: next[1 - me], window: c.pick([8192, 65535]) };
  }

  /** An ICMP error about a packet of this direction, which goes to its sender. */
  private error(c: Chance, ends: Ends): Uint8Array {
    const { features, proto } = this;
    const to = c.percent(90) ? ends.src : c.pick(HOSTS[features.family].inside);
    const from = c.percent(70) ? ends.dst : c.pick(HOSTS[features.family].outside);
    if (features.family === 4) {
      const about = proto === 'tcp' ? tcp4(ends) : proto === 'udp' ? udp4(ends) : icmp4({ ...ends, id: this.id });
      const quoted = inner(about, c.pick([28, 28, 40, 24]));
      return icmp4({ src: from, dst: to, type: c.pick([3, 11, 4, 5, 12]), payload: quoted });
    }
    const about = proto === 'tcp' ? tcp6(ends) : proto === 'udp' ? udp6(ends) : icmp6({ ...ends, id: this.id });
    const quoted = inner(about, c.pick([48, 60, 60, 44]));
    return icmp6({ src: from, dst: to, type: c.pick([1, 2, 3, 4]), payload: quoted });
  }

  /** A UDP datagram in two or three pieces of whole size, in any order. */
  private fragments(c: Chance, ends: Ends): Uint8Array[] {
    const { family } = this.features;
    const id = c.below(65536);
    const piece = PIECE[family];
    const count = c.between(2, 3);
    const payload = c.bytes(piece * (count - 1) + c.between(1, 400) - 8);
    const frame = family === 4 ? udp4({ ...ends, payload }) : udp6({ ...ends, payload });
    const datagram = frame.slice(family === 4 ? 34 : 54);
    const link = this.link(false);
    const pieces = Array.from({ length: count }, (_, i) => {
      const part = datagram.slice(i * piece, (i + 1) * piece);
      const offset = i * piece;
      const mf = i + 1 < count;
      if (family === 4) return ip4(17, part, { ...link, src: ends.src, dst: ends.dst, id, offset, mf });
      const field = offset | (mf ? 1 : 0);
      const extension = { type: 44, body: Uint8Array.of(field >> 8, field & 255, 0, 0, id >> 8, id & 255) };
      return ip6(17, part, { ...link, src: ends.src, dst: ends.dst, extensions: [extension] });
    });
    return c.percent(60) ? pieces : c.shuffled(pieces);
  }
}
