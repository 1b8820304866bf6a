/**
 * Random flows that teach (learn), choose (multipath, bundle) and stand for alternatives (conjunction), in ovs-ofctl's
 * syntax.
 */
import type { Chance } from './chance.js';
import { FIELDS, type FieldRow, type Layer } from './fields.js';
import { PORTS, SWITCH_PORTS, V4 } from './pools.js';

/** What is known of a flow's packets. */
interface Known {
  readonly layers: ReadonlySet<Layer>;
  readonly tables: number;
  readonly ct: boolean;
  readonly timeouts: boolean;
}

/** What makes sure of a layer in the learned flow; the first that holds. */
const TYPES: readonly (readonly [Layer, string])[] = [
  ['ipv4', '0x800'],
  ['ipv6', '0x86dd'],
  ['arp', '0x806'],
];
const PROTOCOLS: readonly (readonly [Layer, number])[] = [
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
];

/** Of a register that learned flows are told by, and learn from. */
const REGISTERS = ['NXM_NX_REG0', 'NXM_NX_REG1', 'NXM_NX_REG7'];

/** Bits of a field: all, or some. */
function bits(c: Chance, { nxm, bits: width, masked }: FieldRow, wanted: number): string {
  if (wanted === width || (!masked && c.percent(90))) return `${nxm}[]`;
  const start = c.between(0, width - wanted);
  return wanted === 1 ? `${nxm}[${start}]` : `${nxm}[${start}..${start + wanted - 1}]`;
}

function usable({ layers, ct }: Known): FieldRow[] {
  return FIELDS.filter(
    (f) => f.nxm && layers.has(f.needs) && !/vlan|tos|ecn|dscp|mpls/.test(f.name) && (ct || !f.name.startsWith('ct_')),
  );
}

/** The match of the learned flow. */
function matchSpecs(c: Chance, known: Known): string[] {
  const specs: string[] = [];
  const type = TYPES.find(([layer]) => known.layers.has(layer));
  const protocol = PROTOCOLS.find(([layer]) => known.layers.has(layer));
  const typed = type !== undefined && c.percent(80);
  if (typed) specs.push(`eth_type=${type[1]}`);
  if (typed && protocol && c.percent(70)) specs.push(`nw_proto=${protocol[1]}`);
  // Now and then a prerequisite is missing: both switches refuse the flow.
  const fields = usable(known).filter((f) => f.needs === 'any' || typed || c.percent(3));
  for (const field of c.shuffled(fields).slice(0, c.between(1, 3))) {
    const width = c.percent(70) ? field.bits : c.between(1, field.bits);
    const target = bits(c, field, width);
    const same = fields.filter((f) => f.bits === field.bits);
    specs.push(target.endsWith('[]') && c.percent(30) ? `${target}=${c.pick(same).nxm}[]` : target);
  }
  if (c.percent(15)) specs.push(`${c.pick(REGISTERS)}[]=0`);
  return specs;
}

/** What the learned flow does. */
function actionSpecs(c: Chance, known: Known): string[] {
  const specs: string[] = [];
  for (let n = c.between(0, 2); n > 0; n--) {
    const from = c.pick(usable(known));
    const width = c.between(1, Math.min(from.bits, 32));
    const start = c.between(0, 32 - width);
    const to = `${c.pick(REGISTERS)}[${start}..${start + width - 1}]`.replace(/\[(\d+)\.\.\1\]/, '[$1]');
    const value = BigInt(`0x${c.hex(8)}`) & ((1n << BigInt(width)) - 1n);
    specs.push(
      `load:${c.percent(50) ? `0x${value.toString(16)}` : bits(c, { ...from, masked: (m) => m.hex(1) }, width)}->${to}`,
    );
  }
  specs.push(
    c.weighted([
      [8, 'output:NXM_OF_IN_PORT[]'],
      [1, 'output:NXM_NX_REG0[]'],
      [1, 'output:NXM_NX_REG1[0..1]'],
      [1, `output:NXM_NX_REG7[3..18],output:NXM_OF_IN_PORT[]`],
    ]),
  );
  return specs;
}

