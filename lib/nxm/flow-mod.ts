/** A change of the flow tables, as plain data: what OFPT_FLOW_MOD carries and what a line of ovs-ofctl says. */
import type { Instructions } from './instruction.js';
import type { Match } from './match.js';

/** OFPFC_*: OpenFlow 1.3.5 §7.3.4.1. */
export type FlowCommand = 'add' | 'modify' | 'modify_strict' | 'delete' | 'delete_strict';
export const FLOW_COMMANDS: readonly FlowCommand[] = ['add', 'modify', 'modify_strict', 'delete', 'delete_strict'];

/** OFPFF_* bits. */
export const OFPFF = {
  SEND_FLOW_REM: 1,
  CHECK_OVERLAP: 2,
  RESET_COUNTS: 4,
  NO_PKT_COUNTS: 8,
  NO_BYT_COUNTS: 16,
} as const;

/** The priority of a flow that names none. */
export const DEFAULT_PRIORITY = 0x8000;
export const ALL_TABLES = 0xff;
export const NO_BUFFER_ID = 0xffffffff;
export const ANY_GROUP = 0xffffffff;

export interface FlowMod {
  readonly command: FlowCommand;
  /** 0–253, or 0xff for all tables in a delete. */
  readonly tableId: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly idleTimeout_s: number;
  readonly hardTimeout_s: number;
  readonly bufferId: number;
  readonly outPort: number;
  readonly outGroup: number;
  readonly flags: number;
  readonly match: Match;
  readonly instructions: Instructions;
}
