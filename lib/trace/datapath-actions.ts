/**
 * A program as Open vSwitch writes datapath actions: "ct(zone=5,nat),recirc(0x1)", "set(ipv4(ttl=63)),2". What its
 * datapath has no word for (PBB, TTLs copied between levels, steps of later kinds) is written in the same style.
 */
import { formatIpv4, formatIpv6, toBigInt, toHex } from '../bytes/index.js';
import type { CtRequest, NatRequest } from '../ct/index.js';
import { type Cold, describe, type Meter, OP, STEP_WORDS } from '../datapath/index.js';
import { formatPort } from '../nxm/index.js';
import type { Key } from '../packet/index.js';
import { TAG } from '../packet/tags.js';
import { Sets } from './headers.js';

/** What numbers in steps stand for. */
export interface StepNames {
  /** The OpenFlow number of the port in a slot. */
  port(slot: number): number;
  cold(index: number): Cold;
  meterId(meter: Meter): number;
}

const VLAN = 0x8100;
const NSH = 0x894f;
/** OFPR_* by the names of packet-ins. */
const REASONS: Readonly<Record<string, number>> = { no_match: 0, action: 1, invalid_ttl: 2 };

/** What all packets of a program agree in. */
export interface Agreed {
  readonly mask: Key;
  readonly value: Key;
}

/** The actions of a program; "drop" where it has none. */
export function formatSteps(words: ArrayLike<number>, names: StepNames, agreed: Agreed): string {
  return actionsOf(words, 0, words.length, names, agreed).join(',') || 'drop';
}

function actionsOf(words: ArrayLike<number>, first: number, end: number, names: StepNames, agreed: Agreed): string[] {
  const list: string[] = [];
  const sets = new Sets(agreed.mask, agreed.value);
  for (let at = first; at < end && words[at] !== OP.end; ) {
    const op = words[at];
    if (op === OP.larger) {
      const other = at + STEP_WORDS[op] + words[at + 2];
      const larger = actionsOf(words, at + STEP_WORDS[op], other, names, sets.known).join(',');
      const rest = actionsOf(words, other, end, names, sets.known).join(',');
      return [...list, ...sets.take(), `check_pkt_len(size=${words[at + 1]},gt(${larger}),le(${rest}))`];
    }
    if (op === OP.rewrite) sets.add(words[at + 1], words[at + 2], words[at + 3]);
    else list.push(...sets.take(), ...step(words, at, names, sets));
    if (op === OP.ct) sets.translated();
    else if (op === OP.tags || op === OP.pushVlan || op === OP.popVlan) sets.forget();
    if (op === OP.tags && words[at + 1] === TAG.pushMpls) sets.pushed(words[at + 3]);
    at += STEP_WORDS[op] + (op === OP.clone ? words[at + 1] : 0);
  }
  return [...list, ...sets.take()];
}

function step(words: ArrayLike<number>, at: number, names: StepNames, sets: Sets): string[] {
  const [, a, b, c] = [words[at], words[at + 1], words[at + 2], words[at + 3]];
  switch (words[at]) {
    case OP.output:
      return [...sets.queue(0), formatPort(names.port(a))];
    case OP.enqueue:
    case OP.tunnel:
      return [...sets.queue(Math.max(0, b)), formatPort(names.port(a))];
    case OP.header:
      return [header(names.cold(a), b, c)];
    case OP.encap:
      return ENCAPS[a](b);
    case OP.truncate:
      return [`trunc(${a >>> 0})`];
    case OP.sample:
      return [`sample(sample=${((a * 100) / 65535).toFixed(1)}%)`];
    case OP.pushVlan:
      return [`push_vlan(${a === VLAN ? '' : `tpid=0x${a.toString(16)},`}vid=${b & 0xfff},pcp=${(b & 0xffff) >>> 13})`];
    case OP.popVlan:
      return ['pop_vlan'];
    case OP.controller:
      return [controller(names.cold(a))];
    case OP.learn:
    case OP.effect:
      return [];
    case OP.ct:
      return [ct(names.cold(a)), ...(b ? [`recirc(0x${b.toString(16)})`] : [])];
    case OP.ctClear:
      return ['ct_clear'];
    case OP.tags:
      return [tags(a, b, c)];
    case OP.recirculate:
      return [`recirc(0x${a.toString(16)})`];
    case OP.clone:
      return [
        `clone(${actionsOf(words, at + STEP_WORDS[OP.clone], at + STEP_WORDS[OP.clone] + a, names, sets.known).join(',')})`,
      ];
    case OP.meter: {
      const cold = names.cold(a);
      return [`meter(${cold.kind === 'meter' ? names.meterId(cold.meter) : a})`];
    }
    default:
      return [describe(Array.from({ length: STEP_WORDS[words[at]] }, (_, i) => words[at + i]))[0].replaceAll(' ', '_')];
  }
}

