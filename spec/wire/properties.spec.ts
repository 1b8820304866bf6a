/** What must hold for any message, and for any damage to one. */
import { expect } from 'chai';
import fc from 'fast-check';
import { OpenFlowError } from '../../lib/bytes/index.js';
import { Match } from '../../lib/nxm/index.js';
import {
  decode,
  encode,
  MESSAGE_TYPES,
  type Message,
  type MessageType,
  MULTIPARTS,
  type MultipartName,
  peekLength,
  peekXid,
} from '../../lib/wire/index.js';
import { anyBody, anyMessage } from './arbitraries.js';
import { nameOf, SAMPLES } from './samples.js';

/** Any seed; printed by fast-check where a property fails. */
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** The message, or undefined where an OpenFlowError says what is wrong; anything else is our mistake. */
function attempt(bytes: Uint8Array, lenient = false): Message | undefined {
  try {
    return decode(bytes, { lenient });
  } catch (error) {
    if (error instanceof OpenFlowError) return undefined;
    throw error;
  }
}

/** What ends where the message ends, whatever it is. */
const OPEN: ReadonlySet<MessageType> = new Set([
  'hello',
  'nxt_tlv_table_mod',
  'nxt_tlv_table_reply',
  'onf_bundle_control',
  'onf_bundle_add',
  'onf_role_status',
]);

/** Plain data: a match by what it says, however it is kept. */
function plain(value: unknown): unknown {
  if (value instanceof Match) {
    const { tlvs, shape, values, options } = value;
    return { tlvs, shape, values, options };
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

function comesBack(m: Message): void {
  const bytes = encode(m);
  expect(peekLength(bytes)).to.equal(bytes.length);
  expect(peekXid(bytes)).to.equal(m.xid);
  expect(plain(decode(bytes))).to.deep.equal(plain(m));
}

/** A damaged message with its length made right again, so that the damage is looked at. */
function rightLength(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setUint16(2, copy.length);
  return copy;
}

describe('wire/properties', () => {
  for (const type of MESSAGE_TYPES) {
    it(`decode(encode(any ${type})) is the same`, () => {
      fc.assert(fc.property(anyMessage(type), comesBack), { seed: SEED });
    });
  }

  for (const kind of Object.keys(MULTIPARTS) as MultipartName[]) {
    it(`decode(encode(any ${kind})) is the same, both ways`, () => {
      for (const side of ['request', 'reply'] as const) {
        const back = (xid: number, body: unknown) =>
          comesBack({ type: `multipart_${side}`, xid, more: false, body } as Message);
        fc.assert(fc.property(fc.nat(), anyBody(kind, side), back), { seed: SEED });
      }
    });
  }

  for (const sample of SAMPLES) {
    const whole = encode(sample);

    it(`${nameOf(sample)}, cut anywhere, is a message or refused`, () => {
      for (let length = 0; length < whole.length; length++) {
        expect(attempt(whole.subarray(0, length))).to.equal(undefined);
        if (length >= 8) attempt(rightLength(whole.subarray(0, length)));
      }
    });

    it(`${nameOf(sample)} with bytes behind it is refused or has them as data`, () => {
      expect(attempt(Uint8Array.of(...whole, 0, 0, 0, 0, 0, 0, 0, 0))).to.equal(undefined);
      const m = attempt(rightLength(Uint8Array.of(...whole, 0, 0, 0, 0, 0, 0, 0, 0)));
      const open = OPEN.has(sample.type) || ('data' in sample && !('continuation' in sample));
      expect(m === undefined).to.equal(!open);
    });

    it(`${nameOf(sample)} with any byte changed is a message or refused`, () => {
      const copy = Uint8Array.from(whole);
      for (let at = 0; at < whole.length; at++) {
        for (const byte of [0, 1, 3, 8, 0x7f, 0x80, 0xff, whole[at] ^ 1, (whole[at] + 8) & 0xff]) {
          copy[at] = byte;
          for (const lenient of [false, true]) {
            const m = attempt(copy, lenient);
            if (m) attempt(encode(m), lenient);
          }
        }
        copy[at] = whole[at];
      }
    });
  }

  it('takes any bytes without more than an OpenFlowError', () => {
    const header = fc.tuple(fc.constantFrom(4, 4, 4, 1), fc.nat(31), fc.uint8Array({ maxLength: 200 }));
    const any = ([version, type, rest]: [number, number, Uint8Array]) => {
      attempt(rightLength(Uint8Array.of(version, type, 0, 0, 0, 0, 0, 1, ...rest)));
    };
    fc.assert(fc.property(header, any), { seed: SEED, numRuns: 2000 });
  });
});
