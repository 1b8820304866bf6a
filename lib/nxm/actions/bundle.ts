/**
 * bundle and bundle_load: NXAST_BUNDLE (12) and NXAST_BUNDLE_LOAD (13), ovs-actions(7). Chooses one of several ports
 * that is up, by rank or by a hash, and sends the packet there, or writes the port's number into a field. Not the
 * bundle of OpenFlow messages.
 */
import { OpenFlowError } from '../../bytes/index.js';
import { action, nicira, type TextArgument } from '../action.js';
import { isReadOnly, OFPP, port16, port32 } from '../field.js';
import { HASH_FIELDS, type HashFields, parseNamed, parseRange, partsOf, readNamed } from '../hash-fields.js';
import type { Meaning } from '../meaning.js';
import { checkSubfield, fieldFrom32, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield, parseSubfield } from '../subfield-text.js';
import { hashPair } from './multipath.js';
import { checkWritable } from './set-field.js';

/** NX_BD_ALG_*: the first port that is up, or the one that wins a draw (RFC 2992). */
const ALGORITHMS = ['active_backup', 'hrw'] as const;

export interface Bundle {
  readonly type: 'bundle';
  readonly hash: HashFields;
  /** 16 bits: another hash function for each. */
  readonly basis: number;
  readonly algorithm: (typeof ALGORITHMS)[number];
  /** Ports; ANY for a member that is never chosen, if others are. */
  readonly members: readonly number[];
  /** Where bundle_load writes the port, or null: the packet is sent there. */
  readonly to: Subfield | null;
}

const BUNDLE = nicira(12);
const LOAD = nicira(13);
/** What members are, on the wire: NXM_OF_IN_PORT. */
const PORTS = 0x00000002;
/** Most members. */
const MAX_MEMBERS = 2048;
/** Bits that a port's number takes. */
const PORT_BITS = 16;

/** A member is a port that output can name, CONTROLLER left out, or ANY for none. */
function checkMember(port: number): void {
  if (port === OFPP.CONTROLLER) {
    throw new OpenFlowError('OFPBAC_BAD_OUT_PORT', "a bundle can't have CONTROLLER as a member");
  }
  if (port >= OFPP.MAX && port < OFPP.IN_PORT) {
    throw new OpenFlowError('OFPBAC_BAD_OUT_PORT', `no port has the number 0x${port.toString(16)}`);
  }
}

/** The member that a packet takes: null where none is up. */
function choose(a: Bundle, m: Meaning): number | null {
  if (a.algorithm === 'active_backup') return a.members.find((port) => m.outputs.isUp(port)) ?? null;
  const hash = a.members.length > 1 ? m.fields.hash(a.hash, a.basis) : 0;
  let best: number | null = null;
  let highest = -1;
  for (const [i, port] of a.members.entries()) {
    if (!m.outputs.isUp(port)) continue;
    const drawn = hashPair(i, hash);
    if (drawn <= highest) continue;
    best = port;
    highest = drawn;
  }
  return best;
}

/** The target of bundle_load. */
function parseTarget(text: string, at: number, arg: TextArgument): Subfield {
  const to = parseSubfield(text, arg, at);
  const header = to.field.headers[0];
  if (!header || header.experimenter) throw arg.error(`bundle_load can't write ${to.field.name}`, at);
  if (isReadOnly(to.field)) throw arg.error(`${to.field.name} is read-only`, at);
  if (to.bits < PORT_BITS || to.bits > 64) throw arg.error(`a port takes 16 to 64 bits, not ${to.bits}`, at);
  return to;
}

