/** Random frames: conversations between few hosts, and among them what is rare, short, cut off or odd. */

import { crc32c } from '../../lib/bytes/index.js';
import {
  arp,
  type Ethernet,
  ethernet,
  type Ipv4,
  type Ipv6,
  icmp4,
  icmp6,
  inner,
  ip4,
  ip6,
  ipv6Bytes,
  type Tcp,
  tcp4,
  tcp6,
  udp4,
  udp6,
} from '../../spec/support/frames.js';
import type { Chance } from './chance.js';
import { GROUP_MACS, LABEL_TTLS, LABEL_TYPES, LABELS, MACS, PORTS, TOS, TTLS, V4, V6, VIDS } from './pools.js';

const TCP_FLAGS = [
  'syn',
  'syn|ack',
  'ack',
  'ack',
  'psh|ack',
  'fin|ack',
  'rst',
  'rst|ack',
  '',
  'syn|fin',
  'urg|ack|ece|cwr',
];

/** What frames have to keep out of. */
export interface FrameFeatures {
  readonly ct: boolean;
  readonly exec: boolean;
  readonly normal: boolean;
  /** VLAN tags at most. */
  readonly tags: number;
  /** MPLS labels at most. */
  readonly labels: number;
  /** What becomes of labels. */
  readonly stack: string;
}

/** What a frame should meet: the word that begins a match, and whether it asks for a tag. */
export interface Aim {
  readonly word: string;
  readonly tagged: boolean;
  /** Values of the match by the field's name, without masks. */
  readonly values: Values;
}

type Values = Readonly<Record<string, string>>;

/** A frame's Ethernet header, and what is wanted behind it. */
interface Link extends Ethernet {
  readonly values: Values;
}

const ANYTHING: Values = {};

/** A frame, as bytes. `inPort` ties source addresses to ports. */
export function randomFrame(c: Chance, inPort: number, features: FrameFeatures, aim?: Aim): Uint8Array {
  const wanted = WORDS[aim?.word ?? ''] ?? Object.keys(MAKERS);
  const allowed = wanted.filter((name) => !(features.ct && UNTRACKED.has(name)));
  const names = (allowed.length > 0 ? allowed : ['udp4']).filter((name) => name !== 'labelled' || features.labels > 0);
  const name = c.weighted((names.length > 0 ? names : ['udp4']).map((one) => [MAKERS[one][0], one] as const));
  const frame = MAKERS[name][1](c, link(c, inPort, features, aim), features);
  // A changed source address would move between ports.
  return c.percent(3) && name !== 'labelled' ? odd(c, frame) : frame;
}

function link(c: Chance, inPort: number, { normal, tags }: FrameFeatures, aim?: Aim): Link {
  const values = aim && c.percent(90) ? aim.values : ANYTHING;
  const tagged = aim?.tagged ? 80 : 20 * tags;
  const vid = () => (!normal && c.percent(15) ? 0 : c.pick(VIDS));
  const tag = () => ({ vid: vid(), pcp: c.pick([0, 0, 1, 5]) });
  const vlan = values.dl_vlan === undefined || values.dl_vlan === '0xffff' ? {} : { vid: Number(values.dl_vlan) };
  const outer = { ...tag(), ...vlan, tpid: tags > 1 ? c.pick([0x8100, 0x88a8]) : 0x8100 };
  return {
    values,
    eth_src: (normal ? undefined : values.eth_src) ?? MACS[inPort - 1] ?? '50:54:00:00:00:05',
    eth_dst: values.eth_dst ?? (c.percent(85) ? c.pick(MACS) : c.pick(GROUP_MACS)),
    vlan: c.percent(tagged) ? (tags > 1 && c.percent(50) ? [outer, tag()] : [outer]) : [],
    padding: c.percent(15) ? c.between(1, 20) : 0,
  };
}

function v4(c: Chance, { values }: Link): Ipv4 {
  return {
    src: values.nw_src ?? values.ip_src ?? c.pick(V4),
    dst: values.nw_dst ?? c.pick(V4),
    ttl: Number(values.nw_ttl ?? (c.percent(70) ? 64 : c.pick(TTLS))),
    tos: c.percent(60) ? 0 : c.pick(TOS),
    id: c.below(65536),
    df: c.percent(20),
    ip_options: c.percent(4) ? c.bytes(4 * c.between(1, 3)) : undefined,
  };
}

