/**
 * Rules beyond Open vSwitch: which timeouts a connection has whatever its zone's are, and what isn't tracked at all.
 * Compiled into numbers when they are set; asked at commits, and, where there are rules that say so, of every packet.
 * Design: docs/conntrack-extensions.md.
 */
import { parseIpv4, parseIpv6 } from '../bytes/address.js';
import { protocolNumber } from './dump.js';
import { hasPorts } from './nat.js';
import type { TimeoutPolicies } from './timeouts.js';
import { isQuery, type Tuple } from './tuple.js';

/** Rules at most, and policies that rules have named. */
export const MAX_RULES = 127;

/** Whom a rule meets: what is left out doesn't matter; addresses and ports hold for either direction. */
export interface CtRuleMatch {
  zone?: number;
  /** A number, or the name that dumps have. */
  proto?: number | string;
  /** "10.0.0.1", "10.0.0.0/8", "2001:db8::/32". */
  src?: string;
  dst?: string;
  sport?: number;
  dport?: number;
}

/** Connections that have the timeouts of a policy, or packets that aren't tracked: one of the two. */
export interface CtRule extends CtRuleMatch {
  timeouts?: string;
  /** With timeouts: bits of the connection's mark; all where there is no mask. */
  mark?: number;
  markMask?: number;
  track?: false;
}

const ANY = -1;

/** An address and the bits of it that count, as in a tuple. */
interface Prefix {
  family: 4 | 6;
  value: Int32Array;
  mask: Int32Array;
}

interface Compiled {
  zone: number;
  proto: number;
  src: Prefix | null;
  dst: Prefix | null;
  sport: number;
  dport: number;
  mark: number;
  markMask: number;
  /** The number that connections keep, or 0: not tracked. */
  policy: number;
}

export class Rules {
  private given: readonly CtRule[] = [];
  private compiled: readonly Compiled[] = [];
  /** Some rule says that a packet isn't tracked. */
  untracks = false;
  /** Some rule names timeouts. */
  times = false;
  /** Policy (as TimeoutPolicies counts) by the number that connections keep; numbers are never given to another. */
  private readonly policies: number[] = [ANY];

  constructor(private readonly timeouts: TimeoutPolicies) {}

  /** The rules as they were set. */
  list(): readonly CtRule[] {
    return this.given;
  }

  /** Sets all rules; throws RangeError, and changes nothing, where one is wrong. */
  set(rules: readonly CtRule[]): void {
    if (rules.length > MAX_RULES) throw new RangeError(`${rules.length} rules: at most ${MAX_RULES}`);
    const policies = [...this.policies];
    const compiled = rules.map((rule, i) => {
      try {
        return this.compile(rule, policies);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new RangeError(`rule ${i + 1}: ${error.message}`);
      }
    });
    this.policies.splice(0, policies.length, ...policies);
    this.given = rules.map((rule) => ({ ...rule }));
    this.compiled = compiled;
    this.untracks = compiled.some(({ policy }) => policy === 0);
    this.times = compiled.some(({ policy }) => policy !== 0);
  }

  /** The policy behind a connection's number. */
  policy(rule: number): number {
    return this.policies[rule];
  }

  /** Isn't a packet with this tuple tracked? A rule in front that names timeouts says it is. */
  untracked(tuple: Tuple): boolean {
    for (const rule of this.compiled) {
      // What a mark says is known only where a connection is stored.
      if (rule.markMask === 0 && meets(rule, tuple)) return rule.policy === 0;
    }
    return false;
  }

  /** The number for a connection with this original tuple and mark; 0: its zone's timeouts. */
  choose(tuple: Tuple, mark: number): number {
    for (const rule of this.compiled) {
      if (((mark ^ rule.mark) & rule.markMask) === 0 && meets(rule, tuple)) return rule.policy;
    }
    return 0;
  }

