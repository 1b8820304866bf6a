/**
 * Whole headers put in front of frames and taken away: where offsets go, room that is not there, frames that are cut
 * off.
 */
import { expect } from 'chai';
import { behindZeros, ENCAP, popHeader, pushHeader } from '../../lib/packet/encapsulation.js';
import { extract } from '../../lib/packet/extract.js';
import { Key, slots } from '../../lib/packet/key.js';
import { HEADROOM, Packet } from '../../lib/packet/packet.js';
import { udp4 } from '../support/frames.js';

const FRAME = udp4({ src: '10.0.0.1', dst: '10.0.0.2', sport: 1, dport: 2 });
const NSH = 0x894f;

/** A service header in front of an Ethernet frame, `metadata` bytes long, with its Ethernet header of zeros. */
function service(metadata: number): Uint8Array {
  const bytes = new Uint8Array(14 + 8 + metadata);
  bytes.set([0x0f, 0xc0 | (2 + metadata / 4), 2, 3, 0, 0, 7, 255], 14);
  return bytes;
}

function extracted(frame: Uint8Array): { packet: Packet; key: Key } {
  const packet = new Packet().attach(frame.slice());
  const key = new Key();
  extract(packet, key, 1);
  return { packet, key };
}

describe('packet: encapsulation', () => {
  for (const metadata of [0, 16, 100, 244]) {
    it(`${metadata} bytes of metadata go in front and away again${14 + 8 + metadata > HEADROOM ? ', beyond the headroom' : ''}`, () => {
      const { packet, key } = extracted(FRAME);
      pushHeader(packet, service(metadata), 0, NSH);
      expect([packet.length, packet.bare]).to.deep.equal([FRAME.length + 22 + metadata, 14]);
      extract(packet, key, 1);
      expect([slots.eth_type, slots.nsh_np, slots.nsh_si].map((slot) => key.get(slot))).to.deep.equal([NSH, 3, 255]);
      popHeader(packet, ENCAP.popNsh, 0);
      expect(packet.frame()).to.deep.equal(FRAME);
      expect(packet.bare).to.equal(0);
    });
  }

  it('a label goes behind the zeros, and its type stands there', () => {
    const { packet } = extracted(FRAME);
    popHeader(packet, ENCAP.popEthernet, 0);
    pushHeader(packet, Uint8Array.of(0, 0, 0x51, 64), 14, 0x8847);
    expect([...packet.frame().subarray(0, 19)]).to.deep.equal([
      ...new Array(12).fill(0),
      0x88,
      0x47,
      0,
      0,
      0x51,
      64,
      0x45,
    ]);
    popHeader(packet, ENCAP.popLabel, 0x0800);
    expect(packet.frame()).to.deep.equal(behindZeros(FRAME.slice(14), 0x10800));
  });

  it('Ethernet goes with what stands between it and the type', () => {
    const llc = [...FRAME.subarray(0, 12), 0, FRAME.length - 6, 0xaa, 0xaa, 3, 0, 0, 0, ...FRAME.subarray(12)];
    const { packet } = extracted(Uint8Array.from(llc));
    popHeader(packet, ENCAP.popEthernet, 0);
    expect(packet.frame()).to.deep.equal(behindZeros(FRAME.slice(14), 0x10800));
  });

  it('a copy has as many bytes that stand for none', () => {
    const { packet } = extracted(FRAME);
    pushHeader(packet, service(0), 0, NSH);
    expect(new Packet().copy(packet).bare).to.equal(14);
    expect(packet.attach(FRAME).bare).to.equal(0);
  });

  it('frames cut off anywhere stay as they are, or lose the header', () => {
    for (const kind of [ENCAP.popNsh, ENCAP.popLabel, ENCAP.popEthernet]) {
      for (const type of [0, 0x0800]) {
        for (let length = 14; length < 50; length++) {
          const whole = Uint8Array.from([...service(16), ...FRAME]);
          whole.set([0x89, 0x4f], 12);
          const { packet } = extracted(whole.subarray(0, length));
          popHeader(packet, kind, type);
          expect(packet.length).to.be.within(0, length);
        }
      }
    }
  });
});
