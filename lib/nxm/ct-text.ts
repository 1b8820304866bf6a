/**
 * The text of ct: "ct(commit,force,table=1,zone=5,nat(src=10.0.0.9),exec(set_field:1->ct_mark))". The order of its
 * parts is free.
 */

import type { TextArgument } from './action.js';
import type { Ct } from './actions/index.js';
import { isBareNat, parseNat } from './actions/nat.js';
import { type KeyValue, keyValues } from './key-values.js';
import { parseSubfield } from './subfield-text.js';
import { didYouMean } from './suggestion.js';
import { parseNumber } from './value-text.js';
import { written } from './written-field.js';

/** A ct while it is read. */
type Draft = { -readonly [K in keyof Ct]: Ct[K] };

/** Port numbers of the protocols that helpers know. */
const ALG_PORTS: Readonly<Record<string, number>> = { ftp: 21, tftp: 69 };
/** On the wire this table means none. */
const NO_TABLE = 0xff;

const PARTS: Readonly<Record<string, (ct: Draft, part: KeyValue, arg: TextArgument) => void>> = {
  commit(ct) {
    ct.commit = true;
  },
  force(ct) {
    ct.force = true;
  },
  table(ct, { value, valueAt }, arg) {
    const table = arg.table(value);
    if (table === null || table === NO_TABLE) throw arg.error(`"${value}" is no table of 0 to 254`, valueAt);
    ct.table = table;
  },
  zone(ct, { value, valueAt }, arg) {
    const number = parseNumber(value);
    if (number !== null && number <= 0xffffn) {
      ct.zone = Number(number);
      ct.zoneFrom = null;
      return;
    }
    if (number !== null) throw arg.error(`zone ${value} is more than 65535`, valueAt);
    const from = parseSubfield(value, arg, valueAt);
    if (from.bits !== 16) throw arg.error(`a zone has 16 bits, "${value}" has ${from.bits}`, valueAt);
    ct.zone = 0;
    ct.zoneFrom = from;
  },
  alg(ct, { value, valueAt }, arg) {
    const port = ALG_PORTS[value];
    if (port === undefined) throw arg.error(`unknown helper "${value}": there are ftp and tftp`, valueAt);
    ct.alg = port;
  },
  nat(ct, { value, valueAt }, arg) {
    const error: TextArgument['error'] = (why, offset = 0) => arg.error(why, valueAt + offset);
    const inner: TextArgument = { ...arg, name: 'nat', text: value, error };
    ct.exec = [...ct.exec, parseNat(inner)];
  },
  exec(ct, { value, valueAt }, arg) {
    const actions = arg.actions(value, valueAt);
    for (const action of actions) {
      const field = written(action);
      if (action.type === 'nat' || field?.access === 'inside-ct') continue;
      throw arg.error(`inside exec only ct_mark and ct_label can be set, not ${field?.name ?? action.type}`, valueAt);
    }
    ct.exec = [...ct.exec, ...actions];
  },
};

/** Reads ct's argument. Throws arg.error. */
export function parseCt(arg: TextArgument): Ct {
  const ct: Draft = {
    type: 'ct',
    commit: false,
    force: false,
    zone: 0,
    zoneFrom: null,
    table: null,
    alg: 0,
    exec: [],
  };
  for (const part of keyValues(arg.text)) {
    const read = Object.hasOwn(PARTS, part.key) ? PARTS[part.key] : undefined;
    if (!read) throw arg.error(`ct has no "${part.key}"${didYouMean(part.key, Object.keys(PARTS))}`, part.keyAt);
    if (!part.closed) throw arg.error(`"${part.key}(" has no ")"`, part.keyAt);
    read(ct, part, arg);
  }
  if (ct.force && !ct.commit) throw arg.error('force needs commit');
  for (const action of ct.commit ? [] : ct.exec) {
    if (action.type !== 'nat') throw arg.error('exec needs commit');
    if (!isBareNat(action)) throw arg.error('nat with arguments needs commit');
  }
  return ct;
}
