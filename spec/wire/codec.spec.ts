/** The header's checks, what is refused with which error, replies in parts, and the odd forms that peers send. */
import { expect } from 'chai';
import { type ErrorName, fromHex, OpenFlowError, toHex, Writer } from '../../lib/bytes/index.js';
import { type FlowMod, Match } from '../../lib/nxm/index.js';
import {
  decode,
  encode,
  encodeReply,
  encodeRows,
  errorMessage,
  type Message,
  type MessageOf,
  type MessageType,
  peekType,
  peekVersion,
  splitDuration,
  type TableStats,
  writeMessage,
} from '../../lib/wire/index.js';
import { SAMPLES } from './samples.js';

const xid = 9;

function sample<T extends MessageType>(type: T): MessageOf<T> {
  return SAMPLES.find((m): m is MessageOf<T> => m.type === type)!;
}

function refusal(bytes: Uint8Array): OpenFlowError {
  try {
    decode(bytes);
  } catch (error) {
    if (error instanceof OpenFlowError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

/** A sample's bytes with some overwritten. */
function changed(type: MessageType, at: number, hex: string): Uint8Array {
  const bytes = encode(sample(type));
  bytes.set(fromHex(hex), at);
  return bytes;
}

const table = (tableId: number): TableStats => ({ tableId, active: 1, lookups: 2, matched: null });
const tables = (count: number): TableStats[] => Array.from({ length: count }, (_, i) => table(i & 0xff));

describe('wire/codec', () => {
  describe('the header', () => {
    it('must be whole', () => {
      expect(refusal(fromHex('04020008000000')).error).to.equal('OFPBRC_BAD_LEN');
      expect(refusal(new Uint8Array(0)).error).to.equal('OFPBRC_BAD_LEN');
    });

    it('must say 1.3, but in hello and error', () => {
      expect(refusal(fromHex('0102000800000001'))).to.include({ error: 'OFPBRC_BAD_VERSION', at: 0 });
      expect(decode(fromHex('0100000800000001'))).to.deep.equal({ type: 'hello', xid: 1, version: 1, versions: null });
      expect(decode(fromHex('0501000c0000000100000000'))).to.include({ type: 'error', version: 5 });
    });

    it('must name a type of 1.3', () => {
      expect(refusal(fromHex('041e000800000001')).error).to.equal('OFPBRC_BAD_TYPE');
      expect(refusal(fromHex('04ff000800000001')).error).to.equal('OFPBRC_BAD_TYPE');
    });

    it('must tell the length that is there', () => {
      expect(refusal(fromHex('0402000900000001')).error).to.equal('OFPBRC_BAD_LEN');
      expect(refusal(fromHex('040200080000000100')).error).to.equal('OFPBRC_BAD_LEN');
      expect(refusal(fromHex('0402000000000001')).error).to.equal('OFPBRC_BAD_LEN');
    });

    it('is read at any offset of a buffer', () => {
      const echo = encode({ type: 'echo_request', xid: 0xfffffffe, data: fromHex('01') });
      const inside = Uint8Array.of(0, 0, 0, ...echo).subarray(3);
      expect(decode(inside)).to.deep.equal({ type: 'echo_request', xid: 0xfffffffe, data: fromHex('01') });
    });
  });

  describe('refuses', () => {
    const cases: [what: string, bytes: () => Uint8Array, error: ErrorName, at?: number][] = [
      ['a barrier with a body', () => fromHex('0414000c0000000100000000'), 'OFPBRC_BAD_LEN', 2],
      ['a role that does not exist', () => changed('role_request', 8, '00000004'), 'OFPRRFC_BAD_ROLE', 8],
      ['a command that does not exist', () => changed('flow_mod', 25, '05'), 'OFPFMFC_BAD_COMMAND', 25],
      ['undefined flags', () => changed('flow_mod', 44, '0020'), 'OFPFMFC_BAD_FLAGS', 44],
      ['the match of OpenFlow 1.1', () => changed('flow_mod', 48, '0000'), 'OFPBMC_BAD_TYPE', 48],
      ['a match that reaches past its end', () => changed('flow_mod', 50, 'ff00'), 'OFPBMC_BAD_LEN', 48],
      ['a match shorter than its header', () => changed('flow_mod', 50, '0003'), 'OFPBMC_BAD_LEN', 48],
      ['a group command', () => changed('group_mod', 8, '0003'), 'OFPGMFC_BAD_COMMAND', 8],
      ['a group type', () => changed('group_mod', 10, '04'), 'OFPGMFC_BAD_TYPE', 10],
      ['a bucket without length', () => changed('group_mod', 16, '0000'), 'OFPGMFC_BAD_BUCKET', 16],
      ['a meter command', () => changed('meter_mod', 8, '0003'), 'OFPMMFC_BAD_COMMAND', 8],
      ['a meter band', () => changed('meter_mod', 16, '0003'), 'OFPMMFC_BAD_BAND', 16],
      ['a band of another length', () => changed('meter_mod', 18, '0020'), 'OFPBRC_BAD_LEN', 16],
      ['actions longer than the packet-out', () => changed('packet_out', 16, 'fff8'), 'OFPBRC_BAD_LEN', 24],
      ['a multipart that does not exist', () => fromHex('041200100000000100630000 00000000'), 'OFPBRC_BAD_STAT', 8],
      [
        'a desc request with a body',
        () => fromHex('041200180000000100000000000000000000000000000000'),
        'OFPBRC_BAD_LEN',
      ],
      ['a port-stats request without one', () => fromHex('041200100000000100040000 00000000'), 'OFPBRC_BAD_LEN', 16],
      ['an experimenter without a type', () => fromHex('0404000c0000000100002320'), 'OFPBRC_BAD_LEN', 12],
    ];
    for (const [what, bytes, error, at] of cases) {
      it(`${what}: ${error}`, () => {
        const found = refusal(bytes());
        expect(found.error).to.equal(error);
        if (at !== undefined) expect(found.at).to.equal(at);
      });
    }

    it('to write what is longer than a message can be', () => {
      const data = new Uint8Array(0x10000);
      expect(() => encode({ type: 'echo_request', xid, data })).to.throw(OpenFlowError, /65535/);
      expect(encode({ type: 'echo_request', xid, data: data.subarray(0, 0xffff - 8) })).to.have.lengthOf(0xffff);
    });
  });

  it('writes messages one behind the other, and nothing of one that is too long', () => {
    const w = new Writer(16);
    writeMessage(w, sample('hello'));
    expect(() => writeMessage(w, { type: 'echo_request', xid, data: new Uint8Array(0x10000) })).to.throw(OpenFlowError);
    writeMessage(w, sample('flow_mod'));
    expect(toHex(w.done())).to.equal(toHex(encode(sample('hello'))) + toHex(encode(sample('flow_mod'))));
  });

  describe('for tools', () => {
    const change = sample('flow_mod').change;
    const withTlvs = (tlvs: string): Message => {
      const { shape, values } = Match.all;
      const bent: FlowMod = { ...change, match: new Match(fromHex(tlvs), shape, values), instructions: {} };
      return { type: 'flow_mod', xid, change: bent };
    };
    for (const [what, tlvs, error] of [
      ['an unknown field', '8000000400000001 8000fe0411223344', 'OFPBMC_BAD_FIELD'],
      ['a field that comes twice', '8000000400000001 8000000400000001', 'OFPBMC_DUP_FIELD'],
      ['a field without its prerequisite', '80001a020050', 'OFPBMC_BAD_PREREQ'],
    ] as const) {
      it(`keeps ${what}, which a switch refuses`, () => {
        const bytes = encode(withTlvs(tlvs));
        expect(refusal(bytes).error).to.equal(error);
        expect(toHex(encode(decode(bytes, { lenient: true })))).to.equal(toHex(bytes));
      });
    }

    it('still wants TLVs that end where the match ends', () => {
      const bytes = encode(withTlvs('8000000400000001 8000fe0811223344'));
      expect(() => decode(bytes, { lenient: true })).to.throw(OpenFlowError, /OFPBMC_BAD_LEN/);
    });

    it('keeps fields of a packet-in that are not known', () => {
      const known = sample('packet_in');
      const bytes = encode(known);
      // The match, of one field, becomes one of an experimenter's field that nobody knows.
      const unknown = fromHex(toHex(bytes).replace('0001000c8000000400000001', '0001000c8000fd0411223344'));
      const m = decode(unknown) as MessageOf<'packet_in'>;
      expect(m.fields.map((f) => [f.field.name, toHex(f.value), f.mask && toHex(f.mask)])).to.deep.equal([
        ['unknown_8000_126', '1122', '3344'],
      ]);
      expect(toHex(encode(m))).to.equal(toHex(unknown));
    });
  });

  describe('hello', () => {
    const versions = (hex: string): unknown => (decode(fromHex(hex)) as MessageOf<'hello'>).versions;

    it('has no versions from a peer of 1.0', () => {
      expect(versions('0100000800000001')).to.equal(null);
    });
    it('has them out of a bitmap, of several words too', () => {
      expect(versions('0400001000000001 0001000800000012')).to.deep.equal([1, 4]);
      expect(versions('0400001800000001 0001000c0000001000000001 00000000')).to.deep.equal([4, 32]);
    });
    it('passes over elements that it does not know, and over what is no element', () => {
      expect(versions('0400001800000001 0002000800000000 0001000800000010')).to.deep.equal([4]);
      expect(versions('0400000c00000001 00010040')).to.equal(null);
      expect(versions('0400000c00000001 00010000')).to.equal(null);
      expect(versions('0400000a00000001 0001')).to.equal(null);
    });
  });

  describe('errors', () => {
    it('carry the request, all of it or its beginning', () => {
      const request = encode(sample('flow_mod'));
      expect(errorMessage('OFPBMC_BAD_PREREQ', xid, request)).to.deep.equal({
        type: 'error',
        xid,
        version: 4,
        error: { type: 4, code: 9 },
        data: request,
      });
      expect(errorMessage('OFPBMC_BAD_PREREQ', xid, request, 64).data).to.deep.equal(request.slice(0, 64));
    });
    it("are written in the peer's version where they refuse its hello", () => {
      const bytes = encode({ ...errorMessage('OFPHFC_INCOMPATIBLE', xid, new Uint8Array(0)), version: 1 });
      expect([peekVersion(bytes), peekType(bytes)]).to.deep.equal([1, 1]);
    });
    it("are an experimenter's where they are its", () => {
      const bytes = encode(errorMessage('OFPBFC_BAD_ID', xid, new Uint8Array(0)));
      expect(toHex(bytes)).to.equal('0401001000000009ffff08fe4f4e4600');
    });
  });

  describe('counters', () => {
    const reply = (lookups: number | null): Message => ({
      type: 'multipart_reply',
      xid,
      more: false,
      body: { kind: 'table', rows: [{ ...table(0), lookups }] },
    });
    for (const [lookups, hex] of [
      [0, '0000000000000000'],
      [2 ** 32 - 1, '00000000ffffffff'],
      [2 ** 32, '0000000100000000'],
      [Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
      [null, 'ffffffffffffffff'],
    ] as const) {
      it(`${lookups} is ${hex}`, () => {
        const bytes = encode(reply(lookups));
        expect(toHex(bytes, 24, 32)).to.equal(hex);
        expect(decode(bytes)).to.deep.equal(reply(lookups));
      });
    }

    it('above 2^53 are the nearest double', () => {
      const bytes = encode(reply(0));
      bytes.set(fromHex('fffffffffffffffe'), 24);
      const m = decode(bytes) as MessageOf<'multipart_reply'>;
      expect(m.body).to.have.nested.property('rows[0].lookups', 2 ** 64);
    });

    it('of time are two numbers', () => {
      expect(splitDuration(0)).to.deep.equal({ duration_s: 0, duration_ns: 0 });
      expect(splitDuration(12_345)).to.deep.equal({ duration_s: 12, duration_ns: 345_000_000 });
      expect(splitDuration(999.9999999).duration_ns).to.be.below(1_000_000_000);
    });
  });

  describe('replies in parts', () => {
    const reply = (rows: TableStats[]): Message => ({
      type: 'multipart_reply',
      xid,
      more: false,
      body: { kind: 'table', rows },
    });
    const parts = (list: Iterable<Uint8Array>) => [...list].map((b) => decode(b) as MessageOf<'multipart_reply'>);

    for (const count of [0, 1, 2729, 2730, 2731, 10_000]) {
      it(`has each of ${count} rows once, in order`, () => {
        const list = parts(encodeReply(reply(tables(count))));
        expect(list.length).to.equal(Math.max(1, Math.ceil(count / Math.floor((0xffff - 16) / 24))));
        expect(list.map((m) => m.more)).to.deep.equal(list.map((_, i) => i < list.length - 1));
        expect(list.flatMap(({ body }) => (body.kind === 'table' ? body.rows : []))).to.deep.equal(tables(count));
        for (const m of list) expect([m.xid, m.body.kind]).to.deep.equal([xid, 'table']);
      });
    }

    it('is one message where it fits, as encode writes it', () => {
      expect(encodeReply(reply(tables(5)))).to.deep.equal([encode(reply(tables(5)))]);
      expect(encodeReply(sample('barrier_reply'))).to.deep.equal([encode(sample('barrier_reply'))]);
    });

    it('may be in smaller parts, and of rows that are made as they go', () => {
      function* rows(): Generator<TableStats> {
        yield* tables(7);
      }
      const list = parts(encodeRows('table', xid, rows(), 100));
      expect(list.map((m) => ('rows' in m.body ? m.body.rows.length : 0))).to.deep.equal([3, 3, 1]);
    });

    it('can not hold a row that is longer than a message', () => {
      const data = new Uint8Array(60_000);
      const properties = [1, 2].map((number) => ({ type: 'unknown' as const, number, data }));
      const row = { tableId: 0, name: '', metadataMatch: 0n, metadataWrite: 0n, config: 0, maxEntries: 0, properties };
      expect(() => [...encodeRows('table_features', xid, [row])]).to.throw(OpenFlowError, /OFPBRC_BAD_LEN/);
    });
  });
});
