/** Every message: the union of their types, and the table that they are read and written by. */
import type { MessageKind } from '../kind.js';
import { type GetAsyncReply, getAsyncReply, type SetAsync, setAsync } from './async.js';
import * as bare from './bare.js';
import { type GetConfigReply, getConfigReply, type SetConfig, setConfig } from './config.js';
import { type EchoReply, type EchoRequest, echoReply, echoRequest } from './echo.js';
import { type ErrorMessage, error } from './error.js';
import { type Experimenter, experimenter } from './experimenter.js';
import { type FeaturesReply, featuresReply } from './features.js';
import { type FlowModMessage, flowMod } from './flow-mod.js';
import { type FlowRemoved, flowRemoved } from './flow-removed.js';
import { type GroupModMessage, groupMod } from './group-mod.js';
import { type Hello, hello } from './hello.js';
import { type MeterModMessage, meterMod } from './meter-mod.js';
import { type MultipartReply, type MultipartRequest, multipartReply, multipartRequest } from './multipart.js';
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
import { type RoleReply, type RoleRequest, roleReply, roleRequest } from './role.js';
import { type TableMod, tableMod } from './table-mod.js';

/** Any message of OpenFlow 1.3, told apart by `type`. */
export type Message =
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
} as const satisfies { [T in MessageType]: MessageKind<MessageOf<T>> };

/** Every type, in the order of their numbers. */
export const MESSAGE_TYPES = Object.keys(KINDS) as readonly MessageType[];

/** How a message is read and written. */
export function kindOf(m: Message): MessageKind<Message> {
  return KINDS[m.type] as unknown as MessageKind<Message>;
}

const byNumber: MessageKind<Message>[] = [];
for (const kind of Object.values(KINDS)) byNumber[kind.number] = kind as unknown as MessageKind<Message>;

/** The message of a number on the wire. */
export function kindNumbered(number: number): MessageKind<Message> | undefined {
  return byNumber[number];
}
