/** meter_mod: OpenFlow 1.3.5 §7.3.4.4. */
import { METER_COMMANDS, type MeterMod } from '../../nxm/meter-mod.js';
import { readBands, writeBands } from '../band.js';
import { message } from '../kind.js';

export interface MeterModMessage {
  readonly type: 'meter_mod';
  readonly xid: number;
  readonly change: MeterMod;
}

export const meterMod = message<MeterModMessage>({
  type: 'meter_mod',
  number: 29,
  read(r, c) {
    const number = r.u16('meter-mod command');
    const command = METER_COMMANDS[number];
    if (command === undefined) throw r.error('OFPMMFC_BAD_COMMAND', `meter-mod command ${number}`, 2);
    const flags = r.u16('meter flags');
    const meterId = r.u32('meter id');
    return { type: 'meter_mod', xid: c.xid, change: { command, flags, meterId, bands: readBands(r) } };
  },
  write({ change: m }, w) {
    w.u16(METER_COMMANDS.indexOf(m.command)).u16(m.flags).u32(m.meterId);
    writeBands(w, m.bands);
  },
});
