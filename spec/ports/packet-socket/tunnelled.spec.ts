/** Packets in tunnels that a sender left to be cut: each piece is what it would have sent itself. */
import { expect } from 'chai';
import { toHex } from '../../../lib/bytes/index.js';
import { isTunnelled, VNET_BYTES } from '../../../lib/ports/packet-socket/offload.js';
import { cutTunnelled } from '../../../lib/ports/packet-socket/tunnelled.js';
import { ip4, ip6, tcp4, tcp6, udp4, udp6 } from '../../support/frames.js';

const START = 40;
const HEADER = START - VNET_BYTES;
const SIZE = 1000;
/** Where the header says how long a segment is. */
const GSO_SIZE = 4;
const DATA = Uint8Array.from({ length: 3333 }, (_, i) => (i * 7) >> 3);
const VXLAN = Uint8Array.of(8, 0, 0, 0, 0, 0, 7, 0);
const GRE = Uint8Array.of(0, 0, 0x65, 0x58);

/** The parts of what is sent, and which of them this is: their numbers and flags are those of the sender. */
interface Part {
  payload: Uint8Array;
  nth: number;
  last: boolean;
}
type Build = (part: Part) => Uint8Array;

const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const flags = ({ nth, last }: Part) =>
  ['ack', ...(last ? ['psh', 'fin'] : []), ...(nth === 0 ? ['cwr'] : [])].join('|');
const tcp = (build: typeof tcp4) => (part: Part) =>
  build({ payload: part.payload, seq: 0xfffffc00 + part.nth * SIZE, flags: flags(part), id: 7 + part.nth });
const udp =
  (build: typeof udp4) =>
  ({ payload, nth }: Part) =>
    build({ payload, id: 7 + nth });
/** Behind Ethernet's header. */
const packet = (frame: Uint8Array) => frame.subarray(14);

/** Tunnel → how it carries a frame; every piece has an identification of its own. */
const TUNNELS: Readonly<Record<string, (frame: Uint8Array, nth: number) => Uint8Array>> = {
  'VXLAN without checksum': (frame, nth) =>
    udp4({ dport: 4789, checksum: 0, id: 90 + nth, payload: join(VXLAN, frame) }),
  'VXLAN with checksum over IPv6': (frame) => udp6({ dport: 4789, payload: join(VXLAN, frame) }),
  'VXLAN behind a tag': (frame, nth) =>
    udp4({ dport: 4789, checksum: 0, id: 90 + nth, vlan: [5], payload: join(VXLAN, frame) }),
  GRE: (frame, nth) => ip4(47, join(GRE, frame), { id: 90 + nth }),
  'IP in IP': (frame, nth) => ip4(frame[14] >> 4 === 4 ? 4 : 41, packet(frame), { id: 90 + nth }),
  'IP in IPv6': (frame) => ip6(frame[14] >> 4 === 4 ? 4 : 41, packet(frame)),
};
const INSIDE: Readonly<Record<string, readonly [gso: number, l4: number, build: Build]>> = {
  'TCP over IPv4': [1, 20, tcp(tcp4)],
  'TCP over IPv6': [4, 40, tcp(tcp6)],
  'TCP that tells of congestion': [0x81, 20, tcp(tcp4)],
  'UDP over IPv4': [5, 20, udp(udp4)],
  'UDP over IPv6': [5, 40, udp(udp6 as typeof udp4)],
};

/** The frame in memory behind its header, as a packet socket hands it over. */
function received(frame: Uint8Array, gso: number, l4: number): Uint8Array {
  const bytes = new Uint8Array(START + frame.length);
  bytes[HEADER] = 1;
  bytes[HEADER + 1] = gso;
  const view = new DataView(bytes.buffer);
  view.setUint16(HEADER + GSO_SIZE, SIZE, true);
  view.setUint16(HEADER + 6, l4, true);
  bytes.set(frame, START);
  return bytes;
}

describe('ports/packet-socket: tunnelled', () => {
  for (const [tunnel, carry] of Object.entries(TUNNELS)) {
    for (const [inside, [gso, header, build]] of Object.entries(INSIDE)) {
      it(`${tunnel}: ${inside}`, () => {
        const whole = carry(build({ payload: DATA, nth: 0, last: true }), 0);
        const l4 = whole.length - DATA.length - ((gso & 0x7f) === 5 ? 8 : 20);
        expect(l4 - header).to.be.at.least(34);
        const bytes = received(whole, gso, l4);
        expect(isTunnelled(bytes, HEADER, START, START, bytes.length)).to.equal(true);
        const pieces: string[] = [];
        const emit = (piece: Uint8Array, start: number, end: number) => pieces.push(toHex(piece, start, end));
        cutTunnelled(bytes, START, bytes.length, SIZE, new Uint8Array(70_000), 128, emit);
        const parts = [0, 1, 2, 3].map((nth) => {
          const payload = DATA.slice(nth * SIZE, (nth + 1) * SIZE);
          return toHex(carry(build({ payload, nth, last: nth === 3 }), nth));
        });
        expect(pieces).to.deep.equal(parts);
      });
    }
  }

  it('a tag that was put back moves what the header tells of', () => {
    const carry = TUNNELS['VXLAN behind a tag'];
    const whole = carry(tcp4({ payload: DATA }), 0);
    const bytes = received(whole, 1, whole.length - DATA.length - 20 - 4);
    expect(isTunnelled(bytes, HEADER, START, START, bytes.length)).to.equal(false);
    expect(isTunnelled(bytes, HEADER, START + 4, START, bytes.length)).to.equal(true);
  });

  it('nothing else is taken for one: no tunnel, nothing to be cut, headers that lie', () => {
    const vxlan = TUNNELS['VXLAN without checksum'](tcp4({ payload: DATA }), 0);
    const l4 = vxlan.length - DATA.length - 20;
    const cases: [frame: Uint8Array, gso: number, l4: number][] = [
      [tcp4({ payload: DATA }), 1, 34],
      [vxlan, 0, l4],
      [vxlan, 5, l4],
      [vxlan, 3, l4],
      [vxlan, 1, 34],
      [vxlan, 1, l4 + 4],
      [vxlan, 1, 0xffff],
      [vxlan.slice(0, -1), 1, l4],
      [vxlan.slice(0, l4 + 20), 1, l4],
    ];
    for (const [frame, gso, at] of cases) {
      const bytes = received(frame, gso, at);
      expect(isTunnelled(bytes, HEADER, START, START, bytes.length), `${gso} ${at}`).to.equal(false);
    }
  });

  it('nor is one whose segments would have no bytes: it could be cut without end', () => {
    const vxlan = TUNNELS['VXLAN without checksum'](tcp4({ payload: DATA }), 0);
    const bytes = received(vxlan, 1, vxlan.length - DATA.length - 20);
    expect(isTunnelled(bytes, HEADER, START, START, bytes.length)).to.equal(true);
    bytes.fill(0, HEADER + GSO_SIZE, HEADER + GSO_SIZE + 2);
    expect(isTunnelled(bytes, HEADER, START, START, bytes.length)).to.equal(false);
  });
});
