import { expect } from 'chai';
import { fromHex, toHex } from '../../lib/bytes/index.js';
import { formatVersions, helloFailed, offeredVersions, offerText, ourHello } from '../../lib/channel/hello.js';
import { decode, type Hello } from '../../lib/wire/index.js';

function offered(bytes: Uint8Array): readonly number[] {
  return offeredVersions(decode(bytes) as Hello);
}

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
  ['a bitmap without a word', '0400000c00000001 00010004', []],
  ['half an element', '0400000a00000001 0001', [1, 2, 3, 4]],
];

describe('channel/hello', () => {
  it('offers 1.3 and nothing else', () => {
    expect(toHex(ourHello(7))).to.equal('0400001000000007' + '0001000800000010');
    expect(offered(ourHello(7))).to.deep.equal([4]);
  });

  for (const [what, hex, versions] of HELLOS) {
    it(`reads ${what}`, () => {
      expect(offered(fromHex(hex))).to.deep.equal(versions);
    });
  }

  it('refuses in the highest version of the peer, with a text (OpenFlow 1.3.5 §6.3.1)', () => {
    const m = decode(helloFailed([1, 2], 9));
    if (m.type !== 'error') throw new Error(m.type);
    expect(m).to.deep.include({ version: 2, xid: 9, error: { type: 0, code: 0 } });
    expect(new TextDecoder().decode(m.data)).to.equal(
      'OpenFlow 1.3 is spoken here, you offer 1.0, 1.1. With ovs-ofctl: -O OpenFlow13',
    );
  });

  it('names versions', () => {
    expect(formatVersions([1, 4, 6, 7])).to.equal('1.0, 1.3, 1.5, 0x7');
    expect(formatVersions([])).to.equal('no version');
    expect(offerText([1, 4])).to.equal('OpenFlow 1.0, 1.3');
    expect(offerText([])).to.equal('no version of OpenFlow');
  });
});
