/**
 * output: OpenFlow 1.3.5 §7.2.4.1. In texts also a bare port, a field that holds the port
 * (output-reg.ts), and output(port=N,max_len=M) (output-trunc.ts); CONTROLLER:max_len is controller.ts's.
 */
import { action, standard, type TextArgument } from '../action.js';
import { OFPP } from '../field.js';
import { fieldNamed } from '../fields.js';
import { keyValues } from '../key-values.js';
import { parseSubfield } from '../subfield-text.js';
import { parseNumber } from '../value-text.js';
import type { Action } from './index.js';
import { isTruncPort, MIN_TRUNC, type OutputTrunc } from './output-trunc.js';

export interface Output {
  readonly type: 'output';
  readonly port: number;
  /** Bytes of a packet-in; 0xffff: all. Counts only for CONTROLLER. */
  readonly maxLen: number;
}

/** OFPCML_NO_BUFFER: the whole packet. */
export const NO_BUFFER = 0xffff;

const RESERVED = ['IN_PORT', 'TABLE', 'NORMAL', 'FLOOD', 'ALL', 'LOCAL'] as const;

/** A port's number on the wire, or a field that holds it. */
function fieldsPort(arg: TextArgument): Action {
  const name = arg.text.split('[')[0];
  if (fieldNamed(name) === undefined) throw arg.error(`unknown port "${arg.text}"`);
  const from = parseSubfield(arg.text, arg, 0);
  if (from.field.headers.length === 0) throw arg.error(`${name} has no number on the wire`);
  if (from.bits > 64) throw arg.error(`a port of ${from.bits} bits: 64 are the most`);
  return { type: 'output_reg', from, maxLen: NO_BUFFER, second: false };
}

/** "port=N,max_len=M". */
function truncated(arg: TextArgument): OutputTrunc {
  let port: number | null = null;
  let maxLen: bigint | null = null;
  for (const { key, keyAt, value, valueAt } of keyValues(arg.text)) {
    if (key === 'port') {
      port = arg.port(value);
      if (port === null) throw arg.error(`unknown port "${value}"`, valueAt);
      if (!isTruncPort(port)) throw arg.error(`output to ${value} can't be cut off`, valueAt);
    } else if (key === 'max_len') {
      maxLen = parseNumber(value);
      if (maxLen === null || maxLen > 0xffffffffn) throw arg.error(`"${value}" is no length`, valueAt);
      if (maxLen < MIN_TRUNC) throw arg.error(`max_len ${value} is less than ${MIN_TRUNC}`, valueAt);
    } else {
      throw arg.error(`output has port and max_len, not "${key}"`, keyAt);
    }
  }
  if (port === null || maxLen === null) throw arg.error('output(…) needs port and max_len');
  return { type: 'output_trunc', port, maxLen: Number(maxLen) };
}

/** A port, a field's port, or a port with a length. */
function parse(arg: TextArgument): Output | Action[] {
  if (/(port|max_len)=/.test(arg.text)) return [truncated(arg)];
  const port = arg.port(arg.text);
  if (port === null) return [fieldsPort(arg)];
  return { type: 'output', port, maxLen: port === OFPP.CONTROLLER ? NO_BUFFER : 0 };
}

export const output = action<Output>({
  type: 'output',
  ids: [standard(0)],
  read(r) {
    const port = r.u32('output port');
    const maxLen = r.u16('output max_len');
    r.skip(6);
    return { type: 'output', port, maxLen };
  },
  write(a, w) {
    w.u32(a.port).u16(a.maxLen).zeros(6);
  },
  texts: {
    output: parse,
    output_reg: parse,
    ...Object.fromEntries(
      RESERVED.map((name) => [name, (): Output => ({ type: 'output', port: OFPP[name], maxLen: 0 })]),
    ),
  },
  format(a, names) {
    if (a.port === OFPP.CONTROLLER) return `CONTROLLER:${a.maxLen}`;
    const name = names.port(a.port);
    return a.port >= OFPP.MAX ? name : `output:${name}`;
  },
  check(a, flow) {
    flow.port(a.port, 'output');
  },
  translate(a, m) {
    m.outputs.port(a.port, a.maxLen);
  },
});
