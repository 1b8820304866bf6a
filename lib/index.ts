/**
 * ctswitch as a library: a switch with ports, flow tables and a connection tracker, in memory or on real interfaces.
 * Nothing here loads a server, a logger or a native module until it is asked to.
 */
export {
  type Clock,
  fromHex,
  type Log,
  ManualClock,
  OpenFlowError,
  Random,
  RefusedError,
  TextError,
  toHex,
} from './bytes/index.js';
export type { TlsOptions } from './channel/tls.js';
export type { Connection } from './ct/index.js';
export {
  type Amounts,
  type Arp,
  arp,
  frame,
  type Icmp,
  type Ip,
  icmp,
  type Link,
  type ReplyOptions,
  reply,
  type Tcp,
  tcp,
  type Udp,
  udp,
} from './frames/index.js';
export type {
  FlowFilter,
  FlowView,
  GroupView,
  MeterView,
  PacketIn,
  PortView,
  QueueView,
  TableView,
} from './pipeline/types.js';
export { type MemoryPort, memory } from './ports/memory.js';
export { type Port, PortError, type PortHost } from './ports/port.js';
export { ALL_FLOWS, type FailMode, type StartOptions, Switch, type SwitchEvent, type SwitchOptions } from './switch.js';
export { systemClock } from './system-clock.js';
export { formatTrace, type Trace, type TraceInput, type TraceOptions } from './trace/index.js';
