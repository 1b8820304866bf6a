/**
 * nat: NXAST_NAT (36), ovs-actions(7). It stands inside ct only: bare, it translates by what the connection was stored
 * with; with src or dst it says how the connection that is committed is translated. A range has addresses of one
 * family, and ports only behind an address.
 */
import {
  formatIpv4,
  formatIpv6,
  OpenFlowError,
  parseIpv4,
  parseIpv6,
  type Reader,
  type Writer,
} from '../../bytes/index.js';
import { action, nicira, type TextArgument } from '../action.js';
import { type KeyValue, keyValues } from '../key-values.js';
import { didYouMean } from '../suggestion.js';

export interface Nat {
  readonly type: 'nat';
  /** What is translated; null: nothing new. */
  readonly kind: 'src' | 'dst' | null;
  readonly persistent: boolean;
  readonly hash: boolean;
  readonly random: boolean;
  /** Family of the addresses; 0: no range, then the rest is null and 0. */
  readonly family: 0 | 4 | 6;
  /** First and last address in network order; no last one: one address. */
  readonly min: Uint8Array | null;
  readonly max: Uint8Array | null;
  /** First and last port; 0: none. */
  readonly portMin: number;
  readonly portMax: number;
}

const FLAG = { src: 1, dst: 2, persistent: 4, hash: 8, random: 16 } as const;
const FLAGS = 0x1f;
/** What follows the header, in this order. */
const PRESENT = { ipv4Min: 1, ipv4Max: 2, ipv6Min: 4, ipv6Max: 8, portMin: 16, portMax: 32 } as const;

const BARE: Nat = {
  type: 'nat',
  kind: null,
  persistent: false,
  hash: false,
  random: false,
  family: 0,
  min: null,
  max: null,
  portMin: 0,
  portMax: 0,
};

/** nat without arguments: what needs no commit. */
export function isBareNat(a: Nat): boolean {
  return a.kind === null && !a.persistent && !a.hash && !a.random && a.family === 0;
}

