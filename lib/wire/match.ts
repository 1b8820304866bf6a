/**
 * The match struct around TLVs (OpenFlow 1.3.5 §7.2.3.1): type, length without padding, TLVs, padding to 8. Flow-mods
 * and statistics carry a compiled Match; packet-ins a plain list, which nobody looks up with.
 */
import { OpenFlowError, type Reader, type Writer } from '../bytes/index.js';
import {
  type Field,
  type FieldValue,
  fieldOf,
  Match,
  MatchBuilder,
  type RawHeader,
  readHeader,
  readTlv,
  writeTlv,
} from '../nxm/index.js';

export const OFPMT_OXM = 1;
const EMPTY_BYTES = 4;

/** Reads the struct's header and steps over all of it: a reader of the TLVs alone. */
function readStruct(r: Reader): Reader {
  const at = r.at;
  const type = r.peek16(0, 'a match');
  const length = r.peek16(2, 'a match');
  if (type !== OFPMT_OXM) throw new OpenFlowError('OFPBMC_BAD_TYPE', `match type ${type}`, at);
  const padded = (length + 7) & ~7;
  if (length < EMPTY_BYTES || padded > r.left) {
    throw new OpenFlowError('OFPBMC_BAD_LEN', `match of length ${length}, ${r.left} bytes are left`, at);
  }
  const tlvs = r.sub(length, 'a match', 'OFPBMC_BAD_LEN');
  tlvs.skip(EMPTY_BYTES);
  r.skip(padded - length);
  return tlvs;
}

/** Reads a match. With `lenient` its bytes are kept as they are, and it is compiled of those TLVs that make sense. */
export function readMatch(r: Reader, lenient: boolean): Match {
  const tlvs = readStruct(r);
  return tlvs.left === 0 ? Match.all : readMatchTlvs(tlvs, lenient);
}

/** The same of bare TLVs, to the reader's end. */
export function readMatchTlvs(r: Reader, lenient: boolean): Match {
  return lenient ? readLenient(r) : Match.read(r);
}

const scratch = new MatchBuilder();

/** A match that keeps all its bytes; `fields()` of it throws where they aren't known. */
function readLenient(r: Reader): Match {
  const like = Match.like(r);
  if (like !== null) return like;
  const bytes = r.bytes.slice(r.at, r.end);
  const builder = scratch.reset();
  while (r.left > 0) {
    const tlv = r.sub(4 + (r.peek16(2, 'a TLV') & 0xff), 'a TLV');
    try {
      builder.put(readTlv(tlv));
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
    }
  }
  const match = builder.build();
  const { tlvs, shape, values, options } = match;
  const same = tlvs.length === bytes.length && tlvs.every((byte, i) => byte === bytes[i]);
  return same ? match : new Match(bytes, shape, values, options);
}

function writeStruct<T>(w: Writer, content: T, write: (w: Writer, content: T) => void): void {
  const start = w.at;
  w.u16(OFPMT_OXM).u16(0);
  write(w, content);
  w.u16At(start + 2, w.at - start).pad(8, start);
}

const putTlvs = (w: Writer, match: Match): void => {
  match.write(w);
};

/** Writes a match as it was sent. */
export function writeMatch(w: Writer, match: Match): void {
  writeStruct(w, match, putTlvs);
}

/** A field that isn't in the table, made up so that tools can show the value and write it again. */
function unknownField(h: RawHeader, bytes: number): Field {
  const experimenter = h.experimenter ? `_${h.experimenter.toString(16)}` : '';
  const name = `unknown_${h.oxmClass.toString(16).padStart(4, '0')}${experimenter}_${h.number}`;
  const { oxmClass, number } = h;
  return {
    id: -1,
    name,
    aka: [],
    slot: null,
    bytes,
    width: bytes * 8,
    maskable: true,
    text: 'hexadecimal',
    needs: 'none',
    access: 'read',
    port16: false,
    bits: 0,
    headers: [{ name, oxmClass, number, experimenter: h.experimenter }],
  };
}

function readUnknown(r: Reader, h: RawHeader): FieldValue {
  if (h.hasMask && h.length % 2) throw r.error('OFPBMC_BAD_LEN', `a masked TLV of ${h.length} bytes`, 4);
  const bytes = h.hasMask ? h.length / 2 : h.length;
  const field = unknownField(h, bytes);
  return { field, value: r.take(bytes, field.name), mask: h.hasMask ? r.take(bytes, field.name) : null };
}

/** Reads the TLVs of a match as a list, without asking for prerequisites; those that aren't known keep their bytes. */
export function readFieldList(r: Reader): FieldValue[] {
  return readFields(readStruct(r));
}

/** The same of bare TLVs, to the reader's end. */
export function readFields(tlvs: Reader): FieldValue[] {
  const list: FieldValue[] = [];
  while (tlvs.left > 0) {
    const at = tlvs.at;
    const header = readHeader(tlvs);
    if (fieldOf(header.oxmClass, header.number, header.experimenter)) {
      tlvs.at = at;
      list.push(readTlv(tlvs));
    } else {
      list.push(readUnknown(tlvs, header));
    }
  }
  return list;
}

const putFields = (w: Writer, fields: readonly FieldValue[]): void => {
  for (const field of fields) writeTlv(w, field);
};

/** Writes a list of field values as a match. */
export function writeFieldList(w: Writer, fields: readonly FieldValue[]): void {
  writeStruct(w, fields, putFields);
}
