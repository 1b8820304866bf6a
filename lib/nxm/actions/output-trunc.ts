/**
 * output(port=N,max_len=M): NXAST_OUTPUT_TRUNC (39), ovs-actions(7). The frame that is sent is cut off behind max_len
 * bytes; the packet itself stays whole. In texts it is output's (output.ts).
 */
import { action, nicira } from '../action.js';
import { OFPP, port16, port32 } from '../field.js';

export interface OutputTrunc {
  readonly type: 'output_trunc';
  readonly port: number;
  /** Bytes, at least an Ethernet header. */
  readonly maxLen: number;
}

/** The shortest max_len, an Ethernet header. */
export const MIN_TRUNC = 14;

/** May a frame be cut off for it? Only for one port at a time. */
export function isTruncPort(port: number): boolean {
  return port < OFPP.MAX || port === OFPP.LOCAL || port === OFPP.IN_PORT;
}

export const outputTrunc = action<OutputTrunc>({
  type: 'output_trunc',
  ids: [nicira(39)],
  read(r) {
    const port = port32(r.u16('output port'));
    const maxLen = r.u32('output max_len');
    if (maxLen < MIN_TRUNC) throw r.error('OFPBAC_BAD_ARGUMENT', `max_len ${maxLen} is less than ${MIN_TRUNC}`, 4);
    return { type: 'output_trunc', port, maxLen };
  },
  write(a, w) {
    w.u16(port16(a.port)).u32(a.maxLen);
  },
  texts: {},
  format: (a, names) => `output(port=${names.port(a.port)},max_len=${a.maxLen})`,
  check(a, flow) {
    flow.port(a.port, 'output');
  },
  translate(a, m) {
    if (isTruncPort(a.port)) m.outputs.truncated(a.port, a.maxLen);
  },
});
