/**
 * Our messages in the form of Ryu's JSON twins: class names, Ryu's member names, numbers as decimal text (JSON's own
 * are too short for 64 bits). What follows from the rest, lengths and the numbers of classes, is left out of both
 * sides. An action without a class in Ryu's list here is ANY: the bytes are compared elsewhere.
 */
import { toBigInt, toHex } from '../../lib/bytes/index.js';
import { type Bucket, GROUP_TYPES, OFPGC } from '../../lib/nxm/group-mod.js';
import {
  type Action,
  type FieldValue,
  FLOW_COMMANDS,
  type Instructions,
  Match,
  port16,
  type Subfield,
} from '../../lib/nxm/index.js';
import { METER_COMMANDS, type MeterBand } from '../../lib/nxm/meter-mod.js';
import {
  FLOW_REMOVED_REASONS,
  type Message,
  PACKET_IN_REASONS,
  PORT_STATUS_REASONS,
  type QueueProperty,
  type ReplyBody,
  type RequestBody,
  ROLES,
  type TableProperty,
} from '../../lib/wire/index.js';

export type Json = string | null | boolean | readonly Json[] | { readonly [name: string]: Json };

/** Stands for what can't be compared. */
export const ANY = '(any)';

type Plain = { readonly [name: string]: unknown };
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const colons = (bytes: Uint8Array): string => toHex(bytes).replace(/..(?!$)/g, '$&:');
const octets = (bytes: Uint8Array): Json => [...bytes].map(String);

/** Members that Ryu calls otherwise; the rest differ only in their case and units. */
const RENAMED: Readonly<Record<string, string>> = {
  mac: 'hw_addr',
  current: 'curr',
  speed_kbps: 'curr_speed',
  maxSpeed_kbps: 'max_speed',
  buffers: 'n_buffers',
  tables: 'n_tables',
  duration_s: 'duration_sec',
  duration_ns: 'duration_nsec',
  idleTimeout_s: 'idle_timeout',
  hardTimeout_s: 'hard_timeout',
  packets: 'packet_count',
  bytes: 'byte_count',
  flows: 'flow_count',
  active: 'active_count',
  lookups: 'lookup_count',
  matched: 'matched_count',
  manufacturer: 'mfr_desc',
  hardware: 'hw_desc',
  software: 'sw_desc',
  serial: 'serial_num',
  datapath: 'dp_desc',
  references: 'ref_count',
  packetsIn: 'packet_in_count',
  bytesIn: 'byte_in_count',
  burst: 'burst_size',
  rxFrameErrors: 'rx_frame_err',
  rxOverrunErrors: 'rx_over_err',
  rxCrcErrors: 'rx_crc_err',
  packetIn: 'packet_in_mask',
  portStatus: 'port_status_mask',
  flowRemoved: 'flow_removed_mask',
};

function json(name: string, value: unknown): Json {
  if (value === null) return String(2n ** 64n - 1n);
  if (value instanceof Uint8Array) return name === 'mac' ? colons(value) : base64(value);
  if (value instanceof Match) return match(value.fields());
  if (Array.isArray(value)) return value.map((each) => json(name, each));
  return String(value);
}

/** Members under Ryu's names; `own` are already in Ryu's form, and those named in `drop` have no counterpart. */
function members(value: object, own: Record<string, Json> = {}, ...drop: string[]): Json {
  const result: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value as Plain)) {
    if (drop.includes(name)) continue;
    const snake = RENAMED[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (!(snake in own)) result[snake] = json(name, member);
  }
  return { ...result, ...own };
}

function tlv({ field, value, mask }: FieldValue): Json {
  return { OXMTlv: { field: field.name, value: toHex(value), mask: mask && toHex(mask) } };
}

function match(fields: readonly FieldValue[]): Json {
  return { OFPMatch: { oxm_fields: fields.map(tlv) } };
}

const ofsNbits = (s: Subfield): string => String((s.start << 6) | (s.bits - 1));
const nicira = (subtype: number, rest: Record<string, Json>): Json => ({
  experimenter: '8992',
  subtype: String(subtype),
  ...rest,
});

