/** Instructions (OpenFlow 1.3.5 §5.9, §7.2.5): at most one of a kind, kept in the order in which they run. */
import { OpenFlowError, type Reader, type Writer } from '../bytes/index.js';
import { readActions, writeActions } from './action-list.js';
import type { Action } from './actions/index.js';
import type { WriteMetadata } from './actions/write-metadata.js';
import { lastAsked } from './last-asked.js';

/** What a flow does with a packet; what isn't there is left out. */
export interface Instructions {
  readonly meter?: number;
  readonly apply?: readonly Action[];
  readonly clear?: boolean;
  readonly write?: readonly Action[];
  readonly metadata?: { readonly value: bigint; readonly mask: bigint };
  readonly goto?: number;
}

const TYPE = { goto: 1, metadata: 2, write: 3, apply: 4, clear: 5, meter: 6 } as const;
const NAMES = ['', 'goto_table', 'write_metadata', 'write_actions', 'apply_actions', 'clear_actions', 'meter'];
const EXPERIMENTER = 0xffff;

type Mutable = { -readonly [K in keyof Instructions]: Instructions[K] };

/** Instructions of at most so many bytes are remembered, in so many places (a power of two). */
const REMEMBERED_BYTES = 512;
const REMEMBERED = 256;

interface Remembered {
  readonly bytes: Uint8Array;
  readonly instructions: Instructions;
}
const remembered: (Remembered | undefined)[] = new Array(REMEMBERED).fill(undefined);

/**
 * Reads instructions to the reader's end. Flows come by the thousand with the same ones: what was read lately in the
 * same bytes is the same object.
 */
export function readInstructions(r: Reader): Instructions {
  const { bytes, at, end } = r;
  if (end === at || end - at > REMEMBERED_BYTES) return readAnew(r);
  let hash = end - at;
  for (let i = at; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  const place = (hash ^ (hash >>> 15)) & (REMEMBERED - 1);
  const known = remembered[place];
  if (known !== undefined && isAt(known.bytes, bytes, at, end)) {
    r.skip(end - at);
    return known.instructions;
  }
  const instructions = readAnew(r);
  remembered[place] = { bytes: bytes.slice(at, end), instructions };
  return instructions;
}

function isAt(known: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (known.length !== end - at) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[at + i]) return false;
  return true;
}

function readAnew(r: Reader): Instructions {
  const result: Mutable = {};
  const seen = new Set<number>();
  while (r.left > 0) {
    const at = r.at;
    const type = r.peek16(0, 'an instruction');
    const length = r.peek16(2, 'an instruction');
    if (length < 8 || length % 8 !== 0 || length > r.left) {
      throw new OpenFlowError(
        'OFPBIC_BAD_LEN',
        `instruction ${type} of length ${length}, ${r.left} bytes are left`,
        at,
      );
    }
    if (type === EXPERIMENTER)
      throw new OpenFlowError('OFPBIC_BAD_EXPERIMENTER', 'unknown experimenter instruction', at);
    if (type < TYPE.goto || type > TYPE.meter)
      throw new OpenFlowError('OFPBIC_UNKNOWN_INST', `unknown instruction ${type}`, at);
    if (seen.has(type)) throw new OpenFlowError('OFPBIC_DUP_INST', `${NAMES[type]} comes twice`, at);
    seen.add(type);
    const body = r.sub(length, NAMES[type], 'OFPBIC_BAD_LEN');
    body.skip(4);
    readInstruction(type, body, result);
    if (body.left > 0) throw body.error('OFPBIC_BAD_LEN', `${NAMES[type]} is ${body.left} bytes too long`);
  }
  return result;
}

function readInstruction(type: number, r: Reader, to: Mutable): void {
  if (type === TYPE.goto) {
    to.goto = r.u8();
    r.skip(3);
  } else if (type === TYPE.metadata) {
    r.skip(4);
    to.metadata = { value: r.u64(), mask: r.u64() };
  } else if (type === TYPE.meter) {
    to.meter = r.u32();
  } else {
    r.skip(4);
    if (type === TYPE.clear) {
      // It has no actions: what stands behind it makes it too long.
      to.clear = true;
      return;
    }
    const actions = r.sub(r.left, 'actions', 'OFPBAC_BAD_LEN');
    if (type === TYPE.apply) to.apply = readActions(actions);
    else to.write = readActions(actions);
  }
}

/** Writes instructions in the order in which they run. */
export function writeInstructions(w: Writer, i: Instructions): void {
  if (i.meter !== undefined) w.u16(TYPE.meter).u16(8).u32(i.meter);
  if (i.apply) writeList(w, TYPE.apply, i.apply);
  if (i.clear) writeList(w, TYPE.clear, []);
  if (i.write) writeList(w, TYPE.write, i.write);
  if (i.metadata) w.u16(TYPE.metadata).u16(24).zeros(4).u64(i.metadata.value).u64(i.metadata.mask);
  if (i.goto !== undefined) w.u16(TYPE.goto).u16(8).u8(i.goto).zeros(3);
}

function writeList(w: Writer, type: number, actions: readonly Action[]): void {
  const start = w.at;
  w.u16(type).u16(0).zeros(4);
  writeActions(w, actions);
  w.u16At(start + 2, w.at - start);
}

/**
 * The action write_metadata (NXAST_WRITE_METADATA) as the instruction that it means, as in Open vSwitch: it must be the
 * last one of apply_actions, and nothing may come between those and the instruction. Throws OpenFlowError.
 */
export const withMetadataInstruction = lastAsked((i: Instructions): Instructions => {
  const at = i.apply?.findIndex(({ type }) => type === 'write_metadata') ?? -1;
  if (at < 0) return i;
  const { apply = [], ...others } = i;
  const { value, mask } = apply[at] as WriteMetadata;
  const behind = apply[at + 1]?.type ?? (i.clear ? 'clear_actions' : null) ?? (i.write ? 'write_actions' : null);
  if (behind !== null || i.metadata) {
    throw new OpenFlowError('OFPBAC_UNSUPPORTED_ORDER', `${behind ?? 'write_metadata'} behind write_metadata`);
  }
  return { ...others, ...(at === 0 ? {} : { apply: apply.slice(0, at) }), metadata: { value, mask } };
});

/** Is it one that may stand beside conjunction? */
const harmless = ({ type }: { readonly type: string }) => type === 'conjunction' || type === 'note';

/** What stands beside a conjunction and may not: an action's or an instruction's name; null where nothing does. */
export function besideConjunction(i: Instructions): string | null {
  const apply: readonly Action[] = i.apply ?? [];
  if (!apply.some(({ type }) => type === 'conjunction')) return null;
  const other = apply.find((a) => !harmless(a));
  if (other) return other.type;
  if (i.meter !== undefined) return 'meter';
  if (i.clear) return 'clear_actions';
  if (i.write) return 'write_actions';
  if (i.metadata) return 'write_metadata';
  return i.goto === undefined ? null : 'goto_table';
}