/** What encap and decap do to the frame, by their kind; of what follows only its type is known. */
const ENCAPS: readonly ((ethType: number) => string[])[] = [
  () => ['pop_eth'],
  () => ['pop_nsh()'],
  (ethType) => [`pop_mpls(eth_type=0x${ethType.toString(16)})`],
  () => [],
  () => ['push_eth(src=00:00:00:00:00:00,dst=00:00:00:00:00:00)'],
];

/** A whole header in front of the frame, or behind `behind` bytes that stand for none. */
function header(cold: Cold, behind: number, ethType: number): string {
  if (cold.kind !== 'header') return 'push';
  // In front of a frame stands an Ethernet header of zeros as well.
  const bytes = toHex(behind > 0 ? cold.bytes : cold.bytes.subarray(14));
  return `${ethType === NSH ? 'push_nsh' : 'add_mpls'}(0x${bytes},eth_type=0x${ethType.toString(16)})`;
}

function tags(kind: number, a: number, b: number): string {
  const type = `eth_type=0x${(a & 0xffff).toString(16)}`;
  switch (kind) {
    case TAG.pushMpls:
      return `push_mpls(label=${b >>> 12},tc=${(b >>> 9) & 7},ttl=${b & 0xff},bos=${(b >>> 8) & 1},${type})`;
    case TAG.popMpls:
      return `pop_mpls(${type})`;
    case TAG.pushPbb:
      return `push_pbb(isid=0x${(a & 0xffffff).toString(16)})`;
    case TAG.ipProto:
      return `set(nw_proto=${a})`;
    case TAG.ethType:
      return `set(${type})`;
    default:
      return Object.entries(TAG).find(([, number]) => number === kind)?.[0] ?? `tags_${kind}`;
  }
}

function controller(cold: Cold): string {
  if (cold.kind !== 'controller') return 'userspace';
  const { reason, cookie, controllerId, maxLen } = cold;
  const number = REASONS[reason] ?? 1;
  return (
    `userspace(controller(reason=${number},rule_cookie=0x${cookie.toString(16)},` +
    `controller_id=${controllerId},max_len=${maxLen}))`
  );
}

function ct(cold: Cold): string {
  if (cold.kind !== 'ct') return 'ct';
  const parts = ctParts(cold.request);
  return parts.length > 0 ? `ct(${parts.join(',')})` : 'ct';
}

function ctParts(request: CtRequest): string[] {
  const { commit, force, zone, markValue, markMask, labelValue, labelMask, helper, nat } = request;
  const parts: string[] = [];
  if (commit) parts.push(force ? 'force_commit' : 'commit');
  if (zone !== 0) parts.push(`zone=${zone}`);
  if (markMask !== 0) parts.push(`mark=${hexadecimal(markValue >>> 0)}/${hexadecimal(markMask >>> 0)}`);
  if (labelValue !== null && labelMask !== null) {
    const whole = labelMask.every((word) => word === 0xffffffff);
    parts.push(`label=${wide(labelValue)}${whole ? '' : `/${wide(labelMask)}`}`);
  }
  if (helper !== null) parts.push(`helper=${helper}`);
  if (nat !== null) parts.push(formatNat(nat));
  return parts;
}

/** printf's "%#x": 0 has no prefix. */
function hexadecimal(number: number | bigint): string {
  return number ? `0x${number.toString(16)}` : '0';
}

function wide(words: Uint32Array): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  return hexadecimal(toBigInt(bytes));
}

function formatNat({ kind, family, min, max, portMin, portMax, random, persistent }: NatRequest): string {
  if (kind === null) return 'nat';
  let range = '';
  if (family !== 0) {
    const address = (words: Int32Array) =>
      family === 4 ? formatIpv4(bytesOf(words, 4)) : formatIpv6(bytesOf(words, 16));
    const [from, to] = [address(min), address(max)];
    const bracket = (text: string) => (family === 6 && portMin ? `[${text}]` : text);
    range = `=${bracket(from)}${from === to ? '' : `-${bracket(to)}`}`;
    if (portMin) range += `:${portMin}${portMax === portMin ? '' : `-${portMax}`}`;
  }
  const flags = [persistent ? ',persistent' : '', random ? ',random' : ''].join('');
  return `nat(${kind}${range}${flags})`;
}

function bytesOf(words: Int32Array, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => words[i >> 2] >>> (24 - (i & 3) * 8));
}
