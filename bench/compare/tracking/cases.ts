/**
 * Random cases of connection tracking alone (`npm run compare -- --ct`): one to four tables of ct actions with zones,
 * commit, force, exec and NAT to single addresses and ports, and conversations of few hosts through them, with their
 * answers, errors, wrong checksums, fragments and pauses. What both switches are known to see differently stays out
 * (on-purpose.ts).
 */
import { Random } from '../../../lib/bytes/index.js';
import type { SimulateStep } from '../../../lib/simulate/case.js';
import { Chance } from '../chance.js';
import type { Case, Sizes } from '../generate.js';
import { Conversation } from './conversation.js';

/** How a zone translates: always alike, for what a second translation in it means is each switch's own. */
export interface NatOfZone {
  readonly kind: 'src' | 'dst';
  readonly address: string;
  /** For protocols with ports; "" where any will do. */
  readonly port: string;
}

/** What a case may use. */
export interface CtFeatures {
  readonly family: 4 | 6;
  readonly tables: number;
  readonly nat: boolean;
  readonly exec: boolean;
  readonly force: boolean;
  readonly zones: number;
  /** Zones that translate: there every commit does, since Open vSwitch lets others share a reply tuple. */
  readonly natZones: readonly (NatOfZone | null)[];
  /** The table in which those zones commit: what is translated twice in one zone is each switch's own. */
  readonly natTable: number;
  readonly icmp: boolean;
  /** Datagrams in pieces, of which packet-ins tell different ports. */
  readonly fragments: boolean;
}

/** Hosts that open connections, those that are reached, and what they are translated to. */
export const HOSTS = {
  4: { inside: ['10.0.0.1', '10.0.0.2'], outside: ['192.0.2.9', '192.0.2.10'], nat: ['203.0.113.1', '10.0.0.2'] },
  6: {
    inside: ['2001:db8::1', '2001:db8::2'],
    outside: ['2001:db8:1::9', '2001:db8:1::10'],
    nat: ['2001:db8:2::1', '2001:db8::2'],
  },
} as const;
export const CLIENT_PORTS = [1000, 1001, 2000];
export const SERVER_PORTS = [53, 80];
export const NAT_PORTS = [5000, 1000];
const PORTS = [1, 2, 3];

/** Case number `n` of a seed. */
export function randomCtCase(n: number, { seed }: Sizes): Case {
  const c = new Chance(new Random(seed, `ct case ${n}`));
  const zones = c.pick([1, 1, 2, 3]);
  const nat = c.percent(50);
  const family = c.percent(65) ? 4 : 6;
  const features: CtFeatures = {
    family,
    tables: c.between(2, 4),
    nat,
    natZones: Array.from({ length: zones }, () => (nat && c.percent(70) ? natOfZone(c, family) : null)),
    natTable: c.below(3),
    icmp: c.percent(50),
    fragments: c.percent(35),
    exec: c.percent(50),
    force: !nat && c.percent(25),
    zones,
  };
  const flows: string[] = [];
  let priority = 1000;
  for (let table = 0; table < features.tables; table++) {
    for (let i = c.between(table === 0 ? 1 : 2, 4); i > 0; i--) flows.push(flow(c, features, table, priority--));
    flows.push(`table=${table},priority=1,actions=${last(c, features, table)}`);
  }
  return {
    id: n,
    groups: [],
    flows,
    packets: steps(c, features),
    cold: true,
    dump: n % 3 === 0,
    ct_opts: c.pick([['-m'], ['-s'], ['-m', '-s'], []]),
  };
}

function steps(c: Chance, features: CtFeatures): SimulateStep[] {
  const talks = Array.from({ length: c.between(1, 3) }, () => new Conversation(c, features));
  const list: SimulateStep[] = [];
  for (let i = c.between(6, 14); i > 0; i--) {
    if (c.percent(5)) list.push({ warp: c.pick([1000, 29_000, 30_000, 31_000, 61_000, 901_000]) });
    const { port, frames } = c.pick(talks).say(c);
    for (const frame of frames) {
      const hex = Buffer.from(frame).toString('hex');
      list.push(c.percent(20) ? { port, frame: hex, ct: true } : [port, hex]);
    }
  }
  return list;
}

function last(c: Chance, { tables, fragments }: CtFeatures, table: number): string {
  return table + 1 < tables && c.percent(60)
    ? `resubmit(,${table + 1})`
    : c.pick(['drop', fragments ? 'output:1' : 'CONTROLLER', '3', 'output:4']);
}

