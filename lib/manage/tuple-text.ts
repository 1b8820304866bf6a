/**
 * The tuples of dpctl/flush-conntrack, "ct_nw_src=10.0.0.1,ct_nw_proto=17,ct_tp_dst=53", and which connections they
 * mean: those that agree in all that is named. Names, values and refusals are those of ovs-dpctl(8); addresses are
 * compared as numbers, however they are written.
 */
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../bytes/index.js';
import type { ConnectionTuple } from '../ct/index.js';
import { dpctlError } from './command.js';

/** The parts of a tuple that are named; addresses as a dump writes them. */
export interface PartialTuple {
  src?: string;
  dst?: string;
  sport?: number;
  dport?: number;
  id?: number;
  type?: number;
  code?: number;
  proto?: number;
}

/** Of both tuples of a command: the first says it for the second, too. */
interface Shared {
  version: 4 | 6 | null;
  proto: number;
}

interface Part {
  readonly name: keyof PartialTuple;
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

function tuple(text: string, shared: Shared): PartialTuple {
  const found: PartialTuple = {};
  for (const each of text.split(/[,\s]+/).filter((some) => some !== '')) {
    const [key, value = ''] = each.split(/=(.*)/s, 2);
    if (value === '') throw dpctlError(`field ${key} missing value`);
    const part = Object.hasOwn(PARTS, key) ? PARTS[key] : undefined;
    if (part === undefined) throw dpctlError(`invalid conntrack tuple field: ${key}`);
    const { name, version, most } = part;
    if (found[name] !== undefined) throw dpctlError(`${key} is set multiple times`);
    if (name === 'src' || name === 'dst') {
      const its = version ?? 4;
      if (shared.version !== null && shared.version !== its) {
        throw dpctlError(`the L3 protocol does not match ${value}`);
      }
      found[name] = address(key, value, its);
      shared.version = its;
    } else {
      found[name] = number(key, value, most);
      if (name === 'proto') shared.proto = found[name];
    }
  }
  const { sport, dport, id, type, code } = found;
  if (shared.proto === 0 && (sport !== undefined || dport !== undefined)) {
    throw dpctlError('port is set without protocol');
  }
  if (!ICMP.has(shared.proto) && (id ?? type ?? code) !== undefined) throw dpctlError('invalid L4 fields');
  return found;
}

/** One or two tuples, the original and that of replies. Throws what dpctl/flush-conntrack answers. */
export function parseTuples(texts: readonly string[]): readonly PartialTuple[] {
  const shared: Shared = { version: null, proto: 0 };
  return texts.map((text) => tuple(text, shared));
}

/** Does the tuple name all that one connection has, so that there should be one? */
export function isWhole({ src, dst, sport, dport, proto = 0 }: PartialTuple): boolean {
  if (src === undefined || dst === undefined) return false;
  return ICMP.has(proto) || (sport !== undefined && dport !== undefined);
}

/** Does a connection's tuple agree in all that is named? Ports that are named of ICMP are its id. */
export function agrees(wanted: PartialTuple | undefined, has: ConnectionTuple): boolean {
  if (wanted === undefined) return true;
  const parts: Readonly<Record<string, unknown>> = { ...has };
  return Object.entries(wanted).every(([key, value]) => {
    if (parts[key] === value) return true;
    return 'id' in has && (key === 'sport' || key === 'dport') ? has.id === value : false;
  });
}
