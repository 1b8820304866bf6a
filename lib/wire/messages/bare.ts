/** Messages without a body: OpenFlow 1.3.5 §7.3.1, §7.3.2, §7.3.8, §7.3.10. */
import { type MessageKind, message } from '../kind.js';

interface Bare<T extends string> {
  readonly type: T;
  readonly xid: number;
}
export type FeaturesRequest = Bare<'features_request'>;
export type GetConfigRequest = Bare<'get_config_request'>;
export type BarrierRequest = Bare<'barrier_request'>;
export type BarrierReply = Bare<'barrier_reply'>;
export type GetAsyncRequest = Bare<'get_async_request'>;

function bare<T extends string>(type: T, number: number): MessageKind<Bare<T>> {
  return message({ type, number, bytes: 0, read: (_, c) => ({ type, xid: c.xid }), write() {} });
}

export const featuresRequest = bare('features_request', 5);
export const getConfigRequest = bare('get_config_request', 7);
export const barrierRequest = bare('barrier_request', 20);
export const barrierReply = bare('barrier_reply', 21);
export const getAsyncRequest = bare('get_async_request', 26);
