import { expect } from 'chai';
import { fromHex, OpenFlowError, toHex } from '../../lib/bytes/index.js';
import { type FieldValue, fieldNamed } from '../../lib/nxm/index.js';
import { decode, encode, type NxtPacketIn2 } from '../../lib/wire/index.js';

function value(name: string, ...bytes: number[]): FieldValue {
  const field = fieldNamed(name);
  if (!field) throw new Error(name);
  return { field, value: Uint8Array.from(bytes), mask: null };
}

const packet: NxtPacketIn2 = {
  type: 'nxt_packet_in2',
  xid: 0,
  bufferId: 0xffffffff,
  totalLen: 60,
  reason: 'action',
  tableId: 3,
  cookie: 0x77n,
  fields: [value('in_port_oxm', 0, 0, 0, 2), value('reg1', 0, 0, 0, 9)],
  userdata: null,
  continuation: null,
  data: Uint8Array.of(1, 2, 3, 4, 5),
};

describe("wire/Nicira's packet-in", () => {
  it('has a property for each thing there is', () => {
    expect(toHex(encode(packet))).to.equal(
      '0404006000000000' +
        '000023200000001e' +
        '0000000901020304' + // the data
        '0500000000000000' +
        '000100080000003c' + // the whole length
        '0003000503000000' + // the table
        '0004001000000000' + // the cookie
        '0000000000000077' +
        '0005000501000000' + // the reason
        '0006001480000004' + // in_port, reg1
        '0000000200010204' +
        '0000000900000000',
    );
  });

  it('leaves out the length of a whole frame, and a cookie that is none', () => {
    const bytes = encode({ ...packet, totalLen: 5, cookie: 0xffffffffffffffffn, fields: [] });
    expect(toHex(bytes.slice(16))).to.equal(
      '0000000901020304' + '0500000000000000' + '0003000503000000' + '0005000501000000' + '0006000400000000',
    );
  });

  const nicira = (expType: number, body: string) => {
    const hex = `00000001 00002320 ${expType.toString(16).padStart(8, '0')} ${body}`.replaceAll(' ', '');
    return fromHex(`0404${(hex.length / 2 + 4).toString(16).padStart(4, '0')}${hex}`);
  };

  it('is asked for by number', () => {
    expect(decode(nicira(16, '00000000'))).to.include({ format: 'standard' });
    expect(decode(nicira(16, '00000001'))).to.include({ format: 'nxt' });
    expect(decode(nicira(16, '00000002'))).to.include({ format: 'nxt2' });
    expect(() => decode(nicira(16, '00000003'))).to.throw(OpenFlowError, 'OFPBRC_EPERM');
    expect(() => decode(nicira(16, '000000'))).to.throw(OpenFlowError, 'OFPBRC_BAD_LEN');
    expect(() => decode(nicira(16, '0000000200'))).to.throw(OpenFlowError, 'OFPBRC_BAD_LEN');
  });

  it('may be meant for a controller by its id', () => {
    expect(decode(nicira(20, '0000000000000102'))).to.include({ controllerId: 0x102 });
    expect(() => decode(nicira(20, '0000000100000102'))).to.throw(OpenFlowError, 'NXBRC_MUST_BE_ZERO');
    expect(() => decode(nicira(20, '00000000000001'))).to.throw(OpenFlowError, 'OFPBRC_BAD_LEN');
  });
});
