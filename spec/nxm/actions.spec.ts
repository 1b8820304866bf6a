/**
 * Nicira's actions: bytes → text → bytes and text → bytes → text as ovs-ofctl 3.1 does it (fixtures/actions), bad ones
 * with its errors, and every kind of action with a good vector and a bad one.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, Reader, TextError, toHex, Writer } from '../../lib/bytes/index.js';
import {
  ACTION_KINDS,
  type Action,
  formatActions,
  PLAIN_NAMES,
  parseActions,
  readActions,
  writeActions,
} from '../../lib/nxm/index.js';
import { checkInstructions, checkPacketOut } from '../../lib/pipeline/check.js';
import { formatFlowMod, parseFlow } from '../../lib/text/index.js';
import { flowModHex } from '../text/vectors.js';
import { ours, recorded } from './recorded-actions.js';
import { badBytes, errorOf } from './vectors.js';

const ANYTHING = { hasGroup: () => true, hasMeter: () => true };

/** Texts that ovs-ofctl doesn't read as what it has printed: a port that is refused, loads, no ids. */
const READ_OTHERWISE = /^(output_trunc to CONTROLLER|set_field as reg_load2 with a mask|dec_ttl without ids)$/;

function read(hex: string): Action[] {
  const bytes = fromHex(hex);
  return readActions(new Reader(bytes, 0, bytes.length, 'OFPBAC_BAD_LEN'));
}

function written(actions: readonly Action[]): string {
  const w = new Writer();
  writeActions(w, actions);
  return toHex(w.done());
}

describe('nxm: actions as ovs-ofctl reads them', () => {
  const otherwise = ours('otherwise.txt');

  for (const { what, hex, text, error } of recorded.bytes) {
    // In OpenFlow 1.3 the errors of properties are those of table features.
    const expected = (otherwise.get(what) ?? text ?? error ?? '').replace(/^OFPBPC_BAD_(TYPE|LEN)$/, 'OFPTFFC_BAD_$1');
    it(`${what}: ${expected}`, () => {
      if (/^[A-Z_0-9]+$/.test(expected)) {
        expect(errorOf(() => checkPacketOut(read(hex), ANYTHING))).to.equal(expected);
        return;
      }
      const actions = read(hex);
      expect(formatActions(actions, PLAIN_NAMES)).to.equal(expected);
      // Written and read again they say the same; so does their text.
      expect(written(read(written(actions)))).to.equal(written(actions));
      if (READ_OTHERWISE.test(what)) return;
      expect(formatActions(parseActions(expected, { line: 1, column: 1 }), PLAIN_NAMES)).to.equal(
        formatActions(read(written(actions)), PLAIN_NAMES),
      );
    });
  }

  it('keep the form in which they came', () => {
    // Those that have one for OpenFlow 1.3 are written in that; bits that don't count are zero.
    const changed =
      /^(set_tunnel|resubmit$|resubmit with|exit with|dec_ttl with room|decap with padding|learn of a number whose bits go beyond|controller2? with (a non|its|a length))/;
    for (const { what, hex, text } of recorded.bytes) {
      if (text !== undefined && !changed.test(what)) expect(written(read(hex)), what).to.equal(hex);
    }
  });

  it('were recorded with Open vSwitch', () => {
    expect(recorded.tool).to.match(/Open vSwitch\) 3\.\d/);
  });
});

describe('nxm: actions as ovs-ofctl writes them', () => {
  const refused = ours('refused.txt');

  for (const { flow, text, message, error } of recorded.flows) {
    const expected = refused.get(flow);
    it(`${flow}${expected === undefined ? '' : `: ${expected}`}`, () => {
      if (expected === undefined) {
        expect(error, 'ovs-ofctl refuses it: it needs a line in fixtures/actions/refused.txt').to.equal(undefined);
        const mod = parseFlow(flow);
        expect(formatFlowMod(mod)).to.equal(text);
        expect(flowModHex(mod)).to.equal(message);
      } else if (expected.startsWith('ours: ')) {
        expect(`ours: ${formatFlowMod(parseFlow(flow))}`).to.equal(expected);
      } else if (expected.startsWith('switch: ')) {
        const { instructions, match, tableId } = parseFlow(flow);
        const refusal = errorOf(() => checkInstructions(instructions, match, tableId, ANYTHING));
        expect(`switch: ${refusal}`).to.equal(expected);
      } else {
        expect(mistakeIn(flow)).to.equal(expected);
      }
    });
  }
});

