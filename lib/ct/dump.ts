/** A connection in the words of `ovs-appctl dpctl/dump-conntrack`. Form: Open vSwitch's lib/ct-dpif.c. */
import type { Connection, ConnectionTuple, TcpSide } from './connection.js';
import { TCP_STATES } from './tcp/machine.js';

/** What ovs-appctl dpctl/dump-conntrack is told. */
export interface DumpOptions {
  /** As with -s: the timeout. */
  statistics?: boolean;
  /** As with -m: everything. */
  more?: boolean;
}

const NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  58: 'icmpv6',
  132: 'sctp',
  136: 'udplite',
};

/** The name of an IP protocol, or its number. */
export function protocolName(proto: number): string {
  return NAMES[proto] ?? String(proto);
}

/** The IP protocol of such a name or number in text; null if there is none. */
export function protocolNumber(name: string): number | null {
  const found = Object.entries(NAMES).find(([, known]) => known === name.toLowerCase());
  if (found !== undefined) return Number(found[0]);
  return /^\d{1,3}$/.test(name) && Number(name) < 256 ? Number(name) : null;
}

/** "udp,orig=(src=…,dst=…,sport=…,dport=…),reply=(…)…": one connection on one line. */
export function formatConnection(c: Connection, options: DumpOptions = {}): string {
  const parts = [protocolName(c.orig.proto), `orig=(${formatTuple(c.orig)})`, `reply=(${formatTuple(c.reply)})`];
  if (options.more) parts.push('id=0');
  if (c.zone !== 0) parts.push(`zone=${c.zone}`);
  if (options.more) parts.push('status=0');
  if (options.statistics) parts.push(`timeout=${c.timeout_s}`);
  if (c.mark !== 0) parts.push(`mark=${c.mark}`);
  const label = c.label.replace(/^0+/, '');
  if (label !== '') parts.push(`labels=0x${label}`);
  if (c.tcp !== null) parts.push(`protoinfo=(${formatTcp(c.tcp.orig, c.tcp.reply, options.more ?? false)})`);
  if (c.sctp !== null) {
    const { state, vtag_orig, vtag_reply } = c.sctp;
    parts.push(`protoinfo=(state=${state},vtag_orig=${vtag_orig},vtag_reply=${vtag_reply})`);
  }
  if (c.helper !== null) parts.push(`helper=${c.helper}`);
  if (options.more && c.parent !== null) parts.push(`parent=(${formatTuple(c.parent)})`);
  return parts.join(',');
}

/** What stands in the brackets of orig, reply and parent. */
export function formatTuple(t: ConnectionTuple): string {
  const ends = 'id' in t ? `id=${t.id},type=${t.type},code=${t.code}` : `sport=${t.sport},dport=${t.dport}`;
  return `src=${t.src},dst=${t.dst},${ends}`;
}

/** Without -m these states of TCP print as their neighbours. */
export const SHORT: Partial<Record<TcpSide['state'], string>> = { FIN_WAIT_2: 'TIME_WAIT', SYN_RECV: 'ESTABLISHED' };

function formatTcp(orig: TcpSide, reply: TcpSide, more: boolean): string {
  if (!more) {
    const later = laterState(orig.state, reply.state);
    return `state=${SHORT[later] ?? later}`;
  }
  const scales = orig.wscale || reply.wscale ? `wscale_orig=${orig.wscale},wscale_reply=${reply.wscale},` : '';
  const flags = (side: TcpSide): string => side.flags.join('|') || '0';
  return (
    `state_orig=${orig.state},state_reply=${reply.state},${scales}` +
    `flags_orig=${flags(orig)},flags_reply=${flags(reply)}`
  );
}

/** The later of two TCP states in the machine's order: the one that stands for the connection. */
export function laterState(a: TcpSide['state'], b: TcpSide['state']): TcpSide['state'] {
  return TCP_STATES.indexOf(a) >= TCP_STATES.indexOf(b) ? a : b;
}
