/** Any message, for properties: every member over its whole range, lists short enough to read. */
import fc from 'fast-check';
import { type Bucket, GROUP_TYPES, OFPGC } from '../../lib/nxm/group-mod.js';
import {
  type Action,
  FIELDS,
  type FieldValue,
  FLOW_COMMANDS,
  type Instructions,
  Match,
  OFPP,
} from '../../lib/nxm/index.js';
import { METER_COMMANDS, type MeterBand } from '../../lib/nxm/meter-mod.js';
import {
  FLOW_REMOVED_REASONS,
  type Message,
  type MessageOf,
  type MessageType,
  type MultipartName,
  type OxmId,
  PACKET_IN_REASONS,
  PORT_STATUS_REASONS,
  type Port,
  type QueueProperty,
  type ReplyBody,
  type RequestBody,
  ROLES,
  type TableProperty,
} from '../../lib/wire/index.js';
import { extensionMembers } from './extension-arbitraries.js';
import { MATCH } from './samples.js';

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const counter = fc.oneof(fc.maxSafeNat(), fc.constant(null));
const bytes = fc.uint8Array({ maxLength: 40 });
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
const text = (max: number) => fc.string({ maxLength: max - 1, unit: 'grapheme-ascii' });
const few = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 4 });
const times = { duration_s: u32, duration_ns: u32 };
/** A name, or a number that has none. */
const named = <N extends string>(names: readonly N[], max = 0xff) =>
  fc.oneof(fc.constantFrom(...names), fc.integer({ min: names.length, max }));

/** Fields that any value and mask fits, and that need nothing. */
const FREE = FIELDS.filter((f) => f.maskable && f.needs === 'none' && f.slot && f.headers.length > 0 && f.bits === 0);

const fieldValue: fc.Arbitrary<FieldValue> = fc.constantFrom(...FREE).chain((field) => {
  const value = fc.uint8Array({ minLength: field.bytes, maxLength: field.bytes });
  return fc.tuple(value, fc.option(value)).map(([all, some]): FieldValue => {
    const mask = some?.every((byte) => byte === 0xff) ? null : some;
    return { field, value: mask ? all.map((byte, i) => byte & mask[i]) : all, mask };
  });
});

const match: fc.Arbitrary<Match> = fc.oneof(
  fc.constantFrom(Match.all, MATCH),
  fieldValue.filter((v) => !v.mask || v.mask.some((byte) => byte !== 0)).map((v) => Match.of([v])),
);

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('output' as const), port: u32, maxLen: u16 }),
  fc.record({ type: fc.constant('group' as const), group: u32 }),
  fc.record({ type: fc.constant('set_nw_ttl' as const), ttl: u8 }),
  fc.constantFrom({ type: 'dec_ttl' as const }, { type: 'pop_vlan' as const }, { type: 'ct_clear' as const }),
  fc
    .uint8Array({ minLength: 4, maxLength: 4 })
    .map((data) => ({ type: 'unknown' as const, number: 4711, vendor: 0, data })),
);
const actions = few(action);

const instructions: fc.Arbitrary<Instructions> = fc.record(
  {
    meter: u32,
    apply: actions,
    clear: fc.constant(true),
    write: actions,
    metadata: fc.record({ value: u64, mask: u64 }),
    goto: u8,
  },
  { requiredKeys: [] },
);

const bucket: fc.Arbitrary<Bucket> = fc.record({ weight: u16, watchPort: u32, watchGroup: u32, actions });

const band: fc.Arbitrary<MeterBand> = fc.oneof(
  fc.record({ type: fc.constant('drop' as const), rate: u32, burst: u32 }),
  fc.record({ type: fc.constant('dscp_remark' as const), rate: u32, burst: u32, precLevel: u8 }),
  fc.record({ type: fc.constant('experimenter' as const), rate: u32, burst: u32, experimenter: u32, data: bytes }),
);

const port: fc.Arbitrary<Port> = fc.record({
  number: fc.oneof(u32, fc.constantFrom(...Object.values(OFPP))),
  mac,
  name: text(16),
  config: u32,
  state: u32,
  current: u32,
  advertised: u32,
  supported: u32,
  peer: u32,
  speed_kbps: u32,
  maxSpeed_kbps: u32,
});

const queueProperty: fc.Arbitrary<QueueProperty> = fc.oneof(
  fc.record({ type: fc.constantFrom('min_rate' as const, 'max_rate' as const), rate: u16 }),
  fc.record({ type: fc.constant('experimenter' as const), experimenter: u32, data: bytes }),
  fc.record({ type: fc.constant('unknown' as const), number: fc.constant(99), data: bytes }),
);

const featureId = fc.oneof(
  fc.record({ type: u16 }),
  fc.record({ type: u16, data: fc.uint8Array({ minLength: 1, maxLength: 12 }) }),
);
const oxmId: fc.Arbitrary<OxmId> = fc
  .record({ oxmClass: u16, number: fc.nat(127), experimenter: u32, hasMask: fc.boolean(), length: fc.nat(200) })
  .map((id) => (id.oxmClass === 0xffff ? id : { ...id, experimenter: 0 }));
