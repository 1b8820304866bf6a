/**
 * encap and decap while a packet is translated (ovs-actions(7)). What a packet is by now stands in its packet type,
 * which is always known: 0 Ethernet, 0x1EEEE a packet without an Ethernet header that EtherType EEEE would be for. Such
 * a packet goes to no port. What comes to light behind a header that was taken away has to be read anew (tags.ts).
 */
import { OP } from '../datapath/index.js';
import {
  type EncapMeaning,
  ETH_TYPE,
  type HeaderName,
  NEXT_PROTO,
  type NshProperty,
  PACKET_TYPES,
} from '../nxm/index.js';
import { ENCAP } from '../packet/encapsulation.js';
import { GROUPS, slots } from '../packet/key.js';
import type { Pass } from './pass.js';
import type { Tags } from './tags.js';

const cfiSlot = { at: slots.vlan_tci.at, size: 2, shift: 12, width: 1 };
const ETHERNET_BYTES = 14;
const TYPE_SPACE = 0x10000;
const V4 = TYPE_SPACE | ETH_TYPE.IP;
const V6 = TYPE_SPACE | ETH_TYPE.IPV6;
/** NSH's next protocols (RFC 8300 §2.2) and the packet types that they stand for. */
const NEXT_PROTOCOLS: readonly (readonly [np: number, packetType: number])[] = [
  [1, V4],
  [2, V6],
  [3, PACKET_TYPES.ethernet],
  [4, PACKET_TYPES.nsh],
];
/** TTL, path and index of a new NSH header. */
const NSH_TTL = 63;
const NSH_INDEX = 255;
/** Most bytes of metadata in an NSH header, whose length has 6 bits for words (RFC 8300 §2.2). */
const MAX_METADATA = 244;
const MPLS_BOS = 0x100;
const MPLS_TTL = 64;
const V6_NULL = 2 << 12;

export class Encapsulation implements EncapMeaning {
  constructor(
    private readonly pass: Pass,
    private readonly tags: Tags,
  ) {}

  push(header: HeaderName, properties: readonly NshProperty[]): void {
    const { pass } = this;
    if (header === 'ethernet') {
      // The header of zeros is there already.
      if (pass.packetType === PACKET_TYPES.ethernet) pass.unsupported('encap(ethernet) on a frame');
      else this.seen();
    } else if (header === 'nsh') {
      this.pushNsh(properties);
    } else {
      this.pushLabel(PACKET_TYPES[header]);
    }
  }

  private seen(): void {
    this.pass.step(OP.encap, ENCAP.ethernet, 0);
    this.pass.packetType = PACKET_TYPES.ethernet;
  }

  private pushNsh(properties: readonly NshProperty[]): void {
    const { pass } = this;
    const np = NEXT_PROTOCOLS.find(([, type]) => type === pass.packetType)?.[0];
    if (np === undefined) {
      pass.unsupported(`encap(nsh) on packet type 0x${pass.packetType.toString(16)}`);
      return;
    }
    const mdType = properties.findLast((p) => p.kind === 'md_type')?.mdType ?? 1;
    this.insert(nshHeader(np, mdType, properties), PACKET_TYPES.nsh);
    const { headers } = pass;
    headers.inFrame(GROUPS.nsh[0], GROUPS.nsh[1], () => 0);
    headers.inFrameValue(slots.nsh_ttl, NSH_TTL);
    headers.inFrameValue(slots.nsh_mdtype, mdType & 15);
    headers.inFrameValue(slots.nsh_np, np);
    headers.inFrameValue(slots.nsh_si, NSH_INDEX);
  }

  private pushLabel(packetType: number): void {
    const { pass } = this;
    const { headers } = pass;
    const labels = [slots.mpls0, slots.mpls1].map((slot) => headers.read(slot));
    const onLabels = pass.packetType !== PACKET_TYPES.ethernet && isMpls(pass.packetType);
    const entry = onLabels ? (labels[0] & ~MPLS_BOS) >>> 0 : this.firstLabel();
    this.insert(Uint8Array.of(entry >>> 24, entry >>> 16, entry >>> 8, entry), packetType);
    headers.inFrameValue(slots.mpls0, entry);
    if (!onLabels) return;
    headers.inFrameValue(slots.mpls1, labels[0]);
    headers.inFrameValue(slots.mpls2, labels[1]);
  }

