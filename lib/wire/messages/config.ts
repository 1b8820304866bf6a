/** get_config_reply and set_config: OpenFlow 1.3.5 §7.3.2. */
import { structMessage } from '../kind.js';
import { struct, u16 } from '../struct.js';

/** OFPC_FRAG_*: what happens to IP fragments. */
export const OFPC_FRAG = { NORMAL: 0, DROP: 1, REASM: 2, MASK: 3 } as const;

interface Config {
  /** OFPC_FRAG.* in the two low bits. */
  readonly flags: number;
  /** Bytes of a packet that didn't match, which a packet-in carries; 0xffff all. */
  readonly missSendLen: number;
}
export interface GetConfigReply extends Config {
  readonly type: 'get_config_reply';
  readonly xid: number;
}
export interface SetConfig extends Config {
  readonly type: 'set_config';
  readonly xid: number;
}

const body = struct<Config>([
  ['flags', u16],
  ['missSendLen', u16],
]);

export const getConfigReply = structMessage<GetConfigReply>('get_config_reply', 8, body);
export const setConfig = structMessage<SetConfig>('set_config', 9, body);
