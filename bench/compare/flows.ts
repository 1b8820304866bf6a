/** Random flows in ovs-ofctl's syntax: a match, and instructions that mostly suit it. */
import type { Chance } from './chance.js';
import { FIELDS, type FieldRow, type Layer, PROTOCOLS } from './fields.js';
import { choice, learnAction } from './learned.js';
import { nicira } from './nicira.js';
import { LABEL_TTLS, LABEL_TYPES, LABELS, MACS, SWITCH_PORTS, TTLS, V4, VIDS } from './pools.js';

/** What a case may use; features that disturb each other stay apart (on-purpose.ts says which and why). */
export interface Features {
  readonly tables: number;
  readonly ct: boolean;
  /** Marks and labels are set by ct. */
  readonly exec: boolean;
  /** The action set: never beside ct, where Open vSwitch aborts. */
  readonly actionSet: boolean;
  readonly normal: boolean;
  readonly timeouts: boolean;
  /** VLAN tags that frames have at most. */
  readonly tags: number;
  /** MPLS labels that frames have at most. */
  readonly labels: number;
  /** Labels are pushed, or taken away, or neither: never both (on-purpose.ts). */
  readonly stack: 'kept' | 'push' | 'pop';
  /** There are groups. */
  readonly grouped: boolean;
  /** Actions ask for the frame's length. */
  readonly lengths: boolean;
  /** Flows are learned, ports and links chosen. */
  readonly learns: boolean;
}

/** What a flow's packets have, while its actions are chosen. */
export interface Facts {
  readonly layers: Set<Layer>;
  /** Known to have a tag, known to have none, or neither. */
  tag: 'yes' | 'no' | 'unknown';
  /** How many tags, where that is known. */
  tags: number | null;
  /** Bottom-of-stack bit of the label in front, where that is known. */
  bos: number | null;
  readonly table: number;
  readonly inv: boolean;
}

const TAG_MATCHES: readonly (readonly [number, string, Facts['tag']])[] = [
  [70, '', 'unknown'],
  [15, 'vlan_tci=0x0000/0x1fff', 'no'],
  [10, 'vlan_tci=0x1000/0x1000', 'yes'],
  [5, 'dl_vlan=5', 'yes'],
];

function tagMatches({ tags }: Features): typeof TAG_MATCHES {
  return tags > 1 ? TAG_MATCHES.map(([weight, ...row]) => [Math.min(weight, 30), ...row] as const) : TAG_MATCHES;
}

/** One flow without its priority; a plain one asks for little, and so is met often. */
export function randomFlow(c: Chance, features: Features, table: number, plain = false): string {
  const mpls = features.labels > 0 && c.percent(40);
  const protocols = PROTOCOLS.filter(([, text]) => text.startsWith('mpls') === mpls);
  const [, word, layers] = c.pick(protocols.flatMap((row) => Array.from({ length: row[0] }, () => row)));
  const [, tagText, tag] = c.pick(tagMatches(features).flatMap((row) => Array.from({ length: row[0] }, () => row)));
  const tags = tag === 'no' ? 0 : null;
  const facts: Facts = { layers: new Set<Layer>(['any', ...layers]), tag, tags, bos: null, table, inv: false };
  if (tag === 'yes') facts.layers.add('vlan');
  const parts = [`table=${table}`];
  if (word) parts.push(word);
  if (tagText) parts.push(tagText);
  const fields = matchFields(c, features, facts, { vlanTaken: parts.join(',').includes('vlan'), plain });
  if (features.stack !== 'kept' && word.startsWith('mpls') && c.percent(80)) {
    fields.splice(0, fields.length, ...fields.filter((text) => !text.startsWith('mpls_bos')), `mpls_bos=${c.below(2)}`);
  }
  parts.push(...fields);
  const bos = /mpls_bos=([01])/.exec(fields.join())?.[1];
  const inv = fields.some((text) => text.includes('+inv'));
  if (c.percent(8)) parts.push(c.pick(FLAGS));
  if (c.percent(20)) parts.push(`cookie=0x${c.hex(c.pick([1, 4, 16]))}`);
  if (features.timeouts && c.percent(30)) parts.push(`${c.pick(['idle', 'hard'])}_timeout=${c.between(1, 6)}`);
  return `${parts.join(',')},actions=${instructions(c, features, { ...facts, inv, bos: bos === undefined ? null : Number(bos) })}`;
}

