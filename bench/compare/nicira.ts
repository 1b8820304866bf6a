/** Random Nicira actions: output to a field's port and cut off, the stack, clones, exit, lengths, samples, notes. */
import type { Chance } from './chance.js';
import { FIELDS } from './fields.js';
import type { Facts, Features, Maker } from './flows.js';
import { MACS, SWITCH_PORTS } from './pools.js';

/** Registers that nothing else is generated for: no match looks at them. */
const REG = 'NXM_NX_REG5';

const outputReg: Maker = (c) =>
  c.weighted([
    [8, `load:${c.pick(SWITCH_PORTS)}->${REG}[0..15],output:${REG}[0..15]`],
    [2, `load:0x${c.pick(['fff8', 'fffb', 'fffc', 'fffe', '9', 'ff00'])}->${REG}[],output:${REG}[]`],
    [1, `load:0x10001->${REG}[],output:${REG}[]`],
    [3, 'output:NXM_NX_REG0[0..1]'],
    [1, 'output:NXM_OF_IN_PORT[]'],
    [1, `output:NXM_NX_REG7[${c.below(29)}..31]`],
  ]);

/** Behind an output that brings into the frame what was set: Open vSwitch measures before that (on-purpose.ts). */
const truncated: Maker = (c) =>
  `output:1,LOCAL,output(port=${c.pick(SWITCH_PORTS)},max_len=${c.pick([14, 20, 33, 60, 100, 1000])})`;

/** Some bits of a field, as a subfield. */
function subfield(c: Chance, name: string, of: number): string {
  const bits = c.percent(40) ? of : c.between(1, of);
  const start = c.between(0, of - bits);
  return bits === of ? `${name}[]` : bits === 1 ? `${name}[${start}]` : `${name}[${start}..${start + bits - 1}]`;
}

const push: Maker = (c, features, facts) => {
  const list = FIELDS.filter((f) => f.nxm && facts.layers.has(f.needs) && (features.ct || !f.name.startsWith('ct_')));
  if (list.length === 0) return null;
  const field = c.pick(list);
  return `push:${subfield(c, field.nxm as string, field.bits)}`;
};

/** Not into what may take away what other fields need. */
const pop: Maker = (c, _, facts) => {
  const list = FIELDS.filter(
    (f) =>
      f.settable && f.nxm && facts.layers.has(f.needs) && f.nxm !== 'NXM_OF_IP_TOS' && !/^(icmpv6|vlan)/.test(f.name),
  );
  if (list.length === 0) return null;
  const field = c.pick(list);
  return `pop:${subfield(c, field.nxm as string, field.bits)}`;
};

/** On a copy; behind exit there is no action set that Open vSwitch would forget (on-purpose.ts). */
const clone =
  (inner: (c: Chance, features: Features, facts: Facts) => string | null): Maker =>
  (c, features, facts) => {
    const list: string[] = [];
    for (let i = c.between(1, 3); i > 0; i--) {
      const text = c.percent(15) ? simple(c, features, facts) : inner(c, features, facts);
      if (text !== null) list.push(text);
    }
    return `clone(${list.join(',') || 'drop'})`;
  };

/** Of the length alone: only where a table is met once, and where nobody counts (on-purpose.ts). */
const larger: Maker = (c, features, facts) =>
  features.lengths && facts.table === 0
    ? `check_pkt_larger(${c.pick([0, 41, 42, 59, 60, 61, 80, 100, 1500])})->NXM_NX_REG0[${c.below(4)}]`
    : null;

const exit: Maker = (_, features) => (features.actionSet ? null : 'exit');

const tuple: Maker = (c, features, facts) =>
  features.ct && facts.layers.has('ip') && facts.table + 1 < features.tables
    ? `resubmit(,${c.between(facts.table + 1, features.tables - 1)},ct)`
    : null;

/** Whole headers in front, and away again; nothing is known of the packet behind them. */
const headers: Maker = (c, features, facts) => {
  // Whoever decapsulates needs a type, and no tag; NORMAL would learn what is no station.
  const typed = facts.layers.has('ip') || facts.layers.has('arp');
  if (features.normal || features.grouped || features.labels > 0) return null;
  const mac = () => `set_field:${c.pick(MACS)}->${c.pick(['eth_src', 'eth_dst'])}`;
  const service = () =>
    c.pick([
      'encap(nsh)',
      `encap(nsh(md_type=1)),set_field:0x${c.hex(6)}->nsh_spi,set_field:${c.below(256)}->nsh_si`,
      `encap(nsh),set_field:0x${c.hex(8)}->nsh_c${c.between(1, 4)},dec_nsh_ttl`,
      `encap(nsh(md_type=2,tlv(0x${c.hex(4)},${c.below(256)},0x1${c.hex(c.pick([1, 3, 7, 21]))})))`,
    ]);
  const label = `${c.pick(['encap(mpls)', 'encap(mpls_mc)'])},set_field:${c.below(0x100000)}->mpls_label`;
  const to = () => `output:${c.pick(SWITCH_PORTS)}`;
  const makers: (() => string)[] = [() => `${service()},encap(ethernet),${mac()},${to()}`];
  makers.push(() => `${service()},encap(ethernet),${to()},decap(),decap(),${to()}`);
  makers.push(() => `${service()},encap(nsh),encap(ethernet),${to()}`);
  if (typed) makers.push(() => `${label},encap(ethernet),${mac()},${to()}`);
  if (typed && facts.tag === 'no') {
    makers.push(() => `decap(),${to()},encap(ethernet),${mac()},${to()}`);
    if (facts.layers.has('ip')) makers.push(() => `decap(),${service()},encap(ethernet),${to()}`);
  }
  const text = c.pick(makers)();
  facts.layers.clear();
  facts.layers.add('any');
  facts.tag = 'unknown';
  facts.tags = null;
  return text;
};

const simple: Maker = (c, features, facts) =>
  c.weighted<Maker>([
    [5, outputReg],
    [4, truncated],
    [6, push],
    [7, pop],
    [2, exit],
    [1, () => `set_tunnel:0x${c.hex(2)}`],
    [1, () => 'note:00.11.22'],
    [1, () => `enqueue:${c.pick(SWITCH_PORTS)}:${c.below(3)}`],
    [1, () => `set_queue:${c.below(3)},output:${c.pick(SWITCH_PORTS)},pop_queue`],
    [1, () => `sample(probability=${c.between(1, 65535)},collector_set_id=1)`],
    [2, tuple],
    [1, () => (facts.layers.has('ip') && features.stack !== 'pop' ? 'dec_ttl(0,1)' : null)],
  ])(c, features, facts);

/** One of Nicira's actions; `inner` makes what stands inside a clone. */
export const nicira =
  (inner: (c: Chance, features: Features, facts: Facts) => string | null): Maker =>
  (c, features, facts) =>
    c.weighted<Maker>([
      [10, simple],
      [3, clone(inner)],
      [2, headers],
      [features.lengths ? 6 : 0, larger],
    ])(c, features, facts);
