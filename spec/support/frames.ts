/**
 * Frames for specs: one builder a protocol, each a plain object of options to a whole Ethernet frame with right
 * lengths and checksums. What is left out has a default (10.0.0.1:1000 → 10.0.0.2:80). A checksum that is given is
 * written as it is, so broken frames are easy. Independent of lib's own encoders and checksums, so that a mistake
 * there can't hide here.
 */
export interface Ethernet {
  eth_src?: string;
  eth_dst?: string;
  /** VLAN tags, outermost first: a VLAN id, or all of a tag. */
  vlan?: (number | { vid: number; pcp?: number; tpid?: number })[];
  /** Bytes behind the datagram. */
  padding?: number;
}

export interface Ipv4 extends Ethernet {
  src?: string;
  dst?: string;
  ttl?: number;
  tos?: number;
  id?: number;
  /** Don't fragment. */
  df?: boolean;
  /** More fragments. */
  mf?: boolean;
  /** Offset of a fragment in bytes. */
  offset?: number;
  /** IP options, a multiple of 4 bytes. */
  ip_options?: Uint8Array;
  ip_checksum?: number;
  /** Overrides the IP header's total length. */
  total_length?: number;
}

export interface Ipv6 extends Ethernet {
  src?: string;
  dst?: string;
  hop_limit?: number;
  traffic_class?: number;
  flow_label?: number;
  /**
   * Extension headers in order: the type of each, and its bytes from the third on (its next header and length are
   * filled in).
   */
  extensions?: { type: number; body: Uint8Array }[];
}

export interface Ports {
  sport?: number;
  dport?: number;
  payload?: Uint8Array | string;
  /** Overrides the L4 checksum. */
  checksum?: number;
}
export interface Udp extends Ports {
  /** Overrides UDP's length. */
  udp_length?: number;
}
export interface Tcp extends Ports {
  /** "syn|ack", or a number. Default "ack". */
  flags?: string | number;
  seq?: number;
  ack?: number;
  window?: number;
  /** Options, a multiple of 4 bytes; see `wscale`. */
  tcp_options?: Uint8Array;
  /** A window scale option. */
  wscale?: number;
  urgent?: number;
}
export interface Icmp {
  type?: number;
  code?: number;
  id?: number;
  icmp_seq?: number;
  payload?: Uint8Array | string;
  checksum?: number;
}

const FLAGS: Record<string, number> = {
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
};

/** "syn|ack" → 0x12. */
export function tcpFlags(flags: string | number): number {
  if (typeof flags === 'number') return flags;
  return flags
    .split('|')
    .filter((name) => name !== '')
    .reduce((bits, name) => {
      if (!(name in FLAGS)) throw new Error(`no TCP flag "${name}"`);
      return bits | FLAGS[name];
    }, 0);
}

const u8 = (value: number): number[] => [value & 0xff];
const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];
const data = (value: Uint8Array | string | undefined): number[] =>
  value === undefined ? [] : [...(typeof value === 'string' ? new TextEncoder().encode(value) : value)];

/** Four bytes of "10.0.0.1". */
export function ipv4Bytes(text: string): number[] {
  return text.split('.').map(Number);
}

/** Sixteen bytes of "2001:db8::1". */
export function ipv6Bytes(text: string): number[] {
  const [head, tail] = text.split('::');
  const groups = (part: string): string[] => (part ? part.split(':') : []);
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array(zeros).fill('0'), ...right].flatMap((group) => u16(Number.parseInt(group, 16)));
}

function internetChecksum(bytes: number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i] * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return 0xffff - sum;
}

/** `bytes` with the checksum of them and of `pseudo` at `at`, or `given`. */
function withChecksum(bytes: number[], at: number, pseudo: number[], given?: number): number[] {
  const sum = given ?? internetChecksum([...pseudo, ...bytes]);
  return [...bytes.slice(0, at), ...u16(sum), ...bytes.slice(at + 2)];
}

