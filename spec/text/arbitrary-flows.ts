/**
 * Random flows as text, in the syntax that ovs-ofctl reads; nothing in them is read otherwise here
 * (fixtures/text/differences.txt).
 */
import fc from 'fast-check';

type Text = fc.Arbitrary<string>;

const number = (max: number): Text =>
  fc
    .tuple(fc.oneof(fc.integer({ min: 0, max: Math.min(max, 9) }), fc.integer({ min: 0, max })), fc.boolean())
    .map(([n, hex]) => (hex ? `0x${n.toString(16)}` : String(n)));
const wide = (bits: bigint): Text => fc.bigInt({ min: 0n, max: (1n << bits) - 1n }).map((n) => `0x${n.toString(16)}`);
const mac: Text = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':'));
const ipv4: Text = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => bytes.join('.'));
const ipv6: Text = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(':'));

/** "value" or "value/mask". */
function maskable(value: Text, mask: Text = value): Text {
  return fc.tuple(value, fc.option(mask)).map(([v, m]) => (m === null ? v : `${v}/${m}`));
}
const ipv4Masked = maskable(ipv4, fc.oneof(number10(32), ipv4));
// ovs-ofctl 3.1 takes a mask that begins with a digit for a prefix length.
const ipv6Mask = ipv6.map((text) => text.replace(/^[^:]*/, 'ffff'));
const ipv6Masked = maskable(ipv6, fc.oneof(number10(128), ipv6Mask));
function number10(max: number): Text {
  return fc.integer({ min: 0, max }).map(String);
}

/** Signs in front of some of the names. */
function signed(names: readonly string[]): Text {
  return fc
    .uniqueArray(fc.constantFrom(...names), { minLength: 1 })
    .chain((chosen) => fc.tuple(...chosen.map((name) => fc.constantFrom(`+${name}`, `-${name}`))))
    .map((parts) => parts.join(''));
}

const port: Text = fc.oneof(number10(65000).map(String), fc.constantFrom('LOCAL', 'IN_PORT', 'local', '4294967294'));
const frag: Text = fc.constantFrom('no', 'yes', 'first', 'not_later');
const ctState = signed(['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat']);
const tcpFlags = signed(['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns']);

type Fields = Readonly<Record<string, Text>>;

const registers = Object.fromEntries([
  ...Array.from({ length: 16 }, (_, i) => [`reg${i}`, maskable(number(0xffffffff))]),
  ...Array.from({ length: 8 }, (_, i) => [`xreg${i}`, maskable(wide(64n))]),
  ...Array.from({ length: 4 }, (_, i) => [`xxreg${i}`, maskable(wide(128n))]),
]) as Fields;

const ANY: Fields = {
  ...registers,
  in_port: port,
  metadata: maskable(wide(64n)),
  tun_id: maskable(wide(64n)),
  tun_src: ipv4Masked,
  tun_ipv6_dst: ipv6Masked,
  tun_gbp_id: maskable(number(0xffff)),
  pkt_mark: maskable(number(0xffffffff)),
  conj_id: number(0xffffffff),
  dp_hash: maskable(number(0xffffffff)),
  actset_output: port,
  ct_state: ctState,
  ct_zone: number(0xffff),
  ct_mark: maskable(number(0xffffffff)),
  ct_label: maskable(wide(128n)),
  dl_src: maskable(mac),
  eth_dst: maskable(mac),
  dl_vlan: number(4095),
  vlan_vid: fc.integer({ min: 0x1000, max: 0x1fff }).map(String),
  dl_vlan_pcp: number(7),
};
const IP: Fields = {
  nw_tos: number(63).map((text) => String(Number(text) * 4)),
  nw_ecn: number(3),
  nw_ttl: number(255),
  nw_frag: frag,
};
const IPV4: Fields = { ...IP, nw_src: ipv4Masked, ip_dst: ipv4Masked };
const IPV6: Fields = { ...IP, ipv6_src: ipv6Masked, ipv6_dst: ipv6Masked, ipv6_label: maskable(number(0xfffff)) };
const PORTS: Fields = { tp_src: maskable(number(0xffff)), tp_dst: maskable(number(0xffff)) };
const TCP: Fields = { ...PORTS, tcp_flags: tcpFlags };
const ICMP: Fields = { icmp_type: number(130), icmp_code: number(255) };
const ARP: Fields = {
  arp_op: number(255),
  arp_spa: ipv4Masked,
  arp_tpa: ipv4Masked,
  arp_sha: maskable(mac),
  arp_tha: maskable(mac),
};
const MPLS: Fields = { mpls_label: number(0xfffff), mpls_tc: number(7), mpls_bos: number(1), mpls_ttl: number(255) };

const PROTOCOLS: Readonly<Record<string, Fields>> = {
  '': {},
  'dl_type=0x1234': {},
  ip: IPV4,
  ipv6: IPV6,
  tcp: { ...IPV4, ...TCP },
  tcp6: { ...IPV6, ...TCP },
  udp: { ...IPV4, ...PORTS },
  udp6: { ...IPV6, ...PORTS },
  sctp: { ...IPV4, ...PORTS },
  sctp6: { ...IPV6, ...PORTS },
  icmp: { ...IPV4, ...ICMP },
  icmp6: { ...IPV6, ...ICMP },
  arp: ARP,
  rarp: ARP,
  mpls: MPLS,
  mplsm: MPLS,
};

