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
import { GROUP_MACS, MACS, PORTS, TOS, TTLS, V4, V6, VIDS } from './pools.js';

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
}

/** A frame, as bytes. `inPort` ties source addresses to ports. */
export function randomFrame(c: Chance, inPort: number, features: FrameFeatures): Uint8Array {
  const { ct, exec, normal } = features;
  const [, make] = c.pick(
    MAKERS.filter(([, maker]) => !ct || !UNTRACKED.has(maker)).flatMap((r) => Array(r[0]).fill(r) as (typeof r)[]),
  );
  const frame = make(c, link(c, inPort, normal), exec);
  // A changed source address would move between ports.
  return c.percent(3) ? odd(c, frame) : frame;
}

function link(c: Chance, inPort: number, normal: boolean): Ethernet {
  return {
    eth_src: MACS[inPort - 1] ?? '50:54:00:00:00:05',
    eth_dst: c.percent(85) ? c.pick(MACS) : c.pick(GROUP_MACS),
    vlan: c.percent(20) ? [{ vid: !normal && c.percent(15) ? 0 : c.pick(VIDS), pcp: c.pick([0, 0, 1, 5]) }] : [],
    padding: c.percent(15) ? c.between(1, 20) : 0,
  };
}

function v4(c: Chance): Ipv4 {
  return {
    src: c.pick(V4),
    dst: c.pick(V4),
    ttl: c.percent(70) ? 64 : c.pick(TTLS),
    tos: c.percent(60) ? 0 : c.pick(TOS),
    id: c.below(65536),
    df: c.percent(20),
    ip_options: c.percent(4) ? c.bytes(4 * c.between(1, 3)) : undefined,
  };
}

function v6(c: Chance): Ipv6 {
  return {
    src: c.pick(V6),
    dst: c.pick(V6),
    hop_limit: c.percent(70) ? 64 : c.pick(TTLS),
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

function ports(c: Chance): { sport: number; dport: number; payload: Uint8Array } {
  const zero = c.percent(2);
  return { sport: zero ? 0 : c.pick(PORTS), dport: c.pick(PORTS), payload: payload(c) };
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
function icmpError(c: Chance, e: Ethernet): Uint8Array {
  const [src, dst] = [c.pick(V4), c.pick(V4)];
  const about = c.percent(60) ? udp4({ src, dst, ...ports(c) }) : tcp4({ src, dst, ...ports(c), ...tcp(c, false) });
  const quoted = inner(about, c.pick([28, 28, 40, 20]));
  const to = c.percent(85) ? src : c.pick(V4);
  return icmp4({
    ...e,
    ...v4(c),
    src: c.percent(70) ? dst : c.pick(V4),
    dst: to,
    type: c.pick([3, 11, 4, 5, 12]),
    payload: quoted,
  });
}

/** Neighbour discovery with link-layer address options. */
function neighbour(c: Chance, e: Ethernet): Uint8Array {
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
    ...v6(c),
    extensions: [],
    type: c.pick([135, 136]),
    code: c.percent(92) ? 0 : 1,
    id: reserved,
    payload: Uint8Array.from(rest),
  });
}

/** A piece of a datagram; small ones are invalid to the tracker in either switch. */
function fragment(c: Chance, e: Ethernet): Uint8Array {
  if (c.percent(50)) {
    const where = { offset: 8 * c.between(1, 4), mf: c.percent(50) };
    return ip4(c.pick([6, 17, 1]), c.bytes(c.below(8)), { ...e, ...v4(c), ...where });
  }
  const first = { ...e, ...v4(c), ...ports(c), mf: true };
  return c.percent(50) ? udp4(first) : tcp4(first);
}

function fragment6(c: Chance, e: Ethernet): Uint8Array {
  const offset = c.percent(50) ? 1 : (c.between(1, 4) << 3) | c.below(2);
  const extension = { type: 44, body: Uint8Array.of(offset >> 8, offset & 0xff, 0, 0, 0, 9) };
  return udp6({ ...e, ...v6(c), extensions: [extension], ...ports(c) });
}

/** Logical link control: with SNAP (an EtherType behind it) or without. */
function llc(c: Chance, e: Ethernet): Uint8Array {
  const packet = inner(udp4({ ...v4(c), ...ports(c) }));
  const snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...packet];
  const content = c.pick([snap, snap, [0x42, 0x42, 3, ...c.bytes(20)], [0xaa, 0xaa, 3, 0, 0, 1, 8, 0, ...packet]]);
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
function sctp(c: Chance, e: Ethernet): Uint8Array {
  const { sport, dport } = ports(c);
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
  return c.percent(70) ? ip4(132, payload, { ...e, ...v4(c) }) : ip6(132, payload, { ...e, ...v6(c), extensions: [] });
}

type Maker = (c: Chance, e: Ethernet, tame: boolean) => Uint8Array;
const MAKERS: readonly (readonly [number, Maker])[] = [
  [20, (c, e) => udp4({ ...e, ...v4(c), ...ports(c), ...checksum(c, true) })],
  [20, (c, e, tame) => tcp4({ ...e, ...v4(c), ...ports(c), ...tcp(c, tame), ...checksum(c) })],
  [8, (c, e) => udp6({ ...e, ...v6(c), ...ports(c), ...checksum(c, true) })],
  [8, (c, e, tame) => tcp6({ ...e, ...v6(c), ...ports(c), ...tcp(c, tame), ...checksum(c) })],
  [10, (c, e) => icmp4({ ...e, ...v4(c), ...icmp(c, [8, 0, 8, 0, 13, 3]), ...checksum(c) })],
  [3, icmpError],
  [5, (c, e) => icmp6({ ...e, ...v6(c), ...icmp(c, [128, 129, 1, 133]), ...checksum(c) })],
  [6, neighbour],
  [
    8,
    (c, e) =>
      arp({ ...e, op: c.pick([1, 2, 3]), spa: c.pick(V4), tpa: c.pick(V4), sha: c.pick(MACS), tha: c.pick(MACS) }),
  ],
  [4, fragment],
  [2, fragment6],
  [2, (c, e) => ip4(c.pick([47, 2, 50]), c.bytes(c.between(0, 16)), { ...e, ...v4(c) })],
  [2, (c, e) => ip6(c.pick([47, 59, 50, 41]), c.bytes(c.between(0, 16)), { ...e, ...v6(c), extensions: [] })],
  [2, (c, e) => ethernet(c.pick([0x1234, 0x88cc, 0x0800, 0x86dd, 0x0806]), c.bytes(c.between(0, 30)), e)],
  [3, llc],
  [4, sctp],
];
/** What the trackers are known to see differently (on-purpose.ts). */
const UNTRACKED = new Set<Maker>([fragment, fragment6, sctp]);