/** Actions that most matches have no room for: both switches refuse the flow, or neither. */
const MISFITS = [
  'set_field:80->tcp_dst',
  'set_field:10.0.0.1->nw_src',
  'mod_nw_ttl:3',
  'dec_ttl',
  'ct(commit)',
  'pop_vlan',
  'set_field:1->vlan_pcp',
  'set_field:4101->vlan_vid',
  'load:1->NXM_OF_UDP_SRC[]',
  'move:NXM_OF_ARP_OP[]->NXM_NX_REG0[0..15]',
  'set_field:1->ct_mark',
  'set_field:1->in_port_oxm',
  'load:1->NXM_NX_CT_MARK[]',
  'goto_table:0',
  'output:ANY',
  'ct(zone=NXM_NX_REG0[0..7])',
  'ct(force)',
  'set_field:1->ipv6_label',
];
const FLAGS = ['send_flow_rem', 'reset_counts', 'no_packet_counts', 'no_byte_counts'];

interface Wanted {
  readonly vlanTaken: boolean;
  readonly plain: boolean;
}

const UNSET = /^(metadata|x*reg\d+|pkt_mark|tun_id|actset_output|ct_.*)$/;

function matchFields(c: Chance, features: Features, facts: Facts, { vlanTaken, plain }: Wanted): string[] {
  const count = c.weighted([
    [plain ? 50 : 25, 0],
    [40, 1],
    [plain ? 10 : 25, 2],
    [plain ? 0 : 10, 3],
  ]);
  // What no action has set yet is zero.
  const unset = plain && facts.table === 0 && c.percent(80);
  const usable = FIELDS.filter(
    (f) => facts.layers.has(f.needs) && (features.ct || !f.name.startsWith('ct_')) && !(unset && UNSET.test(f.name)),
  );
  const tracked = usable.filter((f) => f.name === 'ct_state');
  const chosen = c.shuffled(usable).slice(0, count);
  if (tracked.length > 0 && facts.table > 0 && c.percent(60) && !chosen.includes(tracked[0])) chosen.push(tracked[0]);
  const texts: string[] = [];
  const taken = new Set<string>([...(vlanTaken ? ['vlan'] : []), ...(facts.layers.has('nd') ? ['icmp6'] : [])]);
  for (const field of chosen) {
    const place = placeOf(field.name);
    if (taken.has(place)) continue;
    taken.add(place);
    texts.push(`${field.name}=${field.masked && c.percent(45) ? field.masked(c) : field.value(c)}`);
  }
  return texts;
}

/** Fields that share bits don't stand in one match. */
function placeOf(name: string): string {
  if (/vlan/.test(name)) return 'vlan';
  if (/^(xreg0|reg0|reg1|)$/.test(name)) return 'reg0';
  if (/^(reg7|xxreg1)$/.test(name)) return 'xxreg1';
  if (/^(nw_src|ip_src)$/.test(name)) return 'ip_src';
  if (/^(dl_src|eth_src)$/.test(name)) return 'eth_src';
  if (/^(nw_tos|ip_dscp)$/.test(name)) return 'tos';
  if (/^icmpv6_/.test(name)) return 'icmp6';
  return name;
}

function instructions(c: Chance, features: Features, facts: Facts): string {
  if (c.percent(4)) return 'drop';
  const parts = actions(c, features, facts, c.between(1, 4));
  if (c.percent(3)) parts.splice(c.below(parts.length + 1), 0, c.pick(MISFITS.filter(can(features, parts))));
  if (c.percent(50)) parts.push(`output:${c.pick(SWITCH_PORTS)}`);
  if (features.actionSet && c.percent(12)) parts.push('clear_actions');
  if (features.actionSet && c.percent(35)) {
    const list = setActions(c, features, facts);
    if (list.length > 0) parts.push(`write_actions(${list.join(',')})`);
  }
  if (c.percent(12)) parts.push(c.percent(50) ? `write_metadata:0x${c.hex(4)}` : `write_metadata:0x${c.hex(1)}0/0xf0`);
  if (facts.table + 1 < features.tables && c.percent(30)) {
    parts.push(`goto_table:${c.between(facts.table + 1, features.tables - 1)}`);
  }
  return parts.length > 0 ? parts.join(',') : 'drop';
}

