/**
 * set_tunnel and set_tunnel64: NXAST_SET_TUNNEL (2) and NXAST_SET_TUNNEL64 (9), ovs-actions(7). They are read; written,
 * they are OpenFlow 1.3's set_field of tun_id, and so are the texts (legacy-action-text.ts).
 */
import { fromBigInt } from '../../bytes/index.js';
import { action, nicira, standard } from '../action.js';
import { fields } from '../fields.js';
import { writeTlv } from '../oxm.js';

export interface SetTunnel {
  readonly type: 'set_tunnel';
  readonly tunId: bigint;
  /** It came as NXAST_SET_TUNNEL64. */
  readonly wide: boolean;
}

const NARROW = nicira(2);
const WIDE = nicira(9);

/** The field that is set, with its value. */
const tunnel = (a: SetTunnel) => ({ field: fields.tun_id, value: fromBigInt(a.tunId, 8), mask: null });

export const setTunnel = action<SetTunnel>({
  type: 'set_tunnel',
  ids: [NARROW, WIDE],
  form: () => standard(25),
  read(r, id) {
    r.skip(id === WIDE ? 6 : 2);
    const tunId = id === WIDE ? r.u64('tunnel id') : BigInt(r.u32('tunnel id'));
    return { type: 'set_tunnel', tunId, wide: id === WIDE };
  },
  write(a, w) {
    writeTlv(w, tunnel(a));
  },
  texts: {},
  format: (a) => `set_tunnel${a.wide ? '64' : ''}:${a.tunId === 0n ? '0' : `0x${a.tunId.toString(16)}`}`,
  check() {},
  translate(a, m) {
    m.fields.setValue(tunnel(a));
  },
});
