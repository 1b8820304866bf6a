/**
 * What two traces of one packet have in common, whoever wrote them: which flows it met, pass by pass, and what was done
 * with it. For ofproto/trace's text and for ours, which is written like it. Actions are told by what leaves the switch:
 * each output with all that is different from the packet as it came, so that recirculation ids, the order of sets, sets
 * that change nothing, and copies that are undone rather than made don't count.
 */
import { parseIpv4, parseIpv6, parseMac, toBigInt } from '../../lib/bytes/index.js';

/** One pass: as the packet came, or after a recirculation. */
export interface TracedPass {
  /** "0 ip,in_port=1, priority 10", "1 No match." in order. */
  readonly lookups: readonly string[];
  /** What left it, in order; ports that got the same in a row by number. */
  readonly outcome: readonly string[];
}

/** A packet's headers by "header.field", as numbers. */
export type Headers = ReadonlyMap<string, bigint>;

/** Reads a trace's text. `flow` tells the headers of the packet in each pass, out of its "Flow:" line. */
export function readTrace(text: string): TracedPass[] {
  const passes: TracedPass[] = [];
  let lookups: string[] = [];
  let flow = '';
  for (const line of text.split('\n')) {
    const lookup = /^\s*(\d+)\. (.*)$/.exec(line);
    if (lookup) lookups.push(`${lookup[1]} ${lookup[2].replace(/, cookie 0x[0-9a-f]+/, '')}`);
    const began = /^Flow: (.*)$/.exec(line);
    if (began) flow = began[1];
    const actions = /^Datapath actions: (.*)$/.exec(line);
    if (!actions) continue;
    passes.push({
      lookups,
      outcome: outcomeOf(actions[1], headersOf(flow), { tags: tagsOf(flow), labels: labelsOf(flow) }),
    });
    lookups = [];
  }
  return passes;
}

/** Fields of a flow's text → where datapath actions set them. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  dl_src: ['eth.src'],
  dl_dst: ['eth.dst'],
  nw_src: ['ipv4.src'],
  nw_dst: ['ipv4.dst'],
  ipv6_src: ['ipv6.src'],
  ipv6_dst: ['ipv6.dst'],
  ipv6_label: ['ipv6.label'],
  nw_ttl: ['ipv4.ttl', 'ipv6.hlimit'],
  tp_src: ['tcp.src', 'udp.src', 'sctp.src'],
  tp_dst: ['tcp.dst', 'udp.dst', 'sctp.dst'],
  icmp_type: ['icmp.type', 'icmpv6.type'],
  icmp_code: ['icmp.code', 'icmpv6.code'],
  arp_spa: ['arp.sip'],
  arp_tpa: ['arp.tip'],
  arp_op: ['arp.op'],
  arp_sha: ['arp.sha'],
  arp_tha: ['arp.tha'],
  nd_target: ['nd.target'],
  nd_sll: ['nd.sll'],
  nd_tll: ['nd.tll'],
};

function numberOf(text: string): bigint {
  const bytes =
    parseMac(text) ?? (text.includes('.') ? parseIpv4(text) : null) ?? (text.includes(':') ? parseIpv6(text) : null);
  if (bytes) return toBigInt(bytes);
  return /^(0x[0-9a-f]+|\d+)$/i.test(text) ? BigInt(text) : 0n;
}

function headersOf(flow: string): Map<string, bigint> {
  const headers = new Map<string, bigint>();
  const said = new Map(flow.split(',').map((part) => part.split(/=(.*)/s, 2) as [string, string]));
  for (const [name, value] of said) for (const place of FIELDS[name] ?? []) headers.set(place, numberOf(value ?? ''));
  headers.set('skb_priority', 0n);
  const tos = numberOf(said.get('nw_tos') ?? '0') | numberOf(said.get('nw_ecn') ?? '0');
  headers.set('ipv4.tos', tos);
  headers.set('ipv6.tclass', tos);
  return headers;
}

/** The outer label of a flow's text. */
function labelsOf(flow: string): string[] {
  const parts = ['label', 'tc', 'ttl', 'bos'].map((name) => [
    name,
    new RegExp(`(?:^|,)mpls_${name}=(\\d+)`).exec(flow)?.[1],
  ]);
  return parts[0][1] === undefined ? [] : [normalLabel(parts.map((part) => part.join('=')).join(','))];
}

