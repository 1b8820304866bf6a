/**
 * Values of fields as ovs-ofctl reads and writes them, with their masks: numbers, addresses, flags, ports
 * (ovs-fields(7)). One row a kind of text. What a field's name or prerequisites are is left to the caller.
 */
import {
  formatIpv4,
  formatIpv6,
  formatMac,
  fromBigInt,
  parseIpv4,
  parseIpv6,
  parseMac,
  prefixLength,
  prefixMask,
  toBigInt,
} from '../bytes/index.js';
import { FRAG_ANY, FRAG_LATER } from '../packet/key.js';
import type { TextNames } from './action.js';
import { type Field, isUnmapped, port16, port32, type ValueText } from './field.js';
import { formatFlags, parseFlags } from './flags-text.js';
import { type NameMap, PLAIN_NAMES, parsePort } from './port-text.js';

/** A value and, unless all bits count, a mask, both `field.bytes` long. */
export interface Masked {
  readonly value: Uint8Array;
  readonly mask: Uint8Array | null;
}

interface Kind {
  format(field: Field, value: Uint8Array, mask: Uint8Array | null, names: TextNames): string;
  /** Throws RangeError. */
  parse(field: Field, text: string, ports?: NameMap): Masked;
}

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);
const isOnes = (bytes: Uint8Array) => bytes.every((byte) => byte === 0xff);
/** As Open vSwitch writes hexadecimal numbers: 0 has no prefix. */
function hex(bytes: Uint8Array): string {
  const number = toBigInt(bytes);
  return number ? `0x${number.toString(16)}` : '0';
}

/** All bits that a field's value may have, as bytes. */
export function fieldMask(field: Field): Uint8Array {
  const ones = field.bits > 0 ? BigInt(field.bits) : (1n << BigInt(field.slot ? field.width : field.bytes * 8)) - 1n;
  return fromBigInt(field.port16 ? 0xffffn : ones, field.bytes);
}

/**
 * An unsigned number: decimal, "0x" hexadecimal, or octal with a leading 0; a negative one only for 64 bits ("-1": all
 * ones).
 */