/** Actions that on-purpose.ts says may not stand here, beside these. */
const can =
  ({ stack: mode, ct: tracks }: Features, beside: readonly string[] = []) =>
  (text: string): boolean => {
    if (text === 'pop_vlan') return !/(pop|strip)_vlan/.test(beside.join());
    if (/->vlan_(pcp|vid)$/.test(text)) return !/vlan_tci|VLAN_TCI/.test(beside.join());
    if (text.startsWith('ct(')) return tracks;
    return mode !== 'pop' || (text !== 'dec_ttl' && text !== 'CONTROLLER');
  };

/** Makes an action, or several; null where this one has no place. */
export type Maker = (c: Chance, features: Features, facts: Facts) => string | null;

function actions(c: Chance, features: Features, facts: Facts, count: number): string[] {
  const list: string[] = [];
  for (let i = 0; i < count; i++) {
    const text = pickAction(c, features, facts)(c, features, facts);
    if (text !== null) list.push(text);
  }
  return list;
}

/** Tags and labels, where the case has them, come oftener. */
function pickAction(c: Chance, { stack: mode, tags, ct: tracks }: Features, { tag, layers }: Facts): Maker {
  if (tracks && layers.has('ip') && c.percent(20)) return ct;
  if (mode !== 'kept' && c.percent(40)) return stack;
  if (tags > 1 && tag !== 'unknown' && c.percent(30)) return c.percent(50) ? vlan : secondTag;
  return c.weighted(ACTIONS);
}

/** The action set holds one of a kind, and runs it in an order of its own. */
function setActions(c: Chance, features: Features, facts: Facts): string[] {
  const list: string[] = [];
  for (let i = c.between(1, 3); i > 0; i--) {
    const text = c.weighted<Maker>([
      [5, (chance) => `output:${chance.pick(SWITCH_PORTS)}`],
      [1, () => 'IN_PORT'],
      [1, () => (can(features)('CONTROLLER') ? 'CONTROLLER' : null)],
      [3, setField],
      [2, vlan],
      [1, old],
      [1, decTtl],
      [1, label],
      [1, load],
    ])(c, { ...features, tables: 1, ct: false }, facts);
    if (text !== null) list.push(text);
  }
  return list;
}

const output: Maker = (c, features) =>
  c.weighted([
    [40, `output:${c.pick(SWITCH_PORTS)}`],
    [10, String(c.pick(SWITCH_PORTS))],
    [6, 'IN_PORT'],
    [5, 'FLOOD'],
    [5, 'ALL'],
    [5, 'LOCAL'],
    [2, 'output:9'],
    [1, 'output:0xfff0'],
    [features.normal ? 20 : 0, 'NORMAL'],
  ]);

const controller: Maker = (c) =>
  c.pick(['CONTROLLER', 'CONTROLLER:65535', 'CONTROLLER:2000', 'controller(max_len=3000)']);

function settable(c: Chance, facts: Facts): FieldRow | null {
  const list = FIELDS.filter((f) => f.settable && facts.layers.has(f.needs));
  return list.length > 0 ? c.pick(list) : null;
}

const setField: Maker = (c, _, facts) => {
  const field = settable(c, facts);
  if (!field) return null;
  follow(field.name, facts);
  const text = field.masked && c.percent(30) ? field.masked(c) : field.value(c);
  return `set_field:${text}->${field.name}`;
};

/** A changed ICMP type may take away what ND's fields need. */
function follow(name: string, facts: Facts): void {
  if (!name.startsWith('icmpv6')) return;
  for (const layer of ['nd', 'ns', 'na'] as const) facts.layers.delete(layer);
}

