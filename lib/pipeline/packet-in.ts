/** The metadata of a packet-in: fields that aren't zero, of the packet's key with what the pipeline wrote above it. */
import type { ControllerCold } from '../datapath/index.js';
import { CT_STATE, type Field, type FieldValue, fieldNamed, fields, slotOf, type TlvTable } from '../nxm/index.js';
import { Key, optionPresent, slots } from '../packet/key.js';

const TUNNEL_NAMES = [
  'tun_id',
  'tun_flags',
  'tun_src',
  'tun_dst',
  'tun_ipv6_src',
  'tun_ipv6_dst',
  'tun_gbp_id',
  'tun_gbp_flags',
];
const REGISTER_NAMES = Array.from({ length: 16 }, (_, i) => `reg${i}`);
const named = (names: readonly string[]) => names.map((name) => fieldNamed(name) as Field);

/** Told where they aren't zero, behind the ingress port, in the order in which Open vSwitch tells them. */
const TUNNEL = named(TUNNEL_NAMES);
const REGISTERS = named([...REGISTER_NAMES, 'pkt_mark']);
const TRACKED = named(['ct_zone', 'ct_mark', 'ct_label']);
const TUPLE = { v4: named(['ct_nw_src', 'ct_nw_dst']), v6: named(['ct_ipv6_src', 'ct_ipv6_dst']) };
const TUPLE_REST = named(['ct_nw_proto', 'ct_tp_src', 'ct_tp_dst']);
/** States in which the original tuple is told. */
const WITH_TUPLE = CT_STATE.new | CT_STATE.est | CT_STATE.rpl;

const seen = new Key();

/** The fields of a packet-in: in_port_oxm first, behind the packet type of one that is no frame. */
export function packetInFields(cold: ControllerCold, key: Key, table: TlvTable): FieldValue[] {
  seen.copy(key);
  for (const [word, bits, value] of cold.written) {
    seen.words[word] = (seen.words[word] & ~bits) | (value & bits);
    seen.touched(word);
  }
  const list: FieldValue[] = isZero(fields.packet_type) ? [] : [exact(fields.packet_type)];
  list.push(exact(fields.in_port_oxm));
  for (const field of TUNNEL) if (!isZero(field)) list.push(exact(field));
  for (const { field, index } of table.list()) if (seen.get(optionPresent(index)) !== 0) list.push(exact(field));
  for (const field of REGISTERS) if (!isZero(field)) list.push(exact(field));
  tracking(list);
  if (!isZero(fields.metadata)) list.push(exact(fields.metadata));
  return list;
}

/** What connection tracking found. */
function tracking(list: FieldValue[]): void {
  const state = seen.get(slots.ct_state);
  if (state === 0) return;
  // The EtherType, without which no one knows what was tracked, comes first: it is also the tuple's prerequisite.
  list.splice(1, 0, exact(fields.eth_type));
  list.push(exact(fields.ct_state));
  for (const field of TRACKED) if (!isZero(field)) list.push(exact(field));
  if (state & WITH_TUPLE && seen.get(slots.ct_nw_proto) !== 0) {
    const v6 = TUPLE.v6.some((field) => !isZero(field));
    list.push(...(v6 ? TUPLE.v6 : TUPLE.v4).map(exact), ...TUPLE_REST.map(exact));
  }
}

function exact(field: Field): FieldValue {
  const slot = slotOf(field);
  const raw = seen.getBytes(slot);
  const value = raw.length > field.bytes ? raw.slice(raw.length - field.bytes) : raw;
  return { field, value, mask: null };
}

function isZero(field: Field): boolean {
  return seen.getBytes(slotOf(field)).every((byte) => byte === 0);
}
