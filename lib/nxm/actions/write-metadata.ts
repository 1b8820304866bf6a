/**
 * write_metadata as an action: NXAST_WRITE_METADATA (22). At the end of a flow's apply_actions it is the instruction
 * (instruction.ts), which it is in texts, too; nowhere else may it stand, as in Open vSwitch.
 */
import { OpenFlowError } from '../../bytes/index.js';
import { action, nicira, readZeros } from '../action.js';

export interface WriteMetadata {
  readonly type: 'write_metadata';
  readonly value: bigint;
  readonly mask: bigint;
}

const ALL_ONES = 0xffffffffffffffffn;
const hex = (value: bigint) => (value ? `0x${value.toString(16)}` : '0');

export const writeMetadata = action<WriteMetadata>({
  type: 'write_metadata',
  ids: [nicira(22)],
  read(r) {
    readZeros(r, 'NXBRC_MUST_BE_ZERO', 6);
    return { type: 'write_metadata', value: r.u64('metadata'), mask: r.u64('a metadata mask') };
  },
  write(a, w) {
    w.zeros(6).u64(a.value).u64(a.mask);
  },
  texts: {},
  format: (a) => `write_metadata:${hex(a.value)}${a.mask === ALL_ONES ? '' : `/${hex(a.mask)}`}`,
  check() {
    throw new OpenFlowError('OFPBIC_UNSUP_INST', 'write_metadata is an instruction, not an action');
  },
  translate() {},
});
