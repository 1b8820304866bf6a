/**
 * A frame whose headers are read and changed by name, with lengths and checksums made right from nothing: independent
 * of the datapath's own incremental rewriting, which scenarios are there to check. Names are those of fields
 * (ovs-fields(7)), and of a few numbers of headers that OpenFlow can't match. Layouts: RFC 791, 8200, 9293, 768, 792,
 * 4443, 9260, 826.
 */
import { checksum, crc32c, sumBytes } from '../bytes/index.js';
import { extract, Key, Packet, slots } from '../packet/index.js';

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMP6 = 58;
const SCTP = 132;
const TAG_AT = 12;

/** Where a value stands: bytes from `at`, and of those `width` bits, `shift` above the lowest. */
interface Place {
  readonly at: number;
  readonly bytes: number;
  readonly shift: number;
  readonly width: number;
}
type Find = (frame: Frame) => Place | null;

const place = (at: number, bytes: number, shift = 0, width = bytes * 8): Place => ({ at, bytes, shift, width });
const ethernet =
  (offset: number, bytes: number): Find =>
  () =>
    place(offset, bytes);
/** In IPv4's header and in IPv6's; null: it has none. */
const ip =
  (four: readonly number[] | null, six: readonly number[] | null): Find =>
  ({ version, packet: { l3 } }) => {
    const row = version === 4 ? four : version === 6 ? six : null;
    return row ? place(l3 + row[0], row[1], row[2], row[3]) : null;
  };
const layer4 =
  (protocols: readonly number[], offset: number, bytes: number, width = bytes * 8): Find =>
  ({ protocol, packet: { l4 } }) =>
    l4 >= 0 && protocols.includes(protocol) ? place(l4 + offset, bytes, 0, width) : null;
const arp =
  (offset: number, bytes: number): Find =>
  ({ isArp, packet: { l3 } }) =>
    isArp ? place(l3 + offset, bytes) : null;
const tag =
  (shift: number, width: number): Find =>
  ({ tagged }) =>
    tagged ? place(TAG_AT + 2, 2, shift, width) : null;
const neighbour: Find = ({ protocol, packet: { l4, l3End }, bytes }) =>
  protocol === ICMP6 && (bytes[l4] === 135 || bytes[l4] === 136) && l3End - l4 >= 24 ? place(l4 + 8, 16) : null;

/** Names that are no field's: numbers of headers, for texts of packets. */
export const NUMBERS = {
  ip_id: ip([4, 2], null),
  seq: layer4([TCP], 4, 4),
  ack: layer4([TCP], 8, 4),
  window: layer4([TCP], 14, 2),
  icmp_id: layer4([ICMP, ICMP6], 4, 2),
  icmp_seq: layer4([ICMP, ICMP6], 6, 2),
  vtag: layer4([SCTP], 4, 4),
} as const satisfies Record<string, Find>;

/** Everything with a name, in the order in which differences are told. */
const PLACES: Readonly<Record<string, Find>> = {
  eth_src: ethernet(6, 6),
  eth_dst: ethernet(0, 6),
  vlan_vid: tag(0, 12),
  vlan_pcp: tag(13, 3),
  eth_type: ({ packet: { typeAt } }) => (typeAt < 0 ? null : place(typeAt, 2)),
  arp_op: arp(6, 2),
  arp_sha: arp(8, 6),
  arp_spa: arp(14, 4),
  arp_tha: arp(18, 6),
  arp_tpa: arp(24, 4),
  ip_src: ip([12, 4], null),
  ip_dst: ip([16, 4], null),
  ipv6_src: ip(null, [8, 16]),
  ipv6_dst: ip(null, [24, 16]),
  ipv6_label: ip(null, [0, 4, 0, 20]),
  nw_proto: ip([9, 1], [6, 1]),
  nw_ttl: ip([8, 1], [7, 1]),
  ip_dscp: ip([1, 1, 2, 6], [0, 2, 6, 6]),
  nw_ecn: ip([1, 1, 0, 2], [0, 2, 4, 2]),
  ...Object.fromEntries(
    [
      ['tcp', TCP],
      ['udp', UDP],
      ['sctp', SCTP],
    ].flatMap(([name, protocol]) => [
      [`${name}_src`, layer4([protocol as number], 0, 2)],
      [`${name}_dst`, layer4([protocol as number], 2, 2)],
    ]),
  ),
  tcp_flags: layer4([TCP], 12, 2, 12),
  icmp_type: layer4([ICMP], 0, 1),
  icmp_code: layer4([ICMP], 1, 1),
  icmpv6_type: layer4([ICMP6], 0, 1),
  icmpv6_code: layer4([ICMP6], 1, 1),
  nd_target: neighbour,
  ...NUMBERS,
};

