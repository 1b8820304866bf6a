/** output: OpenFlow 1.3.5 §7.2.4.1. In texts also a bare port, CONTROLLER:max_len and controller(…). */
import { action, standard } from '../action.js';
import { OFPP } from '../field.js';

export interface Output {
  readonly type: 'output';
  readonly port: number;
  /** Bytes of a packet-in; 0xffff: all. Counts only for CONTROLLER. */
  readonly maxLen: number;
}

/** OFPCML_NO_BUFFER: the whole packet. */
export const NO_BUFFER = 0xffff;

const RESERVED = ['IN_PORT', 'TABLE', 'NORMAL', 'FLOOD', 'ALL', 'LOCAL'] as const;

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
      if (port === null) throw arg.error(`unknown port "${arg.text}"`);
      return { type: 'output', port, maxLen: 0 };
    },
    controller(arg) {
      if (arg.text === '') return { type: 'output', port: OFPP.CONTROLLER, maxLen: NO_BUFFER };
      const maxLen = Number(arg.text);
      if (!/^\d+$/.test(arg.text) || maxLen > 0xffff)
        throw arg.error(`"${arg.text}" is no number of bytes up to 65535`);
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
    m.output(a.port, a.maxLen);
  },
});