export function parseNumber(text: string): bigint | null {
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text.slice(1)}`);
  if (/^(\d+|0x[0-9a-f]+)$/i.test(text)) return BigInt(text.toLowerCase());
  return null;
}

function integer(field: Field, text: string, what: string): Uint8Array {
  const negative = /^-\d+$/.test(text) && field.bytes >= 8;
  const number = negative ? BigInt.asUintN(64, BigInt(text)) : parseNumber(text);
  if (number === null) throw new RangeError(`"${text}" is no ${what} for ${field.name}`);
  if (number >> BigInt(field.bytes * 8)) throw new RangeError(`${text} is too large for ${field.name}`);
  return fromBigInt(number, field.bytes);
}

/** Splits "value/mask". */
function halves(text: string): [string, string | null] {
  const slash = text.indexOf('/');
  return slash < 0 ? [text, null] : [text.slice(0, slash), text.slice(slash + 1)];
}

/** A kind whose value and mask are each written alone. */
function pair(
  format: (bytes: Uint8Array) => string,
  parse: (text: string) => Uint8Array | null,
  what: string,
  prefix: boolean,
): Kind {
  const mask = (text: string, size: number) => {
    if (!prefix || !/^\d+$/.test(text)) return parse(text);
    const length = Number(text);
    if (length > size * 8) throw new RangeError(`a prefix has 0 to ${size * 8} bits, not ${text}`);
    return prefixMask(length, size);
  };
  return {
    format(_, value, m) {
      if (!m) return format(value);
      const length = prefix ? prefixLength(m) : -1;
      return `${format(value)}/${length >= 0 ? length : format(m)}`;
    },
    parse(field, text) {
      const [first, second] = halves(text);
      const value = parse(first);
      if (!value) throw new RangeError(`"${first}" is no ${what}`);
      const m = second === null ? null : mask(second, field.bytes);
      if (second !== null && !m) throw new RangeError(`"${second}" is no mask of an ${what}`);
      return { value, mask: m };
    },
  };
}

function number(text: (value: Uint8Array) => string): Kind {
  return {
    format: (_, value, mask) => (mask ? `${text(value)}/${hex(mask)}` : text(value)),
    parse(field, source) {
      const [first, second] = halves(source);
      const value = integer(field, first, 'number');
      return { value, mask: second === null ? null : integer(field, second, 'mask') };
    },
  };
}

function flags(names: readonly (string | null)[], allowed: number, what: string): Kind {
  const sized = (value: number, size: number) => fromBigInt(BigInt(value), size);
  return {
    format(_, value, mask) {
      return formatFlags(names, Number(toBigInt(value)), mask ? Number(toBigInt(mask)) : allowed, allowed);
    },
    parse(field, text) {
      const { value, mask } = parseFlags(names, text, allowed, what);
      return { value: sized(value, field.bytes), mask: mask === null ? null : sized(mask, field.bytes) };
    },
  };
}

/** Names of ct_state's bits, lowest first. */
export const CT_STATE_NAMES = ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'] as const;
/** Names of TCP's flags, lowest first. */
export const TCP_FLAG_NAMES = [
  ...['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns'],
  ...['[200]', '[400]', '[800]'],
];
/** Names of tunnel flags, lowest first. */
export const TUNNEL_FLAG_NAMES = ['oam'] as const;

/** Names of fragments: value and mask; the first fitting row is printed. */
export const FRAGMENTS: readonly (readonly [name: string, value: number, mask: number])[] = [
  ['no', 0, FRAG_ANY | FRAG_LATER],
  ['first', FRAG_ANY, FRAG_ANY | FRAG_LATER],
  ['later', FRAG_ANY | FRAG_LATER, FRAG_ANY | FRAG_LATER],
  ['no', 0, FRAG_ANY],
  ['yes', FRAG_ANY, FRAG_ANY],
  ['not_later', 0, FRAG_LATER],
  ['later', FRAG_LATER, FRAG_LATER],
];
const ALL_FRAG = FRAG_ANY | FRAG_LATER;

const frag: Kind = {
  format(_, value, mask) {
    const m = mask ? mask[0] & ALL_FRAG : ALL_FRAG;
    return FRAGMENTS.find(([, v, bits]) => bits === m && v === (value[0] & m))?.[0] ?? '<error>';
  },
  parse(_, text) {
    const row = FRAGMENTS.find(([name]) => name === text.toLowerCase());
    if (!row) throw new RangeError(`"${text}" is no fragment type: no, yes, first, later or not_later`);
    return { value: Uint8Array.of(row[1]), mask: row[2] === ALL_FRAG ? null : Uint8Array.of(row[2]) };
  },
};

const port: Kind = {
  format(field, value, mask, names) {
    if (mask) return number(hex).format(field, value, mask, names);
    const n = Number(toBigInt(value));
    return names.port(field.port16 ? port32(n) : n);
  },
  parse(field, text, ports) {
    const n = parsePort(text, ports);
    if (n === null) throw new RangeError(`"${text}" is no port number or name`);
    return { value: fromBigInt(BigInt(field.port16 ? port16(n) : n), field.bytes), mask: null };
  },
};

const packetType: Kind = {
  format(_, value, mask) {
    const [ns, type] = [(value[0] << 8) | value[1], (value[2] << 8) | value[3]];
    if (mask) return `(${ns}/0x${hexOf(mask, 0)},0x${type.toString(16)}/0x${hexOf(mask, 2)})`;
    return `(${ns},0x${type.toString(16)})`;
  },
  parse(_, text) {
    const [, ns, type] = /^\(([^,]*),([^,)]*)\)$/.exec(text) ?? [];
    const [a, b] = [parseNumber(ns ?? ''), parseNumber(type ?? '')];
    if (a === null || b === null || a > 0xffffn || b > 0xffffn) {
      throw new RangeError(`"${text}" is no packet type: (namespace,type), two numbers of 16 bits`);
    }
    return { value: fromBigInt((a << 16n) | b, 4), mask: null };
  },
};
const hexOf = (bytes: Uint8Array, at: number) => ((bytes[at] << 8) | bytes[at + 1]).toString(16);

const KINDS: Record<ValueText, Kind> = {
  decimal: number((value) => toBigInt(value).toString()),
  hexadecimal: number(hex),
  mac: pair(formatMac, parseMac, 'Ethernet address', false),
  ipv4: pair(formatIpv4, parseIpv4, 'IPv4 address', true),
  ipv6: pair(formatIpv6, parseIpv6, 'IPv6 address', true),
  port,
  frag,
  tcp_flags: flags(TCP_FLAG_NAMES, 0xfff, 'TCP'),
  ct_state: flags(CT_STATE_NAMES, 0xff, 'ct_state'),
  tunnel_flags: flags(TUNNEL_FLAG_NAMES, 1, 'tunnel'),
  packet_type: packetType,
};

/** As set_field prints it. "ANY" where the mask is all zeros. */
export function formatValue(
  field: Field,
  value: Uint8Array,
  mask: Uint8Array | null,
  names: TextNames = PLAIN_NAMES,
): string {
  if (mask && isZero(mask)) return 'ANY';
  const whole = mask !== null && !isUnmapped(field) && isOnes(mask);
  return KINDS[field.text].format(field, value, whole ? null : mask, names);
}

/**
 * Reads a value and the mask that stands beside it, as they stand: the mask is null where there is none or all its bits
 * are one; bits of the value outside the mask are zero. "*" is a mask of zeros. Throws RangeError with the reason: not
 * of the field's kind, too large, or a mask that the field can't have.
 */
export function parseMasked(field: Field, text: string, ports?: NameMap): Masked {
  if (text === '*') {
    const bytes = isUnmapped(field) ? 0 : field.bytes;
    return { value: new Uint8Array(bytes), mask: new Uint8Array(bytes) };
  }
  const { value, mask } = KINDS[field.text].parse(field, text, ports);
  if (isUnmapped(field)) return shortened(value, mask);
  const all = fieldMask(field);
  if (value.some((byte, i) => byte & ~all[i])) throw new RangeError(`${text} does not fit in ${field.name}`);
  if (!mask || isOnes(mask)) return { value, mask: null };
  if (mask.some((byte, i) => byte & ~all[i])) throw new RangeError(`the mask of ${text} does not fit in ${field.name}`);
  if (!field.maskable && !isZero(mask)) throw new RangeError(`${field.name} can't be masked`);
  return { value: value.map((byte, i) => byte & mask[i]), mask };
}

/** A Geneve option that isn't mapped is as long as its value and mask need, as ovs-ofctl sends it. */
export function shortened(value: Uint8Array, mask: Uint8Array | null): Masked {
  const used = value.findIndex((byte, i) => byte !== 0 || (mask !== null && mask[i] !== 0));
  const from = used < 0 ? value.length : used;
  const kept = mask?.slice(from) ?? null;
  return { value: value.slice(from).map((byte, i) => (kept ? byte & kept[i] : byte)), mask: kept };
}

/** As parseMasked, but the mask is null where all of the field's bits count. */
export function parseValue(field: Field, text: string, ports?: NameMap): Masked {
  const { value, mask } = parseMasked(field, text, ports);
  if (isUnmapped(field)) return { value, mask };
  if (!mask || fieldMask(field).every((byte, i) => (byte & ~mask[i]) === 0)) return { value, mask: null };
  return { value, mask };
}
