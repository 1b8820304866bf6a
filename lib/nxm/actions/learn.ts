/**
 * learn: NXAST_LEARN (16) and NXAST_LEARN2 (45), ovs-actions(7). Adds a flow, or changes the one with its match and
 * priority, made of the packet in hand: each specification copies bits of the packet, or a number, into the new flow's
 * match or actions. The text is in learn-text.ts; what becomes of it is the pipeline's.
 */
import { fromBigInt, OpenFlowError, type Reader, toBigInt, type Writer } from '../../bytes/index.js';
import { Key } from '../../packet/key.js';
import { action, type Check, nicira } from '../action.js';
import { isReadOnly } from '../field.js';
import { formatLearn, parseLearn } from '../learn-text.js';
import { meets } from '../prerequisite.js';
import {
  checkSubfield,
  fieldFrom32,
  markBits,
  readFieldHeader,
  type Subfield,
  writeBits,
  writeFieldHeader,
} from '../subfield.js';
import { checkWritable } from './set-field.js';

/** What a part of the new flow is made of, and what part it is. */
export interface LearnSpec {
  /** Bits of the packet, or null: `value` it is. */
  readonly from: Subfield | null;
  /** A number of whole bytes; 0 where bits of the packet are meant. */
  readonly value: bigint;
  readonly kind: 'match' | 'load' | 'output';
  /** Where the bits go; null for output. */
  readonly to: Subfield | null;
  /** How many, at most 1023. */
  readonly bits: number;
}

export interface Learn {
  readonly type: 'learn';
  /** The form on the wire; LEARN2 always where something needs it. */
  readonly second: boolean;
  readonly idle_s: number;
  readonly hard_s: number;
  /** Timeouts of the new flow once FIN or RST has passed, 0 none. */
  readonly finIdle_s: number;
  readonly finHard_s: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly table: number;
  /** The new flow tells when it goes. */
  readonly sendFlowRem: boolean;
  /** What was learned goes when no flow that would learn it is left. */
  readonly deleteLearned: boolean;
  /** Most flows with this cookie in the table, 0 any number. */
  readonly limit: number;
  /** One bit of a field, set to whether the flow is there; or null. */
  readonly result: Subfield | null;
  readonly specs: readonly LearnSpec[];
}

const LEARN = nicira(16);
const LEARN2 = nicira(45);
const FLAG = { sendFlowRem: 1, deleteLearned: 2, writeResult: 4 } as const;
const ALL_TABLES = 0xff;

/** A specification's first 16 bits: how many bits, from where, and what for. */
const BITS = 0x3ff;
const IMMEDIATE = 1 << 13;
const KIND = { match: 0, load: 1 << 11, output: 2 << 11 } as const;
const KIND_MASK = 3 << 11;
const kindOf = (header: number) =>
  (Object.keys(KIND) as (keyof typeof KIND)[]).find((kind) => KIND[kind] === (header & KIND_MASK));

const bytesOf = (bits: number) => Math.ceil(bits / 8);
const paddedBytes = (bits: number) => 2 * Math.ceil(bits / 16);

function readSpec(header: number, r: Reader): LearnSpec {
  const kind = kindOf(header);
  const immediate = (header & IMMEDIATE) !== 0;
  const bits = header & BITS;
  if (kind === undefined || (kind === 'output' && immediate)) {
    throw r.error('OFPBAC_BAD_ARGUMENT', `a learn specification of the type 0x${header.toString(16)}`, 2);
  }
  const size = (immediate ? paddedBytes(bits) : 6) + (kind === 'output' ? 0 : 6);
  if (size > r.left) throw r.error('OFPBAC_BAD_LEN', `a learn specification of ${size} bytes, ${r.left} are left`, 2);
  let from: Subfield | null = null;
  let value = 0n;
  if (immediate) {
    r.skip(paddedBytes(bits) - bytesOf(bits));
    value = toBigInt(r.take(bytesOf(bits)));
  } else {
    from = readBits(bits, r);
  }
  return { from, value, kind, to: kind === 'output' ? null : readBits(bits, r), bits };
}

function readBits(bits: number, r: Reader): Subfield {
  const field = fieldFrom32(r.u32(), r.at - 4);
  return { field, start: r.u16(), bits };
}

function writeSpec({ from, value, kind, to, bits }: LearnSpec, w: Writer): void {
  w.u16(bits | KIND[kind] | (from ? 0 : IMMEDIATE));
  if (from) writeBitsOf(from, w);
  else w.put(fromBigInt(value, paddedBytes(bits)));
  if (to) writeBitsOf(to, w);
}

function writeBitsOf({ field, start }: Subfield, w: Writer): void {
  writeFieldHeader(w, field);
  w.u16(start);
}

