/**
 * multipath: NXAST_MULTIPATH (10), ovs-actions(7). A hash of the packet's headers chooses a link, whose number goes
 * into a field. The algorithms and the hashes below are those that Open vSwitch computes, to the bit.
 */
import { OpenFlowError } from '../../bytes/index.js';
import { finish, mix } from '../../packet/shape.js';
import { action, nicira } from '../action.js';
import { isReadOnly } from '../field.js';
import { HASH_FIELDS, type HashFields, parseNamed, parseRange, partsOf, readNamed } from '../hash-fields.js';
import { checkSubfield, fieldFrom32, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield, parseSubfield } from '../subfield-text.js';
import { checkWritable } from './set-field.js';

/** How a hash becomes a link (NX_MP_ALG_*, in the order of their numbers; RFC 2992). */
export const LINK_ALGORITHMS = ['modulo_n', 'hash_threshold', 'hrw', 'iter_hash'] as const;
export type LinkAlgorithm = (typeof LINK_ALGORITHMS)[number];

export interface Multipath {
  readonly type: 'multipath';
  readonly hash: HashFields;
  /** 16 bits: another hash function for each. */
  readonly basis: number;
  readonly algorithm: LinkAlgorithm;
  /** Number of links, 1 to 65536. */
  readonly links: number;
  /** 32 bits: the modulus of iter_hash. */
  readonly arg: number;
  readonly to: Subfield;
}

const LENGTH = 32;
/** hrw draws for each link; for more links than these, iter_hash does. */
const MOST_DRAWN = 64;

/** A hash of two words. */
export function hashPair(a: number, b: number): number {
  return finish(mix(mix(a, 0), b) ^ 8) >>> 0;
}

function highest(hash: number, links: number): number {
  let best = 0;
  let weight = hashPair(hash, 0);
  for (let link = 1; link < links; link++) {
    const drawn = hashPair(hash, link);
    if (drawn <= weight) continue;
    best = link;
    weight = drawn;
  }
  return best;
}

/** Draws until a number is a link. A modulus that is too small, or far too large, is replaced. */
function iterated(hash: number, links: number, arg: number): number {
  const fits = arg >= links && Math.floor(arg / 2) <= links;
  const modulus = fits ? arg : 2 ** Math.ceil(Math.log2(links));
  let link = hashPair(hash, 0) % modulus;
  for (let i = 1; link >= links; i++) link = hashPair(hash, i) % modulus;
  return link;
}

/** The link, from 0, for a hash of 32 bits. */
export function chooseLink(hash: number, { algorithm, links, arg }: Multipath): number {
  switch (algorithm) {
    case 'modulo_n':
      return hash % links;
    case 'hash_threshold':
      return links === 1 ? 0 : Math.floor(hash / (Math.floor(0xffffffff / links) + 1));
    case 'hrw':
      return links <= MOST_DRAWN ? highest(hash, links) : iterated(hash, links, 0);
    case 'iter_hash':
      return iterated(hash, links, arg);
  }
}

export const multipath = action<Multipath>({
  type: 'multipath',
  ids: [nicira(10)],
  read(r) {
    if (r.left !== LENGTH - 10)
      throw r.error('OFPBAC_BAD_LEN', `multipath of ${r.left + 10} bytes instead of ${LENGTH}`);
    const hash = readNamed(r, HASH_FIELDS, 'hash fields');
    const basis = r.u16();
    r.skip(2);
    const algorithm = readNamed(r, LINK_ALGORITHMS, 'multipath algorithm');
    const links = r.u16() + 1;
    const arg = r.u32();
    r.skip(2);
    const range = r.u16();
    const to = { field: fieldFrom32(r.u32(), r.at - 4), start: range >> 6, bits: (range & 0x3f) + 1 };
    if (links > 2 ** to.bits) throw r.error('OFPBAC_BAD_ARGUMENT', `${links} links don't fit in ${to.bits} bits`);
    checkSubfield(to);
    if (isReadOnly(to.field)) throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${to.field.name} is read-only`, 4);
    return { type: 'multipath', hash, basis, algorithm, links, arg, to };
  },
  write(a, w) {
    w.u16(HASH_FIELDS.indexOf(a.hash)).u16(a.basis).zeros(2);
    w.u16(LINK_ALGORITHMS.indexOf(a.algorithm))
      .u16(a.links - 1)
      .u32(a.arg);
    w.zeros(2).u16((a.to.start << 6) | (a.to.bits - 1));
    writeFieldHeader(w, a.to.field);
  },
  texts: {
    multipath(arg) {
      const parts = partsOf(arg.text, /[^, ]+/g);
      if (parts.length !== 6) {
        throw arg.error('multipath is written multipath(FIELDS,BASIS,ALGORITHM,LINKS,ARG,FIELD[BITS])');
      }
      const [hash, basis, algorithm, links, argument, target] = parts;
      const to = parseSubfield(target.text, arg, target.at);
      const header = to.field.headers[0];
      if (!header || header.experimenter) throw arg.error(`multipath can't write ${to.field.name}`, target.at);
      if (isReadOnly(to.field)) throw arg.error(`${to.field.name} is read-only`, target.at);
      if (to.bits > 64) throw arg.error(`at most 64 bits can be written, not ${to.bits}`, target.at);
      const count = parseRange(links, 1, 0x10000, 'the number of links', arg);
      if (count > 2 ** to.bits) throw arg.error(`${count} links don't fit in ${to.bits} bits`, target.at);
      return {
        type: 'multipath',
        hash: parseNamed(hash.text, HASH_FIELDS, 'set of fields to hash', arg, hash.at),
        basis: parseRange(basis, 0, 0xffff, 'the basis', arg),
        algorithm: parseNamed(algorithm.text, LINK_ALGORITHMS, 'algorithm', arg, algorithm.at),
        links: count,
        arg: parseRange(argument, 0, 0xffffffff, "the algorithm's argument", arg),
        to,
      };
    },
  },
  format: (a) => `multipath(${a.hash},${a.basis},${a.algorithm},${a.links},${a.arg},${formatSubfield(a.to)})`,
  check(a, flow) {
    if (a.to.field.headers.length === 0) {
      throw new OpenFlowError('OFPBAC_BAD_SET_TYPE', `${a.to.field.name} has no number on the wire`);
    }
    checkSubfield(a.to);
    checkWritable(a.to.field, flow);
  },
  translate(a, m) {
    const link = chooseLink(m.fields.hash(a.hash, a.basis), a);
    if (m.fields.has(a.to.field)) m.fields.setBits(a.to, BigInt(link));
  },
});