/** "[3..10]" of a field, or nothing for all of it. */
function bits(c: Chance, of: number, wanted: number): string {
  if (wanted === of && c.percent(50)) return '[]';
  const start = c.between(0, of - wanted);
  return wanted === 1 ? `[${start}]` : `[${start}..${start + wanted - 1}]`;
}

const load: Maker = (c, _, facts) => {
  const list = FIELDS.filter((f) => f.settable && f.nxm && facts.layers.has(f.needs));
  if (list.length === 0) return null;
  const field = c.pick(list);
  follow(field.name, facts);
  const width = c.percent(30) ? Math.min(field.bits, 64) : c.between(1, Math.min(field.bits, 16));
  const limit = field.nxm === 'NXM_OF_IP_TOS' ? 0 : 1;
  if (limit === 0) return `load:0x${c.pick([4, 0xb8]).toString(16)}->NXM_OF_IP_TOS[]`;
  const value = BigInt(`0x${c.hex(16)}`) & ((1n << BigInt(width)) - 1n);
  return `load:0x${value.toString(16)}->${field.nxm}${bits(c, field.bits, width)}`;
};

const move: Maker = (c, features, facts) => {
  const from = FIELDS.filter(
    (f) => f.nxm && facts.layers.has(f.needs) && f.name !== 'vlan_tci' && (features.ct || !f.name.startsWith('ct_')),
  );
  const to = FIELDS.filter((f) => f.settable && f.nxm && facts.layers.has(f.needs) && f.nxm !== 'NXM_OF_IP_TOS');
  if (from.length === 0 || to.length === 0) return null;
  const [a, b] = [c.pick(from), c.pick(to)];
  follow(b.name, facts);
  const width = c.percent(30) ? Math.min(a.bits, b.bits) : c.between(1, Math.min(a.bits, b.bits));
  return `move:${a.nxm}${bits(c, a.bits, width)}->${b.nxm}${bits(c, b.bits, width)}`;
};

const decTtl: Maker = (_, features, { layers }) => (layers.has('ip') && can(features)('dec_ttl') ? 'dec_ttl' : null);

const label: Maker = (c, _, { layers }) =>
  layers.has('mpls')
    ? c.pick([
        'dec_mpls_ttl',
        `set_mpls_ttl:${c.pick(LABEL_TTLS)}`,
        `set_mpls_label:${c.pick(LABELS)}`,
        `set_mpls_tc:${c.below(8)}`,
      ])
    : null;

/** Behind another header, or without one: only what is in every packet, and what is named. */
function became(facts: Facts, ...layers: Layer[]): void {
  const kept: Layer[] = facts.layers.has('vlan') ? ['any', 'vlan'] : ['any'];
  facts.layers.clear();
  for (const layer of [...kept, ...layers]) facts.layers.add(layer);
}

const stack: Maker = (c, features, facts) => {
  if (features.stack === 'pop') return pop(c, facts);
  if (features.stack !== 'push' || facts.table + 1 < features.tables) return null;
  const type = `0x${c.pick(LABEL_TYPES).toString(16)}`;
  if (facts.layers.has('mpls')) {
    if (facts.bos !== 1) return null;
    facts.bos = null;
    return c.percent(50) ? `push_mpls:${type}` : `push_mpls:${type},set_field:${c.pick(LABELS)}->mpls_label`;
  }
  if (!facts.layers.has('ip') && !facts.layers.has('arp')) return null;
  became(facts, 'mpls');
  facts.bos = 1;
  const entry = [`${c.pick(LABELS)}->mpls_label`, `${c.below(8)}->mpls_tc`, `${c.pick(LABEL_TTLS)}->mpls_ttl`];
  return [`push_mpls:${type}`, ...entry.map((text) => `set_field:${text}`)].join(',');
};

/** The EtherType below, right or wrong. */
function pop(c: Chance, facts: Facts): string | null {
  if (!facts.layers.has('mpls') || facts.bos === null) return null;
  const last = facts.bos === 1;
  facts.bos = null;
  if (!last) return 'pop_mpls:0x8847';
  const [type, layers] = c.pick(BELOW);
  became(facts, ...layers);
  return `pop_mpls:${type}`;
}