const tableProperty: fc.Arbitrary<TableProperty> = fc.oneof(
  fc.record({ type: fc.constantFrom('instructions' as const, 'write_actions_miss' as const), ids: few(featureId) }),
  fc.record({ type: fc.constantFrom('next_tables' as const, 'next_tables_miss' as const), tables: few(u8) }),
  fc.record({ type: fc.constantFrom('match' as const, 'apply_setfield_miss' as const), fields: few(oxmId) }),
  fc.record({
    type: fc.constantFrom('experimenter' as const, 'experimenter_miss' as const),
    experimenter: u32,
    expType: u32,
    data: bytes,
  }),
  fc.record({ type: fc.constant('unknown' as const), number: fc.constant(77), data: bytes }),
);
const tableFeatures = fc.record({
  tableId: u8,
  name: text(32),
  metadataMatch: u64,
  metadataWrite: u64,
  config: u32,
  maxEntries: u32,
  properties: few(tableProperty),
});

const flowRequest = { tableId: u8, outPort: u32, outGroup: u32, cookie: u64, cookieMask: u64, match };
const flowMembers = {
  tableId: u8,
  ...times,
  priority: u16,
  idleTimeout_s: u16,
  hardTimeout_s: u16,
  cookie: u64,
  packets: counter,
  bytes: counter,
  match,
};
const both = { packets: counter, bytes: counter };
const four = fc.array(u32, { minLength: 4, maxLength: 4 });
const experimenter = { experimenter: u32, expType: u32, data: bytes };
const only = fc.record;
const nothing = only({});
const rows = <T>(row: fc.Arbitrary<T>) => only({ rows: few(row) });

/** Request and reply of every multipart, without the kind. */
const BODIES: { [K in MultipartName]: readonly [fc.Arbitrary<object>, fc.Arbitrary<object>] } = {
  desc: [
    nothing,
    only({ manufacturer: text(256), hardware: text(256), software: text(256), serial: text(32), datapath: text(256) }),
  ],
  flow: [only(flowRequest), rows(only({ ...flowMembers, flags: u16, instructions }))],
  aggregate: [only(flowRequest), only({ ...both, flows: u32 })],
  table: [nothing, rows(only({ tableId: u8, active: u32, lookups: counter, matched: counter }))],
  port_stats: [
    only({ port: u32 }),
    rows(
      only({
        port: u32,
        rxPackets: counter,
        txPackets: counter,
        rxBytes: counter,
        txBytes: counter,
        rxDropped: counter,
        txDropped: counter,
        rxErrors: counter,
        txErrors: counter,
        rxFrameErrors: counter,
        rxOverrunErrors: counter,
        rxCrcErrors: counter,
        collisions: counter,
        ...times,
      }),
    ),
  ],
  queue: [
    only({ port: u32, queueId: u32 }),
    rows(only({ port: u32, queueId: u32, txBytes: counter, txPackets: counter, txErrors: counter, ...times })),
  ],
  group: [
    only({ groupId: u32 }),
    rows(only({ groupId: u32, references: u32, ...both, ...times, buckets: few(only(both)) })),
  ],
  group_desc: [nothing, rows(only({ groupType: named(GROUP_TYPES), groupId: u32, buckets: few(bucket) }))],
  group_features: [nothing, only({ types: u32, capabilities: u32, maxGroups: four, actions: four })],
  meter: [
    only({ meterId: u32 }),
    rows(only({ meterId: u32, flows: u32, packetsIn: counter, bytesIn: counter, ...times, bands: few(only(both)) })),
  ],
  meter_config: [only({ meterId: u32 }), rows(only({ flags: u16, meterId: u32, bands: few(band) }))],
  meter_features: [nothing, only({ maxMeter: u32, bandTypes: u32, capabilities: u32, maxBands: u8, maxColor: u8 })],
  table_features: [rows(tableFeatures), rows(tableFeatures)],
  port_desc: [nothing, rows(port)],
  experimenter: [only(experimenter), only(experimenter)],
  flow_monitor: [
    rows(
      only({
        monitorId: u32,
        flags: fc.integer({ min: 2, max: 0x3f }).filter((f) => (f & 14) !== 0),
        outPort: u32,
        tableId: u8,
        match,
        bare: fc.boolean(),
      }),
    ),
    rows(
      fc.oneof(
        only({ event: fc.constant('abbrev'), xid: u32 }),
        only({
          event: fc.constantFrom('added', 'deleted', 'modified'),
          reason: named(FLOW_REMOVED_REASONS, 0xffff),
          priority: u16,
          idleTimeout_s: u16,
          hardTimeout_s: u16,
          tableId: u8,
          cookie: u64,
          match,
          instructions,
        }),
      ),
    ),
  ],
};

const oneBody = (side: 0 | 1): fc.Arbitrary<object> =>
  fc.oneof(...Object.entries(BODIES).map(([kind, sides]) => sides[side].map((body) => ({ kind, ...body }))));

