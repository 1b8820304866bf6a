/** Every message: the union of their types, and the table that they are read and written by. */
import type { MessageKind } from '../kind.js';
import { type GetAsyncReply, getAsyncReply, type SetAsync, setAsync } from './async.js';
import * as bare from './bare.js';
import { type BundleAdd, type BundleControl, bundleAdd, bundleControl } from './bundle.js';
import { type GetConfigReply, getConfigReply, type SetConfig, setConfig } from './config.js';
import { type CtFlush, type CtFlushZone, ctFlush, ctFlushZone } from './ct-flush.js';
import { type EchoReply, type EchoRequest, echoReply, echoRequest } from './echo.js';
import { type ErrorMessage, error } from './error.js';
import { type Experimenter, experimenter } from './experimenter.js';
import { type FeaturesReply, featuresReply } from './features.js';
import { type FlowModMessage, flowMod } from './flow-mod.js';
import {
  type FlowMonitorCancel,
  type FlowMonitorPaused,
  type FlowMonitorResumed,
  flowMonitorCancel,
  flowMonitorPaused,
  flowMonitorResumed,
} from './flow-monitor.js';
import { type FlowRemoved, flowRemoved } from './flow-removed.js';
import { type GroupModMessage, groupMod } from './group-mod.js';
import { type Hello, hello } from './hello.js';
import { type MeterModMessage, meterMod } from './meter-mod.js';
import { type MultipartReply, type MultipartRequest, multipartReply, multipartRequest } from './multipart.js';
import * as settings from './nicira-settings.js';
import { type NxtSetAsync, type NxtSetAsync2, nxtSetAsync, nxtSetAsync2 } from './nxt-async.js';
import { type NxtFlowRemoved, nxtFlowRemoved } from './nxt-flow-removed.js';
import { type NxtPacketIn, nxtPacketIn } from './nxt-packet-in.js';
import { type NxtPacketIn2, type NxtResume, nxtPacketIn2, nxtResume } from './nxt-packet-in2.js';
import { type NxtRoleReply, type NxtRoleRequest, nxtRoleReply, nxtRoleRequest } from './nxt-role.js';
import { type PacketIn, packetIn } from './packet-in.js';
import { type PacketOut, packetOut } from './packet-out.js';
import { type PortMod, portMod } from './port-mod.js';
import { type PortStatus, portStatus } from './port-status.js';
import {
  type QueueGetConfigReply,
  type QueueGetConfigRequest,
  queueGetConfigReply,
  queueGetConfigRequest,
} from './queue-config.js';
import { type RequestForward, requestForward } from './requestforward.js';
import { type RoleReply, type RoleRequest, roleReply, roleRequest } from './role.js';
import { type RoleStatus, roleStatus } from './role-status.js';
import { type TableMod, tableMod } from './table-mod.js';
import * as tlv from './tlv-table.js';

/** A message of Nicira's, or one of ONF's extensions to OpenFlow 1.3. */
type ExtensionMessage =
  | settings.SetPacketInFormat
  | settings.SetControllerId
  | settings.FlowModTableId
  | settings.FlowAge
  | NxtPacketIn
  | NxtPacketIn2
  | NxtResume
  | NxtSetAsync
  | NxtSetAsync2
  | NxtRoleRequest
  | NxtRoleReply
  | NxtFlowRemoved
  | CtFlushZone
  | CtFlush
  | tlv.TlvTableMod
  | tlv.TlvTableRequest
  | tlv.TlvTableReply
  | BundleControl
  | BundleAdd
  | FlowMonitorCancel
  | FlowMonitorPaused
  | FlowMonitorResumed
  | RoleStatus
  | RequestForward;

/** Any message of OpenFlow 1.3, told apart by `type`. */
export type Message =
  | ExtensionMessage
  | Hello
  | ErrorMessage
  | EchoRequest
  | EchoReply
  | Experimenter
  | bare.FeaturesRequest
  | FeaturesReply
  | bare.GetConfigRequest
  | GetConfigReply
  | SetConfig
  | PacketIn
  | FlowRemoved
  | PortStatus
  | PacketOut
  | FlowModMessage
  | GroupModMessage
  | PortMod
  | TableMod
  | MultipartRequest
  | MultipartReply
  | bare.BarrierRequest
  | bare.BarrierReply
  | QueueGetConfigRequest
  | QueueGetConfigReply
  | RoleRequest
  | RoleReply
  | bare.GetAsyncRequest
  | GetAsyncReply
  | SetAsync
  | MeterModMessage;