/** "label=5,tc=0,ttl=64,bos=1", without the EtherType. */
function normalLabel(text: string): string {
  const parts = new Map(text.split(',').map((part) => part.split('=') as [string, string]));
  return ['label', 'tc', 'ttl', 'bos'].map((name) => `${name}=${Number(parts.get(name) ?? 0)}`).join(',');
}

/** The outer tag of a flow's text. */
function tagsOf(flow: string): string[] {
  const vid = /(?:^|,)dl_vlan=(\d+)/.exec(flow)?.[1];
  const pcp = /(?:^|,)dl_vlan_pcp=(\d+)/.exec(flow)?.[1];
  return vid === undefined ? [] : [normalTag(`vid=${vid},pcp=${pcp ?? 0}`)];
}

/** "a(b,c),d" → its parts at the outer level. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (at === text.length || (text[at] === ',' && depth === 0)) {
      if (at > from) parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return parts;
}

/** Tags and labels, the outer ones first. */
interface Stacks {
  readonly tags: readonly string[];
  readonly labels: readonly string[];
}

/** A number of which "bits/mask" sets some bits, or "bits" all. */
function masked(before: bigint, text: string): bigint {
  const [bits, mask] = text.split('/');
  const ones = mask === undefined ? null : numberOf(mask);
  return ones === null ? numberOf(bits) : (before & ~ones) | (numberOf(bits) & ones);
}

/** Parts of a text, some of them set to other values. */
function changed(text: string | undefined, args: string): string {
  const parts = new Map((text ?? '').split(',').map((part) => part.split('=') as [string, string]));
  for (const part of partsOf(args)) {
    const [name, value] = part.split('=');
    parts.set(name, String(Number(masked(BigInt(parts.get(name) ?? 0), value))));
  }
  return [...parts].map(([name, value]) => `${name}=${value}`).join(',');
}

/** A packet on its way through datapath actions. */
class Way {
  readonly told: { readonly text: string; readonly port: boolean }[] = [];

  constructor(
    private readonly original: Headers,
    private readonly came: Stacks,
    private tags: readonly string[] = came.tags,
    private labels: readonly string[] = came.labels,
    private now = new Map(original),
    /** Tags of the packet as it came, behind the outer one, that are gone. */
    private popped = 0,
  ) {}

  run(actions: string): void {
    for (const part of partsOf(actions)) this.step(part);
  }

  private step(part: string): void {
    const [, name, args] = /^([\w.]+)(?:\((.*)\))?$/s.exec(part) ?? [null, part, undefined];
    if (name === 'set') this.set(args ?? '');
    else if (name === 'push_vlan') this.tags = [normalTag(args ?? ''), ...this.tags];
    else if (name === 'pop_vlan') this.pop();
    else if (name === 'push_mpls') this.labels = [normalLabel(args ?? ''), ...this.labels];
    else if (name === 'pop_mpls') this.popLabel();
    else if (name === 'clone') {
      const copy = new Way(this.original, this.came, this.tags, this.labels, new Map(this.now), this.popped);
      copy.run(args ?? '');
      this.told.push(...copy.told);
    } else if (name === 'recirc') this.tell('recirc');
    else if (name === 'ct')
      this.tell(
        `ct(${partsOf(args ?? '')
          .sort()
          .join(',')})`,
      );
    else if (name === 'userspace') this.tell(controllerOf(args ?? ''));
    else if (name === 'meter') this.tell('meter');
    // Sampling without a collector is nothing in Open vSwitch.
    else if (name === 'sample') return;
    else if (name !== 'drop') this.tell(part, args === undefined);
  }

