/**
 * ct: NXAST_CT (35), ovs-actions(7). The fork, commit, zones from a number or a field, and exec on ct_mark and ct_label. NAT
 * (NXAST_NAT, 36) and helpers are refused: not built yet.
 */
import { OpenFlowError } from '../../bytes/index.js';
import { slots } from '../../packet/key.js';
import { action, nicira } from '../action.js';
import { readActions, writeActions } from '../action-list.js';
import { formatActions } from '../action-text.js';
import { parseCt } from '../ct-text.js';
import { CT_STATE } from '../prerequisite.js';
import { checkSubfield, fieldFrom32, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield } from '../subfield-text.js';
import type { Action } from './index.js';

export interface Ct {
  readonly type: 'ct';
  readonly commit: boolean;
  readonly force: boolean;
  /** 16 bits; where `zoneFrom` is set, that decides. */
  readonly zone: number;
  readonly zoneFrom: Subfield | null;
  /** The table where the tracked copy goes on, or null. */
  readonly table: number | null;
  /** Port number of a helper's protocol (21 ftp, 69 tftp), 0 none. */
  readonly alg: number;
  readonly exec: readonly Action[];
}

const COMMIT = 1;
const FORCE = 2;
const NO_TABLE = 0xff;

/** Bits of "start and count" in Nicira's 16-bit form. */
function range(s: Subfield): number {
  return (s.start << 6) | (s.bits - 1);
}

export const ct = action<Ct>({
  type: 'ct',
  ids: [nicira(35)],
  read(r) {
    const flags = r.u16('ct flags');
    if (flags & FORCE && !(flags & COMMIT)) throw r.error('OFPBAC_BAD_ARGUMENT', 'ct with force needs commit', 2);
    const source = r.u32('ct zone source');
    const zone = r.u16('ct zone');
    let zoneFrom: Subfield | null = null;
    if (source !== 0) {
      zoneFrom = { field: fieldFrom32(source, r.at - 6), start: zone >> 6, bits: (zone & 0x3f) + 1 };
      checkSubfield(zoneFrom);
      if (zoneFrom.bits !== 16) throw r.error('OFPBAC_BAD_SET_LEN', `a zone of ${zoneFrom.bits} bits instead of 16`, 2);
    }
    const table = r.u8('ct table');
    r.skip(3);
    const alg = r.u16('ct alg');
    const exec = readActions(r);
    // What isn't known here (NAT) may stand in ct without commit.
    const sets = exec.some((a) => a.type !== 'unknown');
    if (sets && !(flags & COMMIT)) throw r.error('OFPBAC_BAD_ARGUMENT', 'ct with exec needs commit');
    return {
      type: 'ct',
      commit: (flags & COMMIT) !== 0,
      force: (flags & FORCE) !== 0,
      zone: zoneFrom ? 0 : zone,
      zoneFrom,
      table: table === NO_TABLE ? null : table,
      alg,
      exec,
    };
  },
  write(a, w) {
    w.u16((a.commit ? COMMIT : 0) | (a.force ? FORCE : 0));
    if (a.zoneFrom) {
      writeFieldHeader(w, a.zoneFrom.field);
      w.u16(range(a.zoneFrom));
    } else {
      w.u32(0).u16(a.zone);
    }
    w.u8(a.table ?? NO_TABLE)
      .zeros(3)
      .u16(a.alg);
    writeActions(w, a.exec);
  },
  texts: { ct: parseCt },
  format(a, names) {
    const parts: string[] = [];
    if (a.commit) parts.push('commit');
    if (a.force) parts.push('force');
    if (a.table !== null) parts.push(`table=${names.table(a.table)}`);
    if (a.zoneFrom) parts.push(`zone=${formatSubfield(a.zoneFrom)}`);
    else if (a.zone) parts.push(`zone=${a.zone}`);
    if (a.exec.length > 0) parts.push(`exec(${formatActions(a.exec, names)})`);
    if (a.alg) parts.push(`alg=${ALGS.get(a.alg) ?? a.alg}`);
    return `ct(${parts.join(',')})`;
  },
  check(a, flow) {
    flow.require('ip', 'ct');
    if (a.commit && flow.value.get(slots.ct_state) & flow.mask.get(slots.ct_state) & CT_STATE.inv) {
      throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT', 'ct(commit) in a flow that matches ct_state=+inv');
    }
    if (a.alg) throw new OpenFlowError('NXBAC_CT_DATAPATH_SUPPORT', `ct with alg=${a.alg} is not supported yet`);
    if (a.zoneFrom) {
      checkSubfield(a.zoneFrom);
      flow.require(a.zoneFrom.field.needs, a.zoneFrom.field.name);
    }
    flow.nested(a.exec, 'ct');
  },
  translate(a, m) {
    const zone = a.zoneFrom ? m.readBits(a.zoneFrom) : a.zone;
    m.ct({ commit: a.commit, force: a.force, zone, table: a.table, exec: a.exec });
  },
});

/** Helpers by their protocol's port. */
export const ALGS = new Map([
  [21, 'ftp'],
  [69, 'tftp'],
]);
