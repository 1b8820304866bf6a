/**
 * encap and decap: NXAST_ENCAP (46) and NXAST_DECAP (47), ovs-actions(7). A whole header in front of the packet, or the
 * outermost one taken away: Ethernet, NSH (RFC 8300), MPLS. Between them a packet may be without an Ethernet header;
 * its packet type says so.
 */
import { fromHex, type Reader, toHex, type Writer } from '../../bytes/index.js';
import { slots } from '../../packet/key.js';
import { action, type Check, nicira, type TextArgument } from '../action.js';
import { type KeyValue, keyValues } from '../key-values.js';
import { parseNumber } from '../value-text.js';
import { knownType } from './known-type.js';

/** Headers and the packet types that they make (OpenFlow 1.5.1 §7.2.3.11): a name space and a type in it. */
export const PACKET_TYPES = { ethernet: 0, nsh: 0x1894f, mpls: 0x18847, mpls_mc: 0x18848 } as const;
export type HeaderName = keyof typeof PACKET_TYPES;

/** What NSH's header is to hold. */
export type NshProperty =
  | { readonly kind: 'md_type'; readonly mdType: number }
  | { readonly kind: 'tlv'; readonly tlvClass: number; readonly tlvType: number; readonly data: Uint8Array };

export interface Encap {
  readonly type: 'encap';
  readonly header: HeaderName;
  /** Size of the header in bytes; 0: not said. Nobody asks for it. */
  readonly size: number;
  readonly properties: readonly NshProperty[];
}

export interface Decap {
  readonly type: 'decap';
  /** What is behind the header; NEXT_PROTO: what the header says. */
  readonly packetType: number;
}

/** "Whatever the header says follows." */
export const NEXT_PROTO = 0xfffe;
const NSH_CLASS = 4;
const MD_TYPE = 1;
const TLV = 2;
const HEADER_BYTES = 4;

const roundUp = (n: number) => (n + 7) & ~7;

function readProperty(r: Reader): NshProperty {
  const length = r.left < HEADER_BYTES ? 0 : r.peek16(2) & 0xff;
  if (length < HEADER_BYTES || roundUp(length) > r.left) {
    throw r.error('OFPBAC_BAD_LEN', `a property of ${length} bytes, ${r.left} are left`);
  }
  const body = r.sub(roundUp(length), 'a property');
  const propertyClass = body.u16();
  const type = body.u8();
  body.skip(1);
  if (propertyClass !== NSH_CLASS || (type !== MD_TYPE && type !== TLV)) {
    throw body.error('NXBAC_UNKNOWN_ED_PROP', `property ${type} of class ${propertyClass}`, HEADER_BYTES);
  }
  if (type === MD_TYPE) {
    if (length > 8) throw body.error('NXBAC_BAD_ED_PROP', `md_type has ${length} bytes`, HEADER_BYTES);
    return { kind: 'md_type', mdType: body.u8('md_type') };
  }
  const tlvClass = body.u16('a TLV class');
  const tlvType = body.u8('a TLV type');
  const tlvLength = body.u8('a TLV length');
  if (length !== 2 * HEADER_BYTES + roundUp(tlvLength)) {
    throw body.error('NXBAC_BAD_ED_PROP', `a TLV of ${tlvLength} bytes in a property of ${length}`, 2 * HEADER_BYTES);
  }
  return { kind: 'tlv', tlvClass, tlvType, data: body.take(tlvLength) };
}

function writeProperty(w: Writer, property: NshProperty): void {
  w.u16(NSH_CLASS);
  if (property.kind === 'md_type') {
    w.u8(MD_TYPE).u8(5).u8(property.mdType).zeros(3);
    return;
  }
  const { tlvClass, tlvType, data } = property;
  const start = w.at + 6;
  w.u8(TLV).u8(2 * HEADER_BYTES + roundUp(data.length));
  w.u16(tlvClass).u8(tlvType).u8(data.length).put(data).pad(8, start);
}

function parseTlv({ value, valueAt }: KeyValue, arg: TextArgument): NshProperty {
  const [, classText, typeText, digits] = /^0x([0-9a-f]{1,4}),(\d+),0x([0-9a-f]*)$/i.exec(value) ?? [];
  const bytes = digits === undefined || digits.length % 2 ? null : fromHex(digits);
  // A property's length is a byte.
  if (bytes === null || Number(typeText) > 0xff || roundUp(bytes.length) > 0xff - 2 * HEADER_BYTES) {
    throw arg.error(`"${value}" is no tlv(0xCLASS,TYPE,0xBYTES)`, valueAt);
  }
  return { kind: 'tlv', tlvClass: Number.parseInt(classText, 16), tlvType: Number(typeText), data: bytes };
}

function parseProperty(part: KeyValue, arg: TextArgument, offset: number): NshProperty {
  if (part.key === 'tlv') return parseTlv({ ...part, valueAt: part.valueAt + offset }, arg);
  if (part.key !== 'md_type') throw arg.error(`nsh has md_type and tlv, not "${part.key}"`, offset + part.keyAt);
  const mdType = parseNumber(part.value);
  if (mdType !== 1n && mdType !== 2n) throw arg.error(`md_type is 1 or 2, not "${part.value}"`, offset + part.valueAt);
  return { kind: 'md_type', mdType: Number(mdType) };
}

