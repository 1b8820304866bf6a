/** One sensible message of every type and of every multipart, both directions: what other programs are shown. */
import { fromHex } from '../../lib/bytes/index.js';
import {
  type Action,
  ANY_GROUP,
  type Field,
  fieldNamed,
  fields,
  type Instructions,
  Match,
  OFPP,
  whole,
} from '../../lib/nxm/index.js';
import {
  encode,
  type Message,
  OFPPF,
  oxmId,
  type Port,
  type ReplyBody,
  type RequestBody,
} from '../../lib/wire/index.js';
import { extensionSamples, MONITOR_REPLY, MONITOR_REQUEST } from './extension-samples.js';

/** A frame: ARP for 10.0.0.2, padded to 60 bytes. */
export const FRAME = fromHex(`ffffffffffff0a0000000001080600010800060400010a0000000001\
0a0000010000000000000a000002${'00'.repeat(18)}`);

const value = (field: Field, hex: string, mask: string | null = null) => ({
  field,
  value: fromHex(hex),
  mask: mask === null ? null : fromHex(mask),
});

const reg = (n: number) => fieldNamed(`reg${n}`)!;

export const MATCH = Match.of([
  value(fields.in_port_oxm, '00000001'),
  value(fields.eth_type, '0800'),
  value(fields.ip_src, '0a000000', 'ff000000'),
  value(fields.nw_proto, '06'),
  value(fields.tcp_dst, '0050'),
]);

const OUTPUT: Action = { type: 'output', port: 2, maxLen: 0 };
export const ACTIONS: readonly Action[] = [
  { type: 'push_vlan', ethType: 0x8100 },
  { type: 'set_field', ...value(fields.vlan_vid, '1064') },
  { type: 'set_field', ...value(fields.eth_dst, '0a0000000002') },
  { type: 'dec_ttl' },
  { type: 'load', value: 5n, to: whole(reg(0)) },
  { type: 'move', from: whole(reg(0)), to: whole(reg(1)) },
  { type: 'group', group: 7 },
  OUTPUT,
];
const INSTRUCTIONS: Instructions = {
  meter: 1,
  apply: ACTIONS,
  clear: true,
  write: [OUTPUT],
  metadata: { value: 0x1234n, mask: 0xffffn },
  goto: 3,
};

const PORT: Port = {
  number: 1,
  mac: fromHex('0a0000000001'),
  name: 'eth1',
  config: 0,
  state: 4,
  current: OFPPF['10GB_FD'] | OFPPF.COPPER,
  advertised: 0,
  supported: OFPPF['10GB_FD'],
  peer: 0,
  speed_kbps: 10_000_000,
  maxSpeed_kbps: 10_000_000,
};

const DURATION = { duration_s: 12, duration_ns: 345_000_000 };
const FLOW_REQUEST = {
  tableId: 0xff,
  outPort: OFPP.ANY,
  outGroup: ANY_GROUP,
  cookie: 0n,
  cookieMask: 0n,
  match: Match.all,
};
const BUCKETS = [{ weight: 0, watchPort: OFPP.ANY, watchGroup: ANY_GROUP, actions: [OUTPUT] }];
const BANDS = [
  { type: 'drop', rate: 1000, burst: 100 },
  { type: 'dscp_remark', rate: 500, burst: 50, precLevel: 1 },
] as const;
const COUNTS = { packets: 10, bytes: 1000 };

const IDS = [{ type: 0 }, { type: 25 }];
const OXM_IDS = [oxmId(fields.in_port_oxm), oxmId(fields.eth_type), oxmId(fields.ip_src, true)];
const TABLE_FEATURES = {
  tableId: 0,
  name: 'table0',
  metadataMatch: 0xffffffffffffffffn,
  metadataWrite: 0xffffffffffffffffn,
  config: 3,
  maxEntries: 1_000_000,
  properties: [
    { type: 'instructions', ids: [{ type: 1 }, { type: 4 }] },
    { type: 'next_tables', tables: [1, 2, 3] },
    { type: 'write_actions', ids: IDS },
    { type: 'apply_actions', ids: IDS },
    { type: 'match', fields: OXM_IDS },
    { type: 'wildcards', fields: [oxmId(fields.in_port_oxm), oxmId(fields.ip_src)] },
    { type: 'write_setfield', fields: [oxmId(fields.eth_dst)] },
    { type: 'apply_setfield', fields: [oxmId(fields.eth_dst)] },
  ],
} as const;

