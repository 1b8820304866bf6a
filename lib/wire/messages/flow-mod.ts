/** flow_mod: OpenFlow 1.3.5 §7.3.4.1. Written by hand: controllers send them by the hundred thousand. */
import { FLOW_COMMANDS, type FlowMod, OFPFF, readInstructions, writeInstructions } from '../../nxm/index.js';
import { message } from '../kind.js';
import { readMatch, writeMatch } from '../match.js';

export interface FlowModMessage {
  readonly type: 'flow_mod';
  readonly xid: number;
  readonly change: FlowMod;
}

const KNOWN_FLAGS = Object.values(OFPFF).reduce((all: number, flag) => all | flag, 0);

export const flowMod = message<FlowModMessage>({
  type: 'flow_mod',
  number: 14,
  read(r, c) {
    const cookie = r.u64('flow-mod cookie');
    const cookieMask = r.u64('flow-mod cookie mask');
    const tableId = r.u8('flow-mod table');
    const number = r.u8('flow-mod command');
    const command = FLOW_COMMANDS[number];
    if (command === undefined) throw r.error('OFPFMFC_BAD_COMMAND', `flow-mod command ${number}`, 1);
    const idleTimeout_s = r.u16('flow-mod idle timeout');
    const hardTimeout_s = r.u16('flow-mod hard timeout');
    const priority = r.u16('flow-mod priority');
    const bufferId = r.u32('flow-mod buffer');
    const outPort = r.u32('flow-mod out_port');
    const outGroup = r.u32('flow-mod out_group');
    const flags = r.u16('flow-mod flags');
    if (flags & ~KNOWN_FLAGS && !c.lenient) {
      throw r.error('OFPFMFC_BAD_FLAGS', `flow-mod flags 0x${flags.toString(16)}`, 2);
    }
    r.skip(2);
    const match = readMatch(r, c.lenient);
    const instructions = readInstructions(r);
    const change: FlowMod = {
      command,
      tableId,
      priority,
      cookie,
      cookieMask,
      idleTimeout_s,
      hardTimeout_s,
      bufferId,
      outPort,
      outGroup,
      flags,
      match,
      instructions,
    };
    return { type: 'flow_mod', xid: c.xid, change };
  },
  write({ change: f }, w) {
    w.u64(f.cookie).u64(f.cookieMask).u8(f.tableId).u8(FLOW_COMMANDS.indexOf(f.command));
    w.u16(f.idleTimeout_s).u16(f.hardTimeout_s).u16(f.priority);
    w.u32(f.bufferId).u32(f.outPort).u32(f.outGroup).u16(f.flags).zeros(2);
    writeMatch(w, f.match);
    writeInstructions(w, f.instructions);
  },
});
