/** A flow as programs read it: numbers, and match and actions as ovs-ofctl writes them. Schema ctswitch/flow@1. */
import { type FlowRow, OFPFF, PLAIN_NAMES, type TextNames } from '../nxm/index.js';
import { formatInstructions } from './instruction-text.js';
import { formatMatch } from './match-printer.js';

/** OFPFF_* bits and ovs-ofctl's names for them. */
export const FLOW_FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [OFPFF.SEND_FLOW_REM, 'send_flow_rem'],
  [OFPFF.CHECK_OVERLAP, 'check_overlap'],
  [OFPFF.RESET_COUNTS, 'reset_counts'],
  [OFPFF.NO_PKT_COUNTS, 'no_packet_counts'],
  [OFPFF.NO_BYT_COUNTS, 'no_byte_counts'],
];

export interface FlowJson {
  readonly table_id: number;
  readonly priority: number;
  /** Hexadecimal, with 0x. */
  readonly cookie: string;
  readonly duration_ms: number;
  /** null: not counted. */
  readonly packets: number | null;
  readonly bytes: number | null;
  readonly idle_timeout_s: number;
  readonly hard_timeout_s: number;
  readonly flags: readonly string[];
  /** "" matches everything. */
  readonly match: string;
  readonly actions: string;
}

/** The flow as JSON. */
export function flowJson(flow: FlowRow, names: TextNames = PLAIN_NAMES): FlowJson {
  const known = FLOW_FLAGS.filter(([bit]) => flow.flags & bit);
  const rest = known.reduce((left, [bit]) => left & ~bit, flow.flags) >>> 0;
  return {
    table_id: flow.tableId,
    priority: flow.priority,
    cookie: `0x${flow.cookie.toString(16)}`,
    duration_ms: flow.duration_ms,
    packets: flow.packets,
    bytes: flow.bytes,
    idle_timeout_s: flow.idleTimeout_s,
    hard_timeout_s: flow.hardTimeout_s,
    flags: [...known.map(([, name]) => name), ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])],
    match: formatMatch(flow.match, names),
    actions: formatInstructions(flow.instructions, names),
  };
}
