/** get_async_reply and set_async: OpenFlow 1.3.5 §7.3.10. */
import { structMessage } from '../kind.js';
import { numbers, struct } from '../struct.js';

/** Bits of reasons (1 << OFPR_*, OFPPR_*, OFPRR_*): [as equal or master, as slave]. */
export interface AsyncMasks {
  readonly packetIn: readonly number[];
  readonly portStatus: readonly number[];
  readonly flowRemoved: readonly number[];
}
export interface GetAsyncReply extends AsyncMasks {
  readonly type: 'get_async_reply';
  readonly xid: number;
}
export interface SetAsync extends AsyncMasks {
  readonly type: 'set_async';
  readonly xid: number;
}

/** Six masks, as both set_async and Nicira's have them. */
export const asyncMasks = struct<AsyncMasks>([
  ['packetIn', numbers(2)],
  ['portStatus', numbers(2)],
  ['flowRemoved', numbers(2)],
]);

export const getAsyncReply = structMessage<GetAsyncReply>('get_async_reply', 27, asyncMasks);
export const setAsync = structMessage<SetAsync>('set_async', 28, asyncMasks);
