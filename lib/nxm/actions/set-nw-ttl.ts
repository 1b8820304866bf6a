/** set_nw_ttl, in texts mod_nw_ttl: OpenFlow 1.3.5 §7.2.4.4. */
import { action, standard, type TextArgument } from '../action.js';
import { fields } from '../fields.js';
import { parseNumber } from '../value-text.js';

export interface SetNwTtl {
  readonly type: 'set_nw_ttl';
  readonly ttl: number;
}

function parse(arg: TextArgument): SetNwTtl {
  const ttl = parseNumber(arg.text);
  if (ttl === null || ttl > 255n) throw arg.error(`"${arg.text}" is no TTL of 0 to 255`);
  return { type: 'set_nw_ttl', ttl: Number(ttl) };
}

export const setNwTtl = action<SetNwTtl>({
  type: 'set_nw_ttl',
  ids: [standard(23)],
  read(r) {
    const ttl = r.u8('set_nw_ttl');
    r.skip(3);
    return { type: 'set_nw_ttl', ttl };
  },
  write(a, w) {
    w.u8(a.ttl).zeros(3);
  },
  texts: { mod_nw_ttl: parse, set_nw_ttl: parse },
  format: (a) => `mod_nw_ttl:${a.ttl}`,
  check(_, flow) {
    flow.require('ip', 'set_nw_ttl');
  },
  translate(a, m) {
    if (m.fields.has(fields.nw_ttl)) m.fields.set(fields.nw_ttl, a.ttl);
  },
});
