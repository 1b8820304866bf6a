/** Values of every field as text: what is printed is read back, and what isn't a value is refused with a reason. */
import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from '../../lib/bytes/index.js';
import {
  didYouMean,
  FIELDS,
  type Field,
  fieldMask,
  fieldNamed,
  fields,
  formatValue,
  keyValues,
  parsePort,
  parseValue,
} from '../../lib/nxm/index.js';

/** A value of a field: its bytes with only the bits that it may have. */
function bytesFor(field: Field): fc.Arbitrary<Uint8Array> {
  const all = fieldMask(field);
  return fc
    .uint8Array({ minLength: field.bytes, maxLength: field.bytes })
    .map((bytes) => bytes.map((byte, i) => byte & all[i]));
}

function field(name: string): Field {
  const found = fieldNamed(name);
  if (!found) throw new Error(`no field ${name}`);
  return found;
}

function read(field: Field, text: string): string {
  const { value, mask } = parseValue(field, text);
  return `${toHex(value)}${mask ? `/${toHex(mask)}` : ''}`;
}

function refusal(field: Field, text: string): string {
  try {
    return `accepted as ${read(field, text)}`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
}

describe('nxm/value-text', () => {
  for (const field of FIELDS) {
    if (field.slot === null || field.text === 'port' || field.text === 'frag') continue;
    it(`reads back every value of ${field.name}`, () => {
      fc.assert(
        fc.property(bytesFor(field), (value) => {
          expect(read(field, formatValue(field, value, null))).to.equal(toHex(value));
        }),
        { numRuns: 25 },
      );
    });
    if (!field.maskable) continue;
    it(`reads back every mask of ${field.name}`, () => {
      fc.assert(
        fc.property(bytesFor(field), bytesFor(field), (bits, mask) => {
          const value = bits.map((byte, i) => byte & mask[i]);
          if (mask.every((byte) => byte === 0)) return;
          const whole = toHex(mask) === toHex(fieldMask(field));
          const expected = `${toHex(value)}${whole ? '' : `/${toHex(mask)}`}`;
          expect(read(field, formatValue(field, value, mask))).to.equal(expected);
        }),
        { numRuns: 25 },
      );
    });
  }

  for (const [name, text, expected] of [
    ['reg0', '010', '00000008'],
    ['reg0', '0X1F', '0000001f'],
    ['reg0', '*', '00000000/00000000'],
    ['metadata', '-1', 'ffffffffffffffff'],
    ['ip_src', '10.0.0.5/24', '0a000000/ffffff00'],
    ['ip_src', '10.0.0.5/255.0.0.255', '0a000005/ff0000ff'],
    ['ip_src', '10.0.0.5/32', '0a000005'],
    ['ipv6_src', '::10.0.0.1', '0000000000000000000000000a000001'],
    ['ipv6_src', '::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
    ['eth_src', '1:2:3:4:5:a', '01020304050a'],
    ['ip_frag', 'LATER', '03'],
    ['ip_frag', 'not_later', '00/02'],
    ['tcp_flags', 'syn|0x10', '0012'],
    ['tcp_flags', '-syn+ack', '0010/0012'],
    ['ct_state', '+trk-new', '00000020/00000021'],
    ['ct_state', '0x21/0x3f', '00000021/0000003f'],
    ['in_port', 'LOCAL', 'fffe'],
    ['in_port_oxm', 'local', 'fffffffe'],
    ['in_port_oxm', '65534', 'fffffffe'],
    ['packet_type', '(1,0x800)', '00010800'],
  ] as const) {
    it(`reads ${name}=${text}`, () => expect(read(field(name), text)).to.equal(expected));
  }

  for (const [name, text, why] of [
    ['reg0', '0x1_0', '"0x1_0" is no number for reg0'],
    ['reg0', '5/x', '"x" is no mask for reg0'],
    ['reg0', '', '"" is no number for reg0'],
    ['mpls_label', '0x100000', '0x100000 does not fit in mpls_label'],
    ['nw_proto', '6/0xf', "nw_proto can't be masked"],
    ['ip_src', '1.2.3.4/', '"" is no mask of an IPv4 address'],
    ['ipv6_src', 'fe80::1%eth0', '"fe80::1%eth0" is no IPv6 address'],
    ['eth_src', '1:2:3:4:5:6:7', '"1:2:3:4:5:6:7" is no Ethernet address'],
    ['packet_type', '(1)', '"(1)" is no packet type: (namespace,type), two numbers of 16 bits'],
  ] as const) {
    it(`refuses ${name}=${text}: ${why}`, () => expect(refusal(field(name), text)).to.equal(why));
  }

  it('prints fragments and ports by name', () => {
    expect(formatValue(fields.ip_frag, Uint8Array.of(3), null)).to.equal('later');
    expect(formatValue(fields.ip_frag, Uint8Array.of(0), Uint8Array.of(2))).to.equal('not_later');
    expect(formatValue(fields.in_port_oxm, Uint8Array.of(255, 255, 255, 254), null)).to.equal('LOCAL');
    expect(formatValue(fields.in_port, Uint8Array.of(255, 248), null)).to.equal('IN_PORT');
    expect(formatValue(field('reg0'), new Uint8Array(4), new Uint8Array(4))).to.equal('ANY');
  });
});

describe('nxm/port-text', () => {
  it('knows OpenFlow 1.0 numbers and refuses what has no number there', () => {
    expect(parsePort('65280')).to.equal(0xffffff00);
    expect(parsePort('70000')).to.equal(null);
    expect(parsePort('none')).to.equal(0xffffffff);
    expect(parsePort('"a b"', new Map([['a b', 3]]))).to.equal(3);
    expect(parsePort('"a b', new Map([['a b', 3]]))).to.equal(null);
  });
});

describe('nxm/key-values', () => {
  it('splits keys and values, brackets respected', () => {
    const parts = [...keyValues(' a=1,b:2 c(d(e,f),g),h, set(1)->i')].map(({ key, value }) => `${key}|${value}`);
    expect(parts).to.deep.equal(['a|1', 'b|2', 'c|d(e,f),g', 'h|', 'set|1)->i']);
  });

  it('says where each stands, and what is not closed', () => {
    const [a, b] = [...keyValues('ab=cd,e(f(g)')];
    expect([a.keyAt, a.valueAt, b.keyAt, b.valueAt]).to.deep.equal([0, 3, 6, 8]);
    expect([a.closed, b.closed]).to.deep.equal([true, false]);
  });
});

describe('nxm/suggestion', () => {
  it('names the nearest word, and none that is far', () => {
    expect(didYouMean('nw_scr', ['nw_dst', 'nw_src'])).to.equal(' (did you mean "nw_src"?)');
    expect(didYouMean('OUTPTU', ['output'])).to.equal(' (did you mean "output"?)');
    expect(didYouMean('xyzzy', ['output', 'group'])).to.equal('');
  });
});
