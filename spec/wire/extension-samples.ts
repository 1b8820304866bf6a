/** One sensible message of every type of Nicira's, and of ONF's extensions to OpenFlow 1.3. */
import { fromHex } from '../../lib/bytes/index.js';
import { type FieldValue, fields, Match, OFPP } from '../../lib/nxm/index.js';
import type { CtFlush, FullFlowUpdate, Message, RequestBody } from '../../lib/wire/index.js';

const xid = 0x11223344;
const exact = (field: FieldValue['field'], hex: string): FieldValue => ({ field, value: fromHex(hex), mask: null });

const MASKS = { packetIn: [3, 0], portStatus: [7, 7], flowRemoved: [15, 0] };
const NO_BUFFER = 0xffffffff;

/** The properties of a continuation, as Open vSwitch numbers them: a table, actions (output:2). */
const CONTINUATION = fromHex('8004000503000000 8006001800000000 0000001000000002 ffff000000000000');

const MAPPINGS = [
  { optionClass: 0xffff, optionType: 0x80, optionLength: 4, index: 0 },
  { optionClass: 0xffff, optionType: 1, optionLength: 124, index: 63 },
];

const V4 = '00000000000000000000ffff';
const CT_FLUSH: CtFlush = {
  type: 'nxt_ct_flush',
  xid,
  ipProto: 6,
  orig: { src: fromHex(`${V4}0a000001`), dst: fromHex(`${V4}0a000002`), srcPort: 1000, dstPort: 80 },
  reply: { src: fromHex(`${V4}0a000002`) },
  zone: 5,
  mark: null,
  markMask: null,
  label: null,
  labelMask: null,
};

/** A flow-monitor request with every flag, and every kind of update. */
export const MONITOR_REQUEST: RequestBody = {
  kind: 'flow_monitor',
  rows: [
    {
      monitorId: 1,
      flags: 0x3f,
      outPort: OFPP.ANY,
      tableId: 0xff,
      match: Match.of([exact(fields.eth_type, '0800')]),
      bare: false,
    },
  ],
};
const UPDATE: FullFlowUpdate = {
  event: 'added',
  reason: 'idle_timeout',
  priority: 100,
  idleTimeout_s: 10,
  hardTimeout_s: 20,
  tableId: 3,
  cookie: 0x1234n,
  match: Match.of([exact(fields.eth_type, '0800')]),
  instructions: { apply: [{ type: 'output', port: 2, maxLen: 0 }], goto: 4 },
};
export const MONITOR_REPLY = {
  kind: 'flow_monitor',
  rows: [
    UPDATE,
    { ...UPDATE, event: 'deleted', reason: 'delete', instructions: {} },
    { ...UPDATE, event: 'modified', match: Match.all },
    { event: 'abbrev', xid: 0x55667788 },
  ],
} as const;

/** Needs the frame and the actions of the other samples. */
export function extensionSamples(frame: Uint8Array, flowMod: Message, groupMod: Message, meterMod: Message): Message[] {
  if (flowMod.type !== 'flow_mod' || groupMod.type !== 'group_mod' || meterMod.type !== 'meter_mod') throw new Error();
  const counts = { packets: 10, bytes: 1000 };
  const packet = {
    xid,
    bufferId: NO_BUFFER,
    totalLen: frame.length,
    reason: 'action' as const,
    tableId: 2,
    cookie: 0xabcdn,
    data: frame,
  };
  const port32 = exact(fields.in_port_oxm, '00000001');
  return [
    { type: 'nxt_set_packet_in_format', xid, format: 'nxt2' },
    { type: 'nxt_set_controller_id', xid, controllerId: 0x102 },
    { type: 'nxt_flow_mod_table_id', xid, set: 1 },
    { type: 'nxt_flow_age', xid },
    {
      type: 'nxt_packet_in',
      ...packet,
      fields: [exact(fields.in_port, '0001'), exact(fields.metadata, '0000000000000005')],
    },
    {
      type: 'nxt_packet_in2',
      ...packet,
      fields: [port32, exact(fields.metadata, '0000000000000005')],
      userdata: fromHex('0102030405'),
      continuation: CONTINUATION,
    },
    { type: 'nxt_resume', ...packet, fields: [port32], userdata: null, continuation: CONTINUATION },
    { type: 'nxt_set_async_config', xid, ...MASKS },
    {
      type: 'nxt_set_async_config2',
      xid,
      changes: [
        { kind: 'packetIn', slave: true, mask: 7 },
        { kind: 'roleStatus', slave: false, mask: 1 },
        { kind: 'requestForward', slave: false, mask: 3 },
      ],
    },
    { type: 'nxt_role_request', xid, role: 'master' },
    { type: 'nxt_role_reply', xid, role: 'slave' },
    {
      type: 'nxt_flow_removed',
      xid,
      cookie: 5n,
      priority: 100,
      reason: 'hard_timeout',
      tableId: 3,
      duration_s: 12,
      duration_ns: 345_000_000,
      idleTimeout_s: 10,
      ...counts,
      match: Match.of([exact(fields.eth_dst, '0a0000000002')]),
    },
    { type: 'nxt_ct_flush_zone', xid, zone: 5 },
    CT_FLUSH,
    { type: 'nxt_tlv_table_mod', xid, command: 'add', mappings: MAPPINGS },
    { type: 'nxt_tlv_table_request', xid },
    { type: 'nxt_tlv_table_reply', xid, maxOptionSpace: 256, maxFields: 64, mappings: MAPPINGS },
    { type: 'onf_bundle_control', xid, bundleId: 7, command: 'commit_request', flags: 3 },
    { type: 'onf_bundle_add', xid, bundleId: 7, flags: 3, message: flowMod },
    { type: 'onf_bundle_add', xid, bundleId: 7, flags: 3, message: groupMod },
    { type: 'onf_flow_monitor_cancel', xid, monitorId: 1 },
    { type: 'onf_flow_monitor_paused', xid },
    { type: 'onf_flow_monitor_resumed', xid },
    { type: 'onf_role_status', xid, role: 'slave', reason: 'master_request', generationId: 3n },
    { type: 'onf_requestforward', xid, request: groupMod },
    { type: 'onf_requestforward', xid, request: meterMod },
  ];
}
