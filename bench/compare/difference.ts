/** Where two answers to a case differ: frames by port, packet-ins, connections, flows with their counters, refusals. */
import { fromHex } from '../../lib/bytes/index.js';
import { formatValue } from '../../lib/nxm/index.js';
import type { SimulateAnswer, SimulateResult } from '../../lib/simulate/case.js';
import { decode } from '../../lib/wire/index.js';

export interface Difference {
  /** What differs: "frames", "packet-ins", "conntrack", "flows", "refusal". */
  readonly kind: string;
  /** The step where it shows, -1 at the end. */
  readonly step: number;
  readonly ovs: readonly string[];
  readonly own: readonly string[];
}

/** The first difference, or null. */
export function difference(ovs: SimulateAnswer, own: SimulateAnswer): Difference | null {
  if ((ovs.load_error === undefined) !== (own.load_error === undefined)) {
    return { kind: 'refusal', step: -1, ovs: [ovs.load_error ?? 'taken'], own: [own.load_error ?? 'taken'] };
  }
  const steps = ovs.results?.length ?? 0;
  for (let step = 0; step < steps; step++) {
    const [a, b] = [ovs.results?.[step] as SimulateResult, own.results?.[step] as SimulateResult];
    const found = ASPECTS.find(([, of]) => !same(of(a), of(b)));
    if (found) return { kind: found[0], step, ovs: found[1](a), own: found[1](b) };
  }
  const end: readonly (readonly [string, (answer: SimulateAnswer) => string[]])[] = [
    ['conntrack', (answer) => [...(answer.conntrack ?? [])].sort()],
    ['flows', (answer) => (answer.flows ?? []).map(withoutTime).sort()],
  ];
  for (const [kind, of] of end) {
    const [a, b] = [of(ovs), of(own)];
    if (!same(a, b)) return { kind, step: -1, ovs: without(a, b), own: without(b, a) };
  }
  return null;
}

const ASPECTS: readonly (readonly [string, (result: SimulateResult) => string[]])[] = [
  ['refusal', (r) => (r.error === undefined ? [] : ['refused'])],
  ['frames', (r) => byPort(r)],
  ['packet-ins', (r) => (r.packet_in ?? []).map(packetIn)],
  ['conntrack', (r) => [...(r.ct ?? [])].sort()],
];

/** Open vSwitch orders frames within a port; across ports its order is that of a hash. */
function byPort({ in: input, out = [] }: SimulateResult): string[] {
  const pieces = input !== undefined && isPiece(input[1]);
  return out
    .map(([port, frame], i) => ({ port: String(port), frame, i }))
    .sort((a, b) => a.port.localeCompare(b.port) || (pieces ? a.frame.localeCompare(b.frame) : a.i - b.i))
    .map(({ port, frame }) => `${port} ${frame}`);
}

/**
 * Is the frame a piece of a datagram? The pieces of one go on together in Open vSwitch, action by action, and here one
 * after the other: where there are several outputs, their order at a port is each switch's own.
 */
function isPiece(frame: string): boolean {
  const type = frame.slice(24, 28);
  if (type === '0800') return (Number.parseInt(frame.slice(40, 44), 16) & 0x3fff) !== 0;
  return type === '86dd' && frame.slice(40, 42) === '2c';
}

/** A packet-in as text, without what no switch promises: transaction and buffer. */
export function packetIn(hex: string): string {
  const m = decode(fromHex(hex));
  if (m.type !== 'packet_in') return hex;
  const fields = m.fields.map(({ field, value, mask }) => `${field.name}=${formatValue(field, value, mask)}`);
  const data = Buffer.from(m.data).toString('hex');
  return `${m.reason} table=${m.tableId} cookie=0x${m.cookie.toString(16)} total_len=${m.totalLen} ${fields.join(',')} data=${data}`;
}

function withoutTime(line: string): string {
  return line
    .trim()
    .replace(/ duration=[0-9.]+s,/, '')
    .replace(/ (idle|hard)_age=\d+,/g, '');
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

function without(list: readonly string[], other: readonly string[]): string[] {
  return list.filter((text) => !other.includes(text));
}
