/**
 * Connections out of a dump: a line of `ovs-appctl dpctl/dump-conntrack` read back, and stored again. What a dump
 * doesn't say is assumed: TCP's windows are open (sequence checks should be off), other connections have been answered.
 */
import { TextError } from '../bytes/index.js';
import { type Connection, type ConnectionTuple, encodeTuple, type TcpSide } from './connection.js';
import type { Connections } from './connections.js';
import { ANSWERED } from './datagram.js';
import { protocolNumber } from './dump.js';
import { DNAT, FTP, SNAT, STATE, TFTP } from './record.js';
import { Association, SCTP_STATES } from './sctp/machine.js';
import { storeAssociation } from './sctp/record.js';
import { PROTO_SCTP, PROTO_TCP } from './states.js';
import { TCP_STATES, TcpPeer, UNKNOWN_SCALE } from './tcp/machine.js';
import { storePeer } from './tcp/record.js';
import { Tuple } from './tuple.js';

/** How long a connection lives of which the dump doesn't say it, s: a day, as an established TCP connection. */
const UNTOLD_TIMEOUT_S = 86_400;

interface Part {
  readonly key: string;
  readonly value: string;
  /** From 0. */
  readonly at: number;
}

/** "a=1,b=(c=2,d=3)" → its parts; the value of a bracket is without it. */
function partsOf(text: string, from: number): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const found = /^([^=,()]*)(?:=(?:\(([^()]*(?:\([^()]*\))?[^()]*)\)|([^,]*)))?,?/.exec(text.slice(at));
    if (!found || found[0] === '') break;
    parts.push({ key: found[1].trim(), value: found[2] ?? found[3] ?? '', at: from + at });
    at += found[0].length;
  }
  return parts;
}

class LineReader {
  private readonly found = new Map<string, Part>();
  private readonly proto: number;
  private readonly family: () => 4 | 6;

  constructor(
    text: string,
    private readonly line: number,
    private readonly file?: string,
  ) {
    const [first, ...rest] = partsOf(text, 0);
    const proto = first === undefined ? null : protocolNumber(first.key);
    if (proto === null) throw this.mistake(0, `a connection begins with its protocol, not "${first?.key ?? ''}"`);
    this.proto = proto;
    for (const part of rest) this.found.set(part.key, part);
    this.family = () => (this.found.get('orig')?.value.includes(':') ? 6 : 4);
  }

  private mistake(at: number, why: string): TextError {
    return new TextError(why, this.line, at + 1, this.file);
  }

  private number(key: string, base = 10): number {
    const part = this.found.get(key);
    if (part === undefined) return 0;
    const number = /^0x/i.test(part.value) ? Number(part.value) : Number.parseInt(part.value, base);
    if (!Number.isFinite(number)) throw this.mistake(part.at, `${key} is a number, not "${part.value}"`);
    return number;
  }

  private tuple(key: string): ConnectionTuple {
    const part = this.found.get(key);
    if (part === undefined) throw this.mistake(0, `a connection has ${key}=(…)`);
    const at = new Map(partsOf(part.value, part.at).map((each) => [each.key, each.value]));
    const number = (name: string): number => {
      const value = Number(at.get(name) ?? 0);
      if (!(value >= 0 && value <= 0xffff)) throw this.mistake(part.at, `${name} is 0 to 65535, not "${at.get(name)}"`);
      return value;
    };
    const [src, dst] = ['src', 'dst'].map((name) => at.get(name) ?? '');
    const base = { family: this.family(), proto: this.proto, src, dst };
    const tuple: ConnectionTuple = at.has('id')
      ? { ...base, id: number('id'), type: number('type'), code: number('code') }
      : { ...base, sport: number('sport'), dport: number('dport') };
    if (!encodeTuple(tuple, 0, new Tuple())) throw this.mistake(part.at, `${key} has no pair of addresses`);
    return tuple;
  }

  private info(): ReadonlyMap<string, Part> {
    const part = this.found.get('protoinfo');
    return new Map(part ? partsOf(part.value, part.at).map((each) => [each.key, each]) : []);
  }

  private state(part: Part | undefined): TcpSide['state'] {
    const state = TCP_STATES.find((name) => name === part?.value);
    if (state === undefined) throw this.mistake(part?.at ?? 0, `"${part?.value ?? ''}" is no state of TCP`);
    return state;
  }

