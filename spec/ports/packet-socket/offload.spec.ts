import { expect } from 'chai';
import fc from 'fast-check';
import { checksum, crc32c, fold, sumBytes, toHex } from '../../../lib/bytes/index.js';
import {
  completeReceived,
  cutDatagrams,
  datagramSize,
  inHand,
  putSegmentation,
  segmentSize,
  VNET_BYTES,
} from '../../../lib/ports/packet-socket/offload.js';
import { ip4, tcp4, tcp6, udp4, udp6 } from '../../support/frames.js';

const BUILDERS = { tcp4, tcp6, udp4, udp6 } as const;
const START = 40;
const HEADER = START - VNET_BYTES;

/** Memory with a virtio_net_hdr and the frame behind it, as linux/virtio_net.h has it. */
function received(frame: Uint8Array, header: readonly [flags: number, type: number, ...words: number[]]): Uint8Array {
  const bytes = new Uint8Array(START + frame.length);
  const [flags, type, ...words] = header;
  bytes[HEADER] = flags;
  bytes[HEADER + 1] = type;
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setUint16(HEADER + 2 + 2 * i, word, true);
  bytes.set(frame, START);
  return bytes;
}

/** The sum of the pseudo-header, which stands in a partial checksum. */
function pseudo(frame: Uint8Array, l4: number): number {
  const four = frame[14] >> 4 === 4;
  return fold(sumBytes(frame, four ? 26 : 22, l4) + frame[four ? 23 : 20] + frame.length - l4);
}