  private compile(rule: CtRule, policies: number[]): Compiled {
    const proto = rule.proto === undefined ? ANY : protocolOf(rule.proto);
    const [src, dst] = [prefixOf(rule.src), prefixOf(rule.dst)];
    if (src !== null && dst !== null && src.family !== dst.family) throw new RangeError('src and dst of two families');
    const [sport, dport] = [portOf('sport', rule.sport), portOf('dport', rule.dport)];
    if ((sport !== ANY || dport !== ANY) && proto !== ANY && !hasPorts(proto)) {
      throw new RangeError(`protocol ${rule.proto} has no ports`);
    }
    const { timeouts, track, mark, markMask } = rule;
    if ((timeouts === undefined) === (track === undefined)) throw new RangeError('either timeouts or track: false');
    if (track !== undefined && track !== false) throw new RangeError('track can only be false');
    if (track === false && (mark !== undefined || markMask !== undefined)) {
      throw new RangeError('a mark beside track: false');
    }
    if (mark === undefined && markMask !== undefined) throw new RangeError('a markMask without a mark');
    const bits = mark === undefined ? 0 : whole('markMask', markMask ?? 0xffffffff, 0xffffffff);
    return {
      zone: rule.zone === undefined ? ANY : whole('zone', rule.zone, 0xffff),
      proto,
      src,
      dst,
      sport,
      dport,
      mark: whole('mark', mark ?? 0, 0xffffffff) | 0,
      markMask: bits | 0,
      policy: timeouts === undefined ? 0 : this.numberOf(timeouts, policies),
    };
  }

  private numberOf(name: string, policies: number[]): number {
    const policy = this.timeouts.indexOf(name);
    if (policy < 0) throw new RangeError(`no timeout policy is named ${name}`);
    const known = policies.indexOf(policy, 1);
    if (known > 0) return known;
    if (policies.length > MAX_RULES) throw new RangeError(`rules have named ${MAX_RULES} policies already`);
    return policies.push(policy) - 1;
  }
}

/** Either direction of the tuple is meant. */
function meets(rule: Compiled, tuple: Tuple): boolean {
  if (rule.zone !== ANY && rule.zone !== tuple.zone) return false;
  if (rule.proto !== ANY && rule.proto !== tuple.proto) return false;
  if ((rule.sport !== ANY || rule.dport !== ANY) && isQuery(tuple.family, tuple.proto)) return false;
  return oneWay(rule, tuple, false) || oneWay(rule, tuple, true);
}

function oneWay(rule: Compiled, tuple: Tuple, reversed: boolean): boolean {
  const ports = reversed ? tuple.reversePorts : tuple.ports;
  if (rule.sport !== ANY && rule.sport !== ports >>> 16) return false;
  if (rule.dport !== ANY && rule.dport !== (ports & 0xffff)) return false;
  return within(rule.src, tuple, !reversed) && within(rule.dst, tuple, reversed);
}

function within(prefix: Prefix | null, tuple: Tuple, source: boolean): boolean {
  if (prefix === null) return true;
  if (prefix.family !== tuple.family) return false;
  const { value, mask } = prefix;
  if (prefix.family === 4) return (((source ? tuple.src : tuple.dst) ^ value[0]) & mask[0]) === 0;
  const address = source ? tuple.src6 : tuple.dst6;
  for (let i = 0; i < 4; i++) if ((address[i] ^ value[i]) & mask[i]) return false;
  return true;
}

function whole(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new RangeError(`${name} must be 0 to ${most}, not ${value}`);
}

function portOf(name: string, port: number | undefined): number {
  return port === undefined ? ANY : whole(name, port, 0xffff);
}

function protocolOf(proto: number | string): number {
  const number = typeof proto === 'number' ? proto : protocolNumber(proto);
  if (number === null) throw new RangeError(`no protocol is named ${proto}`);
  return whole('proto', number, 255);
}

function prefixOf(text: string | undefined): Prefix | null {
  if (text === undefined) return null;
  const [, address, length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bytes = address === undefined ? null : (parseIpv4(address) ?? parseIpv6(address));
  if (bytes === null) throw new RangeError(`"${text}" is no address`);
  const bits = length === undefined ? bytes.length * 8 : Number(length);
  if (bits > bytes.length * 8) throw new RangeError(`"${text}": the prefix is longer than the address`);
  const words = bytes.length / 4;
  const mask = new Int32Array(words).map((_, i) => {
    const ones = Math.min(32, Math.max(0, bits - i * 32));
    return ones === 0 ? 0 : -1 << (32 - ones);
  });
  const value = new Int32Array(words).map((_, i) => {
    const at = i * 4;
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) & mask[i];
  });
  return { family: words === 1 ? 4 : 6, value, mask };
}