const masks = { packetIn: fc.tuple(u32, u32), portStatus: fc.tuple(u32, u32), flowRemoved: fc.tuple(u32, u32) };
const config = { flags: u16, missSendLen: u16 };
const role = { role: fc.constantFrom(...ROLES), generationId: u64 };
const version = fc.constantFrom(1, 4, 6);
const flowMod = {
  ...flowMembers,
  command: fc.constantFrom(...FLOW_COMMANDS),
  cookieMask: u64,
  bufferId: u32,
  outPort: u32,
  outGroup: u32,
  flags: fc.nat(31),
  instructions,
};
const { duration_s: _s, duration_ns: _ns, packets: _p, bytes: _b, ...flowModMembers } = flowMod;

type Members<T extends MessageType> = {
  [K in keyof Omit<MessageOf<T>, 'type' | 'xid'>]: fc.Arbitrary<MessageOf<T>[K]>;
};

/** The members of every message but type and xid. */
const MEMBERS: { [T in MessageType]: Members<T> } = {
  hello: {
    version,
    versions: fc.option(
      fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: 5 }).map((l) => l.sort((a, b) => a - b)),
    ),
  },
  error: {
    version,
    error: fc.oneof(
      only({ type: fc.nat(0xfffe), code: u16 }),
      only({ type: fc.constant(0xffff), code: u16, experimenter: u32 }),
    ),
    data: bytes,
  },
  echo_request: { data: bytes },
  echo_reply: { data: bytes },
  experimenter,
  features_request: {},
  features_reply: { datapathId: u64, buffers: u32, tables: u8, auxiliaryId: u8, capabilities: u32, reserved: u32 },
  get_config_request: {},
  get_config_reply: config,
  set_config: config,
  packet_in: {
    bufferId: u32,
    totalLen: u16,
    reason: named(PACKET_IN_REASONS),
    tableId: u8,
    cookie: u64,
    fields: few(fieldValue),
    data: bytes,
  },
  flow_removed: { ...flowMembers, reason: named(FLOW_REMOVED_REASONS) },
  port_status: { reason: named(PORT_STATUS_REASONS), port },
  packet_out: { bufferId: u32, inPort: u32, actions, data: bytes },
  flow_mod: { change: only(flowModMembers) },
  group_mod: {
    change: only({
      command: fc.constantFrom(...(Object.keys(OFPGC) as (keyof typeof OFPGC)[])),
      groupType: fc.constantFrom(...GROUP_TYPES),
      groupId: u32,
      buckets: few(bucket),
    }),
  },
  port_mod: { port: u32, mac, config: u32, mask: u32, advertise: u32 },
  table_mod: { tableId: u8, config: u32 },
  multipart_request: { more: fc.boolean(), body: oneBody(0) as fc.Arbitrary<RequestBody> },
  multipart_reply: { more: fc.boolean(), body: oneBody(1) as fc.Arbitrary<ReplyBody> },
  barrier_request: {},
  barrier_reply: {},
  queue_get_config_request: { port: u32 },
  queue_get_config_reply: { port: u32, queues: few(only({ queueId: u32, port: u32, properties: few(queueProperty) })) },
  role_request: role,
  role_reply: role,
  get_async_request: {},
  get_async_reply: masks,
  set_async: masks,
  meter_mod: {
    change: only({ command: fc.constantFrom(...METER_COMMANDS), flags: u16, meterId: u32, bands: few(band) }),
  },
  ...extensionMembers(fieldValue, match),
};

/** A message with another one inside: a bundled one has the outer one's xid. */
function withInner(outer: Message): fc.Arbitrary<Message> {
  if (outer.type === 'onf_requestforward') {
    return fc
      .oneof(anyMessage('group_mod'), anyMessage('meter_mod'))
      .map((request) => ({ ...outer, request }) as Message);
  }
  const bundlable = fc
    .constantFrom('flow_mod', 'group_mod', 'port_mod', 'packet_out')
    .chain((type) => anyMessage(type));
  return bundlable.map((message) => ({ ...outer, message: { ...message, xid: outer.xid } }) as Message);
}

/** Any message of a type. */
export function anyMessage(type: MessageType): fc.Arbitrary<Message> {
  const members = MEMBERS[type] as Record<string, fc.Arbitrary<unknown>>;
  const any = fc.record({ type: fc.constant(type), xid: u32, ...members }) as unknown as fc.Arbitrary<Message>;
  return type === 'onf_bundle_add' || type === 'onf_requestforward' ? any.chain(withInner) : any;
}

/** Any body of a multipart, with its kind. */
export function anyBody(kind: MultipartName, side: 'request' | 'reply'): fc.Arbitrary<RequestBody | ReplyBody> {
  const body = BODIES[kind][side === 'request' ? 0 : 1];
  return body.map((members) => ({ kind, ...members })) as unknown as fc.Arbitrary<RequestBody | ReplyBody>;
}