/** Negative where a comes before b; both as long. */
function compare(a: Uint8Array, b: Uint8Array): number {
  const i = a.findIndex((byte, at) => byte !== b[at]);
  return i < 0 ? 0 : a[i] - b[i];
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Why numbers that were read make no range, or null. */
function mistake(a: Nat): string | null {
  if (a.family !== 0 && (a.min === null || isZero(a.min))) return 'a nat range begins with address 0';
  if (a.min && a.max && compare(a.max, a.min) < 0) return 'the last address of a nat range is below the first';
  if (a.family === 0 && a.portMin !== 0) return 'nat with ports needs an address';
  if (a.portMin === 0 && a.portMax !== 0) return 'a nat range begins with port 0';
  if (a.portMax !== 0 && a.portMax < a.portMin) return 'the last port of a nat range is below the first';
  if (a.hash && a.random) return 'nat with hash and random';
  return null;
}

class RangeReader {
  constructor(
    private readonly r: Reader,
    private readonly present: number,
  ) {}

  private bad(why: string): OpenFlowError {
    return this.r.error('OFPBAC_BAD_ARGUMENT', why);
  }

  private has(bit: number, size: number): boolean {
    if ((this.present & bit) === 0) return false;
    if (this.r.left < size) throw this.bad('the nat range is cut off');
    return true;
  }

  addresses(minBit: number, maxBit: number, size: number): [Uint8Array | null, Uint8Array | null] {
    const min = this.has(minBit, size) ? this.r.take(size) : null;
    if (min === null && this.present & maxBit) throw this.bad('a nat range without its first address');
    return [min, this.has(maxBit, size) ? this.r.take(size) : null];
  }

  ports(): [number, number] {
    const min = this.has(PRESENT.portMin, 2) ? this.r.u16() : -1;
    if (min === 0) throw this.bad('a nat range begins with port 0');
    if (min < 0 && this.present & PRESENT.portMax) throw this.bad('a nat range without its first port');
    const max = this.has(PRESENT.portMax, 2) ? this.r.u16() : -1;
    if (max >= 0 && max < min) throw this.bad('the last port of a nat range is below the first');
    return [Math.max(min, 0), Math.max(max, 0)];
  }
}

function read(r: Reader): Nat {
  r.skip(2);
  const flags = r.u16('nat flags');
  if (flags & ~FLAGS) throw r.error('OFPBAC_BAD_ARGUMENT', `unknown nat flags 0x${(flags & ~FLAGS).toString(16)}`, 2);
  if (flags & FLAG.src && flags & FLAG.dst) throw r.error('OFPBAC_BAD_ARGUMENT', 'nat with src and dst', 2);
  const present = r.u16('what a nat range has');
  const v4 = (present & (PRESENT.ipv4Min | PRESENT.ipv4Max)) !== 0;
  const v6 = (present & (PRESENT.ipv6Min | PRESENT.ipv6Max)) !== 0;
  if (v4 && v6) throw r.error('OFPBAC_BAD_ARGUMENT', 'a nat range of both families', 2);
  const range = new RangeReader(r, present);
  const [min, max] = v6
    ? range.addresses(PRESENT.ipv6Min, PRESENT.ipv6Max, 16)
    : range.addresses(PRESENT.ipv4Min, PRESENT.ipv4Max, 4);
  const [portMin, portMax] = range.ports();
  const nat: Nat = {
    type: 'nat',
    kind: flags & FLAG.src ? 'src' : flags & FLAG.dst ? 'dst' : null,
    persistent: (flags & FLAG.persistent) !== 0,
    hash: (flags & FLAG.hash) !== 0,
    random: (flags & FLAG.random) !== 0,
    family: v4 ? 4 : v6 ? 6 : 0,
    min,
    max: max && isZero(max) ? null : max,
    portMin,
    portMax,
  };
  const why = mistake(nat);
  if (why !== null) throw r.error('OFPBAC_BAD_ARGUMENT', why);
  return nat;
}

function write(a: Nat, w: Writer): void {
  let flags = a.kind === null ? 0 : FLAG[a.kind];
  for (const name of ['persistent', 'hash', 'random'] as const) if (a[name]) flags |= FLAG[name];
  const first = a.family === 6 ? PRESENT.ipv6Min : PRESENT.ipv4Min;
  let present = 0;
  if (a.min) present |= first;
  if (a.max) present |= first << 1;
  if (a.portMin) present |= PRESENT.portMin;
  if (a.portMax) present |= PRESENT.portMax;
  w.zeros(2).u16(flags).u16(present);
  if (a.min) w.put(a.min);
  if (a.max) w.put(a.max);
  if (a.portMin) w.u16(a.portMin);
  if (a.portMax) w.u16(a.portMax);
}

/** IPv6 stands in brackets where ports follow. */
function formatAddress(address: Uint8Array, ports: boolean): string {
  if (address.length === 4) return formatIpv4(address);
  return ports ? `[${formatIpv6(address)}]` : formatIpv6(address);
}

function format(a: Nat): string {
  if (a.kind === null) return 'nat';
  if (a.min === null) return `nat(${a.kind})`;
  let range = formatAddress(a.min, a.portMin !== 0);
  if (a.max && compare(a.max, a.min) !== 0) range += `-${formatAddress(a.max, a.portMin !== 0)}`;
  if (a.portMin) range += `:${a.portMin}`;
  if (a.portMax && a.portMax !== a.portMin) range += `-${a.portMax}`;
  const flags = (['persistent', 'hash', 'random'] as const).filter((name) => a[name]);
  return `nat(${[`${a.kind}=${range}`, ...flags].join(',')})`;
}

type Draft = { -readonly [K in keyof Nat]: Nat[K] };

const RANGE = /^(?:\[([^\]]*)\]|([^-[\]]*?))(?:-(?:\[([^\]]*)\]|([^-[\]]*?)))?(?::(\d+)(?:-(\d+))?)?$/;
/** Without brackets, what looks like an IPv6 address is one as a whole: it has no port. */
const BARE_IPV6 = /^([\da-fA-F:.]*:[\da-fA-F:.]*:[\da-fA-F:.]*)(?:-([\da-fA-F:.]+))?$/;