const BELOW: readonly (readonly [string, readonly Layer[]])[] = [
  ['0x0800', ['ip', 'ipv4']],
  ['0x0800', ['ip', 'ipv4']],
  ['0x86dd', ['ip', 'ipv6']],
  ['0x0806', ['arp']],
];

/** A tag in front of a tag that the flow itself has pushed; what it takes over is set at once (on-purpose.ts). */
const secondTag: Maker = (c, features, facts) => {
  if (features.tags < 2 || (facts.tags !== 0 && facts.tags !== 1)) return null;
  const first = facts.tags === 0 ? `push_vlan:0x88a8,set_field:${0x1000 + c.pick(VIDS)}->vlan_vid,` : '';
  facts.tags = 2;
  facts.tag = 'yes';
  facts.layers.add('vlan');
  const fields = `set_field:${0x1000 + c.pick(VIDS)}->vlan_vid,set_field:${c.below(8)}->vlan_pcp`;
  return `${first}push_vlan:${c.pick(['0x8100', '0x88a8'])},${fields}`;
};

const vlan: Maker = (c, features, facts) => {
  if (facts.tag === 'unknown') return null;
  if (facts.tag === 'yes' && c.percent(50)) {
    if (facts.tags !== null) facts.tags -= 1;
    facts.tag = facts.tags === null && features.tags > 1 ? 'unknown' : facts.tags ? 'yes' : 'no';
    if (facts.tag !== 'yes') facts.layers.delete('vlan');
    return c.pick(['pop_vlan', 'strip_vlan']);
  }
  const before = facts.tag;
  if (before === 'no') facts.tags = 1;
  facts.tag = 'yes';
  facts.layers.add('vlan');
  if (before === 'no' && c.percent(50)) {
    return `push_vlan:${c.pick(['0x8100', '0x8100', '0x88a8'])},set_field:${0x1000 + c.pick(VIDS)}->vlan_vid`;
  }
  const list = [`mod_vlan_vid:${c.pick(VIDS)}`];
  if (before === 'yes' || !features.normal) list.push(`mod_vlan_pcp:${c.pick([0, 3, 7])}`);
  if (before === 'yes') {
    list.push(`set_field:${0x1000 + c.pick(VIDS)}->vlan_vid`, `set_field:0x${c.pick(['3064', '1005'])}->vlan_tci`);
    list.push(`load:0x${c.hex(2)}->NXM_OF_VLAN_TCI[0..11]`, `load:${c.below(8)}->NXM_OF_VLAN_TCI[13..15]`);
    list.push('move:NXM_OF_VLAN_TCI[0..11]->NXM_NX_REG1[4..15]', 'move:NXM_NX_REG0[0..2]->NXM_OF_VLAN_TCI[13..15]');
  }
  const text = c.pick(list);
  if (!/TCI/.test(text) && !/tci/.test(text)) return text;
  // Whether a tag is left is Open vSwitch's guess from then on (on-purpose.ts).
  unknownTags(facts);
  return text;
};

function unknownTags(facts: Facts): void {
  facts.tag = 'unknown';
  facts.tags = null;
  facts.layers.delete('vlan');
}

const old: Maker = (c, _, facts) => {
  const list = [`mod_dl_src:${c.pick(MACS)}`, `mod_dl_dst:${c.pick(MACS)}`];
  if (facts.layers.has('ipv4')) list.push(`mod_nw_src:${c.pick(V4)}`, `mod_nw_dst:${c.pick(V4)}`);
  if (facts.layers.has('ip')) list.push('mod_nw_tos:184', 'mod_nw_ecn:2', `mod_nw_ttl:${c.pick(TTLS)}`);
  if (['tcp', 'udp', 'sctp'].some((l) => facts.layers.has(l as Layer))) list.push('mod_tp_src:7', 'mod_tp_dst:8');
  return c.pick(list);
};