/** A request of every multipart but experimenter, whose bytes nobody knows. */
export const REQUESTS: readonly RequestBody[] = [
  { kind: 'desc' },
  { kind: 'flow', ...FLOW_REQUEST },
  { kind: 'aggregate', ...FLOW_REQUEST, match: MATCH },
  { kind: 'table' },
  { kind: 'port_stats', port: OFPP.ANY },
  { kind: 'queue', port: OFPP.ANY, queueId: 0xffffffff },
  { kind: 'group', groupId: 0xfffffffc },
  { kind: 'group_desc' },
  { kind: 'group_features' },
  { kind: 'meter', meterId: 0xffffffff },
  { kind: 'meter_config', meterId: 0xffffffff },
  { kind: 'meter_features' },
  { kind: 'table_features', rows: [] },
  { kind: 'table_features', rows: [TABLE_FEATURES] },
  { kind: 'port_desc' },
  MONITOR_REQUEST,
];

const PORT_STATS = {
  port: 1,
  rxPackets: 1,
  txPackets: 2,
  rxBytes: 3,
  txBytes: 2 ** 40 + 4,
  rxDropped: 5,
  txDropped: 6,
  rxErrors: 7,
  txErrors: 8,
  rxFrameErrors: null,
  rxOverrunErrors: null,
  rxCrcErrors: null,
  collisions: null,
  ...DURATION,
};

const FLOW_STATS = {
  tableId: 0,
  ...DURATION,
  priority: 100,
  idleTimeout_s: 10,
  hardTimeout_s: 60,
  flags: 1,
  cookie: 0x123456789abcdef0n,
  ...COUNTS,
  match: MATCH,
  instructions: INSTRUCTIONS,
};

/** A reply of every multipart but experimenter. */
export const REPLIES: readonly ReplyBody[] = [
  {
    kind: 'desc',
    manufacturer: 'Nicira, Inc.',
    hardware: 'Open vSwitch',
    software: '2.17.0',
    serial: 'None',
    datapath: 's1',
  },
  { kind: 'flow', rows: [FLOW_STATS, { ...FLOW_STATS, match: Match.all, instructions: {} }] },
  { kind: 'aggregate', ...COUNTS, flows: 3 },
  { kind: 'table', rows: [{ tableId: 0, active: 3, lookups: 100, matched: 90 }] },
  { kind: 'port_stats', rows: [PORT_STATS] },
  { kind: 'queue', rows: [{ port: 1, queueId: 2, txBytes: 3, txPackets: 4, txErrors: 0, ...DURATION }] },
  { kind: 'group', rows: [{ groupId: 7, references: 1, ...COUNTS, ...DURATION, buckets: [COUNTS] }] },
  { kind: 'group_desc', rows: [{ groupType: 'all', groupId: 7, buckets: BUCKETS }] },
  {
    kind: 'group_features',
    types: 15,
    capabilities: 7,
    maxGroups: [0xffffff00, 0xffffff00, 0xffffff00, 0xffffff00],
    actions: [1, 1, 1, 1],
  },
  {
    kind: 'meter',
    rows: [{ meterId: 1, flows: 1, packetsIn: 5, bytesIn: 500, ...DURATION, bands: [COUNTS, COUNTS] }],
  },
  { kind: 'meter_config', rows: [{ flags: 5, meterId: 1, bands: BANDS }] },
  { kind: 'meter_features', maxMeter: 1000, bandTypes: 6, capabilities: 15, maxBands: 8, maxColor: 0 },
  { kind: 'table_features', rows: [TABLE_FEATURES] },
  { kind: 'port_desc', rows: [PORT, { ...PORT, number: OFPP.LOCAL, name: 'br0' }] },
  MONITOR_REPLY,
];

const NXT_FLOW_MOD = fromHex(`${'00'.repeat(14)}8000ffffffffffff${'00'.repeat(10)}`);
const MASKS = { packetIn: [3, 0], portStatus: [7, 7], flowRemoved: [15, 0] };
const xid = 0x11223344;