/** A frame with any EtherType and content. */
export function ethernet(eth_type: number, content: ArrayLike<number>, options: Ethernet = {}): Uint8Array {
  const mac = (text: string): number[] => text.split(':').map((part) => Number.parseInt(part, 16));
  const tags = (options.vlan ?? []).flatMap((tag) => {
    const { vid, pcp = 0, tpid = 0x8100 } = typeof tag === 'number' ? { vid: tag } : tag;
    return [...u16(tpid), ...u16((pcp << 13) | vid)];
  });
  return Uint8Array.from([
    ...mac(options.eth_dst ?? '50:54:00:00:00:02'),
    ...mac(options.eth_src ?? '50:54:00:00:00:01'),
    ...tags,
    ...u16(eth_type),
    ...Array.from(content),
    ...Array(options.padding ?? 0).fill(0),
  ]);
}

const V4_SRC = '10.0.0.1';
const V4_DST = '10.0.0.2';
const V6_SRC = '2001:db8::1';
const V6_DST = '2001:db8::2';

function v4Packet(proto: number, content: number[], o: Ipv4): number[] {
  const options = data(o.ip_options);
  const length = 20 + options.length + content.length;
  const fragment = (o.df ? 0x4000 : 0) | (o.mf ? 0x2000 : 0) | ((o.offset ?? 0) >> 3);
  const header = [
    ...u8(0x45 + options.length / 4),
    ...u8(o.tos ?? 0),
    ...u16(o.total_length ?? length),
    ...u16(o.id ?? 0),
    ...u16(fragment),
    ...u8(o.ttl ?? 64),
    ...u8(proto),
    ...u16(0),
    ...ipv4Bytes(o.src ?? V4_SRC),
    ...ipv4Bytes(o.dst ?? V4_DST),
    ...options,
  ];
  return [...withChecksum(header, 10, [], o.ip_checksum), ...content];
}

function v6Packet(proto: number, content: number[], o: Ipv6): number[] {
  const chain = o.extensions ?? [];
  const headers = chain.flatMap(({ type, body }, i) => {
    const following = i + 1 < chain.length ? chain[i + 1].type : proto;
    const size = type === 44 ? 0 : type === 51 ? (2 + body.length) / 4 - 2 : (2 + body.length) / 8 - 1;
    return [...u8(following), ...u8(size), ...body];
  });
  return [
    ...u32((6 << 28) | ((o.traffic_class ?? 0) << 20) | (o.flow_label ?? 0)),
    ...u16(headers.length + content.length),
    ...u8(chain.length > 0 ? chain[0].type : proto),
    ...u8(o.hop_limit ?? 64),
    ...ipv6Bytes(o.src ?? V6_SRC),
    ...ipv6Bytes(o.dst ?? V6_DST),
    ...headers,
    ...content,
  ];
}

function pseudo4(proto: number, length: number, o: Ipv4): number[] {
  return [...ipv4Bytes(o.src ?? V4_SRC), ...ipv4Bytes(o.dst ?? V4_DST), 0, proto, ...u16(length)];
}
function pseudo6(proto: number, length: number, o: Ipv6): number[] {
  return [...ipv6Bytes(o.src ?? V6_SRC), ...ipv6Bytes(o.dst ?? V6_DST), ...u32(length), 0, 0, 0, proto];
}

type Pseudo = (length: number) => number[];

function udp(o: Udp, pseudo: Pseudo): number[] {
  const payload = data(o.payload);
  const length = 8 + payload.length;
  const bytes = [...u16(o.sport ?? 1000), ...u16(o.dport ?? 80), ...u16(o.udp_length ?? length), 0, 0, ...payload];
  const sum = internetChecksum([...pseudo(length), ...bytes]);
  return withChecksum(bytes, 6, [], o.checksum ?? (sum === 0 ? 0xffff : sum));
}

function tcp(o: Tcp, pseudo: Pseudo): number[] {
  const options = [...(o.wscale === undefined ? [] : [3, 3, o.wscale, 0]), ...data(o.tcp_options)];
  const bytes = [
    ...u16(o.sport ?? 1000),
    ...u16(o.dport ?? 80),
    ...u32(o.seq ?? 0),
    ...u32(o.ack ?? 0),
    ...u16(((5 + options.length / 4) << 12) | tcpFlags(o.flags ?? 'ack')),
    ...u16(o.window ?? 8192),
    ...u16(0),
    ...u16(o.urgent ?? 0),
    ...options,
    ...data(o.payload),
  ];
  return withChecksum(bytes, 16, pseudo(bytes.length), o.checksum);
}