/** "10.0.0.1-10.0.0.9:5000-6000" into the draft; "" is no range. */
function parseRange(nat: Draft, { value, valueAt }: KeyValue, arg: TextArgument): void {
  if (value === '') return;
  const bare = BARE_IPV6.exec(value);
  const found = bare ? [value, undefined, bare[1], undefined, bare[2]] : RANGE.exec(value);
  const bad = (why: string) => arg.error(`${why} in the nat range "${value}"`, valueAt);
  if (!found) throw bad('a mistake');
  const address = (text: string): Uint8Array => {
    const bytes = parseIpv4(text) ?? parseIpv6(text);
    if (bytes === null) throw bad(`"${text}" is no address`);
    return bytes;
  };
  const port = (text: string | undefined): number => {
    const number = Number(text ?? 0);
    if (number > 0xffff) throw bad(`port ${text} is more than 65535`);
    return number;
  };
  const [, min6, min, max6, max, portMin, portMax] = found;
  if ((min6 ?? min) !== '' || (max6 ?? max) !== undefined) nat.min = address(min6 ?? min ?? '');
  const last = max6 ?? max;
  if (last !== undefined) nat.max = address(last);
  nat.portMin = port(portMin);
  nat.portMax = port(portMax);
  if (nat.min && nat.max && nat.min.length !== nat.max.length) throw bad('both families');
  if (portMax !== undefined && nat.portMax < nat.portMin) throw bad('the last port is below the first');
  // Address 0 alone is no range, as on the wire.
  if (nat.min && isZero(nat.min) && !nat.max) nat.min = null;
  nat.family = nat.min === null ? 0 : nat.min.length === 4 ? 4 : 6;
  const why = mistake(nat);
  if (why !== null) throw arg.error(why, valueAt);
}

const PARTS: Readonly<Record<string, (nat: Draft, part: KeyValue, arg: TextArgument) => void>> = {
  src: (nat, part, arg) => side(nat, 'src', part, arg),
  dst: (nat, part, arg) => side(nat, 'dst', part, arg),
  persistent: (nat) => {
    nat.persistent = true;
  },
  hash: (nat) => {
    nat.hash = true;
  },
  random: (nat) => {
    nat.random = true;
  },
};

function side(nat: Draft, kind: 'src' | 'dst', part: KeyValue, arg: TextArgument): void {
  if (nat.kind !== null && nat.kind !== kind) throw arg.error('nat has src or dst, not both', part.keyAt);
  nat.kind = kind;
  parseRange(nat, part, arg);
}

/** Reads nat's argument: "", "src=10.0.0.1-10.0.0.9:5000-6000,random". Throws arg.error. */
export function parseNat(arg: TextArgument): Nat {
  const nat: Draft = { ...BARE };
  for (const part of keyValues(arg.text)) {
    const read = Object.hasOwn(PARTS, part.key) ? PARTS[part.key] : undefined;
    if (!read) throw arg.error(`nat has no "${part.key}"${didYouMean(part.key, Object.keys(PARTS))}`, part.keyAt);
    read(nat, part, arg);
  }
  if (nat.kind === null && !isBareNat(nat)) throw arg.error('flags of nat need src or dst');
  if (nat.hash && nat.random) throw arg.error('nat has hash or random, not both');
  return nat;
}

export const nat = action<Nat>({
  type: 'nat',
  ids: [nicira(36)],
  read,
  write,
  texts: { nat: parseNat },
  format,
  check(a, flow) {
    if (flow.inside !== 'ct') throw new OpenFlowError('OFPBAC_BAD_SET_ARGUMENT', 'nat outside ct');
    if (a.family === 4) flow.require('ipv4', 'nat of IPv4 addresses');
    else if (a.family === 6) flow.require('ipv6', 'nat of IPv6 addresses');
  },
  // Its meaning is ct's.
  translate: () => {},
});
