import { expect } from 'chai';
import fc from 'fast-check';
import { checksum, sumBytes, toHex } from '../../lib/bytes/index.js';
import { completeChecksum } from '../../lib/ports/checksum-offload.js';
import { segment } from '../../lib/ports/segment.js';
import { icmp4, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';

function cut(frame: Uint8Array, mtu: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const padded = new Uint8Array(frame.length + 20).fill(0xee);
  padded.set(frame, 10);
  const count = segment(padded, 10, 10 + frame.length, mtu, (bytes, start, end) =>
    pieces.push(bytes.slice(start, end)),
  );
  expect(pieces).to.have.length(count);
  return pieces;
}

/** Where things stand in an untagged or once tagged frame without options or extension headers. */
function places(frame: Uint8Array) {
  const l3 = frame[12] === 0x81 ? 18 : 14;
  const four = frame[l3] >> 4 === 4;
  const l4 = l3 + (four ? 20 : 40);
  const data = l4 + (frame[l4 + 12] >> 4) * 4;
  const word = (at: number) => ((frame[at] << 8) | frame[at + 1]) * 65536 + ((frame[at + 2] << 8) | frame[at + 3]);
  return { l3, l4, four, data, seq: word(l4 + 4), flags: frame[l4 + 13], id: (frame[l3 + 4] << 8) | frame[l3 + 5] };
}

/** Whether lengths and checksums are right, told independently of the code under test. */
function sound(frame: Uint8Array): boolean {
  const { l3, l4, four } = places(frame);
  const length = four ? (frame[l3 + 2] << 8) | frame[l3 + 3] : 40 + ((frame[l3 + 4] << 8) | frame[l3 + 5]);
  const pseudo = sumBytes(frame, four ? l3 + 12 : l3 + 8, l4) + frame[l3 + (four ? 9 : 6)] + (frame.length - l4);
  const header = !four || checksum(frame, l3, l4) === 0;
  return l3 + length === frame.length && header && checksum(frame, l4, frame.length, pseudo) === 0;
}

const BUILDERS = { tcp4, tcp6 } as const;

describe('ports/segment', () => {
  it('cuts a TCP frame into sound pieces whose data is that of the whole', () => {
    const property = fc.property(
      fc.constantFrom('tcp4' as const, 'tcp6' as const),
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 576, max: 9000 }),
      fc.boolean(),
      fc.constantFrom(0xffff_fff0, 1000),
      (builder, length, mtu, tagged, seq) => {
        const payload = new Uint8Array(length).map((_, i) => (i * 31) >> 4);
        const options = { payload, seq, flags: 'ack|psh|fin|cwr', vlan: tagged ? [7] : [], id: 0xfffe };
        const frame = BUILDERS[builder]({ ...options, tcp_options: new Uint8Array(12).fill(1) });
        const pieces = cut(frame, mtu);
        const whole = places(frame);
        const data: number[] = [];
        pieces.forEach((piece, i) => {
          const { l3, seq: at, flags, id, data: start } = places(piece);
          expect(piece.length).to.be.at.most(mtu + l3);
          expect(sound(piece)).to.equal(true);
          expect(at).to.equal((seq + data.length) % 2 ** 32);
          expect(flags & 0x80, 'CWR').to.equal(i === 0 ? 0x80 : 0);
          expect(flags & 0x09, 'FIN, PSH').to.equal(i === pieces.length - 1 ? 0x09 : 0);
          if (builder === 'tcp4') expect(id).to.equal((whole.id + i) & 0xffff);
          expect(toHex(piece, 0, l3)).to.equal(toHex(frame, 0, l3));
          data.push(...piece.subarray(start));
        });
        expect(Uint8Array.from(data)).to.deep.equal(payload);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('leaves a frame that fits as it is, a tagged one with four bytes more', () => {
    const fits = tcp4({ payload: new Uint8Array(1460) });
    expect(cut(fits, 1500)).to.deep.equal([fits]);
    const tagged = tcp4({ payload: new Uint8Array(1460), vlan: [5] });
    expect(cut(tagged, 1500)).to.deep.equal([tagged]);
    expect(cut(tcp4({ payload: new Uint8Array(1461) }), 1500)).to.have.length(2);
    expect(cut(tcp4({ payload: new Uint8Array(1460), vlan: [5, 6] }), 1500)).to.have.length(2);
    expect(cut(tcp4({ payload: new Uint8Array(1460), vlan: [{ vid: 5, tpid: 0x88a8 }] }), 1500)).to.have.length(2);
    expect(cut(udp4({ payload: new Uint8Array(1472), vlan: [{ vid: 5, tpid: 0x88a8 }] }), 1500)).to.have.length(0);
  });

  it('gives nothing for what is too long and no TCP, or a fragment, or damaged', () => {
    const payload = new Uint8Array(3000);
    expect(cut(udp4({ payload }), 1500)).to.deep.equal([]);
    expect(cut(icmp4({ payload }), 1500)).to.deep.equal([]);
    expect(cut(new Uint8Array(3000), 1500)).to.deep.equal([]);
    expect(cut(tcp4({ payload, mf: true }), 1500)).to.deep.equal([]);
    expect(cut(tcp4({ payload, total_length: 5000 }), 1500)).to.deep.equal([]);
    const lying = tcp4({ payload });
    lying[46] = 0x10;
    expect(cut(lying, 1500)).to.deep.equal([]);
  });

  it('never fails, whatever the bytes', () => {
    const start = tcp4({ payload: new Uint8Array(3000) });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 12, max: 60 }), fc.integer({ min: 0, max: 255 }))), (changes) => {
        const frame = start.slice();
        for (const [at, value] of changes) frame[at] = value;
        for (const piece of cut(frame, 1500)) expect(piece.length).to.be.at.most(1518);
        completeChecksum(frame, 0, frame.length);
      }),
    );
  });
});

