/** ct-flush and ct-flush-zone: tracked connections that end (ovs-ofctl(8); Open vSwitch's NXT_CT_FLUSH). */
import { parseIpv4, parseIpv6 } from '../bytes/index.js';
import { didYouMean, keyValues } from '../nxm/index.js';
import type { FlushTuple } from '../wire/index.js';
import { changeOf } from './client.js';
import type { Command, Scene } from './command.js';
import { apply } from './flows.js';
import { Misuse } from './outcome.js';

type Draft = { -readonly [K in keyof FlushTuple]: FlushTuple[K] };

/** What both directions share. */
interface Shared {
  ipProto: number | null;
  family: 4 | 6 | null;
}

const ADDRESSES = {
  ct_nw_src: ['src', 4],
  ct_nw_dst: ['dst', 4],
  ct_ipv6_src: ['src', 6],
  ct_ipv6_dst: ['dst', 6],
} as const;
const NUMBERS = {
  ct_tp_src: ['srcPort', 0xffff],
  ct_tp_dst: ['dstPort', 0xffff],
  icmp_id: ['icmpId', 0xffff],
  icmp_type: ['icmpType', 0xff],
  icmp_code: ['icmpCode', 0xff],
} as const;
const KEYS = [...Object.keys(ADDRESSES), 'ct_nw_proto', ...Object.keys(NUMBERS)];
const IPV4_IN_IPV6 = [...new Uint8Array(10), 0xff, 0xff];
const ICMP: readonly number[] = [1, 58];

function numberUpTo(most: number, key: string, text: string): number {
  const number = /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (number <= most) return number;
  throw new Misuse(`${key} is a number up to ${most}, not "${text}"`);
}

function addressOf(key: string, family: 4 | 6, text: string): Uint8Array {
  const bytes = family === 4 ? parseIpv4(text) : parseIpv6(text);
  if (bytes === null) throw new Misuse(`${key}: "${text}" is no IPv${family} address`);
  return family === 6 ? bytes : Uint8Array.from([...IPV4_IN_IPV6, ...bytes]);
}

function has<T extends object>(table: T, key: string): key is keyof T & string {
  return Object.hasOwn(table, key);
}

/** One direction of connections. Throws Misuse. */
function tupleOf(text: string, shared: Shared): FlushTuple {
  const tuple: Draft = {};
  const seen = new Set<string>();
  for (const { key, value } of keyValues(text)) {
    if (seen.has(key)) throw new Misuse(`${key} stands twice in one tuple`);
    seen.add(key);
    if (has(ADDRESSES, key)) {
      const [member, family] = ADDRESSES[key];
      shared.family ??= family;
      if (shared.family !== family) throw new Misuse('addresses of IPv4 and of IPv6 are of no one connection');
      tuple[member] = addressOf(key, family, value);
    } else if (has(NUMBERS, key)) {
      const [member, most] = NUMBERS[key];
      tuple[member] = numberUpTo(most, key, value);
    } else if (key === 'ct_nw_proto') {
      const ipProto = numberUpTo(0xff, key, value);
      shared.ipProto ??= ipProto;
      if (shared.ipProto !== ipProto) throw new Misuse('both directions have the same ct_nw_proto');
    } else {
      throw new Misuse(`unknown keyword "${key}"${didYouMean(key, KEYS)}`);
    }
  }
  return tuple;
}

/** Ports and ICMP's numbers need their protocol. Throws Misuse. */
function checkProtocol(tuple: FlushTuple, ipProto: number | null): void {
  const ports = tuple.srcPort !== undefined || tuple.dstPort !== undefined;
  const icmp = tuple.icmpId !== undefined || tuple.icmpType !== undefined || tuple.icmpCode !== undefined;
  const isIcmp = ipProto !== null && ICMP.includes(ipProto);
  if (ports && (ipProto === null || isIcmp)) throw new Misuse('ports need their protocol: ct_nw_proto=6 or the like');
  if (icmp && !isIcmp) throw new Misuse('icmp_id, icmp_type and icmp_code need ct_nw_proto=1 or ct_nw_proto=58');
}

function zoneOf(text: string): number {
  return numberUpTo(0xffff, 'the zone', text);
}

async function flush(scene: Scene, args: readonly string[]): Promise<void> {
  const zoned = args[0]?.startsWith('zone=') ?? false;
  const zone = zoned ? zoneOf(args[0].slice('zone='.length)) : null;
  const texts = zoned ? args.slice(1) : args;
  if (texts.length > 2) throw new Misuse('ct-flush takes [zone=N] [TUPLE [REPLY-TUPLE]]');
  const shared: Shared = { ipProto: null, family: null };
  const tuples = texts.map((text) => (text.trim() === '' ? null : tupleOf(text, shared)));
  for (const tuple of tuples) checkProtocol(tuple ?? {}, shared.ipProto);
  const [orig = null, reply = null] = tuples;
  const everything = { mark: null, markMask: null, label: null, labelMask: null };
  const ipProto = shared.ipProto ?? 0;
  await apply(scene, [changeOf({ type: 'nxt_ct_flush', ipProto, orig, reply, zone, ...everything })]);
}

async function flushZone(scene: Scene, [zone]: readonly string[]): Promise<void> {
  await apply(scene, [changeOf({ type: 'nxt_ct_flush_zone', zone: zoneOf(zone) })]);
}

export const CONNECTION_COMMANDS: readonly Command[] = [
  {
    name: 'ct-flush',
    args: '[zone=N] [TUPLE [REPLY-TUPLE]]',
    count: [0, 3],
    about:
      'end tracked connections: all, those of a zone, or those with ct_nw_src=, ct_nw_dst=, ct_ipv6_src=, ' +
      'ct_ipv6_dst=, ct_nw_proto=, ct_tp_src=, ct_tp_dst=, icmp_type=, icmp_code=, icmp_id=',
    run: flush,
  },
  {
    name: 'ct-flush-zone',
    args: 'ZONE',
    count: [1, 1],
    about: 'end the tracked connections of a zone',
    run: flushZone,
  },
];