function v6(c: Chance, { values }: Link): Ipv6 {
  return {
    src: values.ipv6_src ?? c.pick(V6),
    dst: values.ipv6_dst ?? c.pick(V6),
    hop_limit: Number(values.nw_ttl ?? (c.percent(70) ? 64 : c.pick(TTLS))),
    traffic_class: c.percent(60) ? 0 : c.pick(TOS),
    flow_label: c.pick([0, 0, 1, 0xfffff]),
    extensions: c.percent(8) ? [c.pick(EXTENSIONS)(c)] : [],
  };
}

const EXTENSIONS: readonly ((c: Chance) => { type: number; body: Uint8Array })[] = [
  () => ({ type: 0, body: new Uint8Array(6) }),
  () => ({ type: 60, body: new Uint8Array(14) }),
  () => ({ type: 43, body: new Uint8Array(6) }),
];

function payload(c: Chance): Uint8Array {
  return c.bytes(c.pick([0, 1, 4, 8, 21]));
}

function ports(c: Chance, { values }: Link): { sport: number; dport: number; payload: Uint8Array } {
  const sport = Number(values.tp_src ?? (c.percent(2) ? 0 : c.pick(PORTS)));
  return { sport, dport: Number(values.tp_dst ?? c.pick(PORTS)), payload: payload(c) };
}

function checksum(c: Chance, zero = false): { checksum?: number } {
  if (zero && c.percent(8)) return { checksum: 0 };
  return c.percent(3) ? { checksum: c.between(1, 65535) } : {};
}

const TAME_FLAGS = ['syn', 'syn|ack', 'ack', 'ack', 'psh|ack', 'fin|ack'];

/** `tame`: only what a tracker finds in order (exec on other segments is a difference on purpose). */
function tcp(c: Chance, tame: boolean): Tcp {
  if (tame) {
    const [seq, ack, window] = [c.pick([1, 2, 100]), c.pick([1, 2, 101]), c.pick([8192, 65535])];
    return { flags: c.pick(TAME_FLAGS), seq, ack, window };
  }
  return {
    flags: c.pick(TCP_FLAGS),
    seq: c.pick([1, 2, 100, 0x80000000]),
    ack: c.pick([0, 1, 2, 101]),
    wscale: c.percent(10) ? c.between(0, 15) : undefined,
    window: c.pick([0, 1, 8192, 65535]),
  };
}

function icmp(c: Chance, types: readonly number[]): { type: number; code: number; id: number; payload: Uint8Array } {
  return { type: c.pick(types), code: c.percent(90) ? 0 : 1, id: c.pick([1, 2, 7]), payload: payload(c) };
}

/** An ICMP error about a packet of the other direction. */
function icmpError(c: Chance, e: Link): Uint8Array {
  const [src, dst] = [c.pick(V4), c.pick(V4)];
  const about = c.percent(60)
    ? udp4({ src, dst, ...ports(c, e) })
    : tcp4({ src, dst, ...ports(c, e), ...tcp(c, false) });
  const quoted = inner(about, c.pick([28, 28, 40, 20]));
  const to = c.percent(85) ? src : c.pick(V4);
  return icmp4({
    ...e,
    ...v4(c, e),
    src: c.percent(70) ? dst : c.pick(V4),
    dst: to,
    type: c.pick([3, 11, 4, 5, 12]),
    payload: quoted,
  });
}

/** Neighbour discovery with link-layer address options. */
function neighbour(c: Chance, e: Link): Uint8Array {
  const mac = c
    .pick(MACS)
    .split(':')
    .map((part) => Number.parseInt(part, 16));
  const option = c.weighted([
    [4, [1, 1, ...mac]],
    [4, [2, 1, ...mac]],
    [2, []],
    [1, [1, 1, ...mac, 2, 1, ...mac]],
    [1, [5, 1, 0, 0, 0, 0, 5, 220, 1, 1, ...mac]],
    [1, [1, 0, ...mac]],
  ] as readonly (readonly [number, number[]])[]);
  const rest = c.percent(90) ? [...ipv6Bytes(c.pick(V6)), ...option] : [...c.bytes(8)];
  // The builder writes id and sequence where ND has its reserved word.
  const reserved = c.pick([0, 0x6000, 1]);
  return icmp6({
    ...e,
    ...v6(c, e),
    extensions: [],
    type: c.pick([135, 136]),
    code: c.percent(92) ? 0 : 1,
    id: reserved,
    payload: Uint8Array.from(rest),
  });
}