  /** Explicit null of the packet's family (RFC 3032 §2.1). */
  private firstLabel(): number {
    return (this.pass.headers.ethType() === ETH_TYPE.IPV6 ? V6_NULL : 0) | MPLS_BOS | MPLS_TTL;
  }

  /** A header in front: in front of a whole frame with an Ethernet header of zeros, else behind that. */
  private insert(header: Uint8Array, packetType: number): void {
    const { pass } = this;
    const { headers } = pass;
    const type = packetType & 0xffff;
    pass.commit();
    if (pass.packetType === PACKET_TYPES.ethernet) {
      const whole = new Uint8Array(ETHERNET_BYTES + header.length);
      whole.set(header, ETHERNET_BYTES);
      pass.program.header(whole, 0, type);
    } else {
      pass.program.header(header, ETHERNET_BYTES, type);
    }
    this.tags.cover();
    for (const [first, end] of [ETHERNET_WORDS, GROUPS.tags]) headers.inFrame(first, end, () => 0);
    headers.inFrameValue(slots.vlan_tci, 0);
    headers.inFrameValue(slots.vlan_tpid, 0);
    headers.inFrameValue(slots.eth_type, type);
    pass.packetType = packetType;
  }

  pop(packetType: number): void {
    const { pass } = this;
    if (pass.packetType === PACKET_TYPES.ethernet) this.popEthernet();
    else if (pass.packetType === PACKET_TYPES.nsh) this.popNsh();
    else if (isMpls(pass.packetType) && packetType !== NEXT_PROTO) this.uncover(ENCAP.popLabel, packetType);
    else pass.unsupported(`decap of packet type 0x${pass.packetType.toString(16)}`);
  }

  private popEthernet(): void {
    const { pass } = this;
    const { headers } = pass;
    const type = headers.ethType();
    if (headers.read(cfiSlot) !== 0 || type < 0x600) {
      pass.unsupported('decap of a frame with a tag, or without a type');
      return;
    }
    pass.commit();
    pass.step(OP.encap, ENCAP.popEthernet, 0);
    headers.inFrame(ETHERNET_WORDS[0], ETHERNET_WORDS[1], () => 0);
    pass.packetType = TYPE_SPACE | type;
  }

  private popNsh(): void {
    const np = this.pass.headers.read(slots.nsh_np);
    const next = NEXT_PROTOCOLS.find(([number]) => number === np)?.[1];
    if (next === undefined) this.pass.unsupported(`decap(): NSH in front of protocol ${np}`);
    else this.uncover(ENCAP.popNsh, next);
  }

  private uncover(kind: number, packetType: number): void {
    const { pass } = this;
    pass.commit();
    pass.step(OP.encap, kind, packetType & 0xffff);
    pass.packetType = packetType;
    this.tags.hideFrame();
  }
}

/** Words of the Ethernet addresses. */
const ETHERNET_WORDS = [slots.eth_dst.at >> 2, (slots.eth_src.at + slots.eth_src.size) >> 2] as const;

function isMpls(packetType: number): boolean {
  return packetType === PACKET_TYPES.mpls || packetType === PACKET_TYPES.mpls_mc;
}

/** A new NSH header; metadata of type 1 is zeros at first, of type 2 the TLVs, where they have room. */
function nshHeader(np: number, mdType: number, properties: readonly NshProperty[]): Uint8Array {
  const metadata: number[] = mdType === 1 ? new Array<number>(16).fill(0) : [];
  for (const p of mdType === 2 ? properties : []) {
    if (p.kind !== 'tlv') continue;
    metadata.push(p.tlvClass >> 8, p.tlvClass & 0xff, p.tlvType, p.data.length, ...p.data);
    while (metadata.length % 4 !== 0) metadata.push(0);
  }
  if (metadata.length > MAX_METADATA) metadata.length = 0;
  const words = 2 + metadata.length / 4;
  const base = (NSH_TTL << 6) | words;
  return Uint8Array.of(base >> 8, base & 0xff, mdType & 15, np, 0, 0, 0, NSH_INDEX, ...metadata);
}