/** OFPT_* by name. */
export type MessageType = Message['type'];
/** The message of a type. */
export type MessageOf<T extends MessageType> = Extract<Message, { type: T }>;

/** Numbers of experimenters, by which their messages are told apart. */
const EXTENSIONS = {
  nxt_set_packet_in_format: settings.setPacketInFormat,
  nxt_set_controller_id: settings.setControllerId,
  nxt_flow_mod_table_id: settings.flowModTableId,
  nxt_flow_age: settings.flowAge,
  nxt_packet_in: nxtPacketIn,
  nxt_packet_in2: nxtPacketIn2,
  nxt_resume: nxtResume,
  nxt_set_async_config: nxtSetAsync,
  nxt_set_async_config2: nxtSetAsync2,
  nxt_role_request: nxtRoleRequest,
  nxt_role_reply: nxtRoleReply,
  nxt_flow_removed: nxtFlowRemoved,
  nxt_ct_flush_zone: ctFlushZone,
  nxt_ct_flush: ctFlush,
  nxt_tlv_table_mod: tlv.tlvTableMod,
  nxt_tlv_table_request: tlv.tlvTableRequest,
  nxt_tlv_table_reply: tlv.tlvTableReply,
  onf_bundle_control: bundleControl,
  onf_bundle_add: bundleAdd,
  onf_flow_monitor_cancel: flowMonitorCancel,
  onf_flow_monitor_paused: flowMonitorPaused,
  onf_flow_monitor_resumed: flowMonitorResumed,
  onf_role_status: roleStatus,
  onf_requestforward: requestForward,
} as const satisfies { [T in ExtensionMessage['type']]: MessageKind<MessageOf<T>> };

const KINDS = {
  hello,
  error,
  echo_request: echoRequest,
  echo_reply: echoReply,
  experimenter,
  features_request: bare.featuresRequest,
  features_reply: featuresReply,
  get_config_request: bare.getConfigRequest,
  get_config_reply: getConfigReply,
  set_config: setConfig,
  packet_in: packetIn,
  flow_removed: flowRemoved,
  port_status: portStatus,
  packet_out: packetOut,
  flow_mod: flowMod,
  group_mod: groupMod,
  port_mod: portMod,
  table_mod: tableMod,
  multipart_request: multipartRequest,
  multipart_reply: multipartReply,
  barrier_request: bare.barrierRequest,
  barrier_reply: bare.barrierReply,
  queue_get_config_request: queueGetConfigRequest,
  queue_get_config_reply: queueGetConfigReply,
  role_request: roleRequest,
  role_reply: roleReply,
  get_async_request: bare.getAsyncRequest,
  get_async_reply: getAsyncReply,
  set_async: setAsync,
  meter_mod: meterMod,
  ...EXTENSIONS,
} as const satisfies { [T in MessageType]: MessageKind<MessageOf<T>> };

/** Every type: OpenFlow's own in the order of their numbers, then Nicira's and ONF's. */
export const MESSAGE_TYPES = Object.keys(KINDS) as readonly MessageType[];

/** How a message is read and written. */
export function kindOf(m: Message): MessageKind<Message> {
  return KINDS[m.type] as unknown as MessageKind<Message>;
}

const byNumber: MessageKind<Message>[] = [];
/** By experimenter, then by its type. */
const byExtension = new Map<number, Map<number, MessageKind<Message>>>();
for (const each of Object.values(KINDS)) {
  const kind = each as unknown as MessageKind<Message>;
  const { extension: id } = kind;
  if (id) {
    const own = byExtension.get(id.experimenter) ?? new Map<number, MessageKind<Message>>();
    byExtension.set(id.experimenter, own.set(id.expType, kind));
  } else byNumber[kind.number] = kind;
}

/** The message of an experimenter's type, where it is known. */
export function extensionOf(experimenter: number, expType: number): MessageKind<Message> | undefined {
  return byExtension.get(experimenter)?.get(expType);
}

/** The message of a number on the wire. */
export function kindNumbered(number: number): MessageKind<Message> | undefined {
  return byNumber[number];
}
