/**
 * Matches and actions as bytes: what ovs-ofctl sent (fixtures/text) is read and written back, bad bytes give their
 * errors.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, OpenFlowError, Reader, toHex, Writer } from '../../lib/bytes/index.js';
import {
  type Action,
  FIELDS,
  headerOf,
  type Instructions,
  Match,
  readActions,
  readInstructions,
  writeActions,
  writeHeader,
  writeInstructions,
} from '../../lib/nxm/index.js';
import { partsOf, recordedFlows } from '../text/vectors.js';
import { badBytes, errorOf } from './vectors.js';

const messages = recordedFlows().flatMap(({ line, message }) =>
  message === undefined ? [] : [{ line, ...partsOf(message) }],
);
const matches = [...new Set(messages.map(({ tlvs }) => tlvs))].filter((tlvs) => tlvs !== '');
const instructions = [...new Set(messages.map((message) => message.instructions))].filter((bytes) => bytes !== '');

function readMatch(bytes: Uint8Array): Match {
  return Match.read(new Reader(bytes, 0, bytes.length, 'OFPBMC_BAD_LEN'));
}

function actionsOf(bytes: Uint8Array): Action[] {
  return readActions(new Reader(bytes, 0, bytes.length, 'OFPBAC_BAD_LEN'));
}

describe('nxm: matches as bytes', () => {
  it('keep their TLVs and compile to the same from their fields', () => {
    for (const tlvs of matches) {
      const match = readMatch(fromHex(tlvs));
      expect(Match.of(match.fields()).equals(match), tlvs).to.equal(true);
      expect(toHex(match.tlvs), tlvs).to.equal(tlvs);
    }
  });

  for (const { what, error, bytes } of badBytes('bad-matches.txt')) {
    it(`${what}: ${error}`, () => expect(errorOf(() => readMatch(bytes))).to.equal(error));
  }

  for (const field of FIELDS) {
    if (field.headers.length === 0 || field.slot === null) continue;
    it(`${field.name} of a wrong length is BAD_LEN`, () => {
      const w = new Writer();
      writeHeader(w, headerOf(field), field.bytes + 1, false);
      w.zeros(field.bytes + 1);
      expect(errorOf(() => readMatch(w.done()))).to.equal('OFPBMC_BAD_LEN');
    });
  }
});

describe('nxm: actions as bytes', () => {
  it('are written back as they came', () => {
    for (const hex of instructions) {
      const bytes = fromHex(hex);
      const read = readInstructions(new Reader(bytes));
      const w = new Writer();
      writeInstructions(w, read);
      expect(toHex(w.done())).to.equal(hex);
    }
  });

  for (const { what, error, bytes } of badBytes('bad-actions.txt')) {
    it(`${what}: ${error}`, () => expect(errorOf(() => actionsOf(bytes))).to.equal(error));
  }

  it('that are unknown keep their bytes', () => {
    for (const hex of [
      '00fe000801020304',
      'ffff001000bad00001020304050607 08',
      'ffff00100000232003e7010203040506',
      'ffff00104f4e464703e7010203040506',
    ]) {
      const bytes = fromHex(hex);
      const [action] = actionsOf(bytes);
      expect(action.type).to.equal('unknown');
      const w = new Writer();
      writeActions(w, [action]);
      expect(toHex(w.done())).to.equal(toHex(bytes));
    }
  });

  it('nest only so deep', () => {
    let inner: Uint8Array = new Uint8Array(0);
    for (let depth = 0; depth < 12; depth++) {
      const w = new Writer();
      w.u16(0xffff)
        .u16(24 + inner.length)
        .u32(0x2320)
        .u16(35)
        .u16(1)
        .u32(0)
        .u16(0)
        .u8(0xff)
        .zeros(5)
        .put(inner);
      inner = w.done();
    }
    expect(errorOf(() => actionsOf(inner))).to.equal('OFPBAC_TOO_MANY');
    // The depth of one failure isn't remembered.
    expect(actionsOf(fromHex('0018000800000000'))).to.have.length(1);
  });
});

/** Changes some bytes of a hex text. */
function changed(texts: readonly string[]): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 3 }), fc.option(fc.nat()))
    .map(([hex, changes, cut]) => {
      const bytes = fromHex(hex);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return cut === null ? bytes : bytes.slice(0, cut % (bytes.length + 1));
    });
}

function written(read: Instructions): Uint8Array {
  const w = new Writer();
  writeInstructions(w, read);
  return w.done();
}

/** Types of all actions, those inside others too. */
function names(of: unknown, found = new Set<unknown>()): Set<unknown> {
  if (typeof of !== 'object' || of === null || of instanceof Uint8Array) return found;
  if ('type' in of) found.add(of.type);
  for (const each of Object.values(of)) names(each, found);
  return found;
}

function onlyOpenFlowErrors(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
  }
}

describe('nxm: changed bytes', () => {
  it('of matches give a match or an OpenFlowError', () => {
    fc.assert(
      fc.property(changed(matches), (bytes) => {
        onlyOpenFlowErrors(() => {
          const match = readMatch(bytes);
          expect(Match.of(match.fields()).equals(match)).to.equal(true);
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('of instructions give instructions that are read again, or an OpenFlowError', () => {
    fc.assert(
      fc.property(changed(instructions), (bytes) => {
        onlyOpenFlowErrors(() => {
          const read = readInstructions(new Reader(bytes));
          const again = readInstructions(new Reader(written(read)));
          // That one is written as the set_field that it means.
          if (!names(read).has('set_tunnel')) expect(again).to.deep.equal(read);
          expect(toHex(written(again))).to.equal(toHex(written(read)));
        });
      }),
      { numRuns: 3000 },
    );
  });
});