function parseEncap(arg: TextArgument): Encap {
  const [part, ...more] = keyValues(arg.text);
  const header = part?.key ?? '';
  if (!isHeader(header)) throw arg.error(`encap takes ${Object.keys(PACKET_TYPES).join(', ')}, not "${header}"`);
  if (more.length > 0) throw arg.error('encap takes one header', more[0].keyAt);
  const properties = [...keyValues(part.value)].map((property) => parseProperty(property, arg, part.valueAt));
  if (header !== 'nsh' && properties.length > 0) throw arg.error(`${header} has no properties`, part.valueAt);
  return { type: 'encap', header, size: 0, properties };
}

function isHeader(name: string): name is HeaderName {
  return Object.hasOwn(PACKET_TYPES, name);
}

function formatProperty(p: NshProperty): string {
  if (p.kind === 'md_type') return `md_type=${p.mdType}`;
  return `tlv(0x${p.tlvClass.toString(16).padStart(4, '0')},${p.tlvType},0x${toHex(p.data)})`;
}

export const encap = action<Encap>({
  type: 'encap',
  ids: [nicira(46)],
  read(r) {
    const size = r.u16('a header size');
    const packetType = r.u32('a packet type');
    const header = Object.keys(PACKET_TYPES).find((name) => isHeader(name) && PACKET_TYPES[name] === packetType);
    if (header === undefined || !isHeader(header)) {
      throw r.error('NXBAC_BAD_HEADER_TYPE', `no header has packet type 0x${packetType.toString(16)}`, 4);
    }
    const properties: NshProperty[] = [];
    while (r.left > 0) properties.push(readProperty(r));
    return { type: 'encap', header, size, properties };
  },
  write(a, w) {
    w.u16(a.size).u32(PACKET_TYPES[a.header]);
    for (const property of a.properties) writeProperty(w, property);
  },
  texts: { encap: parseEncap },
  format(a) {
    const properties = a.properties.length > 0 ? `(${a.properties.map(formatProperty).join(',')})` : '';
    return `encap(${a.header}${properties})`;
  },
  check(a, flow) {
    const packetType = PACKET_TYPES[a.header];
    flow.value.set(slots.packet_type, packetType);
    if (packetType !== 0) knownType(flow, packetType & 0xffff);
  },
  translate(a, m) {
    m.encapsulation.push(a.header, a.properties);
  },
});

/** "packet_type(ns=0,type=0x894f)", or nothing. */
function parseDecap(arg: TextArgument): Decap {
  const [part] = keyValues(arg.text);
  if (part === undefined) return { type: 'decap', packetType: NEXT_PROTO };
  if (part.key !== 'packet_type') throw arg.error(`decap takes packet_type, not "${part.key}"`, part.keyAt);
  const [ns, type, ...more] = keyValues(part.value);
  if (ns?.key !== 'ns' || type?.key !== 'type' || more.length > 0) {
    throw arg.error('packet_type is written packet_type(ns=N,type=N)', part.valueAt);
  }
  const [space, number] = [ns, type].map(({ value }) => parseNumber(value));
  if (space === null || space > 1n)
    throw arg.error(`"${ns.value}" is no name space: 0 or 1`, part.valueAt + ns.valueAt);
  if (number === null || number > 0xffffn) throw arg.error(`"${type.value}" is no type`, part.valueAt + type.valueAt);
  return { type: 'decap', packetType: Number(space) * 0x10000 + Number(number) };
}

/** What later actions may rely on: behind an Ethernet header its type, behind another one nothing. */
function uncovered(flow: Check): void {
  const { value, mask } = flow;
  if (value.get(slots.packet_type) === PACKET_TYPES.ethernet) {
    value.set(slots.packet_type, 0x10000 | (value.get(slots.eth_type) & mask.get(slots.eth_type)));
  } else {
    value.set(slots.packet_type, 0xffffffff);
    knownType(flow, null);
  }
}

export const decap = action<Decap>({
  type: 'decap',
  ids: [nicira(47)],
  read(r) {
    r.skip(2);
    const packetType = r.u32('a packet type');
    if (r.left > 0) throw r.error('NXBAC_UNKNOWN_ED_PROP', 'decap has no properties');
    return { type: 'decap', packetType };
  },
  write(a, w) {
    w.zeros(2).u32(a.packetType);
  },
  texts: { decap: parseDecap },
  format({ packetType }) {
    if (packetType === NEXT_PROTO) return 'decap()';
    const type = packetType & 0xffff;
    return `decap(packet_type(ns=${packetType >>> 16},type=${type === 0 ? '0' : `0x${type.toString(16)}`}))`;
  },
  check(_, flow) {
    uncovered(flow);
  },
  translate(a, m) {
    m.encapsulation.pop(a.packetType);
  },
});