function some(fields: Fields, maxLength: number): fc.Arbitrary<string[]> {
  const names = Object.keys(fields);
  if (names.length === 0) return fc.constant([]);
  return fc
    .uniqueArray(fc.constantFrom(...names), { maxLength })
    .chain((chosen) => fc.tuple(...chosen.map((name) => fields[name].map((value) => `${name}=${value}`))));
}

/** "tcp,nw_src=10.0.0.0/8,reg3=7": at most a few fields of any kind. */
export const matchText: Text = fc
  .constantFrom(...Object.keys(PROTOCOLS))
  .chain((word) => fc.tuple(fc.constant(word), some(PROTOCOLS[word], 5), some(ANY, 4), fc.boolean()))
  .map(([word, own, any, wordLast]) => {
    const parts = [...any, ...own];
    if (word !== '') parts.splice(wordLast ? parts.length : 0, 0, word);
    return parts.join(',');
  });

const bits = fc.tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 0, max: 31 })).map(([a, b]) => {
  const [start, end] = a < b ? [a, b] : [b, a];
  return { range: start === end ? `[${start}]` : `[${start}..${end}]`, width: end - start + 1 };
});
const register: Text = fc.integer({ min: 0, max: 15 }).map((i) => `reg${i}`);
const settable: Text = fc.oneof(
  fc.tuple(maskable(number(0xffffffff)), register).map(([value, name]) => `${value}->${name}`),
  maskable(wide(64n)).map((value) => `${value}->metadata`),
  maskable(wide(128n)).map((value) => `${value}->xxreg2`),
  maskable(mac).map((value) => `${value}->eth_src`),
  wide(64n).map((value) => `${value}->tun_id`),
  maskable(ipv4).map((value) => `${value}->tun_dst`),
);
const load: Text = fc
  .tuple(bits, register)
  .chain(([b, name]) => wide(BigInt(b.width)).map((value) => `load:${value}->${name}${b.range}`));
const move: Text = fc.tuple(bits, register, register).map(([b, from, to]) => `move:${from}${b.range}->${to}${b.range}`);
const action: Text = fc.oneof(
  fc.integer({ min: 1, max: 60000 }).map((p) => `output:${p}`),
  fc.constantFrom('1', 'NORMAL', 'flood', 'ALL', 'in_port', 'local', 'controller', 'CONTROLLER:128', 'group:7'),
  fc.integer({ min: 0, max: 254 }).map((table) => `resubmit(,${table})`),
  fc.constantFrom('resubmit:3', 'resubmit(4,5)', 'ct_clear', 'push_vlan:0x8100,pop_vlan', 'mod_vlan_vid:9,pop_vlan'),
  settable.map((text) => `set_field:${text}`),
  load,
  move,
);
const IP_ACTIONS: Text = fc.oneof(
  fc.constantFrom('dec_ttl', 'mod_nw_ttl:9', 'mod_nw_tos:12', 'mod_nw_ecn:1', 'ct(table=3)', 'ct(commit,force)'),
  fc.integer({ min: 0, max: 0xffff }).map((zone) => `ct(commit,zone=${zone})`),
  maskable(number(0xffffffff)).map((value) => `ct(zone=reg2[4..19],commit,exec(set_field:${value}->ct_mark))`),
  maskable(wide(128n)).map((value) => `ct(commit,exec(load:1->ct_mark[3],set_field:${value}->ct_label),table=9)`),
);
const instructionParts = fc.tuple(
  fc.constantFrom('', 'clear_actions'),
  fc.constantFrom('', 'write_actions(output:3)', 'write_actions(set_field:0x5->reg1,group:2)'),
  maskable(wide(64n)).chain((text) => fc.constantFrom('', `write_metadata:${text}`)),
  fc.constantFrom('', 'goto_table:254'),
);

const isIp = (match: string) => /(^|,)(ip|ipv6|tcp|tcp6|udp|udp6|sctp|sctp6|icmp|icmp6)(,|$)/.test(match);

/** A whole line: keys, a match, instructions. */
export const flowText: Text = fc
  .tuple(
    matchText,
    some({ table: number10(253), priority: number(0xffff), cookie: wide(64n), idle_timeout: number(0xffff) }, 3),
    fc.uniqueArray(fc.constantFrom('send_flow_rem', 'check_overlap', 'reset_counts', 'no_packet_counts')),
    fc.array(action, { maxLength: 4 }),
    fc.array(IP_ACTIONS, { maxLength: 2 }),
    instructionParts,
  )
  .map(([match, keys, flags, actions, ip, rest]) => {
    // A new connection that is invalid can't be committed.
    const tracking = isIp(match) ? ip.filter((text) => !match.includes('+inv') || !text.includes('commit')) : [];
    const all = [...tracking, ...actions, ...rest].filter((part) => part !== '');
    const head = [...keys, ...flags, match].filter((part) => part !== '').join(',');
    return `${head}${head === '' ? '' : ','}actions=${all.length > 0 ? all.join(',') : 'drop'}`;
  });
