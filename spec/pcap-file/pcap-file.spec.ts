import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex } from '../../lib/bytes/index.js';
import { CaptureError, CaptureReader, captureHeader, captureRecord, putRecord } from '../../lib/pcap-file/index.js';

/** All records of a file given in chunks of `size` bytes, as text. */
function read(file: Uint8Array, size = file.length, headroom = 0): string[] {
  const reader = new CaptureReader();
  const found: string[] = [];
  for (let at = 0; at < file.length; at += size) {
    const part = file.subarray(at, at + size);
    const chunk = new Uint8Array(headroom + part.length);
    chunk.set(part, headroom);
    reader.push(chunk, headroom);
    for (let record = reader.next(); record !== null; record = reader.next()) {
      const { sec, nsec, bytes, start, end, originalLength } = record;
      found.push(`${sec}.${String(nsec).padStart(9, '0')} ${toHex(bytes, start, end)} ${originalLength}`);
    }
  }
  reader.finish();
  return found;
}

/** The error that reading a file throws. */
function failure(file: Uint8Array): CaptureError {
  try {
    read(file);
  } catch (error) {
    expect(error).to.be.instanceOf(CaptureError);
    return error as CaptureError;
  }
  throw new Error('the file was read');
}

function join(...parts: (Uint8Array | string)[]): Uint8Array {
  return fromHex(parts.map((part) => (typeof part === 'string' ? part : toHex(part))).join(''));
}

/** A header and a record of three bytes at 1.5 s, cut from 60, in each byte order and resolution. */
const CLASSIC = {
  'big-endian, µs': 'a1b2c3d40002000400000000000000000000ffff00000001 000000010007a120000000030000003c aabbcc',
  'little-endian, µs': 'd4c3b2a1020004000000000000000000ffff000001000000 0100000020a10700030000003c000000 aabbcc',
  'big-endian, ns': 'a1b23c4d0002000400000000000000000000ffff00000001 000000011dcd6500000000030000003c aabbcc',
  'little-endian, ns': '4d3cb2a1020004000000000000000000ffff000001000000 010000000065cd1d030000003c000000 aabbcc',
};

/** A block of pcapng, big-endian, padded. */
function block(type: string, body: string): string {
  const hex = body.replace(/\s+/g, '');
  const padded = hex.padEnd(Math.ceil(hex.length / 8) * 8, '0');
  const length = (12 + padded.length / 2).toString(16).padStart(8, '0');
  return `${type}${length}${padded}${length}`;
}
const SECTION = block('0a0d0d0a', '1a2b3c4d 0001 0000 ffffffffffffffff');
const ETHERNET = block('00000001', '0001 0000 00000000');

describe('pcap-file/classic', () => {
  for (const [name, hex] of Object.entries(CLASSIC)) {
    it(`reads ${name}`, () => expect(read(fromHex(hex))).to.deep.equal(['1.500000000 aabbcc 60']));
  }

  it('reads what it writes, in chunks of any size', () => {
    const frame = fc.uint8Array({ minLength: 0, maxLength: 80 });
    const property = fc.property(fc.array(frame, { maxLength: 8 }), fc.integer({ min: 1, max: 60 }), (frames, size) => {
      const file = join(captureHeader(), ...frames.map((bytes, i) => captureRecord(1000 * i + 0.25, bytes)));
      const expected = frames.map((bytes, i) => `${i}.000250000 ${toHex(bytes)} ${bytes.length}`);
      expect(read(file, size)).to.deep.equal(expected);
      expect(read(file, size, 200)).to.deep.equal(expected);
    });
    fc.assert(property);
  });

  it('refills one array, moving what is left over to its front', () => {
    const file = join(captureHeader(), ...[1, 2, 3, 4, 5].map((n) => captureRecord(n * 1000, Uint8Array.of(n, n, n))));
    const reader = new CaptureReader();
    const chunk = new Uint8Array(64 + 30);
    const seen: number[] = [];
    for (let at = 0; at < file.length; at += 30) {
      const part = file.subarray(at, at + 30);
      chunk.set(part, 64);
      reader.push(chunk, 64, 64 + part.length);
      for (let record = reader.next(); record !== null; record = reader.next()) seen.push(record.bytes[record.start]);
    }
    reader.finish();
    expect(seen).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('puts a record where it is told', () => {
    const out = new Uint8Array(30).fill(0xee);
    expect(putRecord(out, 5, 2_000_000_001.5, fromHex('00aabb00'), 1, 3)).to.equal(23);
    expect(toHex(out, 5, 23)).to.equal('80841e0060e31600 0200000002000000aabb'.replace(' ', ''));
    expect([out[4], out[23]]).to.deep.equal([0xee, 0xee]);
  });

  it('takes an FCS off, where the header announces one', () => {
    const file = fromHex(
      `a1b2c3d40002000400000000000000000000ffff24000001 00000001000000000000000700000007 aabbcc01020304`,
    );
    expect(read(file)).to.deep.equal(['1.000000000 aabbcc 3']);
  });

  it('says what is wrong, and where', () => {
    const header = CLASSIC['big-endian, µs'].slice(0, 48);
    const cases: [string, RegExp, number][] = [
      ['', /too short/, 0],
      ['a1b2', /too short/, 2],
      ['a1b2c3d40002', /cut off/, 0],
      ['cafebabe00', /neither pcap nor pcapng: it begins with cafebabe/, 0],
      [header.replace('00020004', '00030000'), /version 3\.0/, 4],
      [header.replace(/01$/, '71'), /link type 113 \(Linux cooked\), but only Ethernet/, 20],
      [`${header}00000001`, /cut off in a record/, 24],
      [`${header}00000001000000000000000500000005aabb`, /cut off in a record/, 24],
      [`${header}0000000100000000ffffffff00000005`, /a frame of 4294967295 bytes, more than 262144/, 32],
    ];
    for (const [hex, message, offset] of cases) {
      const error = failure(fromHex(hex));
      expect(error.message).to.match(message);
      expect(error.offset).to.equal(offset);
    }
  });

  it('gives records or a CaptureError for any bytes behind a header', () => {
    const header = fromHex(CLASSIC['little-endian, ns']).subarray(0, 24);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 64 }), (bytes, size) => {
        try {
          read(join(header, bytes), size);
        } catch (error) {
          expect(error).to.be.instanceOf(CaptureError);
        }
      }),
    );
  });
});

