/** A stored connection as a plain object, for people and for JSON: what a dump, an event and a statistic speak of. */
import { formatIpv6, parseIpv4, parseIpv6 } from '../bytes/address.js';
import type { Connections } from './connections.js';
import { FTP, RELATED, TFTP } from './record.js';
import { Association, SCTP_STATES } from './sctp/machine.js';
import { loadAssociation } from './sctp/record.js';
import { PROTO_SCTP, PROTO_TCP } from './states.js';
import { SCALED, TCP_STATES, TcpPeer, UNKNOWN_SCALE } from './tcp/machine.js';
import { loadPeer } from './tcp/record.js';
import { isQuery, Tuple } from './tuple.js';

/** One direction's tuple. ICMP queries have id, type and code, all others ports (0 where the protocol has none). */
export type ConnectionTuple = { family: 4 | 6; proto: number; src: string; dst: string } & (
  | { sport: number; dport: number }
  | { id: number; type: number; code: number }
);

/** One side of a TCP connection. */
export interface TcpSide {
  state: (typeof TCP_STATES)[number];
  /** Window scale, 0 where there is none or it is unknown. */
  wscale: number;
  flags: ('WINDOW_SCALE' | 'BE_LIBERAL')[];
}

/** A tracked connection. */
export interface Connection {
  zone: number;
  orig: ConnectionTuple;
  reply: ConnectionTuple;
  mark: number;
  /** 32 hexadecimal digits. */
  label: string;
  /** Whole seconds until it is gone. */
  timeout_s: number;
  /** A packet of the reply direction was accepted. */
  replied: boolean;
  /** The protocol that is read for connections it announces. */
  helper: 'ftp' | 'tftp' | null;
  /** The original tuple of the connection that announced this one. */
  parent: ConnectionTuple | null;
  /** TCP's two sides: of the one that began, and of the other. */
  tcp: { orig: TcpSide; reply: TcpSide } | null;
  /** SCTP's association, and the verification tags of both directions. */
  sctp: { state: (typeof SCTP_STATES)[number]; vtag_orig: number; vtag_reply: number } | null;
}

const NO_LABEL = '0'.repeat(32);

const tuple = new Tuple();
const peer = new TcpPeer();
const association = new Association();

/** Describes the connection in `slot` at `now_ms`. */
export function describeConnection(connections: Connections, slot: number, now_ms: number): Connection {
  connections.original(slot, tuple);
  const orig = describeTuple(tuple);
  connections.replyOf(slot, tuple);
  const reply = describeTuple(tuple);
  const flags = connections.flags(slot);
  connections.known(slot, tuple);
  return {
    zone: tuple.zone,
    orig,
    reply,
    mark: connections.mark(slot) >>> 0,
    label: labelText(connections, slot),
    timeout_s: Math.max(0, Math.floor((connections.expiry(slot) - now_ms) / 1000)),
    replied: connections.replied(slot),
    helper: flags & FTP ? 'ftp' : flags & TFTP ? 'tftp' : null,
    parent: flags & RELATED ? describeTuple(tuple) : null,
    tcp:
      tuple.proto === PROTO_TCP ? { orig: tcpSide(connections, slot, 0), reply: tcpSide(connections, slot, 1) } : null,
    sctp: tuple.proto === PROTO_SCTP ? describeAssociation(connections, slot) : null,
  };
}

function describeTuple(tuple: Tuple): ConnectionTuple {
  const { family, proto, ports } = tuple;
  const src = family === 4 ? ipv4Text(tuple.src) : ipv6Text(tuple.src6);
  const dst = family === 4 ? ipv4Text(tuple.dst) : ipv6Text(tuple.dst6);
  // Written out: objects spread from another take six times as long to make, and keep the collector busy.
  const of = family as 4 | 6;
  if (isQuery(family, proto)) return { family: of, proto, src, dst, id: ports & 0xffff, type: ports >>> 16, code: 0 };
  return { family: of, proto, src, dst, sport: ports >>> 16, dport: ports & 0xffff };
}

/**
 * The other way: reads a described tuple into `out`. False where it isn't one (addresses of the other family, no
 * address).
 */
export function encodeTuple(from: ConnectionTuple, zone: number, out: Tuple): boolean {
  const src = from.family === 4 ? parseIpv4(from.src) : parseIpv6(from.src);
  const dst = from.family === 4 ? parseIpv4(from.dst) : parseIpv6(from.dst);
  if (src === null || dst === null) return false;
  out.family = from.family;
  out.proto = from.proto;
  out.zone = zone;
  out.src = word(src, 0);
  out.dst = word(dst, 0);
  for (let i = 0; i < 4 && from.family === 6; i++) {
    out.src6[i] = word(src, i * 4);
    out.dst6[i] = word(dst, i * 4);
  }
  if ('id' in from) out.setQuery(from.type, from.id);
  else out.setPorts(from.sport, from.dport);
  return true;
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

function describeAssociation(connections: Connections, slot: number): Connection['sctp'] {
  loadAssociation(connections, slot, association);
  const { state, tag, replyTag } = association;
  return { state: SCTP_STATES[state], vtag_orig: tag >>> 0, vtag_reply: replyTag >>> 0 };
}

function tcpSide(connections: Connections, slot: number, side: number): TcpSide {
  loadPeer(connections, slot, side, peer);
  const flags: TcpSide['flags'] = [];
  if (peer.scaling === SCALED) flags.push('WINDOW_SCALE');
  if (peer.scaling === UNKNOWN_SCALE) flags.push('BE_LIBERAL');
  return { state: TCP_STATES[peer.state], wscale: peer.scale, flags };
}

function ipv4Text(address: number): string {
  // A dump of a million makes two million of them: no array for each.
  return `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`;
}

function ipv6Text(address: Int32Array): string {
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++) bytes[i] = address[i >> 2] >>> (24 - (i & 3) * 8);
  return formatIpv6(bytes);
}

function labelText(connections: Connections, slot: number): string {
  if (!connections.hasSide(slot)) return NO_LABEL;
  const words = Uint32Array.from([0, 1, 2, 3], (i) => connections.label(slot, i));
  return Array.from(new Uint8Array(words.buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
