/**
 * The text of learn:
 * "learn(table=2,hard_timeout=60,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:5->NXM_NX_REG0[],output:NXM_OF_IN_PORT[])"
 * (ovs-actions(7)). Settings and specifications in any order; those of specifications are kept.
 */
import { fromBigInt, toBigInt } from '../bytes/index.js';
import type { TextArgument, TextNames } from './action.js';
import type { Learn, LearnSpec } from './actions/learn.js';
import { isReadOnly } from './field.js';
import { fieldNamed, fieldNames } from './fields.js';
import { DEFAULT_PRIORITY } from './flow-mod.js';
import { type KeyValue, keyValues } from './key-values.js';
import { fieldBits, type Subfield } from './subfield.js';
import { formatSubfield, parseSubfield } from './subfield-text.js';
import { didYouMean } from './suggestion.js';
import { formatValue, parseMasked, parseNumber } from './value-text.js';

type Draft = { -readonly [K in keyof Learn]: Learn[K] };

const DEFAULT_TABLE = 1;
const ALL_TABLES = 0xff;

interface Setting {
  /** Its highest value, where it is a number. */
  readonly max?: bigint;
  set(draft: Draft, value: bigint, part: KeyValue, arg: TextArgument): void;
}

const seconds = (set: (draft: Draft, time_s: number) => void): Setting => ({
  max: 0xffffn,
  set: (draft, value) => set(draft, Number(value)),
});
const flag = (set: (draft: Draft) => void): Setting => ({ set });

const SETTINGS: Readonly<Record<string, Setting>> = {
  table: {
    set(draft, _, { value, valueAt }, arg) {
      const table = arg.table(value);
      if (table === null || table === ALL_TABLES) throw arg.error(`"${value}" is no table of 0 to 254`, valueAt);
      draft.table = table;
    },
  },
  priority: {
    max: 0xffffn,
    set(draft, value) {
      draft.priority = Number(value);
    },
  },
  idle_timeout: seconds((draft, s) => {
    draft.idle_s = s;
  }),
  hard_timeout: seconds((draft, s) => {
    draft.hard_s = s;
  }),
  fin_idle_timeout: seconds((draft, s) => {
    draft.finIdle_s = s;
  }),
  fin_hard_timeout: seconds((draft, s) => {
    draft.finHard_s = s;
  }),
  cookie: {
    max: 0xffffffffffffffffn,
    set(draft, value) {
      draft.cookie = value;
    },
  },
  send_flow_rem: flag((draft) => {
    draft.sendFlowRem = true;
  }),
  delete_learned: flag((draft) => {
    draft.deleteLearned = true;
  }),
  limit: {
    max: 0xffffffffn,
    set(draft, value) {
      draft.limit = Number(value);
    },
  },
  result_dst: {
    set(draft, _, { value, valueAt }, arg) {
      const to = parseSubfield(value, arg, valueAt);
      if (isReadOnly(to.field)) throw arg.error(`${to.field.name} is read-only`, valueAt);
      if (to.bits !== 1) throw arg.error(`the result is one bit, "${value}" has ${to.bits}`, valueAt);
      draft.result = to;
    },
  },
};

/** Fields are named by 32 bits in a specification. */
function checkNameable({ field }: Subfield, arg: TextArgument, at: number): void {
  const header = field.headers[0];
  if (!header || header.experimenter) throw arg.error(`learn can't name ${field.name}`, at);
}

/** "FIELD", "FIELD=FIELD" or "FIELD=VALUE": a part of the new flow's match. */
function matchSpec({ key, keyAt, value, valueAt }: KeyValue, arg: TextArgument): LearnSpec {
  const to = parseSubfield(key, arg, keyAt);
  checkNameable(to, arg, keyAt);
  const from = value === '' ? to : source(value, valueAt, arg);
  if (from === null) return { from, value: immediate(to, value, valueAt, arg), kind: 'match', to, bits: to.bits };
  checkNameable(from, arg, valueAt);
  if (from.bits !== to.bits) {
    throw arg.error(`${key} has ${to.bits} bits, but ${value} has ${from.bits}`, valueAt);
  }
  return { from, value: 0n, kind: 'match', to, bits: to.bits };
}

/** A field by a name, or null where it is none. */
function source(text: string, at: number, arg: TextArgument): Subfield | null {
  const [name] = text.split('[');
  return fieldNamed(name) ? parseSubfield(text, arg, at) : null;
}

/** The number that a value of a field, or a number for some of its bits, stands for. */
function immediate(to: Subfield, text: string, at: number, arg: TextArgument): bigint {
  if (to.start !== 0 || to.bits !== fieldBits(to.field)) {
    const number = parseNumber(text);
    if (number === null) throw arg.error(`"${text}" is neither a field nor a number`, at);
    if (number >> BigInt(to.bits)) throw arg.error(`${text} does not fit in ${to.bits} bits`, at);
    return number;
  }
  try {
    const { value, mask } = parseMasked(to.field, text, { get: (name) => arg.port(name) ?? undefined });
    if (mask) throw arg.error(`${text} has a mask: learn takes a whole value`, at);
    return BigInt.asUintN(Math.ceil(to.bits / 8) * 8, toBigInt(value));
  } catch (error) {
    throw error instanceof RangeError ? arg.error(error.message, at) : error;
  }
}

