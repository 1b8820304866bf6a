/**
 * A frame out of a flow key: what a text about a packet says becomes bytes with right lengths and checksums. Headers
 * that the key doesn't tell (TCP's numbers, ICMP's id, a payload) are given beside it. The reverse of extract.ts as far
 * as the key goes: IPv6 extension headers other than a fragment's, and tags deeper than two, aren't made.
 */
import { checksum, crc32c, sumBytes } from '../bytes/index.js';
import { FRAG_ANY, FRAG_LATER, type Key, type Slot, slots, VLAN_CFI } from './key.js';

/** What a frame has beside what the key tells; zero where it isn't given. */
export interface FrameRest {
  /** Behind the last header that is made. */
  readonly payload?: Uint8Array;
  readonly ip_id?: number;
  readonly tcp_seq?: number;
  readonly tcp_ack?: number;
  /** 65535 if not given. */
  readonly tcp_window?: number;
  readonly icmp_id?: number;
  readonly icmp_seq?: number;
  readonly udp_no_checksum?: boolean;
}

const TPID_VLAN = 0x8100;
const ETHERNET_BYTES = 14;
const NEXT_FRAGMENT = 44;
/** Where a fragment that isn't the first begins, in bytes. */
const LATER_OFFSET = 8;

const u16 = (n: number): number[] => [(n >> 8) & 0xff, n & 0xff];
const u32 = (n: number): number[] => [n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff];

class Composer {
  constructor(
    private readonly key: Key,
    private readonly rest: FrameRest,
  ) {}

  number(slot: Slot): number {
    return this.key.get(slot);
  }

  private bytes(slot: Slot): number[] {
    return [...this.key.getBytes(slot)];
  }

  frame(): Uint8Array {
    const type = this.number(slots.eth_type);
    const body = this.behind(type);
    const head = [...this.bytes(slots.eth_dst), ...this.bytes(slots.eth_src), ...this.tags()];
    // Without a type it is a frame of IEEE 802.3: its length, and an LLC header of none.
    const [end, content] = type < 0x600 ? [body.length + 3, [0, 0, 3, ...body]] : [type, body];
    return Uint8Array.from([...head, ...u16(end), ...content]);
  }

  private tags(): number[] {
    const tags: number[] = [];
    for (const [tci, tpid] of [
      [slots.vlan_tci, slots.vlan_tpid],
      [slots.inner_vlan_tci, slots.inner_vlan_tpid],
    ]) {
      const bits = this.number(tci);
      if (bits & VLAN_CFI) tags.push(...u16(this.number(tpid) || TPID_VLAN), ...u16(bits & ~VLAN_CFI));
    }
    return tags;
  }

  /** What stands behind an EtherType. */
  private behind(type: number): number[] {
    switch (type) {
      case 0x0800:
        return this.ipv4();
      case 0x86dd:
        return this.ipv6();
      case 0x0806:
      case 0x8035:
        return this.arp();
      case 0x8847:
      case 0x8848:
        return [...this.bytes(slots.mpls0), ...this.bytes(slots.mpls1), ...this.payload()];
      case 0x88e7:
        return [
          ...u32((this.number(slots.pbb_uca) << 27) | this.number(slots.pbb_isid)),
          ...new Array(ETHERNET_BYTES).fill(0),
        ];
      case 0x894f:
        return this.nsh();
      default:
        return this.payload();
    }
  }

  private payload(): number[] {
    return [...(this.rest.payload ?? [])];
  }

  private arp(): number[] {
    return [
      ...[0, 1, 8, 0, 6, 4],
      ...u16(this.number(slots.arp_op)),
      ...this.bytes(slots.arp_sha),
      ...this.bytes(slots.ipv4_src),
      ...this.bytes(slots.arp_tha),
      ...this.bytes(slots.ipv4_dst),
    ];
  }

  private nsh(): number[] {
    const flags = this.number(slots.nsh_flags);
    const ttl = this.number(slots.nsh_ttl);
    const words = 6;
    const base = [(flags << 4) | (ttl >> 2), ((ttl & 3) << 6) | words, 1, this.number(slots.nsh_np)];
    const path = u32(((this.number(slots.nsh_spi) << 8) | this.number(slots.nsh_si)) >>> 0);
    const context = [slots.nsh_c1, slots.nsh_c2, slots.nsh_c3, slots.nsh_c4].flatMap((slot) => this.bytes(slot));
    return [...base, ...path, ...context, ...this.payload()];
  }

