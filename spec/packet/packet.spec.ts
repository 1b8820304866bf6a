import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { HEADROOM, Packet } from '../../lib/packet/index.js';

const FRAME = Uint8Array.from({ length: 60 }, (_, i) => i + 1);

/** Memory of others with the frame at 32. */
function shared(): Uint8Array {
  const bytes = new Uint8Array(128).fill(0xee);
  bytes.set(FRAME, 32);
  return bytes;
}

describe('packet/packet', () => {
  it('grows into the room before a frame, and no further', () => {
    for (const [room, inPlace] of [
      [0, 0],
      [3, 0],
      [4, 1],
      [8, 2],
      [32, 3],
    ]) {
      const bytes = shared();
      const packet = new Packet().attach(bytes, 32, 92, room);
      for (let n = 1; n <= 3; n++) {
        packet.insert(packet.start + 12, 4);
        packet.bytes.fill(0, packet.start + 12, packet.start + 16);
        expect(packet.bytes === bytes, `room ${room}, insertion ${n}`).to.equal(n <= inPlace);
      }
      expect(toHex(packet.frame())).to.equal(`${toHex(FRAME, 0, 12)}${'00'.repeat(12)}${toHex(FRAME, 12)}`);
      expect(bytes.subarray(0, 32 - room).every((byte) => byte === 0xee)).to.equal(true);
    }
  });

  it('moves its offsets with the frame when there is no room', () => {
    const packet = new Packet().attach(shared(), 32, 92);
    Object.assign(packet, { typeAt: 44, l3: 46, l3End: 92, l4: 66, protoAt: 55 });
    packet.insert(44, 4);
    const { start, l3, l3End, l4, protoAt } = packet;
    expect([l3 - start, l3End - start, l4 - start, protoAt - start]).to.deep.equal([18, 64, 38, 27]);
    expect(packet.bytes[packet.l4]).to.equal(FRAME[34]);
  });

  it('pads with zeros in memory of its own, again and again', () => {
    const bytes = shared();
    const packet = new Packet();
    for (const length of [64, 61, 5000, 60]) {
      packet.attach(bytes, 32, 92);
      Object.assign(packet, { l3: 46, l3End: 92 });
      packet.pad(length);
      expect(toHex(packet.frame())).to.equal(toHex(FRAME) + '00'.repeat(length - 60));
      expect([packet.l3 - packet.start, packet.l3End - packet.start]).to.deep.equal([14, 60]);
    }
    const own = packet.attach(bytes, 32, 92);
    own.pad(64);
    own.pad(70);
    expect(toHex(own.frame())).to.equal(toHex(FRAME) + '00'.repeat(10));
    expect(own.start).to.equal(HEADROOM);
    expect(toHex(bytes)).to.equal(toHex(shared()));
  });
});
