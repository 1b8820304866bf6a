/**
 * A frame taken apart for people: its headers one after the other, each field by its name in the RFC that defines the
 * header. binary-parser reads the fixed parts, behind a length check; what a header's own length adds is stepped over.
 * Not for the packet path. What is cut off, or not known, is "data".
 */
import { Parser } from 'binary-parser';
import { formatIpv4, formatIpv6, formatMac } from '../bytes/index.js';

/** A header's fields: numbers, and addresses as text. */
export interface Layer {
  /** "Ethernet", "VLAN", "IPv4", "TCP", …, "data". */
  readonly layer: string;
  /** Where it begins, and how long it is, in bytes. */
  readonly at: number;
  readonly length: number;
  readonly fields: Readonly<Record<string, number | string>>;
}

type Fields = Record<string, number | string>;
type Raw = Readonly<Record<string, number | readonly number[]>>;

interface Header {
  /** Bytes of the fixed part. */
  readonly bytes: number;
  readonly parser: Parser;
  /** The whole header's bytes, where it has options. */
  length?(fields: Fields): number;
  /** What follows. */
  next(fields: Fields): string | null;
}

const be = (): Parser => new Parser().endianess('big');
const mac = { type: 'uint8', length: 6, formatter: (raw: unknown) => formatMac(bytesOf(raw)) } as const;
const ip4 = { type: 'uint8', length: 4, formatter: (raw: unknown) => formatIpv4(bytesOf(raw)) } as const;
const ip6 = { type: 'uint8', length: 16, formatter: (raw: unknown) => formatIpv6(bytesOf(raw)) } as const;

/** As hexadecimal digits, which `Number` reads back. */
const hex = { formatter: (raw: unknown) => `0x${Number(raw).toString(16).padStart(4, '0')}` } as const;

function bytesOf(raw: unknown): Uint8Array {
  return Uint8Array.from(raw as readonly number[]);
}

const ETHER_TYPES: Readonly<Record<number, string>> = {
  2048: 'IPv4',
  2054: 'ARP',
  34525: 'IPv6',
  33024: 'VLAN',
  34984: 'VLAN',
  34887: 'MPLS',
  34888: 'MPLS',
};
const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' };
const IPV6_OPTIONS: Readonly<Record<number, string>> = { 0: 'options', 43: 'options', 60: 'options', 44: 'fragment' };
const TCP_FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns'];

const byType = (fields: Fields): string | null => ETHER_TYPES[Number(fields.type)] ?? null;
const byNext = (fields: Fields): string | null => {
  const next = Number(fields.next_header);
  return IPV6_OPTIONS[next] ?? PROTOCOLS[next] ?? null;
};
const nothing = (): null => null;