describe('ports/checksum-offload', () => {
  /** A frame as it comes from a sender that leaves the checksum to its card, and as it should be. */
  function partial(frame: Uint8Array, at: number): Uint8Array {
    const { l3, l4, four } = places(frame);
    const copy = frame.slice();
    const pseudo = sumBytes(frame, four ? l3 + 12 : l3 + 8, l4) + frame[l3 + (four ? 9 : 6)] + (frame.length - l4);
    const sum = ~checksum(new Uint8Array(0), 0, 0, pseudo) & 0xffff;
    copy[l4 + at] = sum >> 8;
    copy[l4 + at + 1] = sum;
    return copy;
  }

  for (const vlan of [[], [100]]) {
    it(`completes partial checksums of TCP and UDP, ${vlan.length ? 'behind a VLAN tag' : 'untagged'}`, () => {
      const cases: [Uint8Array, number][] = [
        [tcp4({ vlan, payload: 'hello' }), 16],
        [tcp6({ vlan, payload: 'hello!' }), 16],
        [udp4({ vlan, payload: 'hello' }), 6],
        [udp6({ vlan, payload: 'hello!' }), 6],
      ];
      for (const [whole, at] of cases) {
        const frame = partial(whole, at);
        expect(toHex(frame)).not.to.equal(toHex(whole));
        expect(completeChecksum(frame, 0, frame.length)).to.equal(true);
        expect(toHex(frame)).to.equal(toHex(whole));
      }
    });
  }

  it('completes it with padding behind, and where the frame does not start at 0', () => {
    const whole = udp4({ payload: 'x' });
    const bytes = new Uint8Array(100).fill(0xaa);
    bytes.set(partial(whole, 6), 20);
    expect(completeChecksum(bytes, 20, 80)).to.equal(true);
    expect(toHex(bytes, 20, 20 + whole.length)).to.equal(toHex(whole));
  });

  it('leaves right, wrong and absent checksums alone, and those of fragments', () => {
    const frames = [
      tcp4({ payload: 'hello' }),
      tcp4({ payload: 'hello', checksum: 0x1234 }),
      udp4({ payload: 'hello', checksum: 0 }),
      icmp4({}),
      partial(udp4({ payload: 'hello', mf: true }), 6),
    ];
    for (const frame of frames) {
      const before = toHex(frame);
      expect(completeChecksum(frame, 0, frame.length)).to.equal(false);
      expect(toHex(frame)).to.equal(before);
    }
  });
});
