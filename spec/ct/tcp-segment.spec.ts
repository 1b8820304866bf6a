/** A TCP header as the machine reads it: sequence arithmetic, flags, the window scale option. */
import { expect } from 'chai';
import fc from 'fast-check';
import { begin, TcpPeer } from '../../lib/ct/tcp/machine.js';
import { impossible, TcpSegment } from '../../lib/ct/tcp/segment.js';
import { after, atLeast, distance, plus } from '../../lib/ct/tcp/sequence.js';
import { inner, type Tcp, tcp4, tcpFlags } from '../support/frames.js';

function read(tcp: Tcp): TcpSegment {
  const packet = inner(tcp4(tcp));
  return new TcpSegment().read(packet, 20, packet.length);
}

describe('ct/tcp/sequence', () => {
  it('wraps: what is added lies after, up to half the circle', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (a, n) => {
        const b = plus(a, n);
        expect([after(b, a), after(a, b), atLeast(b, a), atLeast(a, b)]).to.deep.equal([true, false, true, false]);
        expect(distance(b, a)).to.equal(n);
      }),
    );
    expect([atLeast(5, 5), after(5, 5)]).to.deep.equal([true, false]);
  });
});

describe('ct/tcp/segment', () => {
  it('reads numbers, flags, window and length of the payload', () => {
    const segment = read({
      seq: 0xfffffff0,
      ack: 7,
      flags: 'psh|ack',
      window: 65535,
      payload: 'hello',
      tcp_options: Uint8Array.of(1, 1, 1, 1),
    });
    expect(segment).to.include({ seq: -16, ack: 7, flags: 0x18, window: 65535, length: 5, scale: -1 });
  });

  const options: [name: string, bytes: number[], scale: number][] = [
    ['window scale alone', [3, 3, 7, 0], 7],
    ['behind a maximum segment size', [2, 4, 5, 180, 1, 3, 3, 9], 9],
    ['over 14 counts as 14', [3, 3, 15, 0], 14],
    ['behind the end of options it does not count', [0, 3, 3, 7], -1],
    ['no room for it', [1, 1, 3, 3], -1],
    ['an option of length 0 is stepped over as two bytes', [8, 0, 3, 3, 5, 0, 0, 0], 5],
    ['an option longer than the header ends the search', [8, 200, 3, 3, 5, 0, 0, 0], -1],
    ['none', [1, 1, 1, 1], -1],
  ];
  for (const [name, bytes, scale] of options) {
    it(`options: ${name}`, () => {
      expect(read({ flags: 'syn', tcp_options: Uint8Array.from(bytes) }).scale).to.equal(scale);
      expect(read({ flags: 'ack', tcp_options: Uint8Array.from(bytes) }).scale).to.equal(-1);
    });
  }

  it('says which of all sets of flags are impossible', () => {
    const possible: number[] = [];
    for (let flags = 0; flags < 64; flags++) if (!impossible(flags)) possible.push(flags);
    const ack = [0, 1, 4, 5, 8, 9, 12, 13].flatMap((other) => [16 + other, 48 + other]);
    const expected = ['syn', 'rst', 'syn|ack', 'syn|ack|psh', 'syn|ack|urg', 'syn|ack|psh|urg']
      .map(tcpFlags)
      .concat(ack);
    expect(possible).to.deep.equal([...new Set(expected)].sort((a, b) => a - b));
  });
});

describe('ct/tcp/machine: the first segment', () => {
  const start = (tcp: Tcp): TcpPeer[] => {
    const sides = [new TcpPeer(), new TcpPeer()];
    begin(sides[0], sides[1], read(tcp));
    return sides;
  };

  it('the creator begins with seqlo = seq, seqhi = seq + payload + 1, one more for SYN and for FIN', () => {
    expect(start({ flags: 'ack', seq: 10, payload: 'abc' })[0]).to.include({ seqlo: 10, seqhi: 14 });
    expect(start({ flags: 'syn', seq: 10 })[0]).to.include({ seqlo: 10, seqhi: 12 });
    expect(start({ flags: 'fin|ack', seq: 10 })[0]).to.include({ seqlo: 10, seqhi: 12 });
  });

  it('its window is at least 1, and of a SYN with scale divided, rounded up', () => {
    expect(start({ flags: 'syn', window: 0 })[0].window).to.equal(1);
    expect(start({ flags: 'syn', window: 1001, wscale: 1 })[0]).to.include({ window: 501, scale: 1 });
  });

  it('the peer begins with seqhi 1 and window 1', () => {
    expect(start({ flags: 'syn' })[1]).to.include({ state: 0, seqlo: 0, seqhi: 1, window: 1 });
  });
});
