import { expect } from 'chai';
import { fromHex, toHex } from '../../lib/bytes/index.js';
import { formatVersions, readHello, writeHello, writeHelloFailed } from '../../lib/channel/hello.js';

const HELLOS: readonly [what: string, hex: string, versions: number[]][] = [
  ["ovs-ofctl's for 1.0: no bitmap", '0100000800000001', [1]],
  ["os-ken's: 1.3 without a bitmap", '0400000800000001', [1, 2, 3, 4]],
  ['1.5 without a bitmap', '0600000800000001', [1, 2, 3, 4, 5, 6]],
  ['a bitmap of 1.0 and 1.3', '0400001000000001 0001000800000012', [1, 4]],
  ['a bitmap of 1.5 only', '0600001000000001 0001000800000040', [6]],
  ['an unknown element before the bitmap', '0400001800000001 0007000500000000 0001000800000010', [4]],
  ['a bitmap without bits', '0400001000000001 0001000800000000', []],
  ['an element that is too long', '0400001000000001 0001ffff00000010', [1, 2, 3, 4]],
  ['an element that is too short', '0400001000000001 0001000200000010', [1, 2, 3, 4]],
  ['a bitmap without a word', '0400000c00000001 00010004', [1, 2, 3, 4]],
  ['half an element', '0400000a00000001 0001', [1, 2, 3, 4]],
];

describe('channel/hello', () => {
  it('offers 1.3 and nothing else', () => {
    expect(toHex(writeHello(7))).to.equal('0400001000000007' + '0001000800000010');
    expect(readHello(writeHello(7))).to.deep.equal([4]);
  });

  for (const [what, hex, versions] of HELLOS) {
    it(`reads ${what}`, () => {
      expect(readHello(fromHex(hex))).to.deep.equal(versions);
    });
  }

  it('refuses in the version it is told, with a text', () => {
    expect(toHex(writeHelloFailed(1, 2, 'no'))).to.equal('0101000e00000002' + '00000000' + '6e6f');
  });

  it('names versions', () => {
    expect(formatVersions([1, 4, 6, 7])).to.equal('1.0, 1.3, 1.5, 0x7');
    expect(formatVersions([])).to.equal('no version');
  });
});
