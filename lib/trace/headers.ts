/**
 * Headers and their fields under the names that Open vSwitch's datapath gives them: "ipv4(src=10.0.0.1,ttl=63)". One
 * table for what a cached program matches and for what its steps set. Names and forms: ovs-dpctl(8) and what dump-flows
 * prints.
 */
import { formatIpv4, formatIpv6, formatMac } from '../bytes/index.js';
import {
  dlVlanSlot,
  Key,
  mplsBosSlot,
  mplsLabelSlot,
  mplsTcSlot,
  mplsTtlSlot,
  pcpSlot,
  type Slot,
  SPECIAL,
  slots,
  UNIT,
  wordOfUnit,
} from '../packet/index.js';

/** How a value is written, and its mask. */
type Form = 'number' | 'hex' | 'mac' | 'ipv4' | 'ipv6';

export interface HeaderField {
  readonly name: string;
  readonly slot: Slot;
  readonly form: Form;
}

const field = (name: string, slot: Slot, form: Form = 'number'): HeaderField => ({ name, slot, form });
const PORTS = [field('src', slots.tp_src), field('dst', slots.tp_dst)];
const KIND = [field('type', { ...slots.tp_src, width: 8 }), field('code', { ...slots.tp_dst, width: 8 })];

/** Fields of each header, in the order in which they are written. */
export const HEADERS: Readonly<Record<string, readonly HeaderField[]>> = {
  eth: [field('src', slots.eth_src, 'mac'), field('dst', slots.eth_dst, 'mac')],
  vlan: [field('vid', dlVlanSlot), field('pcp', pcpSlot)],
  ipv4: [
    field('src', slots.ipv4_src, 'ipv4'),
    field('dst', slots.ipv4_dst, 'ipv4'),
    field('proto', slots.nw_proto),
    field('tos', slots.nw_tos, 'hex'),
    field('ttl', slots.nw_ttl),
  ],
  ipv6: [
    field('src', slots.ipv6_src, 'ipv6'),
    field('dst', slots.ipv6_dst, 'ipv6'),
    field('label', slots.ipv6_label, 'hex'),
    field('proto', slots.nw_proto),
    field('tclass', slots.nw_tos, 'hex'),
    field('hlimit', slots.nw_ttl),
  ],
  tcp: PORTS,
  udp: PORTS,
  sctp: PORTS,
  icmp: KIND,
  icmpv6: KIND,
  arp: [
    field('sip', slots.ipv4_src, 'ipv4'),
    field('tip', slots.ipv4_dst, 'ipv4'),
    field('op', slots.arp_op),
    field('sha', slots.arp_sha, 'mac'),
    field('tha', slots.arp_tha, 'mac'),
  ],
  nd: [
    field('target', slots.nd_target, 'ipv6'),
    field('sll', slots.arp_sha, 'mac'),
    field('tll', slots.arp_tha, 'mac'),
  ],
  nd_ext: [field('nd_reserved', slots.nd_reserved, 'hex'), field('nd_options_type', slots.nd_options_type)],
  mpls: [field('label', mplsLabelSlot), field('tc', mplsTcSlot), field('ttl', mplsTtlSlot), field('bos', mplsBosSlot)],
  nsh: [
    field('flags', slots.nsh_flags),
    field('ttl', slots.nsh_ttl),
    field('mdtype', slots.nsh_mdtype),
    field('np', slots.nsh_np),
    field('spi', slots.nsh_spi, 'hex'),
    field('si', slots.nsh_si),
    field('c1', slots.nsh_c1, 'hex'),
    field('c2', slots.nsh_c2, 'hex'),
    field('c3', slots.nsh_c3, 'hex'),
    field('c4', slots.nsh_c4, 'hex'),
  ],
  pbb: [field('isid', slots.pbb_isid, 'hex'), field('uca', slots.pbb_uca)],
};

/** Which header a rewrite unit belongs to: first unit, units, header. */
const UNITS: readonly (readonly [first: number, count: number, header: keyof typeof HEADERS])[] = [
  [UNIT.eth, 3, 'eth'],
  [UNIT.ipv4Src, 1, 'ipv4'],
  [UNIT.ipv4Dst, 1, 'ipv4'],
  [SPECIAL.ipv4TosTtl, 1, 'ipv4'],
  [UNIT.ipv6Src, 4, 'ipv6'],
  [UNIT.ipv6Dst, 4, 'ipv6'],
  [UNIT.ipv6Label, 1, 'ipv6'],
  [SPECIAL.ipv6TosTtl, 1, 'ipv6'],
  [UNIT.tcpPorts, 1, 'tcp'],
  [UNIT.udpPorts, 1, 'udp'],
  [UNIT.sctpPorts, 1, 'sctp'],
  [SPECIAL.icmp, 1, 'icmp'],
  [SPECIAL.vlanTci, 1, 'vlan'],
  [UNIT.arpSpa, 1, 'arp'],
  [UNIT.arpTpa, 1, 'arp'],
  [SPECIAL.arpOp, 1, 'arp'],
  [SPECIAL.arpHardware, 3, 'arp'],
  [UNIT.ndTarget, 4, 'nd'],
  [SPECIAL.ndHardware, 3, 'nd'],
  [UNIT.ndReserved, 1, 'nd_ext'],
  [SPECIAL.ndOptionType, 1, 'nd_ext'],
  [UNIT.mpls, 1, 'mpls'],
  [UNIT.nshContext, 4, 'nsh'],
  [SPECIAL.nshBase, 1, 'nsh'],
  [SPECIAL.nshSpi, 1, 'nsh'],
  [SPECIAL.nshSi, 1, 'nsh'],
  [SPECIAL.pbbIsid, 1, 'pbb'],
  [SPECIAL.pbbUca, 1, 'pbb'],
];
const headerOfUnit = new Map(
  UNITS.flatMap(([first, count, header]) =>
    Array.from({ length: count }, (_, i) => [first + i, header] as [number, string]),
  ),
);