function action(a: Action): Json {
  switch (a.type) {
    case 'output':
      return { OFPActionOutput: { port: String(a.port), max_len: String(a.maxLen) } };
    case 'set_field':
      return { OFPActionSetField: { field: tlv(a) } };
    case 'group':
      return { OFPActionGroup: { group_id: String(a.group) } };
    case 'push_vlan':
      return { OFPActionPushVlan: { ethertype: String(a.ethType) } };
    case 'pop_vlan':
      return { OFPActionPopVlan: {} };
    case 'set_nw_ttl':
      return { OFPActionSetNwTtl: { nw_ttl: String(a.ttl) } };
    case 'load':
      return {
        NXActionRegLoad: nicira(7, { dst: a.to.field.name, ofs_nbits: ofsNbits(a.to), value: String(a.value) }),
      };
    case 'resubmit':
      if (a.table === null) return ANY;
      return {
        NXActionResubmitTable: nicira(14, {
          in_port: String(port16(a.inPort ?? 0xfff8)),
          table_id: String(a.table),
        }),
      };
    case 'ct_clear':
      return { NXActionCTClear: nicira(43, {}) };
    default:
      return ANY;
  }
}

function instructions(i: Instructions): Json {
  const list: Json[] = [];
  if (i.meter !== undefined) list.push({ OFPInstructionMeter: { meter_id: String(i.meter) } });
  for (const actions of [i.apply, i.clear ? [] : undefined, i.write]) {
    if (actions) list.push({ OFPInstructionActions: { actions: actions.map(action) } });
  }
  if (i.goto !== undefined) list.push({ OFPInstructionGotoTable: { table_id: String(i.goto) } });
  return list;
}

function bucket(b: Bucket): Json {
  return { OFPBucket: members(b, { actions: b.actions.map(action) }) };
}

const BANDS = {
  drop: 'OFPMeterBandDrop',
  dscp_remark: 'OFPMeterBandDscpRemark',
  experimenter: 'OFPMeterBandExperimenter',
};
function band(b: MeterBand): Json {
  return { [BANDS[b.type]]: members(b, {}, 'type', 'data') };
}

function queueProperty(p: QueueProperty): Json {
  if (p.type === 'unknown') return ANY;
  if (p.type === 'experimenter') {
    const { experimenter, data } = p;
    return {
      OFPQueuePropExperimenter: { property: '65535', experimenter: String(experimenter), data: octets(data) },
    };
  }
  const minimum = p.type === 'min_rate';
  const name = minimum ? 'OFPQueuePropMinRate' : 'OFPQueuePropMaxRate';
  return { [name]: { property: minimum ? '1' : '2', rate: String(p.rate) } };
}

function tableProperty(p: TableProperty): Json {
  if ('ids' in p) {
    const instruction = p.type.startsWith('instructions');
    const ids = p.ids.map((id) => ({ [instruction ? 'OFPInstructionId' : 'OFPActionId']: { type: String(id.type) } }));
    if (instruction) return { OFPTableFeaturePropInstructions: { instruction_ids: ids } };
    return { OFPTableFeaturePropActions: { action_ids: ids } };
  }
  if ('tables' in p) return { OFPTableFeaturePropNextTables: { table_ids: p.tables.map(String) } };
  if ('fields' in p) {
    const ids = p.fields.map((id) => ({ OFPOxmId: { hasmask: id.hasMask ? '1' : '0', type: String(id.number) } }));
    return { OFPTableFeaturePropOxm: { oxm_ids: ids } };
  }
  if (p.type === 'unknown') return ANY;
  const numbers = { experimenter: String(p.experimenter), exp_type: String(p.expType) };
  const words = Array.from({ length: p.data.length / 4 }, (_, i) => String(toBigInt(p.data.slice(i * 4, i * 4 + 4))));
  return { OFPTableFeaturePropExperimenter: { ...numbers, data: words } };
}

