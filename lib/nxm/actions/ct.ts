/**
 * ct: NXAST_CT (35), ovs-actions(7). The fork, commit, zones from a number or a field, helpers, and the actions
 * inside it: exec on ct_mark and ct_label, and nat (nat.ts).
 */
import { OpenFlowError } from '../../bytes/index.js';
import { slots } from '../../packet/key.js';
import { action, nicira } from '../action.js';
import { readActions, writeActions } from '../action-list.js';
import { formatActions } from '../action-text.js';
import { parseCt } from '../ct-text.js';
import { CT_STATE, type Prerequisite } from '../prerequisite.js';
import { checkSubfield, fieldFrom32, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield } from '../subfield-text.js';
import { written } from '../written-field.js';
import type { Action } from './index.js';
import { isBareNat } from './nat.js';

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
  /** Actions on ct_mark and ct_label, and nat, in order. Of several nat the last one counts. */
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
    if (!(flags & COMMIT) && !exec.every((a) => a.type === 'unknown' || (a.type === 'nat' && isBareNat(a)))) {
      throw r.error('OFPBAC_BAD_ARGUMENT', 'ct with exec, or nat with arguments, needs commit');
    }
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
    // A nat that comes first stands outside of exec.
    const [first, ...rest] = a.exec;
    if (first?.type === 'nat') parts.push(formatActions([first], names));
    const inside = first?.type === 'nat' ? rest : a.exec;
    if (inside.length > 0) parts.push(`exec(${formatActions(inside, names)})`);
    if (a.alg) parts.push(`alg=${ALGS.get(a.alg)?.name ?? a.alg}`);
    return `ct(${parts.join(',')})`;
  },
  check(a, flow) {
    flow.require('ip', 'ct');
    if (a.commit && flow.value.get(slots.ct_state) & flow.mask.get(slots.ct_state) & CT_STATE.inv) {
      throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT', 'ct(commit) in a flow that matches ct_state=+inv');
    }
    const helper = ALGS.get(a.alg);
    if (helper) flow.require(helper.needs, `ct with alg=${helper.name}`);
    else if (a.alg) throw new OpenFlowError('NXBAC_CT_DATAPATH_SUPPORT', `there is no helper ${a.alg}`);
    if (a.zoneFrom) {
      checkSubfield(a.zoneFrom);
      flow.require(a.zoneFrom.field.needs, a.zoneFrom.field.name);
    }
    for (const action of a.exec) {
      const field = written(action);
      if (action.type === 'nat' || field?.access === 'inside-ct') continue;
      const what = field?.name ?? action.type;
      throw new OpenFlowError('OFPBAC_BAD_ARGUMENT', `${what} inside ct: only ct_mark and ct_label can be set there`);
    }
    flow.nested(a.exec, 'ct');
  },
  translate(a, m) {
    const zone = a.zoneFrom ? m.fields.readBits(a.zoneFrom) : a.zone;
    const exec = a.exec.filter((action) => action.type !== 'nat');
    const nat = a.exec.findLast((action) => action.type === 'nat') ?? null;
    const helper = ALGS.get(a.alg)?.name ?? null;
    m.tracking.ct({ commit: a.commit, force: a.force, zone, table: a.table, exec, nat, helper });
  },
});

/** Helpers by their protocol's port. */
const ALGS = new Map<number, { name: 'ftp' | 'tftp'; needs: Prerequisite }>([
  [21, { name: 'ftp', needs: 'tcp' }],
  [69, { name: 'tftp', needs: 'udp' }],
]);
