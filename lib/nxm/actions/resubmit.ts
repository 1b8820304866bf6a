/**
 * resubmit and resubmit_table: ovs-actions(7). Written as NXAST_RESUBMIT_TABLE (14), as Open vSwitch does from OpenFlow
 * 1.1 on; NXAST_RESUBMIT (1) is read too. With `ct`, NXAST_RESUBMIT_TABLE_CT (44): the lookup sees the original tuple
 * of the packet's connection in place of its own addresses, protocol and ports.
 */
import { action, nicira, readZeros } from '../action.js';
import { OFPP, port16, port32 } from '../field.js';

export interface Resubmit {
  readonly type: 'resubmit';
  /** The ingress port of the lookup, or null for the packet's own. */
  readonly inPort: number | null;
  /** The table, or null for the one it is called from. */
  readonly table: number | null;
  /** The lookup sees the connection's original tuple. */
  readonly ct?: true;
}

const BARE = nicira(1);
const TABLE = nicira(14);
const TABLE_CT = nicira(44);
/** 0xff on the wire: the current table. */
const THIS_TABLE = 0xff;

export const resubmit = action<Resubmit>({
  type: 'resubmit',
  ids: [TABLE, BARE, TABLE_CT],
  form: (a) => (a.ct ? TABLE_CT : TABLE),
  read(r, id) {
    const port = port32(r.u16('resubmit in_port'));
    const inPort = port === OFPP.IN_PORT ? null : port;
    if (id === BARE) {
      r.skip(4);
      return { type: 'resubmit', inPort, table: null };
    }
    const table = r.u8('resubmit table');
    readZeros(r, 'OFPBAC_BAD_ARGUMENT', 3);
    const found: Resubmit = { type: 'resubmit', inPort, table: table === THIS_TABLE ? null : table };
    return id === TABLE_CT ? { ...found, ct: true } : found;
  },
  write(a, w) {
    w.u16(port16(a.inPort ?? OFPP.IN_PORT));
    w.u8(a.table ?? THIS_TABLE).zeros(3);
  },
  texts: {
    resubmit(arg) {
      const [portText, tableText, ct, ...more] = arg.text.split(',').map((part) => part.trim());
      if ((ct && ct !== 'ct') || more.length > 0)
        throw arg.error(`resubmit takes a port, a table and ct, not "${arg.text}"`);
      const port = portText === '' ? OFPP.IN_PORT : arg.port(portText);
      if (port === null) throw arg.error(`unknown port "${portText}"`);
      const wanted = tableText ? arg.table(tableText) : THIS_TABLE;
      if (wanted === null) throw arg.error(`"${tableText}" is no table`, arg.text.indexOf(',') + 1);
      const table = wanted === THIS_TABLE ? null : wanted;
      if (port === OFPP.IN_PORT && table === null) throw arg.error('resubmit needs a port or a table');
      const found: Resubmit = { type: 'resubmit', inPort: port === OFPP.IN_PORT ? null : port, table };
      return ct ? { ...found, ct: true } : found;
    },
  },
  format(a, names) {
    const port = a.inPort === null ? '' : names.port(a.inPort);
    if (a.table === null && a.inPort !== null) return `resubmit:${port}`;
    return `resubmit(${port},${a.table === null ? '' : names.table(a.table)}${a.ct ? ',ct' : ''})`;
  },
  check(a, flow) {
    if (a.ct) flow.require('ct', 'resubmit with ct');
  },
  translate(a, m) {
    m.lists.resubmit(a.table, a.inPort, a.ct ?? false);
  },
});