/** "eth_src,0,hrw,ofport,members:1,2"; with a target, it stands in front of the members. */
function parse(arg: TextArgument, load: boolean): Bundle {
  const [, head, delimiter, list] = /^(.*?)\b(members|slaves)\s*:(.*)$/is.exec(arg.text) ?? [];
  const parts = partsOf(head ?? '', /[^, ]+/g);
  if (delimiter === undefined || parts.length !== (load ? 5 : 4)) {
    const target = load ? 'FIELD[BITS],' : '';
    throw arg.error(`${arg.name} is written ${arg.name}(FIELDS,BASIS,ALGORITHM,ofport,${target}members:PORT,…)`);
  }
  const [hash, basis, algorithm, kind, target] = parts;
  if (kind.text.toLowerCase() !== 'ofport')
    throw arg.error(`members are of the type ofport, not "${kind.text}"`, kind.at);
  const first = arg.text.length - list.length;
  const members = partsOf(list, /[^, [\]]+/g).map(({ text, at }) => {
    const port = arg.port(text);
    if (port === null) throw arg.error(`"${text}" is no port`, first + at);
    return port;
  });
  if (members.length > MAX_MEMBERS) throw arg.error(`at most ${MAX_MEMBERS} members, not ${members.length}`, first);
  return {
    type: 'bundle',
    hash: parseNamed(hash.text, HASH_FIELDS, 'set of fields to hash', arg, hash.at),
    basis: parseRange(basis, 0, 0xffff, 'the basis', arg),
    algorithm: parseNamed(algorithm.text, ALGORITHMS, 'algorithm', arg, algorithm.at),
    members,
    to: load ? parseTarget(target.text, target.at, arg) : null,
  };
}

export const bundle = action<Bundle>({
  type: 'bundle',
  ids: [BUNDLE, LOAD],
  form: (a) => (a.to ? LOAD : BUNDLE),
  read(r, id) {
    const wrong = (why: string) => r.error('OFPBAC_BAD_ARGUMENT', why);
    const algorithm = readNamed(r, ALGORITHMS, 'bundle algorithm');
    const hash = readNamed(r, HASH_FIELDS, 'hash fields');
    const basis = r.u16('bundle basis');
    if (r.u32('bundle members') !== PORTS) throw wrong('members of a bundle are ports');
    const count = r.u16('bundle members');
    const range = r.u16('bundle destination');
    const header = r.u32('bundle destination');
    if (r.u32('bundle padding') !== 0) throw wrong('the reserved bytes are not zero');
    let to: Subfield | null = null;
    if (id === LOAD) {
      to = { field: fieldFrom32(header, r.at - 8), start: range >> 6, bits: (range & 0x3f) + 1 };
      if (to.bits < PORT_BITS) throw wrong(`a port takes 16 bits, not ${to.bits}`);
    } else if (range !== 0 || header !== 0) {
      throw wrong('bundle has a destination');
    }
    if (count * 2 > r.left) throw r.error('OFPBAC_BAD_LEN', `${count} members in ${r.left} bytes`);
    if (count > MAX_MEMBERS) throw wrong(`${count} members, at most ${MAX_MEMBERS}`);
    if (to) checkSubfield(to);
    if (to && isReadOnly(to.field)) throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${to.field.name} is read-only`);
    const members: number[] = [];
    for (let i = 0; i < count; i++) members.push(port32(r.u16()));
    for (const port of members) checkMember(port);
    return { type: 'bundle', hash, basis, algorithm, members, to };
  },
  write(a, w) {
    w.u16(ALGORITHMS.indexOf(a.algorithm)).u16(HASH_FIELDS.indexOf(a.hash)).u16(a.basis);
    w.u32(PORTS).u16(a.members.length);
    if (a.to) {
      w.u16((a.to.start << 6) | (a.to.bits - 1));
      writeFieldHeader(w, a.to.field);
    } else {
      w.zeros(6);
    }
    w.zeros(4);
    for (const port of a.members) w.u16(port16(port));
  },
  texts: { bundle: (arg) => parse(arg, false), bundle_load: (arg) => parse(arg, true) },
  format(a, names) {
    const to = a.to ? `${formatSubfield(a.to)},` : '';
    const members = a.members.map((port) => names.port(port)).join(',');
    const name = a.to ? 'bundle_load' : 'bundle';
    return `${name}(${a.hash},${a.basis},${a.algorithm},ofport,${to}members:${members})`;
  },
  check(a, flow) {
    if (a.to) {
      checkSubfield(a.to);
      checkWritable(a.to.field, flow);
    }
    for (const port of a.members) checkMember(port);
  },
  translate(a, m) {
    const port = choose(a, m);
    if (a.to === null) {
      if (port !== null) m.outputs.port(port, 0);
    } else if (m.fields.has(a.to.field)) {
      m.fields.setBits(a.to, BigInt(port16(port ?? OFPP.ANY)));
    }
  },
});