/** One flow: whom it meets, and what it does; the rest of a flow depends on its protocol. */
function flow(c: Chance, features: CtFeatures, table: number, priority: number): string {
  const six = features.family === 6 ? '6' : '';
  const words = [features.family === 4 ? 'ip' : 'ipv6', `tcp${six}`, `udp${six}`, `icmp${six}`];
  const word = c.weighted([
    [table === 0 ? 8 : 4, words[0]],
    [3, words[1]],
    [3, words[2]],
    [1, words[3]],
  ]);
  const state = table === 0 ? (c.percent(30) ? 'ct_state=-trk' : '') : c.pick(STATES)(c, features);
  const port = c.percent(30) ? `in_port=${c.pick([1, 2])}` : '';
  const match = [word, state, port].filter((part) => part !== '').join(',');
  const ported = word.startsWith('tcp') || word.startsWith('udp');
  // Behind a fork, Open vSwitch may use a connection that the copy's force has ended.
  const once = features.force;
  const actions = Array.from({ length: once ? 1 : c.between(1, 3) }, (_, i) =>
    i === 0 && c.percent(75)
      ? ct(c, features, table, ported, state)
      : c.weighted(ACTIONS)(c, features, table, ported, state),
  );
  return `table=${table},priority=${priority},${match},actions=${actions.join(',')}`;
}

const STATES: readonly ((c: Chance, features: CtFeatures) => string)[] = [
  () => '',
  () => '',
  () => 'ct_state=+trk',
  () => 'ct_state=+trk+new',
  () => 'ct_state=+trk+new',
  () => 'ct_state=+trk+est',
  () => 'ct_state=+trk+est-rpl',
  () => 'ct_state=+trk+rpl',
  () => 'ct_state=+trk+inv',
  () => 'ct_state=-trk',
  () => 'ct_state=+rel',
  () => 'ct_state=-inv+trk',
  (c) => (c.percent(50) ? 'ct_state=+snat-inv' : 'ct_state=+dnat-inv'),
  (c, { zones }) => `ct_zone=${c.below(zones)}`,
  (c) => `ct_mark=0x${c.below(4)}/0x3`,
  (c) => `ct_label=0x${c.below(2)}/0x1`,
  (c, { family }) => (family === 4 ? `ct_state=+new,ct_nw_src=${c.pick(HOSTS[4].inside)}` : 'ct_state=+trk+new'),
  (c) => `ct_state=+est,ct_nw_proto=${c.pick([6, 17])}`,
];

type Maker = (c: Chance, features: CtFeatures, table: number, ported: boolean, state: string) => string;

const output: Maker = (c) => `output:${c.pick(PORTS)}`;
// Open vSwitch changes data of later fragments beside their addresses: neither belongs into one case.
const rewrite: Maker = (c, { family, nat, fragments }, _, ported) =>
  c.pick([
    'mod_nw_tos:32',
    'dec_ttl',
    `set_field:0x${c.hex(4)}->reg0`,
    ...(nat || fragments ? [] : [`set_field:${c.pick(HOSTS[family].outside)}->${family === 4 ? 'ip' : 'ipv6'}_dst`]),
    ...(ported && !nat ? [`mod_tp_src:${c.pick(CLIENT_PORTS)}`] : []),
  ]);

/** The ct action with its parts. */
const ct: Maker = (c, features, table, ported, state) => {
  const parts: string[] = [];
  const zone = c.below(features.zones);
  const translated = features.natZones[zone];
  const mayCommit = translated === null || table === Math.min(features.natTable, features.tables - 1);
  const commit = mayCommit && !state.includes('+inv') && c.percent(60);
  if (commit) parts.push('commit');
  if (commit && features.force && c.percent(40)) parts.push('force');
  if (zone > 0 || c.percent(30)) {
    parts.push(features.nat || c.percent(80) ? `zone=${zone}` : 'zone=NXM_NX_REG5[0..15]');
  }
  if (table + 1 < features.tables && c.percent(75)) parts.push(`table=${c.between(table + 1, features.tables - 1)}`);
  if (commit && features.exec && c.percent(50)) parts.push(`exec(${c.pick(EXEC)})`);
  if (translated !== null) {
    if (commit) parts.push(natText(translated, ported));
    else if (c.percent(60)) parts.push('nat');
  }
  return parts.length > 0 ? `ct(${parts.join(',')})` : 'ct';
};

const EXEC = [
  'set_field:0x1->ct_mark',
  'set_field:0x2/0x3->ct_mark',
  'load:1->NXM_NX_CT_LABEL[0]',
  'set_field:0x10000000000000001->ct_label',
  'move:NXM_NX_REG0[0..15]->NXM_NX_CT_MARK[0..15]',
];

/** To one address, or one address and one port: what a hash chooses from more is each switch's own. */
function natOfZone(c: Chance, family: 4 | 6): NatOfZone {
  const address = c.pick(HOSTS[family].nat);
  return { kind: c.pick(['src', 'src', 'dst']), address, port: c.percent(50) ? `:${c.pick(NAT_PORTS)}` : '' };
}

function natText({ kind, address, port }: NatOfZone, ported: boolean): string {
  const bracketed = address.includes(':') && ported && port !== '' ? `[${address}]` : address;
  return `nat(${kind}=${bracketed}${ported ? port : ''})`;
}

const ACTIONS: readonly (readonly [number, Maker])[] = [
  [12, output],
  [3, (c, features, ...rest) => (features.fragments ? output(c, features, ...rest) : 'CONTROLLER')],
  [5, rewrite],
  [6, ct],
  [2, () => 'ct_clear'],
  [2, (_, { tables }, table) => (table + 1 < tables ? `resubmit(,${table + 1})` : 'output:3')],
];