/** Multipart kind → the names of Ryu's classes: of the request and reply, and of a row. */
const STATS: Readonly<Record<RequestBody['kind'], readonly [message: string, row: string]>> = {
  desc: ['OFPDescStats', 'OFPDescStats'],
  flow: ['OFPFlowStats', 'OFPFlowStats'],
  aggregate: ['OFPAggregateStats', 'OFPAggregateStats'],
  table: ['OFPTableStats', 'OFPTableStats'],
  port_stats: ['OFPPortStats', 'OFPPortStats'],
  queue: ['OFPQueueStats', 'OFPQueueStats'],
  group: ['OFPGroupStats', 'OFPGroupStats'],
  group_desc: ['OFPGroupDescStats', 'OFPGroupDescStats'],
  group_features: ['OFPGroupFeaturesStats', 'OFPGroupFeaturesStats'],
  meter: ['OFPMeterStats', 'OFPMeterStats'],
  meter_config: ['OFPMeterConfigStats', 'OFPMeterConfigStats'],
  meter_features: ['OFPMeterFeaturesStats', 'OFPMeterFeaturesStats'],
  table_features: ['OFPTableFeaturesStats', 'OFPTableFeaturesStats'],
  port_desc: ['OFPPortDescStats', 'OFPPort'],
  experimenter: ['OFPExperimenterStats', 'OFPExperimenterMultipart'],
  flow_monitor: ['ONFFlowMonitorStats', 'ONFFlowMonitorStats'],
};

/** A row, or the body of a request, of a multipart. */
function row(kind: RequestBody['kind'], value: object): Json {
  const own: Record<string, Json> = {};
  if ('instructions' in value) own.instructions = instructions(value.instructions as Instructions);
  if ('properties' in value) own.properties = (value.properties as TableProperty[]).map(tableProperty);
  if (kind === 'group') own.bucket_stats = bucketStats(value, 'OFPBucketCounter', 'packet_count', 'byte_count');
  if (kind === 'meter')
    own.band_stats = bucketStats(value, 'OFPMeterBandStats', 'packet_band_count', 'byte_band_count');
  if (kind === 'group_desc') {
    const { groupType, buckets } = value as { groupType: string; buckets: Bucket[] };
    own.type = String((GROUP_TYPES as readonly string[]).indexOf(groupType));
    own.buckets = buckets.map(bucket);
  }
  if (kind === 'meter_config') own.bands = (value as { bands: MeterBand[] }).bands.map(band);
  if ('port' in value) own.port_no = String(value.port);
  if ('number' in value) own.port_no = String(value.number);
  const dropped =
    kind === 'group_desc' ? ['groupType'] : kind === 'group' ? ['buckets'] : kind === 'meter' ? ['bands'] : [];
  return members(value, own, 'kind', 'port', 'number', ...dropped);
}

function bucketStats(value: object, name: string, packets: string, bytes: string): Json {
  const { buckets, bands } = value as Record<string, { packets: number; bytes: number }[] | undefined>;
  return (buckets ?? bands ?? []).map((b) => ({ [name]: { [packets]: String(b.packets), [bytes]: String(b.bytes) } }));
}

function multipart(body: RequestBody | ReplyBody, more: boolean, side: 'Request' | 'Reply'): Json {
  const [name, rowName] = STATS[body.kind];
  const flags = more ? '1' : '0';
  const rows = 'rows' in body ? (body.rows as readonly object[]) : undefined;
  const list = rows?.map((each) => ({ [rowName]: row(body.kind, each) }));
  if (list) return { [name + side]: { flags, body: list } };
  const content = row(side === 'Request' ? ('' as RequestBody['kind']) : body.kind, body);
  if (side === 'Request') return { [name + side]: { flags, ...(content as Record<string, Json>) } };
  const single = { [rowName]: content };
  return { [name + side]: { flags, body: body.kind === 'meter_features' ? [single] : single } };
}

