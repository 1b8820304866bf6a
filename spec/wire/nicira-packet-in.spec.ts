import { expect } from 'chai';
import { fromHex, OpenFlowError, toHex } from '../../lib/bytes/index.js';
import { type FieldValue, fieldNamed } from '../../lib/nxm/index.js';
import { encode, type PacketIn, packetIn2, readControllerId, readPacketInFormat } from '../../lib/wire/index.js';

function value(name: string, ...bytes: number[]): FieldValue {
  const field = fieldNamed(name);
  if (!field) throw new Error(name);
  return { field, value: Uint8Array.from(bytes), mask: null };
}

const packet: PacketIn = {
  type: 'packet_in',
  xid: 0,
  bufferId: 0xffffffff,
  totalLen: 60,
  reason: 'action',
  tableId: 3,
  cookie: 0x77n,
  fields: [value('in_port_oxm', 0, 0, 0, 2), value('reg1', 0, 0, 0, 9)],
  data: Uint8Array.of(1, 2, 3, 4, 5),
};

describe("wire/Nicira's packet-in", () => {
  it('has a property for each thing there is', () => {
    expect(toHex(encode(packetIn2(packet)))).to.equal(
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
    const bytes = encode(packetIn2({ ...packet, totalLen: 5, cookie: 0xffffffffffffffffn, fields: [] }));
    expect(toHex(bytes.slice(16))).to.equal(
      '0000000901020304' + '0500000000000000' + '0003000503000000' + '0005000501000000' + '0006000400000000',
    );
  });

  it('is asked for by number', () => {
    expect(readPacketInFormat(fromHex('00000000'))).to.equal('standard');
    expect(readPacketInFormat(fromHex('00000001'))).to.equal('nxt');
    expect(readPacketInFormat(fromHex('00000002'))).to.equal('nxt2');
    expect(() => readPacketInFormat(fromHex('00000003'))).to.throw(OpenFlowError, 'OFPBRC_EPERM');
    expect(() => readPacketInFormat(fromHex('000000'))).to.throw(OpenFlowError, 'OFPBRC_BAD_LEN');
    expect(() => readPacketInFormat(fromHex('0000000200'))).to.throw(OpenFlowError, 'OFPBRC_BAD_LEN');
  });

  it('may be meant for a controller by its id', () => {
    expect(readControllerId(fromHex('0000000000000102'))).to.equal(0x102);
    expect(() => readControllerId(fromHex('0000000100000102'))).to.throw(OpenFlowError, 'NXBRC_MUST_BE_ZERO');
    expect(() => readControllerId(fromHex('00000000000001'))).to.throw(OpenFlowError, 'OFPBRC_BAD_LEN');
  });
});