/** "src=10.0.0.0/255.0.0.0": a field's masked value; null where no bit of it counts. */
export function formatField({ name, slot, form }: HeaderField, value: Key, mask: Key): string | null {
  if (slot.size <= 4 && form !== 'ipv4') {
    const [number, bits] = [value.get(slot), mask.get(slot)];
    const whole = slot.width === 32 ? 0xffffffff : 2 ** slot.width - 1;
    if (bits === 0) return null;
    const text = form === 'hex' ? `0x${number.toString(16)}` : String(number);
    return `${name}=${number === 0 ? '0' : text}${bits === whole ? '' : `/0x${bits.toString(16)}`}`;
  }
  const [bytes, bits] = [value.getBytes(slot), mask.getBytes(slot)];
  if (bits.every((byte) => byte === 0)) return null;
  const write = form === 'mac' ? formatMac : form === 'ipv4' ? formatIpv4 : formatIpv6;
  return `${name}=${write(bytes)}${bits.every((byte) => byte === 0xff) ? '' : `/${write(bits)}`}`;
}

const ETH_TYPE_IPV6 = 0x86dd;

/** What NAT may change. */
const TRANSLATED = [slots.ipv4_src, slots.ipv4_dst, slots.ipv6_src, slots.ipv6_dst, slots.tp_src, slots.tp_dst];

/**
 * What steps set in a row, header by header. Bits that are known, from the match or from earlier sets, fill up a field.
 */
export class Sets {
  private readonly headers = new Map<string, { value: Key; mask: Key }>();
  /** What is known by now. */
  readonly known = { value: new Key(), mask: new Key() };

  private readonly isIpv6: boolean;

  /** `mask` and `value`: what all packets of the program agree in. */
  constructor(mask: Key, value: Key) {
    this.isIpv6 = value.get(slots.eth_type) === ETH_TYPE_IPV6;
    this.known.mask.copy(mask);
    this.known.value.copy(value);
  }

  /** What sends the packet through another queue than the last one; 0: the port's own. */
  queue(queue: number): string[] {
    if (queue === this.current) return [];
    this.current = queue;
    return [`set(skb_priority(${queue === 0 ? '0' : `0x${queue.toString(16)}`}))`];
  }
  private current = 0;

  /** The headers are others now. */
  forget(): void {
    this.known.mask.clear();
  }

  /** A label was pushed: a whole label stack entry is known. */
  pushed(entry: number): void {
    this.known.mask.set(slots.mpls0, 0xffffffff);
    this.known.value.set(slots.mpls0, entry >>> 0);
  }

  /** Addresses and ports may be others now. */
  translated(): void {
    for (const { at, size } of TRANSLATED)
      for (let i = at >> 2; i < (at + size + 3) >> 2; i++) this.known.mask.words[i] = 0;
  }

  add(unit: number, value: number, mask: number): void {
    const named = headerOfUnit.get(unit) ?? 'unknown';
    // One unit writes type and code of both families.
    const header = named === 'icmp' && this.isIpv6 ? 'icmpv6' : named;
    const known = this.headers.get(header) ?? { value: new Key(), mask: new Key() };
    this.headers.set(header, known);
    const word = wordOfUnit(unit);
    for (const both of [known, this.known]) {
      both.value.words[word] = (both.value.words[word] & ~mask) | (value & mask);
      both.mask.words[word] |= mask;
    }
  }

  /** "set(eth(dst=…))", one a header; nothing is left. */
  take(): string[] {
    const list = [...this.headers].map(([header, { value, mask }]) => {
      const fields = (HEADERS[header] ?? []).map((f) => this.field(f, value, mask)).filter((text) => text !== null);
      return `set(${header}(${fields.join(',')}))`;
    });
    this.headers.clear();
    return list;
  }

  private field(f: HeaderField, value: Key, mask: Key): string | null {
    if (formatField(f, value, mask) === null) return null;
    const filled = { value: new Key(), mask: new Key() };
    for (let i = 0; i < filled.value.words.length; i++) {
      filled.mask.words[i] = mask.words[i] | this.known.mask.words[i];
      filled.value.words[i] = (value.words[i] & mask.words[i]) | (this.known.value.words[i] & ~mask.words[i]);
    }
    const text = formatField(f, filled.value, filled.mask);
    return text?.includes('/') ? formatField(f, value, mask) : text;
  }
}