/** A piece of a datagram; small ones are invalid to the tracker in either switch. */
function fragment(c: Chance, e: Link): Uint8Array {
  if (c.percent(50)) {
    const where = { offset: 8 * c.between(1, 4), mf: c.percent(50) };
    return ip4(c.pick([6, 17, 1]), c.bytes(c.below(8)), { ...e, ...v4(c, e), ...where });
  }
  const first = { ...e, ...v4(c, e), ...ports(c, e), mf: true };
  return c.percent(50) ? udp4(first) : tcp4(first);
}

function fragment6(c: Chance, e: Link): Uint8Array {
  const offset = c.percent(50) ? 1 : (c.between(1, 4) << 3) | c.below(2);
  const extension = { type: 44, body: Uint8Array.of(offset >> 8, offset & 0xff, 0, 0, 0, 9) };
  return udp6({ ...e, ...v6(c, e), extensions: [extension], ...ports(c, e) });
}

/** Logical link control: with SNAP (an EtherType behind it) or without. */
function llc(c: Chance, e: Link, { stack }: FrameFeatures): Uint8Array {
  const packet = inner(udp4({ ...v4(c, e), ...ports(c, e) }));
  const snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...packet];
  const content = c.pick([
    ...(stack === 'push' ? [] : [snap, snap]),
    [0x42, 0x42, 3, ...c.bytes(20)],
    [0xaa, 0xaa, 3, 0, 0, 1, 8, 0, ...packet],
  ]);
  return ethernet(content.length, content, e);
}

/** Cut off, or with a byte changed. */
function odd(c: Chance, frame: Uint8Array): Uint8Array {
  if (c.percent(50)) return frame.slice(0, c.between(14, frame.length));
  const changed = frame.slice();
  const at = c.between(Math.min(14, frame.length - 1), frame.length - 1);
  // Not the fragment offset: Open vSwitch takes a later fragment's data for a checksum.
  if (at >= 20 && at < 26) return frame;
  changed[at] ^= 1 << c.below(8);
  return changed;
}

/** SCTP, whose checksum is of its own. */
function sctp(c: Chance, e: Link): Uint8Array {
  const { sport, dport } = ports(c, e);
  const bytes = [
    sport >> 8,
    sport & 255,
    dport >> 8,
    dport & 255,
    0,
    0,
    0,
    7,
    0,
    0,
    0,
    0,
    ...c.bytes(4 * c.between(1, 4)),
  ];
  const crc = c.percent(90) ? crc32c(Uint8Array.from(bytes), 0, bytes.length, 8) : 1;
  for (let i = 0; i < 4; i++) bytes[8 + i] = (crc >>> (8 * i)) & 255;
  const payload = Uint8Array.from(bytes);
  return c.percent(70)
    ? ip4(132, payload, { ...e, ...v4(c, e) })
    : ip6(132, payload, { ...e, ...v6(c, e), extensions: [] });
}