const resubmit: Maker = (c, features, facts) => {
  // The tables that follow may pop labels; which one is in front isn't known any more.
  facts.bos = null;
  const table = c.between(0, features.tables - 1);
  const last = facts.table + 1 >= features.tables;
  // Whoever pushes labels is met once, and who tracks goes round in no circle.
  if ((features.stack === 'push' || features.ct || features.lengths) && last) return null;
  if (features.tags > 1) unknownTags(facts);
  if (features.ct || features.lengths)
    return `resubmit(${c.percent(20) ? c.pick(SWITCH_PORTS) : ''},${Math.max(table, facts.table + 1)})`;
  if (features.stack === 'push') return `resubmit(,${facts.table + 1})`;
  return c.weighted([
    [50, `resubmit(,${Math.max(table, Math.min(facts.table + 1, features.tables - 1))})`],
    [15, `resubmit(${c.pick(SWITCH_PORTS)},${table})`],
    [2, `resubmit(,${table})`],
    [2, `resubmit:${c.pick(SWITCH_PORTS)}`],
  ]);
};

const ct: Maker = (c, features, facts) => {
  if (!features.ct || !facts.layers.has('ip')) return null;
  if (c.percent(12)) return 'ct_clear';
  const parts: string[] = [];
  const commit = !facts.inv && c.percent(55);
  if (commit) parts.push('commit');
  if (commit && c.percent(15)) parts.push('force');
  if (c.percent(75)) {
    parts.push(
      c.percent(85) ? `zone=${c.between(0, 3)}` : `zone=${c.pick(['NXM_NX_REG0[0..15]', 'NXM_NX_REG7[3..18]'])}`,
    );
  }
  if (facts.table + 1 < features.tables && c.percent(70))
    parts.push(`table=${c.between(facts.table + 1, features.tables - 1)}`);
  if (commit && features.exec && c.percent(60)) {
    const list = Array.from({ length: c.between(1, 2) }, () => c.pick(EXEC)(c));
    parts.push(`exec(${list.join(',')})`);
  }
  return parts.length > 0 ? `ct(${parts.join(',')})` : 'ct';
};

const EXEC: readonly ((c: Chance) => string)[] = [
  (c) => `set_field:0x${c.hex(2)}->ct_mark`,
  (c) => `set_field:0x${c.pick([1, 2])}/0xf->ct_mark`,
  (c) => `set_field:0x${c.hex(20)}->ct_label`,
  (c) => `set_field:0x1/0x${c.pick(['ff', '1', 'f00000000000000001'])}->ct_label`,
  (c) => `load:0x${c.hex(1)}->NXM_NX_CT_MARK[4..7]`,
  (c) => `load:0x${c.hex(4)}->NXM_NX_CT_LABEL[32..63]`,
  () => 'move:NXM_OF_ETH_SRC[]->NXM_NX_CT_LABEL[0..47]',
  () => 'move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]',
  () => 'move:NXM_NX_REG1[0..7]->NXM_NX_CT_LABEL[120..127]',
];

/** What may stand inside a clone: nothing that Open vSwitch's check would go on with behind it. */
const CLONED: readonly (readonly [number, Maker])[] = [
  [30, output],
  [10, setField],
  [6, load],
  [6, move],
  [4, decTtl],
  [5, resubmit],
  [10, ct],
];

const teach: Maker = (c, { learns, tables, ct: tracks, timeouts }, { layers }) =>
  learns ? learnAction(c, { layers, tables, ct: tracks, timeouts }) : null;

const choose: Maker = (c, { learns }) => (learns ? choice(c) : null);

const finTimeout: Maker = (c, { timeouts, learns }, { layers }) =>
  learns && timeouts && layers.has('tcp')
    ? `fin_timeout(${c.pick(['idle', 'hard'])}_timeout=${c.between(1, 4)})`
    : null;

const ACTIONS: readonly (readonly [number, Maker])[] = [
  [30, output],
  [5, controller],
  [10, setField],
  [6, load],
  [6, move],
  [6, vlan],
  [4, secondTag],
  [5, decTtl],
  [5, label],
  [10, stack],
  [5, old],
  [9, resubmit],
  [22, ct],
  [12, nicira((c, features, facts) => c.weighted(CLONED)(c, features, facts))],
  [14, teach],
  [7, choose],
  [3, finTimeout],
];
