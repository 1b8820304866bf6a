/**
 * Flow monitors' single messages, ONF's extension 187 to OpenFlow 1.3: cancel (subtype 1870), paused (1871) and resumed
 * (1872). Requests and updates are a multipart of the same extension.
 */
import { extension, type MessageKind, onf, structMessage } from '../kind.js';
import { struct, u32 } from '../struct.js';

export interface FlowMonitorCancel {
  readonly type: 'onf_flow_monitor_cancel';
  readonly xid: number;
  readonly monitorId: number;
}

export const flowMonitorCancel = structMessage<FlowMonitorCancel>(
  'onf_flow_monitor_cancel',
  onf(1870),
  struct([['monitorId', u32]]),
);

interface Bare<T extends string> {
  readonly type: T;
  readonly xid: number;
}
export type FlowMonitorPaused = Bare<'onf_flow_monitor_paused'>;
export type FlowMonitorResumed = Bare<'onf_flow_monitor_resumed'>;

function bare<T extends string>(type: T, expType: number): MessageKind<Bare<T>> {
  return extension<Bare<T>>(onf(expType), { type, bytes: 0, read: (_, c) => ({ type, xid: c.xid }), write() {} });
}

export const flowMonitorPaused = bare('onf_flow_monitor_paused', 1871);
export const flowMonitorResumed = bare('onf_flow_monitor_resumed', 1872);