const CLASSES: Readonly<Partial<Record<Message['type'], string>>> = {
  echo_request: 'OFPEchoRequest',
  echo_reply: 'OFPEchoReply',
  experimenter: 'OFPExperimenter',
  features_request: 'OFPFeaturesRequest',
  features_reply: 'OFPSwitchFeatures',
  get_config_request: 'OFPGetConfigRequest',
  get_config_reply: 'OFPGetConfigReply',
  set_config: 'OFPSetConfig',
  table_mod: 'OFPTableMod',
  barrier_request: 'OFPBarrierRequest',
  barrier_reply: 'OFPBarrierReply',
  queue_get_config_request: 'OFPQueueGetConfigRequest',
  get_async_request: 'OFPGetAsyncRequest',
  get_async_reply: 'OFPGetAsyncReply',
  set_async: 'OFPSetAsync',
};

const indexOf = (names: readonly string[], name: string | number): string =>
  String(typeof name === 'number' ? name : names.indexOf(name));
const HEAD = ['type', 'xid'] as const;

/** A message as Ryu's JSON has it. */
export function toRyu(m: Message): Json {
  switch (m.type) {
    case 'hello':
      return {
        OFPHello: { elements: m.versions ? [{ OFPHelloElemVersionBitmap: { versions: m.versions.map(String) } }] : [] },
      };
    case 'error': {
      const { type, code, experimenter } = m.error;
      const data = base64(m.data);
      if (experimenter === undefined) return { OFPErrorMsg: { type: String(type), code: String(code), data } };
      const numbers = { type: String(type), code: null, exp_type: String(code), experimenter: String(experimenter) };
      return { OFPErrorMsg: { ...numbers, data } };
    }
    case 'packet_in':
      return {
        OFPPacketIn: members(
          m,
          { match: match(m.fields), reason: indexOf(PACKET_IN_REASONS, m.reason) },
          ...HEAD,
          'fields',
        ),
      };
    case 'flow_removed':
      return { OFPFlowRemoved: members(m, { reason: indexOf(FLOW_REMOVED_REASONS, m.reason) }, ...HEAD) };
    case 'port_status': {
      const desc = { OFPPort: row('port_desc', m.port) };
      return { OFPPortStatus: { reason: indexOf(PORT_STATUS_REASONS, m.reason), desc } };
    }
    case 'packet_out':
      return { OFPPacketOut: members(m, { actions: m.actions.map(action) }, ...HEAD) };
    case 'flow_mod': {
      const command = indexOf(FLOW_COMMANDS, m.change.command);
      return { OFPFlowMod: members(m.change, { command, instructions: instructions(m.change.instructions) }) };
    }
    case 'group_mod': {
      const { command, groupType, buckets } = m.change;
      const own = { command: String(OFPGC[command]), type: indexOf(GROUP_TYPES, groupType) };
      return { OFPGroupMod: members(m.change, { ...own, buckets: buckets.map(bucket) }, 'groupType') };
    }
    case 'meter_mod': {
      const { command, bands } = m.change;
      return { OFPMeterMod: members(m.change, { command: indexOf(METER_COMMANDS, command), bands: bands.map(band) }) };
    }
    case 'role_request':
    case 'role_reply': {
      const name = m.type === 'role_request' ? 'OFPRoleRequest' : 'OFPRoleReply';
      return { [name]: { role: indexOf(ROLES, m.role), generation_id: String(m.generationId) } };
    }
    case 'port_mod':
      return { OFPPortMod: members(m, { port_no: String(m.port) }, ...HEAD, 'port') };
    case 'queue_get_config_reply': {
      const queues = m.queues.map((q) => ({
        OFPPacketQueue: members(q, { properties: q.properties.map(queueProperty) }),
      }));
      return { OFPQueueGetConfigReply: { port: String(m.port), queues } };
    }
    case 'multipart_request':
      return multipart(m.body, m.more, 'Request');
    case 'multipart_reply':
      return multipart(m.body, m.more, 'Reply');
    default: {
      const name = CLASSES[m.type];
      return name === undefined ? ANY : { [name]: members(m, {}, ...HEAD, 'reserved') };
    }
  }
}
