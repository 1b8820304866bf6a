/**
 * resubmit and resubmit_table: ovs-actions(7). Written as NXAST_RESUBMIT_TABLE (14), as Open vSwitch does from OpenFlow 1.1 on;
 * NXAST_RESUBMIT (1) is read too.
 */
import { action, nicira } from '../action.js';
import { OFPP, port16, port32 } from '../field.js';

export interface Resubmit {
  readonly type: 'resubmit';
  /** The ingress port of the lookup, or null for the packet's own. */
  readonly inPort: number | null;
  /** The table, or null for the one it is called from. */
  readonly table: number | null;
}

const BARE = nicira(1);
const TABLE = nicira(14);
/** 0xff on the wire: the current table. */
const THIS_TABLE = 0xff;

export const resubmit = action<Resubmit>({
  type: 'resubmit',
  ids: [TABLE, BARE],
  read(r, id) {
    const port = port32(r.u16('resubmit in_port'));
    const inPort = port === OFPP.IN_PORT ? null : port;
    if (id === BARE) {
      r.skip(4);
      return { type: 'resubmit', inPort, table: null };
    }
    const table = r.u8('resubmit table');
    for (let i = 0; i < 3; i++) {
      if (r.u8('resubmit padding') !== 0) throw r.error('OFPBAC_BAD_ARGUMENT', 'resubmit padding is not zero', 1);
    }
    return { type: 'resubmit', inPort, table: table === THIS_TABLE ? null : table };
  },
  write(a, w) {
    w.u16(port16(a.inPort ?? OFPP.IN_PORT));
    w.u8(a.table ?? THIS_TABLE).zeros(3);
  },
  texts: {
    resubmit(arg) {
      const [portText, tableText, ct, ...more] = arg.text.split(',').map((part) => part.trim());
      if (ct === 'ct') throw arg.error('resubmit with ct is not supported yet', arg.text.lastIndexOf('ct'));
      if (ct || more.length > 0) throw arg.error(`resubmit takes a port and a table, not "${arg.text}"`);
      const port = portText === '' ? OFPP.IN_PORT : arg.port(portText);
      if (port === null) throw arg.error(`unknown port "${portText}"`);
      const wanted = tableText ? arg.table(tableText) : THIS_TABLE;
      if (wanted === null) throw arg.error(`"${tableText}" is no table`, arg.text.indexOf(',') + 1);
      const table = wanted === THIS_TABLE ? null : wanted;
      if (port === OFPP.IN_PORT && table === null) throw arg.error('resubmit needs a port or a table');
      return { type: 'resubmit', inPort: port === OFPP.IN_PORT ? null : port, table };
    },
  },
  format(a, names) {
    const port = a.inPort === null ? '' : names.port(a.inPort);
    if (a.table === null && a.inPort !== null) return `resubmit:${port}`;
    return `resubmit(${port},${a.table === null ? '' : names.table(a.table)})`;
  },
  check() {},
  translate(a, m) {
    m.lists.resubmit(a.table, a.inPort);
  },
});