  private ipv4(): number[] {
    const { key, rest } = this;
    const proto = key.get(slots.nw_proto);
    const addresses = [...this.bytes(slots.ipv4_src), ...this.bytes(slots.ipv4_dst)];
    const frag = key.get(slots.nw_frag);
    const content = frag & FRAG_LATER ? this.payload() : this.layer4(proto, addresses);
    const fragment = frag & FRAG_LATER ? LATER_OFFSET >> 3 : frag & FRAG_ANY ? 0x2000 : 0;
    const head = Uint8Array.from([
      ...[0x45, key.get(slots.nw_tos), ...u16(20 + content.length), ...u16(rest.ip_id ?? 0), ...u16(fragment)],
      ...[key.get(slots.nw_ttl), proto, 0, 0],
      ...addresses,
    ]);
    head.set(u16(checksum(head, 0, head.length)), 10);
    return [...head, ...content];
  }

  private ipv6(): number[] {
    const { key, rest } = this;
    const proto = key.get(slots.nw_proto);
    const addresses = [...this.bytes(slots.ipv6_src), ...this.bytes(slots.ipv6_dst)];
    const frag = key.get(slots.nw_frag);
    const content = frag & FRAG_LATER ? this.payload() : this.layer4(proto, addresses);
    const place = frag & FRAG_LATER ? LATER_OFFSET : 1;
    const fragment = frag & FRAG_ANY ? [proto, 0, ...u16(place), ...u32(rest.ip_id ?? 0)] : [];
    const first = (0x60000000 | (key.get(slots.nw_tos) << 20) | key.get(slots.ipv6_label)) >>> 0;
    const next = fragment.length > 0 ? NEXT_FRAGMENT : proto;
    const length = fragment.length + content.length;
    return [...u32(first), ...u16(length), next, key.get(slots.nw_ttl), ...addresses, ...fragment, ...content];
  }

  /** The header of an IP protocol and what is behind it. */
  private layer4(proto: number, addresses: readonly number[]): number[] {
    const { key, rest } = this;
    const ports = [...this.bytes(slots.tp_src), ...this.bytes(slots.tp_dst)];
    const kind = [key.get(slots.tp_src), key.get(slots.tp_dst)];
    const echo = [...u16(rest.icmp_id ?? 0), ...u16(rest.icmp_seq ?? 0)];
    const payload = this.payload();
    switch (proto) {
      case 1:
        return summed([...kind, 0, 0, ...echo, ...payload], 2, 0);
      case 2:
        return summed([0x11, 0, 0, 0, 0, 0, 0, 0, ...payload], 2, 0);
      case 6: {
        const numbers = [...u32((rest.tcp_seq ?? 0) >>> 0), ...u32((rest.tcp_ack ?? 0) >>> 0)];
        const flags = u16(0x5000 | key.get(slots.tcp_flags));
        const tcp = [...ports, ...numbers, ...flags, ...u16(rest.tcp_window ?? 0xffff), 0, 0, 0, 0, ...payload];
        return summed(tcp, 16, pseudo(addresses, proto, tcp.length));
      }
      case 17: {
        const udp = [...ports, ...u16(8 + payload.length), 0, 0, ...payload];
        if (rest.udp_no_checksum) return udp;
        const bytes = summed(udp, 6, pseudo(addresses, proto, udp.length));
        // A sum of zero is sent as all ones: zero means that there is none.
        return bytes[6] || bytes[7] ? bytes : bytes.with(6, 0xff).with(7, 0xff);
      }
      case 58: {
        const icmp = [...kind, 0, 0, ...(isNeighbour(kind[0]) ? this.neighbour(kind[0]) : [...echo, ...payload])];
        return summed(icmp, 2, pseudo(addresses, proto, icmp.length));
      }
      case 132: {
        const sctp = Uint8Array.from([...ports, 0, 0, 0, 0, 0, 0, 0, 0, ...payload]);
        const crc = crc32c(sctp, 0, sctp.length);
        return [...sctp.subarray(0, 8), ...u32(crc).reverse(), ...payload];
      }
      default:
        return payload;
    }
  }

  /** A neighbour solicitation's or advertisement's flags, target, and link-layer address. */
  private neighbour(type: number): number[] {
    const own = type === 135 ? this.bytes(slots.arp_sha) : this.bytes(slots.arp_tha);
    const option = own.some((byte) => byte !== 0) ? [type === 135 ? 1 : 2, 1, ...own] : [];
    return [...this.bytes(slots.nd_reserved), ...this.bytes(slots.nd_target), ...option];
  }
}

function isNeighbour(type: number): boolean {
  return type === 135 || type === 136;
}

function pseudo(addresses: readonly number[], proto: number, length: number): number {
  return sumBytes(Uint8Array.from(addresses), 0, addresses.length) + proto + length;
}

/** The bytes with their checksum at `at`. */
function summed(bytes: number[], at: number, sum: number): number[] {
  const [high, low] = u16(checksum(Uint8Array.from(bytes), 0, bytes.length, sum));
  return bytes.with(at, high).with(at + 1, low);
}

/** The frame of a key: lengths and checksums are right. What it leaves at zero is zero: a TTL, too. */
export function composeFrame(key: Key, rest: FrameRest = {}): Uint8Array {
  return new Composer(key, rest).frame();
}
