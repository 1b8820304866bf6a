/** The recorded flows of fixtures/text, and flow-mods as bytes by a writer that shares nothing with lib/wire. */
import { readFileSync } from 'node:fs';
import { toHex, Writer } from '../../lib/bytes/index.js';
import { FLOW_COMMANDS, type FlowMod, writeInstructions } from '../../lib/nxm/index.js';

/** What ovs-ofctl made of a line: text and bytes, or why it refused. */
export interface RecordedFlow {
  readonly line: string;
  readonly text?: string;
  readonly message?: string;
  readonly error?: string;
}

/** How ovs-ofctl printed a flow's statistics. */
export interface RecordedDump {
  readonly line: string;
  readonly table: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly packets: number;
  readonly bytes: number;
  readonly text: string;
}

function read(name: string): string {
  return readFileSync(new URL(`../../../fixtures/text/${name}`, import.meta.url), 'utf8');
}

export function recordedFlows(): RecordedFlow[] {
  return (JSON.parse(read('flows.json')) as { flows: RecordedFlow[] }).flows;
}

export function recordedDumps(): RecordedDump[] {
  return (JSON.parse(read('dumps.json')) as { dumps: RecordedDump[] }).dumps;
}

/**
 * Blocks of two lines, a flow and what is expected of it; "#" begins a comment at the start of a line or behind blanks.
 */
export function expectations(name: string): [line: string, expected: string][] {
  const blocks = read(name)
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .split(/\n\s*\n/);
  return blocks
    .map((block) => block.split('\n').filter((line) => line !== ''))
    .filter((block) => block.length > 0)
    .map(([line, expected]) => [line, expected.trim()]);
}

/** An OFPT_FLOW_MOD of OpenFlow 1.3 with transaction id 1, as ovs-ofctl numbers its first message. */
export function flowModHex(flow: FlowMod): string {
  const w = new Writer();
  w.u8(4).u8(14).u16(0).u32(1);
  w.u64(flow.cookie).u64(flow.cookieMask);
  w.u8(flow.tableId).u8(FLOW_COMMANDS.indexOf(flow.command)).u16(flow.idleTimeout_s).u16(flow.hardTimeout_s);
  w.u16(flow.priority).u32(flow.bufferId).u32(flow.outPort).u32(flow.outGroup).u16(flow.flags).zeros(2);
  const match = w.at;
  w.u16(1).u16(4 + flow.match.tlvs.length);
  w.put(flow.match.tlvs).pad(8, match);
  writeInstructions(w, flow.instructions);
  w.u16At(2, w.at);
  return toHex(w.done());
}

/** The match's TLVs and the instructions in a recorded message. */
export function partsOf(message: string): { tlvs: string; instructions: string } {
  const length = Number.parseInt(message.slice(0x32 * 2, 0x34 * 2), 16);
  return {
    tlvs: message.slice(0x34 * 2, (0x30 + length) * 2),
    instructions: message.slice((0x30 + Math.ceil(length / 8) * 8) * 2),
  };
}
