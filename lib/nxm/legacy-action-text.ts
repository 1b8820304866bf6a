/**
 * OpenFlow 1.0's names of actions, which ovs-ofctl turns into OpenFlow 1.3's: "mod_nw_src:10.0.0.1" is set_field. Some
 * depend on what the flow matches: a VLAN tag is pushed where there is none yet, and transport ports have the
 * protocol's field.
 */
import { fromBigInt } from '../bytes/index.js';
import { VLAN_CFI } from '../packet/key.js';
import type { TextArgument } from './action.js';
import type { Action, SetField } from './actions/index.js';
import type { Field } from './field.js';
import { fields } from './fields.js';
import { bytesOf } from './match.js';
import { ETH_TYPE, IP_PROTO } from './prerequisite.js';
import { parseNumber, parseValue } from './value-text.js';

/** What is known of a flow's packets while its actions are read. */
export interface PacketFacts {
  /** VLAN tags that are there for sure, 0 to 2. */
  tags: number;
  /** The IP protocol that the flow matches, 0 none. */
  nwProto: number;
}

type Read = (arg: TextArgument, facts: PacketFacts) => readonly Action[];

const PORTS: Readonly<Record<number, { src: Field; dst: Field }>> = {
  [IP_PROTO.TCP]: { src: fields.tcp_src, dst: fields.tcp_dst },
  [IP_PROTO.UDP]: { src: fields.udp_src, dst: fields.udp_dst },
  [IP_PROTO.SCTP]: { src: fields.sctp_src, dst: fields.sctp_dst },
};

function set(field: Field, value: Uint8Array): SetField {
  return { type: 'set_field', field, value, mask: null };
}

function numberIn(arg: TextArgument, max: number, what: string): number {
  const number = parseNumber(arg.text);
  if (number === null || number > BigInt(max)) throw arg.error(`"${arg.text}" is no ${what} of 0 to ${max}`);
  return Number(number);
}

/** An address without a mask. */
function address(field: Field): Read {
  return (arg) => {
    try {
      const { value, mask } = parseValue(field, arg.text);
      if (mask) throw arg.error(`"${arg.text}" has a mask, ${arg.name} takes a whole address`);
      return [set(field, value)];
    } catch (error) {
      throw error instanceof RangeError ? arg.error(error.message) : error;
    }
  };
}

function transport(side: 'src' | 'dst'): Read {
  return (arg, facts) => {
    const field = PORTS[facts.nwProto]?.[side];
    if (!field) throw arg.error(`${arg.name} needs a flow that matches tcp, udp or sctp`);
    return [set(field, bytesOf(numberIn(arg, 0xffff, 'port'), 2))];
  };
}

/** set_vlan_… needs a tag, mod_vlan_… pushes one. */
function vlan(push: boolean, value: (arg: TextArgument) => SetField): Read {
  return (arg, facts) => {
    const action = value(arg);
    if (facts.tags > 0) return [action];
    if (!push) throw arg.error(`${arg.name} needs a flow that matches a VLAN tag, or push_vlan before it`);
    return [{ type: 'push_vlan', ethType: ETH_TYPE.VLAN }, action];
  };
}

const vid = (arg: TextArgument) => set(fields.vlan_vid, bytesOf(numberIn(arg, 0xfff, 'VLAN id') | VLAN_CFI, 2));
const pcp = (arg: TextArgument) => set(fields.vlan_pcp, bytesOf(numberIn(arg, 7, 'VLAN priority'), 1));

/** A tunnel's id, of 64 bits for both names. */
function tunnel(arg: TextArgument): readonly Action[] {
  const id = parseNumber(arg.text);
  if (id === null || id > 0xffffffffffffffffn) throw arg.error(`"${arg.text}" is no tunnel id`);
  return [set(fields.tun_id, fromBigInt(id, 8))];
}

/** "enqueue:PORT:QUEUE", "enqueue(PORT,QUEUE)": OpenFlow 1.3 says it with three actions. */
function enqueue(arg: TextArgument): readonly Action[] {
  const [, portText, queueText] = /^([^:,]*)[:,](.*)$/.exec(arg.text) ?? [];
  if (portText === undefined) throw arg.error('enqueue is written enqueue:PORT:QUEUE');
  const port = arg.port(portText);
  if (port === null) throw arg.error(`unknown port "${portText}"`);
  const queue = parseNumber(queueText);
  if (queue === null || queue > 0xffffffffn) throw arg.error(`"${queueText}" is no queue id`, portText.length + 1);
  return [{ type: 'set_queue', queue: Number(queue) }, { type: 'output', port, maxLen: 0xffff }, { type: 'pop_queue' }];
}

/** Name → what it says. */
export const LEGACY_ACTIONS: Readonly<Record<string, Read>> = {
  mod_dl_src: address(fields.eth_src),
  mod_dl_dst: address(fields.eth_dst),
  mod_nw_src: address(fields.ip_src),
  mod_nw_dst: address(fields.ip_dst),
  mod_nw_tos(arg) {
    const tos = numberIn(arg, 0xff, 'type of service');
    if (tos & 3) throw arg.error(`type of service ${tos} sets ECN bits: mod_nw_ecn is for those`);
    return [set(fields.ip_dscp, Uint8Array.of(tos >> 2))];
  },
  mod_nw_ecn: (arg) => [set(fields.nw_ecn, Uint8Array.of(numberIn(arg, 3, 'ECN')))],
  set_mpls_label: (arg) => [set(fields.mpls_label, bytesOf(numberIn(arg, 0xfffff, 'MPLS label'), 4))],
  set_mpls_tc: (arg) => [set(fields.mpls_tc, bytesOf(numberIn(arg, 7, 'MPLS traffic class'), 1))],
  mod_tp_src: transport('src'),
  mod_tp_dst: transport('dst'),
  mod_vlan_vid: vlan(true, vid),
  mod_vlan_pcp: vlan(true, pcp),
  set_vlan_vid: vlan(false, vid),
  set_vlan_pcp: vlan(false, pcp),
  set_tunnel: (arg) => tunnel(arg),
  set_tunnel64: (arg) => tunnel(arg),
  enqueue,
};
