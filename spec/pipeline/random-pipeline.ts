/**
 * Random flows, frames and changes over a small world of addresses, so that they meet; seeded. For the properties of
 * this folder.
 */
import { Random } from '../../lib/bytes/index.js';
import { arp, ethernet, icmp4, icmp6, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';

const MACS = [1, 2, 3, 4].map((n) => `50:54:00:00:00:0${n}`);
const V4 = [1, 2, 3, 4].map((n) => `10.0.0.${n}`);
const V6 = [1, 2, 3].map((n) => `2001:db8::${n}`);
/** AF11 to AF13, and best effort. */
const DSCPS = [10, 12, 14, 0];
export const GROUP_COUNT = 4;
export const METER_COUNT = 3;
const PORTS = [53, 80, 1000, 1001];

const V4_ONLY = /^(ip|tcp|udp|icmp)$/;
/** Translations that any IPv4 flow may ask for; ports are few, so that they collide and run out. */
const NATS = [
  'nat',
  'nat(src)',
  'nat(src=10.0.0.9)',
  'nat(dst=10.0.0.2)',
  'nat(src=10.0.0.9:7-8)',
  'nat(dst=10.0.0.1:80)',
];

/** Whole headers in front, and away again. */
const HEADERS = [
  'encap(nsh),encap(ethernet),output:2,decap(),decap(),output:3',
  'encap(nsh),set_field:5->nsh_si,resubmit(,3),decap(),check_pkt_larger(60)->reg1[0],encap(mpls),encap(ethernet),output:4',
  'encap(nsh(md_type=2,tlv(0x1,2,0x345678))),CONTROLLER,encap(ethernet),resubmit(,3)',
];

export class RandomPipeline {
  private readonly random: Random;
  private priority = 1;

  constructor(
    readonly seed: number,
    /** With groups, meters and DSCP, too. */
    private readonly groups = false,
  ) {
    this.random = new Random(seed, 'pipeline');
  }

  pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)];
  }

  chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }

  below(n: number): number {
    return this.random.below(n);
  }

  /** A match, without its table. */
  match(table: number): string[] {
    const { pick } = this;
    const part = [
      pick.call(this, ['', 'ip', 'ipv6', 'tcp', 'udp', 'icmp', 'arp', 'udp6', 'icmp6', 'tcp6'] as const) as string,
    ];
    const [protocol] = part;
    const v6 = ['ipv6', 'udp6', 'icmp6', 'tcp6'].includes(protocol);
    const v4 = ['ip', 'tcp', 'udp', 'icmp'].includes(protocol);
    if (this.chance(30)) part.push(`in_port=${1 + this.below(4)}`);
    if (this.chance(15)) part.push(`dl_dst=${this.pick(MACS)}`);
    if (this.chance(10)) part.push(this.pick(['dl_vlan=5', 'dl_vlan=6', 'vlan_tci=0x1000/0x1000', 'vlan_tci=0']));
    if (v4 && this.chance(40)) part.push(`nw_src=${this.pick(V4)}/${this.pick([24, 30, 31, 32])}`);
    if (v4 && this.chance(20)) part.push(`nw_dst=${this.pick(V4)}`);
    if (v6 && this.chance(40)) part.push(`ipv6_src=${this.pick(V6)}/${this.pick([64, 127, 128])}`);
    if ((v4 || v6) && this.chance(10)) part.push(`nw_ttl=${this.pick([1, 64])}`);
    if (/^(tcp|udp)/.test(protocol) && this.chance(40)) part.push(`tp_dst=${this.pick(PORTS)}`);
    if (/^(tcp|udp)/.test(protocol) && this.chance(10)) part.push(`tp_src=0x3e8/0xfffe`);
    if (table > 0 && (v4 || v6) && this.chance(60)) {
      part.push(`ct_state=${this.pick(['+trk+new', '+trk+est', '+trk-inv', '+trk+rpl', '-trk', '+trk+inv'])}`);
    }
    if (this.groups && (v4 || v6) && this.chance(20)) part.push(`ip_dscp=${this.pick(DSCPS)}`);
    if (table > 0 && this.chance(15)) part.push(`reg1=${this.below(3)}`);
    if (table > 0 && (v4 || v6) && this.chance(15)) part.push(`ct_mark=${this.below(3)}`);
    return part.filter((text) => text !== '');
  }

  actions(table: number, match: readonly string[]): string {
    const list: string[] = [];
    const ip = match.some((text) => /^(ip|ipv6|tcp6?|udp6?|icmp6?)$/.test(text));
    const tag = match.some((text) => /^dl_vlan|0x1000\/0x1000/.test(text));
    const l4 = match.some((text) => /^(tcp|udp)6?$/.test(text));
    const protocol = match.find((text) => /^(tcp|udp)6?$/.test(text))?.slice(0, 3);
    const inv = match.some((text) => text.includes('+inv'));
    let popped = false;
    for (let n = 1 + this.below(3); n > 0; n--) {
      const k = this.below(100);
      if (k < 30) list.push(`output:${1 + this.below(4)}`);
      else if (k < 36) list.push(this.pick(['NORMAL', 'ALL', 'FLOOD', 'IN_PORT']));
      else if (k < 40) list.push('CONTROLLER:64');
      else if (k < 48) list.push(`set_field:${this.pick(MACS)}->eth_dst`);
      else if (k < 53) list.push(`load:${this.below(3)}->NXM_NX_REG1[]`);
      else if (k < 58 && l4) list.push(`set_field:${this.pick(PORTS)}->${protocol}_dst`);
      else if (k < 62 && ip) list.push('dec_ttl');
      else if (k < 65) list.push('push_vlan:0x8100,set_field:0x1007->vlan_vid,output:3');
      else if (k < 68 && tag && !popped) {
        list.push('pop_vlan');
        popped = true;
      } else if (k < 76 && table < 3) list.push(`resubmit(,${table + 1})`);
      else if (k < 90 && ip)
        list.push(
          this.ct(
            table,
            inv,
            match.some((text) => V4_ONLY.test(text)),
          ),
        );
      else if (k < 92) list.push('ct_clear');
      else if (k < 94 && ip) list.push('move:NXM_NX_CT_MARK[0..1]->NXM_NX_REG1[0..1]');
      else if (k >= 94) list.push(this.nicira(table));
    }
    // Behind a header in front, checks know of nothing else.
    if (this.chance(6)) list.push(this.pick(HEADERS));
    if (this.groups && this.chance(40)) list.push(`group:${1 + this.below(GROUP_COUNT)}`);
    if (table < 3 && this.chance(20))
      list.push(
        this.pick([
          `goto_table:${table + 1}`,
          `write_actions(${this.groups && this.chance(50) ? `group:${1 + this.below(GROUP_COUNT)}` : `output:${1 + this.below(4)}`}),goto_table:${table + 1}`,
        ]),
      );
    if (this.groups && this.chance(30)) list.unshift(`meter:${1 + this.below(METER_COUNT)}`);
    return list.length > 0 ? list.join(',') : 'drop';
  }

  /** One of Nicira's actions that ask more of a translation. */
  private nicira(table: number): string {
    const clone = [
      `output:${1 + this.below(4)}`,
      `set_field:${this.pick(MACS)}->eth_dst,output:2`,
      'pop:NXM_NX_REG1[]',
    ];
    if (table < 3) clone.push(`resubmit(,${table + 1})`);
    return this.pick([
      `check_pkt_larger(${this.pick([42, 54, 60, 70])})->NXM_NX_REG1[${this.below(2)}]`,
      `clone(${this.pick(clone)},${this.pick(clone)})`,
      `push:${this.pick(['in_port', 'eth_dst', 'reg1', 'eth_type'])}`,
      'pop:NXM_NX_REG1[]',
      'output:NXM_NX_REG1[0..2]',
      `output(port=${1 + this.below(4)},max_len=${this.pick([14, 50])})`,
      'exit',
      'debug_recirc',
    ]);
  }

  /** A group whose buckets forward to groups of lower numbers only. */
  group(id: number): string {
    const type = this.pick(['all', 'all', 'select', 'ff', 'indirect']);
    const count = type === 'indirect' ? 1 : this.below(4);
    let text = `group_id=${id},type=${type}`;
    for (let i = 0; i < count; i++) {
      const settings: string[] = [];
      if (type === 'select') settings.push(`weight:${1 + this.below(3)}`);
      if (type === 'ff' || (type === 'select' && this.chance(30))) settings.push(`watch_port:${1 + this.below(4)}`);
      text += `,bucket=${[...settings, ''].join(',')}actions=${this.bucketActions(id)}`;
    }
    return text;
  }

  private bucketActions(id: number): string {
    const list: string[] = [];
    for (let n = 1 + this.below(3); n > 0; n--) {
      list.push(
        this.pick([
          `set_field:${this.pick(MACS)}->eth_dst`,
          `set_field:${this.pick(V4)}->ip_dst`,
          'dec_ttl',
          'push_vlan:0x8100',
          'push_mpls:0x8847',
          `load:${this.below(3)}->NXM_NX_REG1[]`,
          'set_queue:1',
          'pop_vlan',
        ]),
      );
    }
    const last = [`output:${1 + this.below(4)}`, 'resubmit(,2)', 'resubmit(,3)', 'NORMAL', 'ct(commit,table=3)'];
    if (id > 1) last.push(`group:${1 + this.below(id - 1)}`);
    list.push(this.pick(last));
    return list.join(',');
  }

  meter(id: number): string {
    const unit = this.pick(['kbps', 'pktps']);
    const band = (rate: number) =>
      this.chance(50)
        ? `type=drop,rate=${rate},burst_size=${1 + this.below(4)}`
        : `type=dscp_remark,rate=${rate},burst_size=${1 + this.below(4)},prec_level=${1 + this.below(2)}`;
    const bands = this.chance(60) ? band(1 + this.below(3)) : `${band(1)},${band(5)}`;
    return `meter=${id},${unit},burst,bands=${bands}`;
  }

  private ct(table: number, inv: boolean, v4: boolean): string {
    const commit = !inv && this.chance(60);
    const part = commit ? ['commit'] : [];
    if (commit && this.chance(10)) part.push('force');
    part.push(`zone=${1 + this.below(2)}`);
    if (table < 3 && this.chance(70)) part.push(`table=${table + 1}`);
    if (this.chance(40)) part.push(commit ? this.pick(v4 ? NATS : NATS.slice(0, 2)) : 'nat');
    if (commit && this.chance(40))
      part.push(
        `exec(${this.pick(['set_field:1->ct_mark', 'load:2->NXM_NX_CT_MARK[0..3]', 'move:NXM_NX_REG1[0..3]->NXM_NX_CT_MARK[4..7]', 'set_field:0x5->ct_label'])})`,
      );
    return `ct(${part.join(',')})`;
  }

  /** A line of a flow file; every flow has a priority of its own. */
  flow(timeouts = false): string {
    const table = this.below(4);
    const match = this.match(table);
    const actions = this.actions(table, match);
    const timeout = timeouts && this.chance(20) ? `,${this.pick(['idle', 'hard'])}_timeout=${5 + this.below(20)}` : '';
    return `table=${table},priority=${this.priority++}${timeout},${[...match, ''].join(',')}actions=${actions}`;
  }

  flows(count: number): string[] {
    return Array.from({ length: count }, () => this.flow());
  }

  frame(): Uint8Array {
    const common = {
      eth_src: this.pick(MACS),
      eth_dst: this.chance(15) ? 'ff:ff:ff:ff:ff:ff' : this.pick(MACS),
      vlan: this.chance(15) ? [this.pick([5, 6])] : [],
      ttl: this.pick([1, 64, 64]),
      hop_limit: this.pick([1, 64, 64]),
    };
    const tos = this.groups ? this.pick(DSCPS) * 4 : 0;
    const v4 = { ...common, tos, src: this.pick(V4), dst: this.pick(V4) };
    const v6 = { ...common, traffic_class: tos, src: this.pick(V6), dst: this.pick(V6) };
    const ports = { sport: this.pick(PORTS), dport: this.pick(PORTS), payload: this.pick(['', 'x', 'hello']) };
    switch (this.below(8)) {
      case 0:
      case 1:
        return udp4({ ...v4, ...ports });
      case 2:
        return tcp4({
          ...v4,
          ...ports,
          flags: this.pick(['syn', 'syn|ack', 'ack', 'fin|ack', 'rst']),
          seq: this.pick([1, 2, 100]),
          ack: this.pick([0, 2, 101]),
        });
      case 3:
        return icmp4({ ...v4, type: this.pick([8, 0, 3]), id: this.pick([1, 2]) });
      case 4:
        return udp6({ ...v6, ...ports });
      case 5:
        return tcp6({ ...v6, ...ports, flags: this.pick(['syn', 'ack']) });
      case 6:
        return icmp6({ ...v6, type: this.pick([128, 129]), id: this.pick([1, 2]) });
      default:
        return this.chance(70)
          ? arp({ eth_src: common.eth_src, vlan: common.vlan })
          : ethernet(0x88b5, [1, 2, 3, 4], common);
    }
  }
}
