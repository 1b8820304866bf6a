/** output: OpenFlow 1.3.5 §7.2.4.1. In texts also a bare port, CONTROLLER:max_len and controller(…). */
import { action, standard } from '../action.js';
import { OFPP } from '../field.js';
import { fieldNamed } from '../fields.js';

export interface Output {
  readonly type: 'output';
  readonly port: number;
  /** Bytes of a packet-in; 0xffff: all. Counts only for CONTROLLER. */
  readonly maxLen: number;
}

/** OFPCML_NO_BUFFER: the whole packet. */
export const NO_BUFFER = 0xffff;

const RESERVED = ['IN_PORT', 'TABLE', 'NORMAL', 'FLOOD', 'ALL', 'LOCAL'] as const;

/** Why a text is no port: output to a field's port and with a length aren't built yet. */
function noPort(text: string): string {
  const field = text.split('[')[0];
  if (/^port=|max_len=/.test(text)) return 'output with max_len is not supported yet';
  return fieldNamed(field) ? `output to the port in ${field} is not supported yet` : `unknown port "${text}"`;
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
    output(arg) {
      const port = arg.port(arg.text);
      if (port === null) throw arg.error(noPort(arg.text));
      return { type: 'output', port, maxLen: port === OFPP.CONTROLLER ? NO_BUFFER : 0 };
    },
    controller(arg) {
      if (arg.text === '') return { type: 'output', port: OFPP.CONTROLLER, maxLen: NO_BUFFER };
      const later = /\b(reason|id|userdata|pause|meter_id)\b/.exec(arg.text);
      if (later) throw arg.error(`controller with ${later[0]} is not supported yet`, later.index);
      const [, key, digits] = /^(max_len=)?(\d+)$/.exec(arg.text) ?? [];
      const maxLen = Number(digits);
      if (digits === undefined || maxLen > 0xffff) {
        throw arg.error(`"${arg.text}" is no number of bytes up to 65535`, key?.length ?? 0);
      }
      return { type: 'output', port: OFPP.CONTROLLER, maxLen };
    },
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