/** "load:VALUE->FIELD" or "load:FIELD->FIELD". */
function loadSpec({ value: text, valueAt }: KeyValue, arg: TextArgument): LearnSpec {
  const [first, second, ...more] = text.split('->');
  if (second === undefined || more.length > 0) {
    throw arg.error('load is written VALUE->FIELD[BITS] or FIELD[BITS]->FIELD[BITS]', valueAt);
  }
  const targetAt = valueAt + first.length + 2;
  const to = parseSubfield(second, arg, targetAt);
  checkNameable(to, arg, targetAt);
  const number = parseNumber(first);
  if (number !== null) {
    if (number >> BigInt(to.bits)) throw arg.error(`${first} does not fit in ${to.bits} bits`, valueAt);
    return { from: null, value: number, kind: 'load', to, bits: to.bits };
  }
  const from = parseSubfield(first, arg, valueAt);
  checkNameable(from, arg, valueAt);
  if (from.bits !== to.bits) {
    throw arg.error(`source field is ${from.bits} bits wide but destination is ${to.bits} bits wide`, valueAt);
  }
  return { from, value: 0n, kind: 'load', to, bits: to.bits };
}

function outputSpec({ value, valueAt }: KeyValue, arg: TextArgument): LearnSpec {
  const from = parseSubfield(value, arg, valueAt);
  checkNameable(from, arg, valueAt);
  return { from, value: 0n, kind: 'output', to: null, bits: from.bits };
}

function specOf(part: KeyValue, arg: TextArgument): LearnSpec {
  if (part.key === 'load') return loadSpec(part, arg);
  if (part.key === 'output') return outputSpec(part, arg);
  const [name] = part.key.split('[');
  if (!fieldNamed(name)) {
    const words = [...Object.keys(SETTINGS), 'load', 'output', ...fieldNames()];
    throw arg.error(`learn has no "${part.key}"${didYouMean(name, words)}`, part.keyAt);
  }
  return matchSpec(part, arg);
}

/** Reads learn's argument. Throws arg.error. */
export function parseLearn(arg: TextArgument): Learn {
  const draft: Draft = {
    type: 'learn',
    second: false,
    ...{ idle_s: 0, hard_s: 0, finIdle_s: 0, finHard_s: 0 },
    priority: DEFAULT_PRIORITY,
    cookie: 0n,
    table: DEFAULT_TABLE,
    sendFlowRem: false,
    deleteLearned: false,
    limit: 0,
    result: null,
    specs: [],
  };
  const specs: LearnSpec[] = [];
  for (const part of keyValues(arg.text)) {
    if (!part.closed) throw arg.error(`"${part.key}(" has no ")"`, part.keyAt);
    const setting = Object.hasOwn(SETTINGS, part.key) ? SETTINGS[part.key] : undefined;
    if (!setting) {
      specs.push(specOf(part, arg));
      continue;
    }
    const number = setting.max === undefined ? 0n : parseNumber(part.value);
    if (number === null || number > (setting.max ?? 0n)) {
      throw arg.error(`${part.key} is 0 to ${setting.max}, not "${part.value}"`, part.valueAt);
    }
    setting.set(draft, number, part, arg);
  }
  return { ...draft, specs };
}

const hexadecimal = (value: bigint) => (value ? `0x${value.toString(16)}` : '0');

function formatSpec({ from, value, kind, to, bits }: LearnSpec, names: TextNames): string {
  if (to === null) return `output:${from ? formatSubfield(from) : ''}`;
  const target = formatSubfield(to);
  if (kind === 'load') return `load:${from ? formatSubfield(from) : hexadecimal(value)}->${target}`;
  if (from) return from.field === to.field && from.start === to.start ? target : `${target}=${formatSubfield(from)}`;
  if (to.start !== 0 || bits !== fieldBits(to.field)) return `${target}=${hexadecimal(value)}`;
  return `${to.field.name}=${formatValue(to.field, fromBigInt(value, to.field.bytes), null, names)}`;
}

/** As ovs-ofctl prints it. */
export function formatLearn(a: Learn, names: TextNames): string {
  const parts = [`table=${names.table(a.table)}`];
  if (a.idle_s) parts.push(`idle_timeout=${a.idle_s}`);
  if (a.hard_s) parts.push(`hard_timeout=${a.hard_s}`);
  if (a.finIdle_s) parts.push(`fin_idle_timeout=${a.finIdle_s}`);
  if (a.finHard_s) parts.push(`fin_hard_timeout=${a.finHard_s}`);
  if (a.priority !== DEFAULT_PRIORITY) parts.push(`priority=${a.priority}`);
  if (a.sendFlowRem) parts.push('send_flow_rem');
  if (a.deleteLearned) parts.push('delete_learned');
  if (a.cookie) parts.push(`cookie=0x${a.cookie.toString(16)}`);
  if (a.limit) parts.push(`limit=${a.limit}`);
  if (a.result) parts.push(`result_dst=${formatSubfield(a.result)}`);
  return `learn(${[...parts, ...a.specs.map((spec) => formatSpec(spec, names))].join(',')})`;
}