/** A learn action. Each has a priority of its own, so that learned flows that overlap have different ones. */
export function learnAction(c: Chance, known: Known): string {
  const parts = [`table=${c.below(known.tables)}`, `priority=${c.between(2000, 60_000)}`];
  if (c.percent(20)) parts.push('send_flow_rem');
  // What goes with its teacher has cookies that others don't: Open vSwitch would take along flows of the next case,
  // too.
  if (c.percent(20)) parts.push('delete_learned', `cookie=0x${c.pick([1, 2])}eac4`);
  else if (c.percent(60)) parts.push(`cookie=0x${c.pick([1, 2, 3])}`);
  if (known.timeouts && c.percent(60)) parts.push(`${c.pick(['idle', 'hard'])}_timeout=${c.between(1, 6)}`);
  if (known.timeouts && c.percent(30)) parts.push(`fin_${c.pick(['idle', 'hard'])}_timeout=${c.between(1, 4)}`);
  if (c.percent(30)) {
    parts.push(`limit=${c.between(1, 3)}`);
    if (c.percent(70)) parts.push(`result_dst=${c.pick(REGISTERS)}[${c.between(0, 2)}]`);
  }
  return `learn(${[...parts, ...matchSpecs(c, known), ...actionSpecs(c, known)].join(',')})`;
}

const HASHED = ['eth_src', 'symmetric_l4', 'symmetric_l3l4', 'symmetric_l3l4+udp', 'nw_src', 'nw_dst', 'symmetric_l3'];

/** multipath, bundle or bundle_load. */
export function choice(c: Chance): string {
  const hash = `${c.pick(HASHED)},${c.pick([0, 1, 50, 65_535])}`;
  const members = Array.from({ length: c.between(0, 4) }, () => c.pick([...SWITCH_PORTS, 'LOCAL', 9])).join(',');
  const algorithm = c.pick(['active_backup', 'hrw']);
  const width = c.pick([2, 8, 32]);
  const start = width === 32 ? 0 : c.between(0, 32 - width);
  const links = c.between(1, Math.min(2 ** width, 300));
  const target = `${c.pick(REGISTERS)}[${start}..${start + width - 1}]`;
  const way = c.pick(['modulo_n', 'hash_threshold', 'hrw', 'iter_hash']);
  return c.weighted([
    [5, `multipath(${hash},${way},${links},${c.pick([0, links, links * 2, 70_000])},${target})`],
    [4, `bundle(${hash},${algorithm},ofport,members:${members})`],
    [2, `bundle_load(${hash},${algorithm},ofport,${c.pick(REGISTERS)}[${c.pick(['', '3..18'])}],members:${members})`],
  ]);
}

/** What tells the alternatives of a dimension apart. */
const DIMENSIONS: readonly ((c: Chance) => string)[] = [
  (c) => `ip_src=${c.pick(V4)}${c.pick(['', '/24', '/31'])}`,
  (c) => `ip_dst=${c.pick(V4)}${c.pick(['', '/16'])}`,
  (c) => `udp_dst=${c.pick(PORTS)}`,
  (c) => `in_port=${c.pick(SWITCH_PORTS)}`,
];

/**
 * The flows of a conjunction, without their table: alternatives of one priority, and what is done where all dimensions
 * are met.
 */
export function conjunction(c: Chance, id: number, priority: number, own: number): string[] {
  const dimensions = c.shuffled(DIMENSIONS).slice(0, c.between(2, 3));
  const flows = dimensions.flatMap((dimension, i) =>
    Array.from(
      { length: c.between(1, 3) },
      () => `priority=${priority},udp,${dimension(c)},actions=conjunction(${id},${i + 1}/${dimensions.length})`,
    ),
  );
  return [...flows, `priority=${own},conj_id=${id},udp,actions=output:${c.pick(SWITCH_PORTS)}`];
}
