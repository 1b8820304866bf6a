/** Flows as text: a line of ovs-ofctl's dump-flows, and the form in which ovs-ofctl prints a flow-mod message. */
import {
  ALL_TABLES,
  DEFAULT_PRIORITY,
  type FlowCommand,
  type FlowMod,
  type FlowRow,
  NO_BUFFER_ID,
  OFPP,
  PLAIN_NAMES,
  type TextNames,
} from '../nxm/index.js';
import { FLOW_FLAGS } from './flow-json.js';
import { formatInstructions } from './instruction-text.js';
import { formatMatch } from './match-printer.js';

export interface FlowPrintOptions {
  readonly names?: TextNames;
  /** Print cookie, duration, table and counters even where they are zero: true unless --no-stats. */
  readonly stats?: boolean;
}

function formatFlags(flags: number): string {
  return FLOW_FLAGS.filter(([bit]) => flags & bit)
    .map(([, name]) => `${name} `)
    .join('');
}

/** Seconds, with milliseconds where there are some: "12.345". */
export function formatDuration(duration_ms: number): string {
  const whole = Math.floor(duration_ms / 1000);
  const rest = Math.floor(duration_ms) % 1000;
  return rest === 0 ? String(whole) : `${whole}.${String(rest).padStart(3, '0')}`;
}

/** One line of `ovs-ofctl dump-flows`, which begins with a space, without its end. */
export function formatFlow(flow: FlowRow, { names = PLAIN_NAMES, stats = true }: FlowPrintOptions = {}): string {
  let text = ' ';
  if (stats || flow.cookie !== 0n) text += `cookie=0x${flow.cookie.toString(16)}, `;
  if (stats) text += `duration=${formatDuration(flow.duration_ms)}s, `;
  if (stats || flow.tableId !== 0) text += `table=${names.table(flow.tableId)}, `;
  if (stats) text += `n_packets=${flow.packets ?? '?'}, n_bytes=${flow.bytes ?? '?'}, `;
  if (flow.idleTimeout_s !== 0) text += `idle_timeout=${flow.idleTimeout_s}, `;
  if (flow.hardTimeout_s !== 0) text += `hard_timeout=${flow.hardTimeout_s}, `;
  text += formatFlags(flow.flags);
  const match = formatMatch(flow.match, names, flow.priority);
  return `${text}${match === '' ? '' : `${match} `}actions=${formatInstructions(flow.instructions, names)}`;
}

/**
 * One line of `ovs-appctl bridge/dump-flows`, without its end; `offload`: with counters of packets that hardware
 * forwarded, of which there are none.
 */
export function formatBridgeFlow(flow: FlowRow, offload = false): string {
  const table = flow.tableId === 0 ? '' : `table_id=${flow.tableId}, `;
  const counts = `n_packets=${flow.packets ?? 0}, n_bytes=${flow.bytes ?? 0}, `;
  const offloaded = offload ? 'n_offload_packets=0, n_offload_bytes=0, ' : '';
  const match = formatMatch(flow.match, PLAIN_NAMES, flow.priority);
  const actions = formatInstructions(flow.instructions, PLAIN_NAMES);
  return `${table}duration=${Math.floor(flow.duration_ms / 1000)}s, ${counts}${offloaded}${match},actions=${actions}`;
}

const COMMANDS: Readonly<Record<FlowCommand, string>> = {
  add: 'ADD',
  modify: 'MOD',
  modify_strict: 'MOD_STRICT',
  delete: 'DEL',
  delete_strict: 'DEL_STRICT',
};

const ALL_ONES = 0xffffffffffffffffn;

/** As `ovs-ofctl parse-flows` prints a flow-mod behind the message's name: "ADD table:1 priority=5,ip actions=drop". */
export function formatFlowMod(flow: FlowMod, names: TextNames = PLAIN_NAMES): string {
  let text = COMMANDS[flow.command];
  if (flow.tableId !== 0) text += ` table:${names.table(flow.tableId)}`;
  const match = formatMatch(flow.match, names, flow.priority);
  text += match === '' ? ' ' : ` ${match} `;
  if (flow.command === 'add') {
    // All ones meant "leave the cookie" once, and isn't printed.
    if (flow.cookie !== 0n && flow.cookie !== ALL_ONES) text += `cookie:0x${flow.cookie.toString(16)} `;
  } else if (flow.cookieMask !== 0n) {
    text += `cookie:0x${flow.cookie.toString(16)}/0x${flow.cookieMask.toString(16)} `;
  }
  if (flow.idleTimeout_s !== 0) text += `idle:${flow.idleTimeout_s} `;
  if (flow.hardTimeout_s !== 0) text += `hard:${flow.hardTimeout_s} `;
  if (flow.bufferId !== NO_BUFFER_ID) text += `buf:0x${flow.bufferId.toString(16)} `;
  if (flow.outPort !== OFPP.ANY) text += `out_port:${names.port(flow.outPort)} `;
  return `${text}${formatFlags(flow.flags)}actions=${formatInstructions(flow.instructions, names)}`;
}

/** A flow-mod as a line that parseFlow reads back with the command 'any'. */
export function formatFlowLine(flow: FlowMod, names: TextNames = PLAIN_NAMES): string {
  const parts: string[] = [];
  const deletes = flow.command.startsWith('delete');
  if (deletes ? flow.tableId !== ALL_TABLES : flow.tableId !== 0) parts.push(`table=${names.table(flow.tableId)}`);
  if (flow.command === 'add' && flow.cookie !== 0n) parts.push(`cookie=0x${flow.cookie.toString(16)}`);
  if (flow.command !== 'add' && flow.cookieMask !== 0n) {
    parts.push(`cookie=0x${flow.cookie.toString(16)}/0x${flow.cookieMask.toString(16)}`);
  }
  if (flow.idleTimeout_s !== 0) parts.push(`idle_timeout=${flow.idleTimeout_s}`);
  if (flow.hardTimeout_s !== 0) parts.push(`hard_timeout=${flow.hardTimeout_s}`);
  if (flow.outPort !== OFPP.ANY) parts.push(`out_port=${names.port(flow.outPort)}`);
  if (flow.outGroup !== 0xffffffff) parts.push(`out_group=${flow.outGroup}`);
  for (const [bit, name] of FLOW_FLAGS) if (flow.flags & bit) parts.push(name);
  const priority = flow.command === 'delete' ? DEFAULT_PRIORITY : flow.priority;
  const match = formatMatch(flow.match, names, priority);
  if (match !== '') parts.push(match);
  if (!deletes) parts.push(`actions=${formatInstructions(flow.instructions, names)}`);
  const command = flow.command === 'add' ? '' : `${flow.command} `;
  return `${command}${parts.join(',')}`;
}
