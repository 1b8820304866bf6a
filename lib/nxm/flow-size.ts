/**
 * How long flows and groups are on the wire, and how long they may be: statistics and descriptions, each in one message
 * of 64 KB, must have room for them. Messages say their length themselves; what comes out of texts and programs is
 * measured here.
 */
import { OpenFlowError, Writer } from '../bytes/index.js';
import { writeActions } from './action-list.js';
import type { FlowCommand, FlowMod } from './flow-mod.js';
import type { Bucket } from './group-mod.js';
import { type Instructions, writeInstructions } from './instruction.js';
import type { Match } from './match.js';

const MAX_BYTES = 0xffff;
/** A flow stands in its statistics with 16 bytes more around it than in its flow-mod. */
export const MAX_FLOW_MOD_BYTES = MAX_BYTES - 16;
/** The longest match: all fields with their masks, and as many bytes of Geneve options as there is room for. */
const MAX_MATCH_BYTES = 2_560;
/** What a loose modify says will stand beside the matches of the flows that it meets. */
const MAX_MODIFY_BYTES = MAX_FLOW_MOD_BYTES - MAX_MATCH_BYTES;
/** Bytes of a flow-mod in front of the match's TLVs, the match's own header included. */
const FLOW_MOD_BYTES = 52;
/** Bytes of a group's description in front of its buckets, and of a bucket in front of its actions. */
const GROUP_DESC_BYTES = 24;
const BUCKET_BYTES = 16;

const scratch = new Writer(1024);

/** Throws OpenFlowError for a flow-mod so long that statistics would have no room for what it makes. */
export function checkFlowBytes(command: FlowCommand, bytes: number): void {
  if (bytes <= (command === 'modify' ? MAX_MODIFY_BYTES : MAX_FLOW_MOD_BYTES)) return;
  throw new OpenFlowError('OFPFMFC_UNKNOWN', `a flow of ${bytes} bytes has no room in statistics`, 2);
}

/** The same for a flow that came in no message. */
export function checkFlowSize({
  command,
  match,
  instructions,
}: Pick<FlowMod, 'command' | 'match' | 'instructions'>): void {
  checkFlowBytes(command, flowBytes(match, instructions));
}

/** Bytes of a flow-mod with this match and these instructions. */
export function flowBytes(match: Match, instructions: Instructions): number {
  writeInstructions(scratch.reset(), instructions);
  return ((FLOW_MOD_BYTES + match.length + 7) & ~7) + scratch.at;
}

/** Throws OpenFlowError for buckets that a group's description has no room for. */
export function checkBucketSizes(buckets: readonly Bucket[]): void {
  let bytes = GROUP_DESC_BYTES;
  for (const { actions } of buckets) {
    writeActions(scratch.reset(), actions);
    bytes += BUCKET_BYTES + scratch.at;
  }
  if (bytes <= MAX_BYTES) return;
  throw new OpenFlowError('OFPGMFC_OUT_OF_BUCKETS', `buckets of ${bytes} bytes have no room in a description`);
}
