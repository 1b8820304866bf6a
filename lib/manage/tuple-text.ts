/**
 * The tuples of dpctl/flush-conntrack, "ct_nw_src=10.0.0.1,ct_nw_proto=17,ct_tp_dst=53", and which connections they
 * mean: a whole tuple one, in zone 0 unless another is named; others those that agree in all that is named, in any
 * zone. Names, values, refusals and oddities are those of ovs-appctl 3.1 with a userspace datapath; addresses are
 * compared as numbers, however they are written.
 */
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../bytes/index.js';
import type { Connection, ConnectionTuple } from '../ct/index.js';
import { dpctlError } from './command.js';

/** The parts of a tuple that are named; addresses as a dump writes them. */
interface PartialTuple {
  src?: string;
  dst?: string;
  sport?: number;
  dport?: number;
  id?: number;
  type?: number;
  code?: number;
}

/** What a command's tuples say together: the first says version and protocol for the second, too. */
export interface Tuples {
  orig: PartialTuple;
  reply: PartialTuple;
  version: 4 | 6 | null;
  /** 0: any. */
  proto: number;
}

interface Part {
  readonly name: keyof PartialTuple | 'proto';
  /** Of addresses, the version; of numbers, the greatest. */
  readonly version?: 4 | 6;
  readonly most: number;
}

const PARTS: Readonly<Record<string, Part>> = {
  ct_nw_src: { name: 'src', version: 4, most: 0 },
  ct_ipv6_src: { name: 'src', version: 6, most: 0 },
  ct_nw_dst: { name: 'dst', version: 4, most: 0 },
  ct_ipv6_dst: { name: 'dst', version: 6, most: 0 },
  ct_tp_src: { name: 'sport', most: 0xffff },
  ct_tp_dst: { name: 'dport', most: 0xffff },
  ct_nw_proto: { name: 'proto', most: 0xff },
  icmp_type: { name: 'type', most: 0xff },
  icmp_code: { name: 'code', most: 0xff },
  icmp_id: { name: 'id', most: 0xffff },
};

const ICMP = new Set([1, 58]);
const OF_ICMP = new Set<Part['name']>(['id', 'type', 'code']);

function address(key: string, value: string, version: 4 | 6): string {
  const bytes = version === 4 ? parseIpv4(value) : parseIpv6(value);
  if (bytes === null) throw dpctlError(`failed to parse field ${key}`);
  return version === 4 ? formatIpv4(bytes) : formatIpv6(bytes);
}

function number(key: string, value: string, most: number): number {
  const found = /^(\d+|0x[\da-f]+)$/i.test(value) ? Number(value) : Number.NaN;
  if (!(found <= most)) throw dpctlError(`failed to parse field ${key}`);
  return found;
}

function tuple(text: string, shared: Tuples): PartialTuple {
  const found: PartialTuple = {};
  for (const each of text.split(/[,\s]+/).filter((some) => some !== '')) {
    const [key, value = ''] = each.split(/=(.*)/s, 2);
    if (value === '') throw dpctlError(`field ${key} missing value`);
    const part = Object.hasOwn(PARTS, key) ? PARTS[key] : undefined;
    if (part === undefined) throw dpctlError(`invalid conntrack tuple field: ${key}`);
    const { name, version, most } = part;
    if (name === 'src' || name === 'dst') {
      const its = version ?? 4;
      if (shared.version !== null && shared.version !== its) {
        throw dpctlError(`the L3 protocol does not match ${value}`);
      }
      if (isSet(found[name])) throw dpctlError(`${key} is set multiple times`);
      found[name] = address(key, value, its);
      shared.version = its;
    } else if (name === 'proto') shared.proto = number(key, value, most);
    else {
      if (OF_ICMP.has(name) && !ICMP.has(shared.proto)) throw dpctlError('invalid L4 fields');
      found[name] = number(key, value, most);
    }
  }
  if (shared.proto === 0 && (isSet(found.sport) || isSet(found.dport)))
    throw dpctlError('port is set without protocol');
  return found;
}

/** One or two tuples, the original and that of replies. Throws what dpctl/flush-conntrack answers. */
export function parseTuples([orig = '', reply = '']: readonly string[]): Tuples {
  const shared: Tuples = { orig: {}, reply: {}, version: null, proto: 0 };
  shared.orig = tuple(orig, shared);
  shared.reply = tuple(reply, shared);
  return shared;
}

/** Zeros are as good as nothing. */
function isSet(value: string | number | undefined): boolean {
  return value !== undefined && value !== 0 && value !== '::';
}

/** Is nothing named? */
export function isEmpty({ version, proto }: Tuples): boolean {
  return version === null && proto === 0;
}

/**
 * The tuple of the one connection that is meant; null: any may be. Of ICMP, addresses are enough to mean one: id, type
 * and code that aren't named are zero.
 */
export function wholeTuple({ orig, reply, version, proto }: Tuples): ConnectionTuple | null {
  const { src, dst, sport = 0, dport = 0, id = 0, type = 0, code = 0 } = orig;
  if (src === undefined || dst === undefined || version === null || !isSet(src) || !isSet(dst)) return null;
  if (isSet(reply.src) || isSet(reply.dst)) return null;
  if (ICMP.has(proto)) return { family: version, proto, src, dst, id, type, code };
  if (!isSet(sport) || !isSet(dport) || isSet(reply.sport) || isSet(reply.dport)) return null;
  return { family: version, proto, src, dst, sport, dport };
}

/** Does a connection agree in all that is named? Of ICMP, id, type and code that aren't named are zero. */
export function agrees({ orig, reply, version, proto }: Tuples, connection: Connection): boolean {
  if (version !== null && version !== connection.orig.family) return false;
  if (proto !== 0 && proto !== connection.orig.proto) return false;
  return sideAgrees(orig, proto, connection.orig) && sideAgrees(reply, proto, connection.reply);
}

function sideAgrees(wanted: PartialTuple, proto: number, has: ConnectionTuple): boolean {
  if (isSet(wanted.src) && wanted.src !== has.src) return false;
  if (isSet(wanted.dst) && wanted.dst !== has.dst) return false;
  if (ICMP.has(proto) && 'id' in has) {
    const { id = 0, type = 0, code = 0 } = wanted;
    return id === has.id && type === has.type && code === has.code;
  }
  const ports = 'id' in has ? { sport: has.id, dport: has.id } : has;
  if (isSet(wanted.sport) && wanted.sport !== ports.sport) return false;
  return !isSet(wanted.dport) || wanted.dport === ports.dport;
}
