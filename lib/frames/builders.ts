/**
 * Builders for tests and tools: one a protocol, from a plain object to a whole Ethernet frame with right lengths and
 * checksums. What is left out has `compose`'s defaults. They write match texts, so that what a frame is stands in one
 * place.
 */
import { parseIpv4, parseIpv6 } from '../bytes/index.js';
import type { Amounts } from './texts.js';
import { frame } from './texts.js';

/** What every frame may say. A value that can't be is a RangeError that names it. */
export interface Link {
  /** "50:54:00:00:00:01" unless told. */
  readonly eth_src?: string;
  /** "50:54:00:00:00:02" unless told; ARP's requests go to everybody. */
  readonly eth_dst?: string;
  /** 0 to 4095; without it, and without a priority, the frame has no tag. */
  readonly vlan_vid?: number;
  /** 0 to 7. */
  readonly vlan_pcp?: number;
  /** Further fields in ovs-ofctl's words: "nw_tos=184,ip_frag=no". */
  readonly fields?: string;
}

/** What frames with an IP header may say. */
export interface Ip extends Link {
  /** 64 unless told. */
  readonly ttl?: number;
  /** IPv4's identification. */
  readonly ip_id?: number;
  /** Bytes, or a text that is written as UTF-8. */
  readonly payload?: Uint8Array | string;
}

/** UDP: `from` and `to` are "10.0.0.1:1000" or "[2001:db8::1]:1000"; 10.0.0.1:1000 to 10.0.0.2:80 unless told. */
export interface Udp extends Ip {
  readonly from?: string;
  readonly to?: string;
}

/** TCP: as UDP, and the header's own numbers. */
export interface Tcp extends Udp {
  /** "syn|ack", or a number; "ack" unless told. */
  readonly flags?: string | number;
  /** 32 bits each; 0 unless told. */
  readonly seq?: number;
  readonly ack?: number;
  /** 16 bits; 65535 unless told. */
  readonly window?: number;
}

/** ICMP, over IPv4 or IPv6 as the addresses are: `from` and `to` are "10.0.0.1" or "2001:db8::1". */
export interface Icmp extends Ip {
  readonly from?: string;
  readonly to?: string;
  /** An echo request unless told. */
  readonly type?: number;
  readonly code?: number;
  /** An echo's identifier and number; 1 unless told. */
  readonly id?: number;
  readonly seq?: number;
}

/** ARP: who asks, and for whom; in a reply, who answers, and whom. IPv4 addresses. */
export interface Arp extends Link {
  readonly from?: string;
  readonly to?: string;
  /** A request unless told. */
  readonly op?: 'request' | 'reply';
}

/** A TCP segment. Throws a RangeError for what can't be. */
export function tcp(options: Tcp = {}): Uint8Array {
  const { flags = 'ack', seq, ack, window } = options;
  const words = [...ipWords('tcp', options, true), `tcp_flags=${flagsText(flags)}`];
  return build(words, options, { ...ipAmounts(options), seq, ack, window });
}

/** A UDP datagram. Throws a RangeError for what can't be. */
export function udp(options: Udp = {}): Uint8Array {
  return build(ipWords('udp', options, true), options, ipAmounts(options));
}

/** An ICMP or ICMPv6 message, an echo request by default. Throws a RangeError for what can't be. */
export function icmp(options: Icmp = {}): Uint8Array {
  const { type, code, id, seq } = options;
  const words = ipWords('icmp', options, false);
  const name = words[0] === 'icmp6' ? 'icmpv6' : 'icmp';
  if (type !== undefined) words.push(`${name}_type=${type}`);
  else if (code !== undefined) words.push(`${name}_type=${name === 'icmp' ? 8 : 128}`);
  if (code !== undefined) words.push(`${name}_code=${code}`);
  return build(words, options, { ...ipAmounts(options), icmp_id: id, icmp_seq: seq });
}

/** An ARP request or reply. Throws a RangeError for what can't be. */
export function arp(options: Arp = {}): Uint8Array {
  const { from, to, op = 'request', eth_src, eth_dst } = options;
  const words = ['arp', `arp_op=${op === 'request' ? 1 : 2}`];
  if (from !== undefined) words.push(`arp_spa=${endpoint('from', from, false).address}`);
  if (to !== undefined) words.push(`arp_tpa=${endpoint('to', to, false).address}`);
  if (eth_src !== undefined) words.push(`arp_sha=${eth_src}`);
  if (op === 'reply') words.push(`arp_tha=${eth_dst ?? '50:54:00:00:00:02'}`);
  const everybody = op === 'request' && eth_dst === undefined;
  return build(words, everybody ? { ...options, eth_dst: 'ff:ff:ff:ff:ff:ff' } : options, {});
}

function build(words: string[], { eth_src, eth_dst, vlan_vid, vlan_pcp, fields }: Link, amounts: Amounts): Uint8Array {
  if (eth_src !== undefined) words.push(`eth_src=${eth_src}`);
  if (eth_dst !== undefined) words.push(`eth_dst=${eth_dst}`);
  if (vlan_vid !== undefined) words.push(`dl_vlan=${vlan_vid}`);
  if (vlan_pcp !== undefined) words.push(`dl_vlan_pcp=${vlan_pcp}`);
  if (fields !== undefined) words.push(fields);
  return frame(words.join(','), amounts);
}

const ipAmounts = ({ ip_id, payload }: Ip): Amounts => ({ ip_id, payload });

interface Endpoint {
  readonly version: 4 | 6;
  readonly address: string;
  readonly port: string | null;
}

function ipWords(protocol: 'tcp' | 'udp' | 'icmp', options: Udp, ports: boolean): string[] {
  const ends = [
    ['src', options.from === undefined ? null : endpoint('from', options.from, ports)],
    ['dst', options.to === undefined ? null : endpoint('to', options.to, ports)],
  ] as const;
  const versions = new Set(ends.flatMap(([, end]) => (end ? [end.version] : [])));
  if (versions.size > 1) throw new RangeError(`from ${options.from} to ${options.to}: one is IPv4, the other IPv6`);
  const six = versions.has(6);
  const words = [six ? `${protocol}6` : protocol];
  for (const [side, end] of ends) {
    if (end) words.push(`${six ? 'ipv6' : 'nw'}_${side}=${end.address}`);
    if (end?.port) words.push(`${protocol}_${side}=${end.port}`);
  }
  if (options.ttl !== undefined) words.push(`nw_ttl=${options.ttl}`);
  return words;
}

/** "10.0.0.1", "10.0.0.1:80", "2001:db8::1", "[2001:db8::1]:80". */
function endpoint(name: 'from' | 'to', text: string, ports: boolean): Endpoint {
  const [, six, six_port] = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(text) ?? [];
  const [, four, four_port] = /^([\d.]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = six ?? four ?? text;
  const port = six_port ?? four_port ?? null;
  const version = parseIpv4(address) ? 4 : parseIpv6(address) ? 6 : null;
  if (version === null || (port !== null && Number(port) > 0xffff)) {
    throw new RangeError(`${name}: "${text}" is no address${ports ? ' and port: 10.0.0.1:80, [2001:db8::1]:80' : ''}`);
  }
  if (port !== null && !ports) throw new RangeError(`${name}: "${text}" has a port, which this protocol doesn't`);
  return { version, address, port };
}

function flagsText(flags: string | number): string {
  return typeof flags === 'number' ? `0x${flags.toString(16)}` : flags;
}