  private popLabel(): void {
    if (this.labels.length > 0) this.labels = this.labels.slice(1);
    else this.popped++;
  }

  private pop(): void {
    if (this.tags.length > 0) this.tags = this.tags.slice(1);
    else this.popped++;
  }

  private set(text: string): void {
    const [, header, args] = /^(\w+)\((.*)\)$/s.exec(text) ?? [null, text, ''];
    if (header === 'vlan') {
      const tag = changed(this.tags[0], args);
      this.pop();
      this.tags = [normalTag(tag), ...this.tags];
      return;
    }
    if (header === 'mpls') {
      const label = changed(this.labels[0], args);
      this.popLabel();
      this.labels = [normalLabel(label), ...this.labels];
      return;
    }
    for (const part of partsOf(args)) {
      const [name, value] = part.split(/=(.*)/s, 2);
      if (value === undefined) {
        // skb_mark belongs to the machine and not to the frame.
        if (header !== 'skb_mark') this.now.set(header, numberOf(name));
        continue;
      }
      const place = `${header}.${name}`;
      this.now.set(place, masked(this.now.get(place) ?? 0n, value));
    }
  }

  private tell(what: string, port = false): void {
    // A queue matters to ports alone.
    const changed = [...this.now].filter(
      ([place, value]) => this.original.get(place) !== value && (port || place !== 'skb_priority'),
    );
    const headers = changed.map(([place, value]) => `${place}=${value.toString(16)}`).sort();
    if (this.popped > 0) headers.push(`popped=${this.popped}`);
    // The EtherType of the tag that the packet came with isn't told: only its content counts.
    const content = (tags: readonly string[]): string => tags.map((tag) => tag.replace(/,tpid=.*/, '')).join('|');
    if (content(this.labels) !== content(this.came.labels)) headers.push(`labels=${this.labels.join('|')}`);
    if (content(this.tags) !== content(this.came.tags)) {
      const pushed = this.tags.length - this.came.tags.length;
      headers.push(`tags=${this.tags.map((tag, i) => (i < pushed ? tag : content([tag]))).join('|')}`);
    }
    this.told.push({ text: `{${headers.join(' ')}} ${what}`, port });
  }
}

/** "vid=5,pcp=0": a tag, with what it doesn't say. */
function normalTag(text: string): string {
  const parts = new Map(text.split(',').map((part) => part.split('=') as [string, string]));
  return `vid=${Number(parts.get('vid') ?? 0)},pcp=${Number(parts.get('pcp') ?? 0)},tpid=${parts.get('tpid') ?? '0x8100'}`;
}

/**
 * Reasons that OpenFlow 1.3 has no number for, and what they go out as: explicit miss; action set, group, packet-out.
 */
const REASONS: Readonly<Record<string, string>> = { 6: '0', 3: '1', 4: '1', 5: '1' };

function controllerOf(args: string): string {
  const reason = /reason=(\d+)/.exec(args)?.[1];
  const bytes = /max_len=(\d+)/.exec(args)?.[1];
  return reason === undefined
    ? `userspace(${args})`
    : `controller(reason=${REASONS[reason] ?? reason},max_len=${bytes})`;
}

function outcomeOf(actions: string, original: Headers, came: Stacks): string[] {
  const way = new Way(original, came);
  way.run(actions);
  const list: string[] = [];
  // Ports that get the same one after the other: a flood, whose order is each switch's own.
  for (let at = 0; at < way.told.length; ) {
    let end = at + 1;
    while (end < way.told.length && way.told[at].port && way.told[end].port) end++;
    list.push(
      ...way.told
        .slice(at, end)
        .map(({ text }) => text)
        .sort(),
    );
    at = end;
  }
  return list;
}
