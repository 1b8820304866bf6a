import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from '../../lib/bytes/index.js';
import { Batch, KIND, Messages, message } from '../../lib/ports/pcap/pipe.js';

describe('ports/pcap/pipe', () => {
  it('gives the messages that were written, however the stream is cut', () => {
    const property = fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }),
      fc.integer({ min: 1, max: 70 }),
      (frames, size) => {
        const batch = new Batch(2048);
        for (const frame of frames) batch.append(Uint8Array.of(9, ...frame, 9), 1, 1 + frame.length);
        const stream = Uint8Array.of(...batch.take(), ...message(KIND.failed, Uint8Array.of(1, 2)));
        const messages = new Messages();
        const found: string[] = [];
        const chunk = new Uint8Array(70);
        for (let at = 0; at < stream.length; at += size) {
          const part = stream.subarray(at, at + size);
          chunk.set(part);
          messages.push(chunk, part.length);
          while (messages.next()) found.push(`${messages.kind} ${toHex(messages.bytes, messages.start, messages.end)}`);
          messages.release();
        }
        expect(found).to.deep.equal([...frames.map((frame) => `${KIND.frame} ${toHex(frame)}`), `${KIND.failed} 0102`]);
        expect(batch.length).to.equal(0);
      },
    );
    fc.assert(property);
  });

  it('knows what fits a batch', () => {
    const batch = new Batch(10);
    expect(batch.fits(6)).to.equal(true);
    expect(batch.fits(7)).to.equal(false);
    batch.append(Uint8Array.of(1), 0, 1);
    expect(batch.fits(1)).to.equal(true);
    expect(batch.fits(2)).to.equal(false);
  });
});
