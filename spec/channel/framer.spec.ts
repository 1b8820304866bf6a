import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from '../../lib/bytes/index.js';
import { Framer, FramingError } from '../../lib/channel/framer.js';

/** A message of `length` bytes whose body tells where its bytes came from. */
function message(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + seed) & 0xff;
  bytes[2] = length >> 8;
  bytes[3] = length & 0xff;
  return bytes;
}

function drain(framer: Framer): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let m = framer.next(); m; m = framer.next()) list.push(m);
  return list;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe('channel/framer', () => {
  it('gives the same messages whatever the chunks (OpenFlow 1.3.5 §6.3)', () => {
    const lengths = fc.array(fc.integer({ min: 8, max: 60 }), { maxLength: 12 });
    const cuts = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(lengths, cuts, fc.boolean(), (sizes, steps, eager) => {
        const messages = sizes.map(message);
        const stream = join(messages);
        const framer = new Framer();
        const got: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = at + (steps[i % steps.length] || 1);
          framer.push(stream.slice(at, size));
          at = size;
          if (eager) got.push(...drain(framer));
        }
        got.push(...drain(framer));
        expect(got.map((m) => toHex(m))).to.deep.equal(messages.map((m) => toHex(m)));
      }),
    );
  });

  it('takes the longest message there can be, byte by byte', () => {
    const whole = message(0xffff, 3);
    const framer = new Framer();
    for (let i = 0; i < whole.length - 1; i++) {
      framer.push(whole.slice(i, i + 1));
      expect(framer.next()).to.equal(null);
    }
    framer.push(whole.slice(-1));
    expect(toHex(framer.next() as Uint8Array)).to.equal(toHex(whole));
  });

  it('gives windows on the chunk, without a copy', () => {
    const chunk = join([message(8, 1), message(16, 2)]);
    const framer = new Framer();
    framer.push(chunk);
    for (const m of drain(framer)) expect(m.buffer).to.equal(chunk.buffer);
  });

  for (const length of [0, 4, 7]) {
    it(`refuses a length of ${length}, in one piece and cut`, () => {
      const bytes = message(8, 0);
      bytes[3] = length;
      for (const cut of [8, 1]) {
        const framer = new Framer();
        framer.push(message(12, 9));
        framer.push(bytes.slice(0, cut));
        framer.push(bytes.slice(cut));
        expect(framer.next()).to.have.length(12);
        expect(() => framer.next()).to.throw(FramingError, `${length} bytes long`);
      }
    });
  }
});