function mistakeIn(flow: string): string {
  try {
    return `taken: ${formatFlowMod(parseFlow(flow))}`;
  } catch (error) {
    if (error instanceof TextError) return `${error.column}: ${error.why}`;
    throw error;
  }
}

describe('nxm: sample with ids taken from fields (NXAST_SAMPLE4, Open vSwitch 3.4; Debian has 3.1)', () => {
  const head = 'ffff0028000023200033000100000002';
  const good: readonly (readonly [string, string, string])[] = [
    [
      'a field and a number',
      '00010004001f00000000000000000004ffff000000000000',
      'obs_domain_id=NXM_NX_REG0[],obs_point_id=4',
    ],
    [
      'two fields, a port, a direction',
      '8000040808 1f0000 00010204000f 00000005020000000000'.replaceAll(' ', ''),
      'obs_domain_id=OXM_OF_METADATA[32..63],obs_point_id=NXM_NX_REG1[0..15],sampling_port=5,egress',
    ],
    ['two numbers', '00000000000000030000000000000004ffff000000000000', 'obs_domain_id=3,obs_point_id=4'],
  ];
  for (const [what, rest, ids] of good) {
    it(`${what}: ${ids}`, () => {
      const text = `sample(probability=1,collector_set_id=2,${ids})`;
      expect(formatActions(read(head + rest), PLAIN_NAMES)).to.equal(text);
      expect(written(read(head + rest))).to.equal(head + rest);
      const [again] = parseActions(text, { line: 1, column: 1 });
      expect(written([again])).to.equal(
        what === 'two numbers' ? 'ffff001800002320001d0001000000020000000300000004' : head + rest,
      );
    });
  }

  const bad: readonly (readonly [string, string, string])[] = [
    ['more than 32 bits of a field', '80000408003f00000000000000000004ffff000000000000', 'OFPBAC_BAD_ARGUMENT'],
    [
      'bits that the field has not',
      '00010004 041f0000 0000000000000004ffff000000000000'.replaceAll(' ', ''),
      'OFPBAC_BAD_SET_LEN',
    ],
    ['an unknown direction', '00010004001f00000000000000000004ffff030000000000', 'OFPBAC_BAD_ARGUMENT'],
    ['padding', '00010004001f00000000000000000004ffff000000000001', 'NXBRC_MUST_BE_ZERO'],
    ['no field', '0001fe04001f00000000000000000004ffff000000000000', 'OFPBAC_BAD_SET_TYPE'],
  ];
  for (const [what, rest, error] of bad) {
    it(`${what}: ${error}`, () => expect(errorOf(() => read(head + rest))).to.equal(error));
  }

  it('a text with too many bits says where', () => {
    expect(() => parseActions('sample(probability=1,obs_point_id=metadata)', { line: 1, column: 1 })).to.throw(
      TextError,
      /1:35.*"metadata" has 64 bits, and an id 32 at most/s,
    );
  });
});

describe('nxm: every action has bytes', () => {
  const bad = new Set([
    ...recorded.bytes.flatMap(({ what, error }) => (error === undefined ? [] : [what.split(' ')[0]])),
    ...badBytes('bad-actions.txt').map(({ what }) => what.split(' ')[0]),
  ]);
  for (const { type } of ACTION_KINDS) {
    if (type === 'unknown') continue;
    it(`${type}`, () => {
      expect(bad.has(type), `${type} has no bad bytes in fixtures/actions/bytes.txt`).to.equal(true);
    });
  }
});

describe('nxm: changed bytes of actions', () => {
  it('give actions that are read again and printed, or an OpenFlowError', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        fc.constantFrom(...recorded.bytes.map(({ hex }) => hex)),
        fc.array(change, { maxLength: 3 }),
        fc.option(fc.nat()),
        (hex, changes, cut) => {
          const bytes = fromHex(hex);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const given = toHex(cut === null ? bytes : bytes.slice(0, cut % (bytes.length + 1)));
          if (errorOf(() => read(given)) !== 'none') return;
          const actions = read(given);
          expect(formatActions(actions, PLAIN_NAMES)).to.be.a('string');
          errorOf(() => checkPacketOut(actions, ANYTHING));
          expect(written(read(written(actions)))).to.equal(written(actions));
        },
      ),
      { numRuns: 5000 },
    );
  });
});
