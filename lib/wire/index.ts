/**
 * Messages ↔ bytes: `decode` and `encode` for one message, `encodeReply` and `encodeRows` for replies of any length,
 * peeks at a header for whoever frames a stream, and the type of every message. Counters are numbers, exact up to 2^53,
 * or null for "not counted"; cookies, datapath ids and metadata are bigint.
 */
export * from './codec.js';
export { decodeContinuation, encodeContinuation } from './continuation.js';
export * from './header.js';
export type { AsyncMasks, GetAsyncReply, SetAsync } from './messages/async.js';
export type {
  BarrierReply,
  BarrierRequest,
  FeaturesRequest,
  GetAsyncRequest,
  GetConfigRequest,
} from './messages/bare.js';
export {
  BUNDLE_ADD_BYTES,
  BUNDLE_COMMANDS,
  type Bundlable,
  type BundleAdd,
  type BundleCommand,
  type BundleControl,
  encodeBundleAdd,
  OFPBF,
} from './messages/bundle.js';
export { type GetConfigReply, OFPC_FRAG, type SetConfig } from './messages/config.js';
export type { CtFlush, FlushTuple } from './messages/ct-flush.js';
export type { EchoReply, EchoRequest } from './messages/echo.js';
export { type ErrorMessage, errorMessage } from './messages/error.js';
export type { Experimenter } from './messages/experimenter.js';
export { type FeaturesReply, OFPC } from './messages/features.js';
export type { FlowModMessage } from './messages/flow-mod.js';
export { FLOW_REMOVED_REASONS, type FlowRemoved, type FlowRemovedReason } from './messages/flow-removed.js';
export type { GroupModMessage } from './messages/group-mod.js';
export type { Hello } from './messages/hello.js';
export {
  extensionOf,
  kindNumbered,
  MESSAGE_TYPES,
  type Message,
  type MessageOf,
  type MessageType,
} from './messages/index.js';
export type { MeterModMessage } from './messages/meter-mod.js';
export type { MultipartReply, MultipartRequest } from './messages/multipart.js';
export { PACKET_IN_FORMATS, type PacketInFormat } from './messages/nicira-settings.js';
export { ASYNC_KINDS, type AsyncChange, type AsyncKind } from './messages/nxt-async.js';
export type { NxtPacketIn2, NxtResume } from './messages/nxt-packet-in2.js';
export { PACKET_IN_REASONS, type PacketIn } from './messages/packet-in.js';
export type { PacketOut } from './messages/packet-out.js';
export type { PortMod } from './messages/port-mod.js';
export { PORT_STATUS_REASONS, type PortStatus, type PortStatusReason } from './messages/port-status.js';
export type { Queue, QueueGetConfigReply, QueueGetConfigRequest, QueueProperty } from './messages/queue-config.js';
export { ROLES, type Role, type RoleReply, type RoleRequest } from './messages/role.js';
export { ROLE_STATUS_REASONS, type RoleStatus, type RoleStatusReason } from './messages/role-status.js';
export type { TableMod } from './messages/table-mod.js';
export type { Desc } from './multipart/desc.js';
export type { ExperimenterBody } from './multipart/experimenter.js';
export { type AggregateStats, type FlowStats, type FlowStatsRequest, splitDuration } from './multipart/flow.js';
export { type FlowMonitorRequest, type FlowUpdate, type FullFlowUpdate, ONFFMF } from './multipart/flow-monitor.js';
export {
  type BucketStats,
  type GroupDesc,
  type GroupFeatures,
  type GroupStats,
  type GroupStatsRequest,
  OFPGFC,
} from './multipart/group.js';
export {
  MULTIPARTS,
  type MultipartName,
  type ReplyBody,
  type RequestBody,
  type RowOf,
  type RowsName,
} from './multipart/index.js';
export type { BandStats, MeterConfig, MeterFeatures, MeterRequest, MeterStats } from './multipart/meter.js';
export type { PortStats, PortStatsRequest } from './multipart/port.js';
export type { QueueStats, QueueStatsRequest } from './multipart/queue.js';
export type { TableStats } from './multipart/table.js';
export {
  type FeatureId,
  type OxmId,
  oxmId,
  type TableFeatures,
  type TableProperty,
} from './multipart/table-features.js';
export { OFPPF, type Port } from './port.js';
export { type Side, senderOf } from './sender.js';