  private tcp(): Connection['tcp'] {
    const info = this.info();
    const side = (state: TcpSide['state']): TcpSide => ({ state, wscale: 0, flags: ['BE_LIBERAL'] });
    if (info.size === 0) return { orig: side('ESTABLISHED'), reply: side('ESTABLISHED') };
    if (info.has('state_orig')) {
      return { orig: side(this.state(info.get('state_orig'))), reply: side(this.state(info.get('state_reply'))) };
    }
    // The dump names the later of both sides.
    const state = this.state(info.get('state'));
    const other = state === 'SYN_SENT' ? 'CLOSED' : state === 'CLOSING' ? 'ESTABLISHED' : state;
    return { orig: side(state), reply: side(other) };
  }

  read(): Connection {
    const helper = this.found.get('helper')?.value;
    const label = this.found.get('labels')?.value.replace(/^0x/, '') ?? '';
    if (!/^[0-9a-f]{0,32}$/i.test(label))
      throw this.mistake(this.found.get('labels')?.at ?? 0, 'labels is hexadecimal');
    const sctp = SCTP_STATES.find((name) => name === this.info().get('state')?.value);
    return {
      zone: this.number('zone'),
      orig: this.tuple('orig'),
      reply: this.tuple('reply'),
      mark: this.number('mark') >>> 0,
      label: label.toLowerCase().padStart(32, '0'),
      timeout_s: this.found.has('timeout') ? this.number('timeout') : UNTOLD_TIMEOUT_S,
      replied: true,
      helper: helper === 'ftp' || helper === 'tftp' ? helper : null,
      parent: this.found.has('parent') ? this.tuple('parent') : null,
      tcp: this.proto === PROTO_TCP ? this.tcp() : null,
      sctp: this.proto === PROTO_SCTP && sctp ? { state: sctp, vtag_orig: 0, vtag_reply: 0 } : null,
    };
  }
}

/** The connections of a dump, a line each. Throws a TextError with file, line and column. */
export function parseConnections(text: string, file?: string): Connection[] {
  return text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [parseConnection(line.trim(), i + 1, file)]));
}

/** One connection as dump-conntrack prints it, with -s and -m or without. Throws a TextError. */
export function parseConnection(text: string, line = 1, file?: string): Connection {
  return new LineReader(text, line, file).read();
}

/** Stores a connection as it was dumped; false where another one has its tuple. */
export function restoreConnection(connections: Connections, c: Connection, now_ms: number): boolean {
  const [tuple, reply, inverse] = [new Tuple(), new Tuple(), new Tuple()];
  encodeTuple(c.orig, c.zone, tuple);
  encodeTuple(c.reply, c.zone, reply);
  if (connections.find(tuple, now_ms) >= 0 || connections.find(reply, now_ms) >= 0) return false;
  inverse.copy(tuple);
  inverse.reverse();
  const snat = c.reply.dst !== c.orig.src || portOf(c.reply, 'dport') !== portOf(c.orig, 'sport') ? SNAT : 0;
  const dnat = c.reply.src !== c.orig.dst || portOf(c.reply, 'sport') !== portOf(c.orig, 'dport') ? DNAT : 0;
  const translated =
    'id' in c.orig ? (c.reply.dst !== c.orig.src ? SNAT : c.reply.src !== c.orig.dst ? DNAT : 0) : snat | dnat;
  const helper = c.helper === 'ftp' ? FTP : c.helper === 'tftp' ? TFTP : 0;
  const slot = connections.insert(tuple, reply.equals(inverse) ? null : reply, translated | helper);
  connections.setExpiry(slot, now_ms + c.timeout_s * 1000);
  connections.setMark(slot, c.mark | 0);
  const label = Uint8Array.from(c.label.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  new Uint32Array(label.buffer).forEach((word, i) => {
    connections.setLabel(slot, i, word);
  });
  storeState(connections, slot, c);
  if (c.parent !== null && encodeTuple(c.parent, c.zone, tuple)) connections.setParent(slot, tuple);
  return true;
}

function portOf(tuple: ConnectionTuple, which: 'sport' | 'dport'): number {
  return 'id' in tuple ? 0 : tuple[which];
}

function storeState(connections: Connections, slot: number, c: Connection): void {
  if (c.tcp !== null) {
    for (const [side, { state }] of [c.tcp.orig, c.tcp.reply].entries()) {
      const peer = new TcpPeer();
      peer.state = TCP_STATES.indexOf(state);
      peer.window = 0xffff;
      peer.scaling = UNKNOWN_SCALE;
      storePeer(connections, slot, side, peer);
    }
  } else if (c.sctp !== null) {
    const association = new Association();
    association.state = SCTP_STATES.indexOf(c.sctp.state);
    storeAssociation(connections, slot, association);
  } else if (c.orig.proto !== PROTO_SCTP) {
    connections.setWord(slot, STATE, ANSWERED);
  }
}
