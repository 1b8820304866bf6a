/**
 * Messages as lines for people: the heading that ovs-ofctl prints, and behind it what the message says, in ovs-ofctl's
 * words for flows, groups, meters and frames, as `name=value` for the rest. A reply of rows has a line for each.
 */
import { errorName } from '../bytes/index.js';
import { numberOf, OFPG, OFPM, OFPP, PLAIN_NAMES } from '../nxm/index.js';
import { formatFlow, formatFlowMod, formatFrame, formatGroup, formatMatch, formatMeter } from '../text/index.js';
import {
  type FlowStats,
  MESSAGE_TYPES,
  type Message,
  type MessageOf,
  MULTIPARTS,
  type ReplyBody,
  type RequestBody,
} from '../wire/index.js';
import { type Json, membersJson } from './message-json.js';

/** A message to be sent, which has no xid yet. */
type Unsent = Message extends infer M ? (M extends Message ? Omit<M, 'xid'> : never) : never;

/** "OFPT_FLOW_MOD: ADD ip actions=group:7": for whoever has to be told that it was refused. */
export function requestText(message: Unsent): string {
  return joined(`${nameOf(message)}:`, contentOf(message as Message)).replace(/:$/, '');
}

/** "OFPT_FLOW_MOD (OF1.3) (xid=0x5): ADD ip actions=group:7", and a line for each row of a reply, indented. */
export function messageLines(message: Message): string[] {
  const heading = `${nameOf(message)} (OF1.3) (xid=0x${message.xid.toString(16)}):`;
  const rows = message.type === 'multipart_reply' ? rowsOf(message.body) : [];
  return [joined(heading, contentOf(message)), ...rows.map((row) => ` ${row.replace(/\s+/g, ' ').trim()}`)];
}

/** "OFPT_PACKET_IN", "OFPST_FLOW reply". */
export function nameOf(message: Unsent): string {
  if (message.type === 'multipart_request') return `OFPST_${message.body.kind.toUpperCase()} request`;
  if (message.type === 'multipart_reply') return `OFPST_${message.body.kind.toUpperCase()} reply`;
  return typeName(message.type);
}

/** Nicira's and ONF's own have no OFPT. */
function typeName(type: string): string {
  return (/^(nxt|onf)_/.test(type) ? type : `OFPT_${type}`).toUpperCase();
}

/** Every name that a message may have. */
export function messageNames(): string[] {
  const parts = Object.keys(MULTIPARTS).map((kind) => `OFPST_${kind.toUpperCase()}`);
  const others = MESSAGE_TYPES.filter((type) => !type.startsWith('multipart_'));
  return [...others.map((type) => typeName(type)), ...parts.flatMap((part) => [`${part} request`, `${part} reply`])];
}

function joined(heading: string, content: string): string {
  const rest = content.replace(/\s+/g, ' ').trim();
  return rest === '' ? heading : `${heading} ${rest}`;
}

/** The content of messages that have words of their own. */
const CONTENTS: { readonly [T in Message['type']]?: (m: MessageOf<T>) => string } = {
  flow_mod: (m) => formatFlowMod(m.change),
  group_mod: (m) => `${m.change.command} ${formatGroup(m.change)}`,
  meter_mod: (m) => `${m.change.command} ${formatMeter(m.change)}`,
  port_mod: (m) => `port=${port(m.port)} config=0x${m.config.toString(16)} mask=0x${m.mask.toString(16)}`,
  packet_in: packetIn,
  nxt_packet_in: packetIn,
  nxt_packet_in2: packetIn,
  packet_out: (m) => {
    const frame = m.data.length >= 14 ? ` ${formatFrame(m.data, m.inPort)}` : '';
    return `in_port=${port(m.inPort)} ${member(m, 'actions')} data_len=${m.data.length}${frame}`;
  },
  error: (m) => `${errorName(m.error) ?? `type ${m.error.type} code ${m.error.code}`} ${member(m, 'data')}`,
  queue_get_config_request: (m) => `port=${port(m.port)}`,
  multipart_request: (m) => filterOf(m.body),
  multipart_reply: (m) => `${'rows' in m.body ? '' : members(m.body, 'kind')}${m.more ? ' more' : ''}`,
};

function contentOf(m: Message): string {
  const content = CONTENTS[m.type] as ((m: Message) => string) | undefined;
  return content === undefined ? members(m, 'type', 'xid') : content(m);
}

function packetIn(m: Omit<MessageOf<'packet_in' | 'nxt_packet_in' | 'nxt_packet_in2'>, 'type'>): string {
  const from = m.fields.find(({ field }) => field.name === 'in_port_oxm' || field.name === 'in_port');
  const inPort = from === undefined ? OFPP.ANY : numberOf(from.value);
  const others = m.fields.filter((value) => value !== from);
  return [
    `table_id=${m.tableId} cookie=0x${m.cookie.toString(16)} total_len=${m.totalLen}`,
    `in_port=${port(inPort)}`,
    others.length === 0 ? '' : member({ ...m, fields: others }, 'fields'),
    `(via ${m.reason}) data_len=${m.data.length}`,
    'userdata' in m && m.userdata !== null ? member(m, 'userdata') : '',
    'continuation' in m && m.continuation !== null ? 'paused' : '',
    m.data.length < 14 ? '' : formatFrame(m.data, inPort),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function rowsOf(body: ReplyBody): string[] {
  if (!('rows' in body)) return [];
  return body.rows.map((row) => {
    switch (body.kind) {
      case 'flow': {
        const flow = row as FlowStats;
        return formatFlow({ ...flow, duration_ms: flow.duration_s * 1000 + Math.floor(flow.duration_ns / 1e6) });
      }
      case 'group_desc':
        return typeof (row as { groupType: unknown }).groupType === 'string'
          ? formatGroup(row as Parameters<typeof formatGroup>[0])
          : members(row);
      case 'meter_config':
        return formatMeter(row as Parameters<typeof formatMeter>[0]);
      default:
        return members(row);
    }
  });
}

function filterOf(body: RequestBody): string {
  switch (body.kind) {
    case 'flow':
    case 'aggregate':
      return `${body.tableId === 0xff ? '' : `table=${body.tableId} `}${formatMatch(body.match)}`;
    case 'port_stats':
      return body.port === OFPP.ANY ? '' : `port=${port(body.port)}`;
    case 'queue':
      return `port=${port(body.port)}${body.queueId === 0xffffffff ? '' : ` queue=${body.queueId}`}`;
    case 'group':
      return body.groupId === OFPG.ALL ? '' : `group_id=${body.groupId}`;
    case 'meter':
    case 'meter_config':
      return body.meterId === OFPM.ALL ? '' : `meter=${body.meterId}`;
    default:
      return members(body, 'kind');
  }
}

function port(number: number): string {
  return PLAIN_NAMES.port(number);
}

/** One member, as JSON has it: "actions=output:2". */
function member(value: object, name: string): string {
  return `${name}=${text(membersJson(value)[name])}`;
}

/** All members but those, as JSON has them. */
function members(value: object, ...without: readonly string[]): string {
  return Object.entries(membersJson(value))
    .filter(([name]) => !without.includes(name))
    .map(([name, json]) => `${name}=${text(json)}`)
    .join(' ');
}

function text(json: Json | undefined): string {
  if (typeof json === 'string') return json === '' || /\s/.test(json) ? JSON.stringify(json) : json;
  return JSON.stringify(json);
}