/** Told of, but made right by itself. */
const SUMS: Readonly<Record<string, Find>> = {
  ip_length: ip([2, 2], [4, 2]),
  ip_checksum: ip([10, 2], null),
  checksum: (frame) => (frame.checksumAt < 0 ? null : place(frame.checksumAt, frame.protocol === SCTP ? 4 : 2)),
};

/** Names of everything that differences are told of, in order. */
export const NAMES: readonly string[] = [...Object.keys(PLACES), ...Object.keys(SUMS)];

/** Offset of the L4 checksum in its header, by protocol. */
const CHECKSUM_AT: Readonly<Record<number, number>> = { [TCP]: 16, [UDP]: 6, [ICMP]: 2, [ICMP6]: 2, [SCTP]: 8 };

export class Frame {
  readonly packet = new Packet();
  readonly key = new Key();
  /** IP's version, 0 for other frames and for IP headers that make no sense. */
  version = 0;
  /** IP's protocol behind all headers; -1 without IP. */
  protocol = -1;
  isArp = false;
  tagged = false;

  constructor(public bytes: Uint8Array) {
    this.read();
  }

  private read(): void {
    const { packet, key } = this;
    extract(packet.attach(this.bytes), key, 0);
    const type = key.get(slots.eth_type);
    const sound = packet.l3 >= 0;
    this.version = sound && type === 0x0800 ? 4 : sound && type === 0x86dd ? 6 : 0;
    this.protocol = this.version === 0 ? -1 : key.get(slots.nw_proto);
    this.isArp = sound && (type === 0x0806 || type === 0x8035);
    this.tagged = key.get(slots.vlan_tci) !== 0;
  }

  private find(name: string): Place | null {
    return (PLACES[name] ?? SUMS[name])?.(this) ?? null;
  }

  /** The value of a name; null where the frame has none. */
  get(name: string): bigint | null {
    const found = this.find(name);
    if (!found || found.at + found.bytes > this.bytes.length) return null;
    return (this.container(found) >> BigInt(found.shift)) & ((1n << BigInt(found.width)) - 1n);
  }

  private container({ at, bytes }: Place): bigint {
    let value = 0n;
    for (let i = at; i < at + bytes; i++) value = (value << 8n) | BigInt(this.bytes[i]);
    return value;
  }

  /** Writes a value; false where the frame has no such thing. Checksums stay as they were: see `mend`. */
  set(name: string, value: bigint): boolean {
    const found = this.find(name);
    if (!found || found.at + found.bytes > this.bytes.length) return false;
    const mask = ((1n << BigInt(found.width)) - 1n) << BigInt(found.shift);
    let whole = (this.container(found) & ~mask) | ((value << BigInt(found.shift)) & mask);
    for (let i = found.at + found.bytes - 1; i >= found.at; i--, whole >>= 8n) this.bytes[i] = Number(whole & 0xffn);
    this.read();
    return true;
  }

  /** Gives the frame a tag, changes its VLAN id, or takes the tag away (null). */
  setVlan(vid: number | null): void {
    if (vid === null) {
      if (this.tagged) this.splice(TAG_AT, 4, new Uint8Array(0));
      return;
    }
    if (!this.tagged) this.splice(TAG_AT, 0, Uint8Array.of(0x81, 0, 0, 0));
    this.set('vlan_vid', BigInt(vid));
  }

  private splice(at: number, removed: number, inserted: Uint8Array): void {
    const { bytes } = this;
    const joined = new Uint8Array(bytes.length - removed + inserted.length);
    joined.set(bytes.subarray(0, at));
    joined.set(inserted, at);
    joined.set(bytes.subarray(at + removed), at + inserted.length);
    this.bytes = joined;
    this.read();
  }

