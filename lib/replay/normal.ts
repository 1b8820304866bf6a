/**
 * What of a message counts when two runs of the same session are compared: its JSON without what may differ between any
 * two runs or machines. Left out: xids, cookies, durations, buffers, datapath ids, ports' MACs (in frames, too), what a
 * port's hardware can do, and, unless asked for, counters. An error counts by its name, since what it quotes holds an
 * xid.
 */
import { formatMac, toHex } from '../bytes/index.js';
import { type Json, messageJson } from '../view/index.js';
import type { Message } from '../wire/index.js';

export interface NormalOptions {
  /** Counters count, too. */
  readonly counters?: boolean;
}

const DIFFERS_ANYWAY =
  /^(xid|cookie|cookie_mask|buffer_id|datapath_id|auxiliary_id|mac|.*_ns|duration_.*|(max_)?speed_kbps|current|advertised|supported|peer)$/;
const COUNTERS = /^([rt]x_.*|packets|bytes|packets_in|bytes_in|lookups|matched|collisions)$/;
/** Members of an error that quote the request. */
const QUOTES = /^(data|version)$/;

/** MACs of ports, which stand in frames that a controller makes (LLDP), with the port's number. */
export class PortMacs {
  private readonly names = new Map<string, string>();
  private readonly macs = new Map<number, Uint8Array>();

  /** The address of a port, once a message has told it. */
  of(port: number): Uint8Array | undefined {
    return this.macs.get(port);
  }

  /** Takes note of the ports that a message describes. */
  learn(m: Message): void {
    if (m.type === 'port_status') this.add(m.port.mac, m.port.number);
    if (m.type === 'multipart_reply' && m.body.kind === 'port_desc') {
      for (const { mac, number } of m.body.rows) this.add(mac, number);
    }
  }

  private add(mac: Uint8Array, port: number): void {
    this.macs.set(port, mac);
    const name = `<port ${port}>`;
    this.names.set(toHex(mac), name);
    this.names.set(formatMac(mac), name);
  }

  /** The text with names in place of those MACs. */
  without(text: string): string {
    let named = text;
    for (const [mac, name] of this.names) if (named.includes(mac)) named = named.replaceAll(mac, name);
    return named;
  }
}

/** A message's form for comparing. */
export function normalForm(m: Message, macs: PortMacs, { counters = false }: NormalOptions = {}): Json {
  const quoted = m.type === 'error' ? QUOTES : null;
  const left = (name: string): boolean =>
    DIFFERS_ANYWAY.test(name) || (!counters && COUNTERS.test(name)) || quoted?.test(name) === true;
  const walk = (value: Json): Json => {
    if (typeof value === 'string') return macs.without(value);
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(walk);
    const members = Object.entries(value as Readonly<Record<string, Json>>).filter(([name]) => !left(name));
    return Object.fromEntries(members.map(([name, member]) => [name, walk(member)]));
  };
  return walk(messageJson(m));
}