/** The specifications up to one that is zero; behind it only zeros. */
function readSpecs(r: Reader): LearnSpec[] {
  const specs: LearnSpec[] = [];
  while (r.left >= 2) {
    const header = r.u16();
    if (header === 0) break;
    specs.push(readSpec(header, r));
  }
  while (r.left > 0) {
    if (r.u8() !== 0) throw r.error('OFPBAC_BAD_ARGUMENT', 'padding behind the specifications is not zero', 1);
  }
  return specs;
}

/**
 * What the new flow's match says for sure, to check its prerequisites; one for all checks, which run one after the
 * other.
 */
const known = { value: new Key(), mask: new Key() };

function checkSpec({ from, value, kind, to }: LearnSpec, flow: Check): void {
  if (from) {
    checkSubfield(from);
    flow.require(from.field.needs, from.field.name);
  }
  if (to === null) return;
  checkSubfield(to);
  if (!meets(to.field.needs, known.value, known.mask)) {
    const why = `${to.field.name} in learn needs ${to.field.needs} before it`;
    throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT', why);
  }
  if (kind === 'load' && to.field.access !== 'write') {
    throw new OpenFlowError('OFPBAC_BAD_SET_ARGUMENT', `${to.field.name} can't be loaded by a learned flow`);
  }
  if (kind === 'match' && from === null) {
    writeBits(known.value, to, value);
    markBits(known.mask, to);
  }
}

export const learn = action<Learn>({
  type: 'learn',
  ids: [LEARN, LEARN2],
  form: (a) => (a.second || a.limit > 0 || a.result ? LEARN2 : LEARN),
  read(r, id) {
    const second = id === LEARN2;
    const [idle_s, hard_s, priority] = [r.u16(), r.u16(), r.u16()];
    const cookie = r.u64();
    const flags = r.u16();
    const table = r.u8();
    if (r.u8() !== 0) throw r.error('OFPBAC_BAD_ARGUMENT', "learn's padding is not zero", 1);
    if (table === ALL_TABLES) throw r.error('OFPBAC_BAD_ARGUMENT', 'learn into all tables', 2);
    const [finIdle_s, finHard_s] = [r.u16(), r.u16()];
    if (flags & ~(FLAG.sendFlowRem | FLAG.deleteLearned | (second ? FLAG.writeResult : 0))) {
      throw r.error('OFPBAC_BAD_ARGUMENT', `unknown learn flags 0x${flags.toString(16)}`, 8);
    }
    const limit = second ? r.u32() : 0;
    const result = second ? readResult(r, (flags & FLAG.writeResult) !== 0) : null;
    return {
      type: 'learn',
      second,
      ...{ idle_s, hard_s, finIdle_s, finHard_s, priority, cookie, table },
      sendFlowRem: (flags & FLAG.sendFlowRem) !== 0,
      deleteLearned: (flags & FLAG.deleteLearned) !== 0,
      limit,
      result,
      specs: readSpecs(r),
    };
  },
  write(a, w, id) {
    w.u16(a.idle_s).u16(a.hard_s).u16(a.priority).u64(a.cookie);
    const flags = (a.sendFlowRem ? FLAG.sendFlowRem : 0) | (a.deleteLearned ? FLAG.deleteLearned : 0);
    w.u16(flags | (a.result ? FLAG.writeResult : 0))
      .u8(a.table)
      .u8(0);
    w.u16(a.finIdle_s).u16(a.finHard_s);
    if (id === LEARN2) {
      w.u32(a.limit)
        .u16(a.result?.start ?? 0)
        .zeros(2);
      if (a.result) writeFieldHeader(w, a.result.field);
    }
    for (const spec of a.specs) writeSpec(spec, w);
  },
  texts: { learn: parseLearn },
  format: formatLearn,
  check(a, flow) {
    known.value.clear();
    known.mask.clear();
    if (a.result) {
      checkSubfield(a.result);
      checkWritable(a.result.field, flow);
    }
    for (const spec of a.specs) checkSpec(spec, flow);
  },
  translate(a, m) {
    m.learning.learn(a);
  },
});

/** Where LEARN2 says whether the flow is there. */
function readResult(r: Reader, wanted: boolean): Subfield | null {
  const start = r.u16();
  if (r.u16() !== 0) throw r.error('NXBAC_MUST_BE_ZERO', "learn's padding is not zero", 2);
  if (!wanted) {
    if (start !== 0) throw r.error('OFPBAC_BAD_ARGUMENT', 'learn with a place for a result that is not wanted', 4);
    return null;
  }
  const field = readFieldHeader(r);
  if (isReadOnly(field)) throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${field.name} is read-only`);
  return { field, start, bits: 1 };
}
