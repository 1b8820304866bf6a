/**
 * Messages that lie about a length, a type or a number: each gets its error, its xid and its first bytes (OpenFlow
 * 1.3.5 §7.4.4).
 */
import { expect } from 'chai';
import type { ErrorName } from '../../lib/bytes/index.js';
import { udp4 } from '../support/frames.js';
import { type WholeSwitch, wholeSwitch } from './whole-switch.js';

const bytes = (hex: string): number[] => [...Buffer.from(hex.replaceAll(' ', ''), 'hex')];

/** A flow-mod: what stands before its match, match, instructions; header and length are right. */
function flowMod(match: string, instructions = '', head: Record<number, number> = {}): Uint8Array {
  const fixed = bytes('0000000000000000 0000000000000000 00 00 0000 0000 8000 ffffffff ffffffff ffffffff 0000 0000');
  for (const [at, value] of Object.entries(head)) fixed[Number(at) - 8] = value;
  return message(14, [...fixed, ...bytes(match), ...bytes(instructions)]);
}

function message(type: number, body: readonly number[]): Uint8Array {
  const length = 8 + body.length;
  return Uint8Array.of(4, type, length >> 8, length & 255, 0, 0, 0x12, 0x34, ...body);
}

/** apply_actions around actions. */
function apply(actions: string): string {
  const length = 8 + bytes(actions).length;
  return `0004 ${length.toString(16).padStart(4, '0')} 00000000 ${actions}`;
}

const ALL = '0001 0004 00000000';
const OUTPUT = '0000 0010 00000001 ffff 000000000000';
const IP = '0001 000a 80000a02 0800 000000000000';

