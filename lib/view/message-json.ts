/**
 * Messages as programs read them: plain JSON with the specification's names in snake case. Matches and actions are
 * ovs-ofctl's text, cookies and datapath ids hexadecimal, MACs with colons, other bytes hexadecimal digits, frames
 * their bytes and a line that says what they are. What a message type needs beyond these rules doesn't exist: new
 * messages are shown by themselves.
 */
import { errorName, formatMac, toHex } from '../bytes/index.js';
import { formatActions } from '../nxm/action-text.js';
import {
  type Action,
  type Field,
  type FieldValue,
  type Instructions,
  Match,
  numberOf,
  PLAIN_NAMES,
} from '../nxm/index.js';
import { formatValue } from '../nxm/value-text.js';
import { formatFrame, formatInstructions, formatMatch } from '../text/index.js';
import type { Message } from '../wire/index.js';

/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export type MessageJson = { readonly type: string; readonly xid: number; readonly [key: string]: Json };

/** Members that are shown otherwise than their form says, by name; undefined: as their form says. */
const MEMBERS: Readonly<Record<string, (value: never) => Json | undefined>> = {
  instructions: (i: Instructions) => formatInstructions(i, PLAIN_NAMES),
  actions: (list: readonly Action[]) => (isActions(list) ? formatActions(list, PLAIN_NAMES) : undefined),
  fields: (fields: readonly FieldValue[]) => fieldsText(fields),
  cookie: (cookie: bigint) => hexadecimal(cookie),
  cookieMask: (mask: bigint) => hexadecimal(mask),
  mac: (mac: Uint8Array) => formatMac(mac),
};

/** A message as JSON. */
export function messageJson(m: Message): MessageJson {
  const { type, xid, ...content } = m;
  const members = membersJson(content);
  if (m.type === 'packet_in' || m.type === 'nxt_packet_in' || m.type === 'nxt_packet_in2') {
    const [port] = m.fields.filter(({ field }) => field.name === 'in_port_oxm' || field.name === 'in_port');
    members.data = frameJson(m.data, port === undefined ? 0 : numberOf(port.value));
  }
  if (m.type === 'packet_out') members.data = frameJson(m.data, m.inPort);
  if (m.type === 'error') members.name = errorName(m.error) ?? null;
  return { type, xid, ...members };
}

/** A frame: its bytes, and the match that it meets. */
export function frameJson(frame: Uint8Array, inPort: number): Json {
  return { hex: toHex(frame), text: frame.length < 14 ? '' : formatFrame(frame, inPort) };
}

/** The members of a part of a message. */
export function membersJson(value: object): Record<string, Json> {
  const members: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    members[snake(name)] = MEMBERS[name]?.(member as never) ?? plain(member);
  }
  return members;
}

function plain(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (typeof value === 'bigint') return hexadecimal(value);
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Match) return formatMatch(value);
  if (value instanceof Map) return [...value].map((entry) => plain(entry));
  if (Array.isArray(value) || value instanceof Set) return [...value].map(plain);
  return typeof value === 'object' ? membersJson(value) : String(value);
}

function isActions(list: unknown): list is readonly Action[] {
  return (
    Array.isArray(list) && list.every((action) => typeof action === 'object' && action !== null && 'type' in action)
  );
}

function fieldsText(fields: readonly FieldValue[]): Json | undefined {
  if (!fields.every((value) => typeof value === 'object' && 'field' in value)) return undefined;
  return fields.map(({ field, value, mask }) => `${fieldLabel(field)}=${formatValue(field, value, mask)}`).join(',');
}

/** OpenFlow 1.3's in_port is 32 bits wide, and known by a name of its own only inside. */
function fieldLabel({ name }: Field): string {
  return name === 'in_port_oxm' ? 'in_port' : name;
}

function hexadecimal(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
