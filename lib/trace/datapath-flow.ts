/**
 * What a cached program holds for, as Open vSwitch writes a datapath flow's match:
 * "recirc_id(0),in_port(1),eth_type(0x0800), ipv4(ttl=64,frag=no)". Header and field names are headers.ts's.
 */
import { toBigInt } from '../bytes/index.js';
import { STATE_NAMES } from '../ct/index.js';
import { ETH_TYPE, IP_PROTO, PLAIN_NAMES, type TextNames } from '../nxm/index.js';
import {
  dlVlanSlot,
  FRAG_ANY,
  FRAG_LATER,
  Key,
  type MaskShape,
  pcpSlot,
  type Slot,
  slots,
  VLAN_CFI,
} from '../packet/index.js';
import { formatField, HEADERS } from './headers.js';

const HEADER_OF_TYPE: Readonly<Record<number, string>> = {
  [ETH_TYPE.IP]: 'ipv4',
  [ETH_TYPE.IPV6]: 'ipv6',
  [ETH_TYPE.ARP]: 'arp',
  [ETH_TYPE.RARP]: 'arp',
  [ETH_TYPE.MPLS]: 'mpls',
  [ETH_TYPE.MPLS_MULTICAST]: 'mpls',
  [ETH_TYPE.NSH]: 'nsh',
  [ETH_TYPE.PBB]: 'pbb',
};

class FlowText {
  readonly parts: string[] = [];
  readonly value = new Key();
  readonly mask = new Key();

  constructor(shape: MaskShape, values: Uint32Array) {
    shape.words.forEach((word, i) => {
      this.mask.words[word] = shape.bits[i];
      this.value.words[word] = values[i];
    });
  }

  number(
    name: string,
    slot: Slot,
    write: (n: number) => string = (n) => (n === 0 ? '0' : `0x${n.toString(16)}`),
  ): void {
    const bits = this.mask.get(slot);
    if (bits === 0) return;
    const whole = slot.width === 32 ? 0xffffffff : 2 ** slot.width - 1;
    this.parts.push(`${name}(${write(this.value.get(slot))}${bits === whole ? '' : `/0x${bits.toString(16)}`})`);
  }

  header(name: string, more: readonly string[] = []): void {
    const fields = (HEADERS[name] ?? [])
      .map((f) => formatField(f, this.value, this.mask))
      .filter((text) => text !== null);
    if (fields.length + more.length > 0) this.parts.push(`${name}(${[...fields, ...more].join(',')})`);
  }

  state(): void {
    const [value, mask] = [this.value.get(slots.ct_state), this.mask.get(slots.ct_state)];
    const names = STATE_NAMES.map((name, bit) => ({ name, bit: 1 << bit })).filter(({ bit }) => mask & bit);
    if (mask !== 0)
      this.parts.push(`ct_state(${names.map(({ name, bit }) => (value & bit ? '+' : '-') + name).join('')})`);
  }
}

/** The match of a program. */
export function formatDatapathFlow(shape: MaskShape, values: Uint32Array, names: TextNames = PLAIN_NAMES): string {
  const f = new FlowText(shape, values);
  metadata(f, names);
  f.header('eth');
  const type = f.mask.get(slots.eth_type) ? f.value.get(slots.eth_type) : 0;
  const tagged = f.value.get(slots.vlan_tci) & VLAN_CFI;
  if (tagged) {
    const tags = new FlowText(shape, values);
    tags.number('vid', dlVlanSlot, String);
    tags.number('pcp', pcpSlot, String);
    f.parts.push(
      'eth_type(0x8100)',
      `vlan(${tags.parts.map((text) => text.replace('(', '=').slice(0, -1)).join(',')})`,
    );
  }
  const inner = new FlowText(shape, values);
  inner.number('eth_type', slots.eth_type, (n) => `0x${n.toString(16).padStart(4, '0')}`);
  layer3(inner, type);
  if (tagged) f.parts.push(`encap(${inner.parts.join(',')})`);
  else f.parts.push(...inner.parts);
  return f.parts.join(',');
}

function metadata(f: FlowText, names: TextNames): void {
  f.number('skb_mark', slots.pkt_mark);
  f.state();
  f.number('ct_zone', slots.ct_zone);
  f.number('ct_mark', slots.ct_mark);
  const label = toBigInt(f.mask.getBytes(slots.ct_label));
  if (label !== 0n) {
    f.parts.push(`ct_label(0x${toBigInt(f.value.getBytes(slots.ct_label)).toString(16)}/0x${label.toString(16)})`);
  }
  f.number('recirc_id', slots.recirc_id);
  f.number('in_port', slots.in_port, (n) => names.port(n));
  f.parts.push('packet_type(ns=0,id=0)');
}

function layer3(f: FlowText, type: number): void {
  const header = HEADER_OF_TYPE[type];
  const ip = header === 'ipv4' || header === 'ipv6';
  const frag = f.mask.get(slots.nw_frag) ? f.value.get(slots.nw_frag) : -1;
  const kind = frag < 0 ? [] : [`frag=${frag & FRAG_LATER ? 'later' : frag & FRAG_ANY ? 'first' : 'no'}`];
  if (header !== undefined) f.header(header, ip ? kind : []);
  if (!ip || !f.mask.get(slots.nw_proto)) return;
  const proto = f.value.get(slots.nw_proto);
  if (proto === IP_PROTO.TCP) f.header('tcp');
  else if (proto === IP_PROTO.UDP) f.header('udp');
  else if (proto === IP_PROTO.SCTP) f.header('sctp');
  else if (proto === IP_PROTO.ICMP) f.header('icmp');
  else if (proto === IP_PROTO.ICMPV6) f.header('icmpv6');
  if (proto === IP_PROTO.TCP) f.number('tcp_flags', slots.tcp_flags);
  if (proto === IP_PROTO.ICMPV6) f.header('nd');
}