function icmp(o: Icmp, defaultType: number, pseudo: Pseudo | null): number[] {
  const bytes = [
    ...u8(o.type ?? defaultType),
    ...u8(o.code ?? 0),
    ...u16(0),
    ...u16(o.id ?? 0),
    ...u16(o.icmp_seq ?? 0),
    ...data(o.payload),
  ];
  return withChecksum(bytes, 2, pseudo === null ? [] : pseudo(bytes.length), o.checksum);
}

/** IPv4 with any protocol and content. */
export function ip4(proto: number, payload: Uint8Array | string, o: Ipv4 = {}): Uint8Array {
  return ethernet(0x0800, v4Packet(proto, data(payload), o), o);
}
/** IPv6 with any protocol and content. */
export function ip6(proto: number, payload: Uint8Array | string, o: Ipv6 = {}): Uint8Array {
  return ethernet(0x86dd, v6Packet(proto, data(payload), o), o);
}
/** UDP over IPv4. */
export function udp4(o: Ipv4 & Udp = {}): Uint8Array {
  return ethernet(
    0x0800,
    v4Packet(
      17,
      udp(o, (length) => pseudo4(17, length, o)),
      o,
    ),
    o,
  );
}
/** UDP over IPv6. */
export function udp6(o: Ipv6 & Udp = {}): Uint8Array {
  return ethernet(
    0x86dd,
    v6Packet(
      17,
      udp(o, (length) => pseudo6(17, length, o)),
      o,
    ),
    o,
  );
}
/** TCP over IPv4. */
export function tcp4(o: Ipv4 & Tcp = {}): Uint8Array {
  return ethernet(
    0x0800,
    v4Packet(
      6,
      tcp(o, (length) => pseudo4(6, length, o)),
      o,
    ),
    o,
  );
}
/** TCP over IPv6. */
export function tcp6(o: Ipv6 & Tcp = {}): Uint8Array {
  return ethernet(
    0x86dd,
    v6Packet(
      6,
      tcp(o, (length) => pseudo6(6, length, o)),
      o,
    ),
    o,
  );
}
/** ICMP, an echo request by default. */
export function icmp4(o: Ipv4 & Icmp = {}): Uint8Array {
  return ethernet(0x0800, v4Packet(1, icmp(o, 8, null), o), o);
}
/** ICMPv6, an echo request by default. */
export function icmp6(o: Ipv6 & Icmp = {}): Uint8Array {
  return ethernet(
    0x86dd,
    v6Packet(
      58,
      icmp(o, 128, (length) => pseudo6(58, length, o)),
      o,
    ),
    o,
  );
}
/** ARP: a request by default. */
export function arp(
  o: Ethernet & { op?: number; spa?: string; tpa?: string; sha?: string; tha?: string } = {},
): Uint8Array {
  const mac = (text: string): number[] => text.split(':').map((part) => Number.parseInt(part, 16));
  const content = [
    ...u16(1),
    ...u16(0x0800),
    ...u8(6),
    ...u8(4),
    ...u16(o.op ?? 1),
    ...mac(o.sha ?? o.eth_src ?? '50:54:00:00:00:01'),
    ...ipv4Bytes(o.spa ?? V4_SRC),
    ...mac(o.tha ?? '00:00:00:00:00:00'),
    ...ipv4Bytes(o.tpa ?? V4_DST),
  ];
  return ethernet(0x0806, content, { eth_dst: 'ff:ff:ff:ff:ff:ff', ...o });
}

/** The IP packet inside a frame, without its Ethernet header and tags: what an ICMP error quotes. */
export function inner(frame: Uint8Array, length = frame.length): Uint8Array {
  return frame.slice(etherTypeAt(frame) + 2).slice(0, length);
}

function etherTypeAt(frame: Uint8Array): number {
  let at = 12;
  while ([0x8100, 0x88a8].includes((frame[at] << 8) | frame[at + 1])) at += 4;
  return at;
}