const CASES: readonly [what: string, error: ErrorName, request: Uint8Array][] = [
  ['match of another type', 'OFPBMC_BAD_TYPE', flowMod('0000 0004 00000000')],
  ['match shorter than its header', 'OFPBMC_BAD_LEN', flowMod('0001 0003 00000000')],
  ['match longer than the message', 'OFPBMC_BAD_LEN', flowMod('0001 0040 00000000')],
  ['match that ends within a TLV', 'OFPBMC_BAD_LEN', flowMod('0001 0009 80000a02 0800 0000')],
  ['TLV longer than its match', 'OFPBMC_BAD_LEN', flowMod('0001 000a 80000a08 0800 000000000000')],
  ['command', 'OFPFMFC_BAD_COMMAND', flowMod(ALL, '', { 25: 5 })],
  ['flags', 'OFPFMFC_BAD_FLAGS', flowMod(ALL, '', { 44: 0x80 })],
  ['table', 'OFPFMFC_BAD_TABLE_ID', flowMod(ALL, '', { 24: 0xfe })],
  ['buffer', 'OFPBRC_BUFFER_UNKNOWN', flowMod(ALL, '', { 32: 0 })],
  ['instruction', 'OFPBIC_UNKNOWN_INST', flowMod(ALL, '0063 0008 00000000')],
  ["experimenter's instruction", 'OFPBIC_BAD_EXPERIMENTER', flowMod(ALL, 'ffff 0008 00001234')],
  ['instruction of length 4', 'OFPBIC_BAD_LEN', flowMod(ALL, '0001 0004 00000000')],
  ['instruction longer than the message', 'OFPBIC_BAD_LEN', flowMod(ALL, '0004 0018 00000000 0000000000000000')],
  ['goto_table that is too long', 'OFPBIC_BAD_LEN', flowMod(ALL, '0001 0010 01000000 0000000000000000')],
  ['clear_actions with an action', 'OFPBIC_BAD_LEN', flowMod(ALL, `0005 0018 00000000 ${OUTPUT}`)],
  ['instruction that comes twice', 'OFPBIC_DUP_INST', flowMod(ALL, '0001 0008 01000000 0001 0008 02000000')],
  ['goto_table to itself', 'OFPBIC_BAD_TABLE_ID', flowMod(ALL, '0001 0008 00000000')],
  ['goto_table behind the last one', 'OFPBIC_BAD_TABLE_ID', flowMod(ALL, '0001 0008 fe000000')],
  ['meter', 'OFPMMFC_INVALID_METER', flowMod(ALL, '0006 0008 00000009')],
  ['action of length 0', 'OFPBAC_BAD_LEN', flowMod(ALL, apply('0000 0000 00000001 ffff 000000000000'))],
  ['action of length 12', 'OFPBAC_BAD_LEN', flowMod(ALL, apply('0000 000c 00000001 ffff 000000000000'))],
  ['action longer than its list', 'OFPBAC_BAD_LEN', flowMod(ALL, apply('0000 0018 00000001 ffff 000000000000'))],
  ['action', 'OFPBAC_BAD_TYPE', flowMod(ALL, apply('0063 0008 00000000'))],
  ["experimenter's action", 'OFPBAC_BAD_VENDOR', flowMod(ALL, apply('ffff 0008 00001234'))],
  ['output to port 0', 'OFPBAC_BAD_OUT_PORT', flowMod(ALL, apply('0000 0010 00000000 ffff 000000000000'))],
  ['output to ANY', 'OFPBAC_BAD_OUT_PORT', flowMod(ALL, apply('0000 0010 ffffffff ffff 000000000000'))],
  ['group that is not there', 'OFPBAC_BAD_OUT_GROUP', flowMod(ALL, apply('0016 0008 00000009'))],
  ['tag that is pushed', 'OFPBAC_BAD_ARGUMENT', flowMod(ALL, apply('0011 0008 0800 0000'))],
  ['field that is set', 'OFPBAC_BAD_SET_TYPE', flowMod(IP, apply('0019 0010 80007e04 00000000 00000000'))],
  ['length of a field that is set', 'OFPBAC_BAD_SET_LEN', flowMod(IP, apply('0019 0010 80001602 0000 000000000000'))],
  ['value that is set', 'OFPBAC_BAD_SET_ARGUMENT', flowMod(IP, apply('0019 0010 80001001 ff 00000000000000'))],
  [
    'actions longer than a packet-out',
    'OFPBRC_BAD_LEN',
    message(13, bytes(`ffffffff 00000001 0018 000000000000 ${OUTPUT}`)),
  ],
  ['role', 'OFPRRFC_BAD_ROLE', message(24, bytes('00000009 00000000 0000000000000000'))],
  ['role request of another length', 'OFPBRC_BAD_LEN', message(24, bytes('00000001 00000000'))],
  ['multipart', 'OFPBRC_BAD_STAT', message(18, bytes('0063 0000 00000000'))],
  ['multipart with too much', 'OFPBRC_BAD_LEN', message(18, bytes('0000 0000 00000000 0000000000000000'))],
  ['multipart with too little', 'OFPBRC_BAD_LEN', message(18, bytes('0004 0000 00000000'))],
  ['message', 'OFPBRC_BAD_TYPE', message(99, [])],
  ['reply', 'OFPBRC_BAD_TYPE', message(21, [])],
  ['barrier with a body', 'OFPBRC_BAD_LEN', message(20, [0, 0, 0, 0])],
];

describe('agent: a lie about', () => {
  let s: WholeSwitch;
  before(async () => {
    s = await wholeSwitch();
  });

  for (const [what, error, request] of CASES) {
    it(`${what}: ${error}`, async () => {
      const { xid, data } = await s.c.refused(request, error);
      expect(xid).to.equal(0x1234);
      expect(new Uint8Array(data)).to.deep.equal(request.slice(0, Math.max(64, data.length)));
      expect(s.sw.flows.list()).to.deep.equal([]);
    });
  }

  it('nothing is none: the same messages told truly are taken', async () => {
    await s.c.tell(flowMod(IP, `${apply(OUTPUT)} 0001 0008 01000000`));
    await s.c.tell(message(13, [...bytes(`ffffffff 00000001 0010 000000000000 ${OUTPUT}`), ...udp4()]));
    expect(s.sw.flows.list()).to.have.length(1);
  });
});