describe('ports/packet-socket: offload', () => {
  it('completes the checksum that the header tells of, and none else', () => {
    const property = fc.property(
      fc.constantFrom('tcp4' as const, 'tcp6' as const, 'udp4' as const, 'udp6' as const),
      fc.uint8Array({ maxLength: 3000 }),
      (builder, payload) => {
        const frame = BUILDERS[builder]({ payload });
        const l4 = builder.endsWith('4') ? 34 : 54;
        const offset = builder.startsWith('tcp') ? 16 : 6;
        const partial = frame.slice();
        new DataView(partial.buffer).setUint16(l4 + offset, pseudo(frame, l4));
        const bytes = received(partial, [1, 0, 0, 0, l4, offset]);
        completeReceived(bytes, HEADER, START, bytes.length);
        expect(toHex(bytes, START)).to.equal(toHex(frame));
        const untold = received(partial, [0, 0, 0, 0, l4, offset]);
        completeReceived(untold, HEADER, START, untold.length);
        expect(toHex(untold, START)).to.equal(toHex(partial));
      },
    );
    fc.assert(property);
  });

  it("completes SCTP's", () => {
    const partial = ip4(
      132,
      Uint8Array.from({ length: 32 }, (_, i) => (i >= 8 && i < 12 ? 0 : i)),
    );
    const frame = partial.slice();
    new DataView(frame.buffer).setUint32(42, crc32c(partial, 34, partial.length), true);
    const bytes = received(partial, [1, 0, 0, 0, 34, 8]);
    completeReceived(bytes, HEADER, START, bytes.length);
    expect(toHex(bytes, START)).to.equal(toHex(frame));
  });

  it('does nothing where the header points behind the frame', () => {
    const frame = udp4();
    const bytes = received(frame, [1, 0, 0, 0, 0xffff, 6]);
    completeReceived(bytes, HEADER, START, bytes.length);
    expect(toHex(bytes, START)).to.equal(toHex(frame));
  });

  for (const builder of ['udp4', 'udp6'] as const) {
    it(`cuts many datagrams in one into sound ones: ${builder}`, () => {
      const payload = Uint8Array.from({ length: 3333 }, (_, i) => (i * 7) >> 3);
      const bytes = received(BUILDERS[builder]({ payload, id: 7 }), [0, 5, 42, 1000]);
      expect(datagramSize(bytes, HEADER)).to.equal(1000);
      const pieces: Uint8Array[] = [];
      const emit = (whole: Uint8Array, start: number, end: number) => pieces.push(whole.slice(start, end));
      cutDatagrams(bytes, START, bytes.length, 1000, new Uint8Array(70_000), 128, emit);
      const expected = [0, 1, 2, 3].map((i) =>
        BUILDERS[builder]({ payload: payload.subarray(i * 1000, (i + 1) * 1000), id: 7 + i }),
      );
      expect(pieces.map((piece) => toHex(piece))).to.deep.equal(expected.map((frame) => toHex(frame)));
    });
  }

  it('tells the kernel how to cut TCP that is longer than the MTU', () => {
    for (const [builder, l4, type, vlan] of [
      ['tcp4', 34, 1, []],
      ['tcp6', 54, 4, []],
      ['tcp4', 38, 1, [7]],
    ] as const) {
      for (const [flags, ecn] of [
        ['ack', 0],
        ['ack|cwr', 0x80],
      ] as const) {
        const frame = BUILDERS[builder]({ payload: new Uint8Array(5000).fill(5), flags, vlan: [...vlan] });
        const bytes = received(frame, [0, 0]);
        expect(putSegmentation(bytes, HEADER, START, bytes.length, 1500)).to.equal(true);
        const view = new DataView(bytes.buffer);
        const words = [2, 4, 6, 8].map((at) => view.getUint16(HEADER + at, true));
        const headers = l4 + 20;
        expect([bytes[HEADER], bytes[HEADER + 1], ...words]).to.deep.equal([
          1,
          type | ecn,
          headers,
          1514 + 4 * vlan.length - headers,
          l4,
          16,
        ]);
        // With the pseudo-header's sum in its place, the checksum over what the kernel sums is the one that the frame
        // had.
        expect(checksum(bytes, START + l4, bytes.length)).to.equal((frame[l4 + 16] << 8) | frame[l4 + 17]);
      }
    }
  });

  it('cuts into no longer segments than the sender would have', () => {
    try {
      inHand.segment_bytes = segmentSize(received(tcp4(), [1, 1, 54, 500, 34, 16]), HEADER);
      for (const [length, mtu, size] of [
        [5000, 1500, 500],
        [1000, 1500, 500],
        [5000, 400, 360],
        [500, 1500, 0],
      ]) {
        const bytes = received(tcp4({ payload: new Uint8Array(length) }), [0, 0]);
        expect(putSegmentation(bytes, HEADER, START, bytes.length, mtu)).to.equal(true);
        expect(new DataView(bytes.buffer).getUint16(HEADER + 4, true), `${length} bytes`).to.equal(size);
      }
      const udp = received(udp4({ payload: new Uint8Array(1000) }), [0, 0]);
      expect(putSegmentation(udp, HEADER, START, udp.length, 1500)).to.equal(true);
      expect(udp[HEADER + 1]).to.equal(0);
    } finally {
      inHand.segment_bytes = 0;
    }
  });

  it('leaves a frame that fits alone, and refuses one that nobody can cut', () => {
    for (const [frame, mtu, fits] of [
      [tcp4({ payload: new Uint8Array(1460) }), 1500, true],
      [tcp4({ payload: new Uint8Array(1460), vlan: [5] }), 1500, true],
      [udp4({ payload: new Uint8Array(1473) }), 1500, false],
      [udp4({ payload: new Uint8Array(1472), vlan: [5] }), 1500, true],
      [udp4({ payload: new Uint8Array(1472), vlan: [{ vid: 5, tpid: 0x88a8 }] }), 1500, false],
      [Uint8Array.of(...new Uint8Array(12), 0x88, 0xb5, ...new Uint8Array(1501)), 1500, false],
    ] as const) {
      const bytes = received(frame, [0, 0]);
      expect(putSegmentation(bytes, HEADER, START, bytes.length, mtu)).to.equal(fits);
      expect(toHex(bytes, HEADER)).to.equal(toHex(received(frame, [0, 0]), HEADER));
    }
  });
});
