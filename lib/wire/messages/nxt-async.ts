/**
 * NXT_SET_ASYNC_CONFIG (Nicira's subtype 19), which is OpenFlow 1.3's set_async, and NXT_SET_ASYNC_CONFIG2 (27), which
 * is OpenFlow 1.4's: a property a kind of message and role, so that role status and requestforward can be asked for in
 * 1.3, and what isn't named stays as it is.
 */
import { only32, properties, writeProperty } from '../../bytes/index.js';
import { extension, nxt, structMessage } from '../kind.js';
import { type AsyncMasks, asyncMasks } from './async.js';

export interface NxtSetAsync extends AsyncMasks {
  readonly type: 'nxt_set_async_config';
  readonly xid: number;
}

export const nxtSetAsync = structMessage<NxtSetAsync>('nxt_set_async_config', nxt(19), asyncMasks);

/**
 * Kinds of unasked messages in the order of OpenFlow 1.4's OFPACPT_*: each has a property as slave, and one as master.
 */
export const ASYNC_KINDS = [
  'packetIn',
  'portStatus',
  'flowRemoved',
  'roleStatus',
  'tableStatus',
  'requestForward',
] as const;
export type AsyncKind = (typeof ASYNC_KINDS)[number];

export interface AsyncChange {
  readonly kind: AsyncKind;
  /** Does it hold for a slave, or for a master and equal? */
  readonly slave: boolean;
  /** Bits of reasons. */
  readonly mask: number;
}

export interface NxtSetAsync2 {
  readonly type: 'nxt_set_async_config2';
  readonly xid: number;
  readonly changes: readonly AsyncChange[];
}

export const nxtSetAsync2 = extension<NxtSetAsync2>(nxt(27), {
  type: 'nxt_set_async_config2',
  read(r, c) {
    const changes: AsyncChange[] = [];
    for (const [type, payload] of properties(r)) {
      const kind = ASYNC_KINDS[type >> 1];
      if (kind !== undefined) changes.push({ kind, slave: (type & 1) === 0, mask: only32(payload) });
      else if (!c.lenient) throw payload.error('OFPACFC_UNSUPPORTED', `an async configuration has property ${type}`, 4);
    }
    return { type: 'nxt_set_async_config2', xid: c.xid, changes };
  },
  write(m, w) {
    for (const { kind, slave, mask } of m.changes) {
      writeProperty(w, 2 * ASYNC_KINDS.indexOf(kind) + (slave ? 0 : 1), () => w.u32(mask));
    }
  },
});