/** Labels in front of a packet, whose own TTL is far from its end. */
function labelled(c: Chance, e: Link, { labels }: FrameFeatures): Uint8Array {
  const ip = { ...v4(c, e), ttl: 64, ip_options: undefined };
  const packet = c.weighted<() => Uint8Array>([
    [4, () => udp4({ ...ip, ...ports(c, e) })],
    [3, () => tcp4({ ...ip, ...ports(c, e), ...tcp(c, true) })],
    [2, () => udp6({ ...v6(c, e), hop_limit: 64, extensions: [], ...ports(c, e) })],
    [1, () => arp({ op: c.pick([1, 2]), spa: c.pick(V4), tpa: c.pick(V4) })],
  ])();
  const { mpls_bos } = e.values;
  const count = mpls_bos === '1' ? 1 : mpls_bos === '0' ? labels : c.between(1, labels);
  const outer = (i: number, name: string, pool: readonly number[]) =>
    i === 0 && e.values[name] !== undefined ? Number(e.values[name]) : c.pick(pool);
  const entries = Array.from({ length: count }, (_, i) => {
    const bos = i === count - 1 ? 1 : 0;
    const high = (outer(i, 'mpls_label', LABELS) << 12) | (outer(i, 'mpls_tc', [0, 0, 1, 5]) << 9);
    const rest = (bos << 8) | outer(i, 'mpls_ttl', LABEL_TTLS);
    return [high >>> 24, (high >>> 16) & 255, ((high | rest) >>> 8) & 255, rest & 255];
  });
  const types = e.values.word === 'mplsm' ? [0x8848] : e.values.word === 'mpls' ? [0x8847] : LABEL_TYPES;
  return ethernet(c.pick(types), [...entries.flat(), ...inner(packet)], e);
}

type Maker = (c: Chance, e: Link, features: FrameFeatures) => Uint8Array;
const MAKERS: Readonly<Record<string, readonly [number, Maker]>> = {
  udp4: [20, (c, e) => udp4({ ...e, ...v4(c, e), ...ports(c, e), ...checksum(c, true) })],
  tcp4: [20, (c, e, { exec }) => tcp4({ ...e, ...v4(c, e), ...ports(c, e), ...tcp(c, exec), ...checksum(c) })],
  udp6: [8, (c, e) => udp6({ ...e, ...v6(c, e), ...ports(c, e), ...checksum(c, true) })],
  tcp6: [8, (c, e, { exec }) => tcp6({ ...e, ...v6(c, e), ...ports(c, e), ...tcp(c, exec), ...checksum(c) })],
  icmp4: [10, (c, e) => icmp4({ ...e, ...v4(c, e), ...icmp(c, [8, 0, 8, 0, 13, 3]), ...checksum(c) })],
  icmpError: [3, icmpError],
  icmp6: [5, (c, e) => icmp6({ ...e, ...v6(c, e), ...icmp(c, [128, 129, 1, 133]), ...checksum(c) })],
  neighbour: [6, neighbour],
  arp: [
    8,
    (c, e) =>
      arp({
        ...e,
        op: c.pick([1, 2, 3]),
        spa: e.values.arp_spa ?? c.pick(V4),
        tpa: e.values.arp_tpa ?? c.pick(V4),
        sha: c.pick(MACS),
        tha: c.pick(MACS),
      }),
  ],
  fragment: [4, fragment],
  fragment6: [2, fragment6],
  ip4: [2, (c, e) => ip4(c.pick([47, 2, 50]), c.bytes(c.between(0, 16)), { ...e, ...v4(c, e) })],
  ip6: [2, (c, e) => ip6(c.pick([47, 59, 50, 41]), c.bytes(c.between(0, 16)), { ...e, ...v6(c, e), extensions: [] })],
  ethernet: [2, (c, e) => ethernet(c.pick([0x1234, 0x88cc, 0x0800, 0x86dd, 0x0806]), c.bytes(c.between(0, 30)), e)],
  llc: [3, llc],
  sctp: [4, sctp],
  labelled: [12, labelled],
};
/** What the trackers are known to see differently (on-purpose.ts). */
const UNTRACKED = new Set(['fragment', 'fragment6', 'sctp']);

/** Frames for the word that begins a match. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ip: ['udp4', 'tcp4', 'icmp4', 'icmpError', 'fragment', 'ip4', 'sctp'],
  ipv6: ['udp6', 'tcp6', 'icmp6', 'neighbour', 'fragment6', 'ip6'],
  tcp: ['tcp4'],
  udp: ['udp4'],
  sctp: ['sctp'],
  icmp: ['icmp4', 'icmpError'],
  tcp6: ['tcp6'],
  udp6: ['udp6'],
  sctp6: ['sctp'],
  icmp6: ['icmp6', 'neighbour'],
  arp: ['arp'],
  mpls: ['labelled'],
  mplsm: ['labelled'],
  'dl_type=0x05ff': ['llc'],
  'dl_type=0x1234': ['ethernet'],
};