  /** Where what L4 carries begins: behind IP's header, where L4 has none that is known. -1 without IP. */
  get payloadAt(): number {
    const { protocol, bytes, packet } = this;
    if (this.version === 0) return -1;
    if (packet.l4 < 0) return this.version === 4 ? packet.l3 + (bytes[packet.l3] & 15) * 4 : packet.l3 + 40;
    if (protocol === TCP) return Math.min(packet.l3End, packet.l4 + (bytes[packet.l4 + 12] >> 4) * 4);
    const header = { [UDP]: 8, [ICMP]: 8, [ICMP6]: 8, [SCTP]: 12 }[protocol] ?? 0;
    return Math.min(packet.l3End, packet.l4 + header);
  }

  /** What L4 carries. */
  get payload(): Uint8Array {
    const at = this.payloadAt;
    return at < 0 ? new Uint8Array(0) : this.bytes.slice(at, this.packet.l3End);
  }

  set payload(data: Uint8Array) {
    const at = this.payloadAt;
    if (at >= 0) this.resize(at, this.bytes.length - at, data);
  }

  /** TCP's options, a multiple of four bytes. */
  set tcpOptions(options: Uint8Array) {
    const { l4 } = this.packet;
    if (this.protocol !== TCP || l4 < 0) return;
    const before = this.payloadAt - l4 - 20;
    this.bytes[l4 + 12] = (((20 + options.length) / 4) << 4) | (this.bytes[l4 + 12] & 15);
    this.resize(l4 + 20, before, options);
  }

  /** Puts bytes behind IP's header in the place of others; IP's length and UDP's follow. */
  private resize(at: number, removed: number, inserted: Uint8Array): void {
    const { version, protocol } = this;
    const { l3, l4 } = this.packet;
    this.splice(at, removed, inserted);
    const put = (to: number, value: number) => this.bytes.set([value >> 8, value & 0xff], to);
    if (version === 4) put(l3 + 2, this.bytes.length - l3);
    else put(l3 + 4, this.bytes.length - l3 - 40);
    if (protocol === UDP && l4 >= 0) put(l4 + 4, this.bytes.length - l4);
    this.read();
  }

  /** Offset of the L4 checksum, or -1. */
  get checksumAt(): number {
    const offset = CHECKSUM_AT[this.protocol];
    return this.packet.l4 < 0 || offset === undefined ? -1 : this.packet.l4 + offset;
  }

  /** Makes IPv4's checksum and L4's right. A UDP checksum of 0 over IPv4 stays, and so does that of a fragment. */
  mend(): this {
    const { bytes, packet, version, protocol } = this;
    const put = (at: number, sum: number) => bytes.set([sum >> 8, sum & 0xff], at);
    if (version === 4) {
      put(packet.l3 + 10, 0);
      put(packet.l3 + 10, checksum(bytes, packet.l3, packet.l3 + (bytes[packet.l3] & 15) * 4));
    }
    const at = this.checksumAt;
    if (at < 0 || this.key.get(slots.nw_frag) !== 0) return this;
    if (protocol === SCTP) {
      const crc = crc32c(bytes, packet.l4, packet.l3End, at);
      bytes.set([crc, crc >>> 8, crc >>> 16, crc >>> 24], at);
      return this;
    }
    if (protocol === UDP && version === 4 && bytes[at] === 0 && bytes[at + 1] === 0) return this;
    put(at, 0);
    const sum = checksum(bytes, packet.l4, packet.l3End, this.pseudoHeader());
    put(at, sum === 0 && protocol === UDP ? 0xffff : sum);
    return this;
  }

  /** The unfolded sum of what L4's checksum covers beside its own bytes. */
  private pseudoHeader(): number {
    const { bytes, packet, version, protocol } = this;
    if (protocol === ICMP) return 0;
    const [from, to] = version === 4 ? [12, 20] : [8, 40];
    return sumBytes(bytes, packet.l3 + from, packet.l3 + to, protocol + packet.l3End - packet.l4);
  }

  /** Which checksum is wrong, or null. */
  wrongChecksum(): 'ip_checksum' | 'checksum' | null {
    const right = new Frame(this.bytes.slice()).mend();
    for (const name of ['ip_checksum', 'checksum'] as const) if (right.get(name) !== this.get(name)) return name;
    return null;
  }

  copy(): Frame {
    return new Frame(this.bytes.slice());
  }
}