/** Every type at least once; the experimenter message is Nicira's flow-mod of OpenFlow 1.0. */
const OWN_SAMPLES: readonly Message[] = [
  { type: 'hello', xid, version: 4, versions: [4] },
  { type: 'hello', xid, version: 4, versions: null },
  { type: 'error', xid, version: 4, error: { type: 1, code: 10 }, data: encode({ type: 'get_async_request', xid }) },
  {
    type: 'error',
    xid,
    version: 4,
    error: { type: 0xffff, code: 2302, experimenter: 0x4f4e4600 },
    data: encode({ type: 'barrier_request', xid }),
  },
  { type: 'echo_request', xid, data: fromHex('01020304') },
  { type: 'echo_reply', xid, data: fromHex('01020304') },
  { type: 'experimenter', xid, experimenter: 0x2320, expType: 13, data: NXT_FLOW_MOD },
  { type: 'features_request', xid },
  {
    type: 'features_reply',
    xid,
    datapathId: 0xabcdef1234567890n,
    buffers: 0,
    tables: 254,
    auxiliaryId: 0,
    capabilities: 0x4f,
    reserved: 0,
  },
  { type: 'get_config_request', xid },
  { type: 'get_config_reply', xid, flags: 0, missSendLen: 128 },
  { type: 'set_config', xid, flags: 0, missSendLen: 0xffff },
  {
    type: 'packet_in',
    xid,
    bufferId: 0xffffffff,
    totalLen: FRAME.length,
    reason: 'action',
    tableId: 0,
    cookie: 0x5n,
    fields: [value(fields.in_port_oxm, '00000001')],
    data: FRAME,
  },
  { type: 'flow_removed', xid, reason: 'idle_timeout', ...FLOW_STATS },
  { type: 'port_status', xid, reason: 'modify', port: PORT },
  { type: 'packet_out', xid, bufferId: 0xffffffff, inPort: OFPP.CONTROLLER, actions: [OUTPUT], data: FRAME },
  {
    type: 'flow_mod',
    xid,
    change: {
      command: 'add',
      tableId: 0,
      priority: 100,
      cookie: 0x10n,
      cookieMask: 0n,
      idleTimeout_s: 10,
      hardTimeout_s: 60,
      bufferId: 0xffffffff,
      outPort: OFPP.ANY,
      outGroup: ANY_GROUP,
      flags: 1,
      match: MATCH,
      instructions: INSTRUCTIONS,
    },
  },
  { type: 'group_mod', xid, change: { command: 'add', groupType: 'all', groupId: 7, buckets: BUCKETS } },
  { type: 'port_mod', xid, port: 1, mac: PORT.mac, config: 1, mask: 1, advertise: 0 },
  { type: 'table_mod', xid, tableId: 0xff, config: 0 },
  ...REQUESTS.map((body): Message => ({ type: 'multipart_request', xid, more: false, body })),
  ...REPLIES.map((body): Message => ({ type: 'multipart_reply', xid, more: false, body })),
  { type: 'barrier_request', xid },
  { type: 'barrier_reply', xid },
  { type: 'queue_get_config_request', xid, port: 1 },
  {
    type: 'queue_get_config_reply',
    xid,
    port: 1,
    queues: [
      {
        queueId: 2,
        port: 1,
        properties: [
          { type: 'min_rate', rate: 100 },
          { type: 'max_rate', rate: 900 },
        ],
      },
    ],
  },
  { type: 'role_request', xid, role: 'master', generationId: 3n },
  { type: 'role_reply', xid, role: 'master', generationId: 3n },
  { type: 'get_async_request', xid },
  { type: 'get_async_reply', xid, ...MASKS },
  { type: 'set_async', xid, ...MASKS },
  { type: 'meter_mod', xid, change: { command: 'add', flags: 5, meterId: 1, bands: BANDS } },
];

const ofType = (type: Message['type']) => OWN_SAMPLES.find((m) => m.type === type) as Message;
/** Of OpenFlow's own, and of Nicira's and ONF's. */
export const SAMPLES: readonly Message[] = [
  ...OWN_SAMPLES,
  ...extensionSamples(FRAME, ofType('flow_mod'), ofType('group_mod'), ofType('meter_mod')),
];

/** What a spec calls a sample. */
export function nameOf(m: Message): string {
  const kind = m.type === 'multipart_request' || m.type === 'multipart_reply' ? ` ${m.body.kind}` : '';
  return `${m.type}${kind}`;
}