const HEADERS: Readonly<Record<string, Header>> = {
  // IEEE 802.3 §3.2
  Ethernet: { bytes: 14, parser: be().array('dst', mac).array('src', mac).uint16('type', hex), next: byType },
  // IEEE 802.1Q §9.6
  VLAN: { bytes: 4, parser: be().bit3('pcp').bit1('dei').bit12('vid').uint16('type', hex), next: byType },
  // RFC 3032 §2.1
  MPLS: {
    bytes: 4,
    parser: be().bit20('label').bit3('tc').bit1('bos').uint8('ttl'),
    next: (fields) => (fields.bos === 0 ? 'MPLS' : null),
  },
  // RFC 826
  ARP: {
    bytes: 28,
    parser: be()
      .uint16('htype')
      .uint16('ptype', hex)
      .uint8('hlen')
      .uint8('plen')
      .uint16('op')
      .array('sha', mac)
      .array('spa', ip4)
      .array('tha', mac)
      .array('tpa', ip4),
    next: nothing,
  },
  // RFC 791 §3.1
  IPv4: {
    bytes: 20,
    parser: be()
      .bit4('version')
      .bit4('ihl')
      .bit6('dscp')
      .bit2('ecn')
      .uint16('total_length')
      .uint16('id')
      .bit3('flags')
      .bit13('fragment_offset')
      .uint8('ttl')
      .uint8('protocol')
      .uint16('checksum', hex)
      .array('src', ip4)
      .array('dst', ip4),
    length: ({ ihl }) => Number(ihl) * 4,
    next: (fields) => (fields.fragment_offset === 0 ? (PROTOCOLS[Number(fields.protocol)] ?? null) : null),
  },
  // RFC 8200 §3
  IPv6: {
    bytes: 40,
    parser: be()
      .bit4('version')
      .bit8('traffic_class')
      .bit20('flow_label')
      .uint16('payload_length')
      .uint8('next_header')
      .uint8('hop_limit')
      .array('src', ip6)
      .array('dst', ip6),
    next: byNext,
  },
  // RFC 8200 §4
  options: {
    bytes: 8,
    parser: be().uint8('next_header').uint8('length'),
    length: ({ length }) => (Number(length) + 1) * 8,
    next: byNext,
  },
  // RFC 8200 §4.5
  fragment: {
    bytes: 8,
    parser: be().uint8('next_header').uint8('reserved').bit13('offset').bit2('zero').bit1('more').uint32('id'),
    next: (fields) => (fields.offset === 0 ? byNext(fields) : null),
  },
  // RFC 9293 §3.1
  TCP: {
    bytes: 20,
    parser: be()
      .uint16('src')
      .uint16('dst')
      .uint32('seq')
      .uint32('ack')
      .bit4('data_offset')
      .bit3('reserved')
      .bit9('flags', { formatter: (bits: unknown) => flagNames(Number(bits)) })
      .uint16('window')
      .uint16('checksum', hex)
      .uint16('urgent'),
    length: (fields) => Number(fields.data_offset) * 4,
    next: nothing,
  },
  // RFC 768
  UDP: { bytes: 8, parser: be().uint16('src').uint16('dst').uint16('length').uint16('checksum', hex), next: nothing },
  // RFC 9260 §3.1
  SCTP: { bytes: 12, parser: be().uint16('src').uint16('dst').uint32('tag').uint32('checksum'), next: nothing },
  // RFC 792, RFC 4443 §2.1
  ICMP: { bytes: 4, parser: be().uint8('type').uint8('code').uint16('checksum', hex), next: nothing },
  ICMPv6: { bytes: 4, parser: be().uint8('type').uint8('code').uint16('checksum', hex), next: nothing },
};

/** Headers of a frame that are read; what is behind is data. */
const MAX_LAYERS = 32;

function flagNames(bits: number): string {
  return TCP_FLAGS.filter((_, i) => bits & (1 << i)).join('|');
}

/** The headers of an Ethernet frame, outermost first, and what is behind them. */
export function dissect(frame: Uint8Array): Layer[] {
  const layers: Layer[] = [];
  let at = 0;
  let next: string | null = 'Ethernet';
  while (next !== null && layers.length < MAX_LAYERS) {
    const header: Header = HEADERS[next];
    if (at + header.bytes > frame.length) break;
    const fields = plain(header.parser.parse(frame.subarray(at)) as Raw);
    const length = Math.max(header.bytes, header.length?.(fields) ?? 0);
    if (at + length > frame.length) break;
    layers.push({ layer: next, at, length, fields });
    at += length;
    next = header.next(fields);
  }
  if (at < frame.length) layers.push({ layer: 'data', at, length: frame.length - at, fields: {} });
  return layers;
}

/** "TCP src=80 dst=1000 …": a line a header. */
export function dissectLines(frame: Uint8Array): string[] {
  return dissect(frame).map(({ layer, length, fields }) => {
    const members = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
    return members.length === 0 ? `${layer}: ${length} bytes` : `${layer}: ${members.join(' ')}`;
  });
}

function plain(raw: Raw): Fields {
  const fields: Fields = {};
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value === 'number' || typeof value === 'string') fields[name] = value;
  }
  return fields;
}
