/**
 * set_mpls_ttl and dec_mpls_ttl: OpenFlow 1.3.5 §7.2.4.4. A TTL of 0 or 1 goes to the controller and ends the actions.
 */
import { action, alone, nicira, standard } from '../action.js';
import { fields } from '../fields.js';
import { parseNumber } from '../value-text.js';
import { NO_BUFFER } from './output.js';

export interface SetMplsTtl {
  readonly type: 'set_mpls_ttl';
  readonly ttl: number;
}

export interface DecMplsTtl {
  readonly type: 'dec_mpls_ttl';
}

export const setMplsTtl = action<SetMplsTtl>({
  type: 'set_mpls_ttl',
  ids: [standard(15), nicira(25)],
  read(r) {
    const ttl = r.u8('set_mpls_ttl');
    r.skip(3);
    return { type: 'set_mpls_ttl', ttl };
  },
  write(a, w) {
    w.u8(a.ttl).zeros(3);
  },
  texts: {
    set_mpls_ttl(arg) {
      const ttl = parseNumber(arg.text);
      if (ttl === null || ttl > 255n) throw arg.error(`"${arg.text}" is no TTL of 0 to 255`);
      return { type: 'set_mpls_ttl', ttl: Number(ttl) };
    },
  },
  format: (a) => `set_mpls_ttl(${a.ttl})`,
  check(_, flow) {
    flow.require('mpls', 'set_mpls_ttl');
  },
  translate(a, m) {
    if (m.fields.has(fields.mpls_ttl)) m.fields.set(fields.mpls_ttl, a.ttl);
  },
});

export const decMplsTtl = action<DecMplsTtl>({
  type: 'dec_mpls_ttl',
  ids: [standard(16), nicira(26)],
  read(r) {
    r.skip(4);
    return { type: 'dec_mpls_ttl' };
  },
  write(_, w) {
    w.zeros(4);
  },
  texts: { dec_mpls_ttl: alone({ type: 'dec_mpls_ttl' }) },
  format: () => 'dec_mpls_ttl',
  check(_, flow) {
    flow.require('mpls', 'dec_mpls_ttl');
  },
  translate(_, m) {
    if (!m.fields.has(fields.mpls_ttl)) return;
    const ttl = m.fields.read(fields.mpls_ttl);
    if (ttl > 1) {
      m.fields.set(fields.mpls_ttl, ttl - 1);
    } else {
      m.outputs.controller({ maxLen: NO_BUFFER, reason: 'invalid_ttl', controllerId: 0 });
      m.lists.end();
    }
  },
});
