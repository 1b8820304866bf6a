/**
 * What a field is: a row of the table in fields.ts. Everything that differs between fields is here as data, so that
 * matches, set_field, move, text, table features and documents derive from the same row.
 */
import type { Slot } from '../packet/key.js';
import type { Prerequisite } from './prerequisite.js';

/** How a value is written for people. */
export type ValueText =
  | 'decimal'
  | 'hexadecimal'
  | 'mac'
  | 'ipv4'
  | 'ipv6'
  | 'port'
  | 'frag'
  | 'tcp_flags'
  | 'ct_state'
  | 'tunnel_flags'
  | 'packet_type';

/**
 * Who may write a field: nobody, any action, set_field alone (without a mask; OpenFlow 1.3.5 §7.2.4.7 allows what Open
 * vSwitch refuses), or only actions inside ct(exec(…)).
 */
export type Access = 'read' | 'write' | 'set-field' | 'inside-ct';

/** One TLV header that names the field on the wire. */
export interface OxmHeader {
  /** "NXM_OF_IP_SRC", "OXM_OF_IPV4_SRC", … */
  readonly name: string;
  readonly oxmClass: number;
  readonly number: number;
  /** Experimenter id for class 0xffff, else 0. */
  readonly experimenter: number;
}

export interface Field {
  /** Place in the table; small and dense. */
  readonly id: number;
  /** Its name in ovs-fields(7), and what set_field prints. */
  readonly name: string;
  /** Other names that texts may use: the specification's, and ovs-ofctl's older ones. */
  readonly aka: readonly string[];
  /** Where it lives in the flow key; null for the Geneve options, which the TLV table places. */
  readonly slot: Slot | null;
  /**
   * Which of the Geneve options tun_metadata0 to 63 it is: where it stands, and how long it is, a switch's TLV table
   * says.
   */
  readonly option?: number;
  /** Size of its value on the wire, in bytes; the most of it for a Geneve option that isn't mapped. */
  readonly bytes: number;
  /** Significant bits of the value. */
  readonly width: number;
  /** May a match leave out single bits? */
  readonly maskable: boolean;
  readonly text: ValueText;
  readonly needs: Prerequisite;
  readonly access: Access;
  /** A 16-bit OpenFlow 1.0 port number that stands for a 32-bit one. */
  readonly port16: boolean;
  /**
   * The bits that a value may have, for values of at most 32 bits (nw_tos has 0xfc: its low bits are nw_ecn); else 0.
   */
  readonly bits: number;
  /** How it may stand on the wire, Nicira's form first; the last one is what OpenFlow 1.3 messages are written with. */
  readonly headers: readonly OxmHeader[];
}

/** Does load's fixed form have no room for it? Its header has an experimenter, or its length is any. */
export function isBeyondLoad(field: Field): boolean {
  return field.headers[0].experimenter !== 0 || field.option !== undefined;
}

/** Is a field closed to load and move? */
export function isReadOnly(field: Field): boolean {
  return field.access === 'read' || field.access === 'set-field';
}

/**
 * Bytes of the longest Geneve option's value (RFC 8926 §3.5); headers that name such a field without a value have it.
 */
export const MAX_OPTION_BYTES = 124;

/** Is it a Geneve option whose place isn't known? */
export function isUnmapped(field: Field): boolean {
  return field.option !== undefined && field.slot === null;
}

/** OpenFlow 1.3's port numbers (§A.2.1). */
export const OFPP = {
  MAX: 0xffffff00,
  UNSET: 0xfffffff7,
  IN_PORT: 0xfffffff8,
  TABLE: 0xfffffff9,
  NORMAL: 0xfffffffa,
  FLOOD: 0xfffffffb,
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  LOCAL: 0xfffffffe,
  ANY: 0xffffffff,
} as const;

/**
 * The highest number of a port. Between it and OFPP_MAX is what has no OpenFlow 1.0 number, which Open vSwitch and its
 * tools can't name.
 */
export const LAST_PORT = 0xfeff;

/** The 32-bit port number for an OpenFlow 1.0 one (Nicira's extensions carry those). */
export function port32(port16: number): number {
  return port16 >= 0xff00 ? (port16 | 0xffff0000) >>> 0 : port16;
}

/** The OpenFlow 1.0 number for a 32-bit one; ports between 0xff00 and 0xffffff00 have none. */
export function port16(port: number): number {
  return port & 0xffff;
}
