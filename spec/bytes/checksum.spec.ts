import { expect } from 'chai';
import { checksum, crc32c, fold, fromHex, sumBytes, updateChecksum } from '../../lib/bytes/index.js';

describe('bytes/checksum', () => {
  it("is the header checksum of RFC 1071's example", () => {
    const bytes = fromHex('0001f203f4f5f6f7');
    expect(fold(sumBytes(bytes, 0, 8))).to.equal(0xddf2);
    expect(checksum(bytes, 0, 8)).to.equal(0x220d);
  });

  it('counts an odd last byte as the high half', () => {
    expect(fold(sumBytes(fromHex('0102ff'), 0, 3))).to.equal(0xff02 + 0x0100 - 0xffff);
  });

  it('stays equal to a full sum when a word changes', () => {
    const bytes = fromHex('45000028abcd40004006000a0a0000010a000002');
    for (let after = 0; after < 0x10000; after += 257) {
      const before = checksum(bytes, 0, bytes.length);
      const word = (bytes[4] << 8) | bytes[5];
      bytes[4] = after >> 8;
      bytes[5] = after & 0xff;
      expect(updateChecksum(before, word, after)).to.equal(checksum(bytes, 0, bytes.length));
    }
  });

  it("is CRC32c's check value", () => {
    expect(crc32c(new TextEncoder().encode('123456789'), 0, 9)).to.equal(0xe3069283);
    const zeroed = fromHex('3132333400000000');
    expect(crc32c(fromHex('31323334deadbeef'), 0, 8, 4)).to.equal(crc32c(zeroed, 0, 8));
  });
});