describe('pcap-file/pcapng', () => {
  const packet = block('00000006', '00000000 00000000 0016e360 00000003 0000003c aabbcc');

  it('reads enhanced, simple and old packets, and steps over other blocks', () => {
    const name = block('00000004', '00'.repeat(40));
    const simple = block('00000003', '00000002 ddee');
    const old = block('00000002', '0000 0000 00000000 0016e360 00000001 00000001 ff');
    const file = fromHex(SECTION + ETHERNET + name + packet + simple + old);
    const expected = ['1.500000000 aabbcc 60', '0.000000000 ddee 2', '1.500000000 ff 1'];
    for (const size of [1, 3, 16, 50, file.length]) expect(read(file, size)).to.deep.equal(expected);
  });

  it('knows both byte orders, also in one file', () => {
    const little = '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000';
    const described = '0100000014000000010000000000000014000000';
    const simple = '0300000014000000020000 00aabb000014000000';
    const file = fromHex(SECTION + ETHERNET + packet + little + described + simple);
    expect(read(file)).to.deep.equal(['1.500000000 aabbcc 60', '0.000000000 aabb 2']);
  });

  it('knows time resolutions of ten and of two, and offsets', () => {
    const at = (options: string, high: string, low: string) => {
      const described = block('00000001', `0001 0000 00000000 ${options} 00000000`);
      const file = SECTION + described + block('00000006', `00000000 ${high} ${low} 00000001 00000001 aa`);
      return read(fromHex(file))[0].split(' ')[0];
    };
    expect(at('0009000109000000', '17979cfe', '362a0015')).to.equal('1700000000.000000021');
    expect(at('0009000100000000', '00000000', '00000007')).to.equal('7.000000000');
    expect(at('0009000183000000', '00000000', '0000000c')).to.equal('1.500000000');
    expect(at('000900010c000000', '00000001', '00000000')).to.equal('0.004294967');
    expect(at('000900010c000000', '0000ffff', 'ffffffff')).to.equal('281.474976710');
    expect(at('000e0008000000000000000a', '00000000', '0016e360')).to.equal('11.500000000');
    expect(at('000e0008ffffffffffffffff', '00000000', '0016e360')).to.equal('0.500000000');
  });

  it('keeps nothing of a huge block that it steps over', () => {
    const reader = new CaptureReader();
    reader.push(fromHex(`${SECTION}00000bad40000000`));
    const chunk = new Uint8Array(1 << 20);
    for (let i = 0; i < 1023; i++) {
      reader.push(chunk);
      expect(reader.next()).to.equal(null);
    }
    reader.push(chunk.subarray(8));
    reader.push(fromHex(ETHERNET + packet));
    expect(reader.next()?.sec).to.equal(1);
    reader.finish();
  });

  it('says what is wrong, and where', () => {
    const at = SECTION.length / 2;
    const cases: [string, RegExp, number][] = [
      ['0a0d0d0a0000001c1122334400010000ffffffffffffffff0000001c', /without a byte order/, 8],
      [`${SECTION}000000060000000d0000000000`, /a block length of 13/, at + 4],
      [`${SECTION}0000000640000000aabbccddee`, /a block of 1073741824 bytes, more than/, at + 4],
      [`${SECTION}000000010000001400010000000000000000ffff`, /ends with another length/, at + 16],
      [SECTION + packet, /interface 0, which was not described/, at + 8],
      [SECTION + ETHERNET.replace('140001', '140071') + packet, /Linux cooked/, at + 8],
      [
        SECTION + ETHERNET + packet.replace('00000003', '00000030'),
        /a frame of 48 bytes in a block that has 4/,
        at + 40,
      ],
      [SECTION + ETHERNET + packet.slice(0, 40), /cut off/, at + 20],
    ];
    for (const [hex, message, offset] of cases) {
      const error = failure(fromHex(hex));
      expect(error.message).to.match(message);
      expect(error.offset, hex).to.equal(offset);
    }
  });
});
