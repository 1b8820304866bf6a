/**
 * What goes over a connection, explained message by message: packet-ins with all their headers and the flow behind
 * them, errors with the message that was refused and why, replies with what was asked. It only looks; who speaks is the
 * proxy's and the listener's affair.
 */

import { OpenFlowError } from '../bytes/index.js';
import { type Match, numberOf } from '../nxm/index.js';
import { extract, Key, Packet } from '../packet/index.js';
import { dissect, dissectLines, type Json, messageJson, messageLines, nameOf } from '../view/index.js';
import { decode, type Message, peekXid, type Side } from '../wire/index.js';
import { errorCause } from './error-cause.js';
import { FlowBook } from './flow-book.js';

/** A message with what explains it. */
export interface Explained {
  readonly from: Side;
  /** "OFPT_PACKET_IN", "OFPST_FLOW reply", or "unreadable". */
  readonly name: string;
  /** Lines for people, the first with the message itself. */
  readonly lines: readonly string[];
  readonly json: { readonly [key: string]: Json };
}

export interface Filter {
  /** Names that are shown, as prefixes without regard to case; all unless given. */
  readonly only?: readonly string[];
  /** Names that aren't shown. */
  readonly not?: readonly string[];
  /** Packet-ins and packet-outs are shown only if their packet matches. */
  readonly packets?: Match;
  /** Headers of packets, a line each. */
  readonly headers?: boolean;
}

/** Requests whose answer, or refusal, may still come. */
const MAX_REQUESTS = 1000;

type PacketMessage = Extract<Message, { readonly type: 'packet_in' | 'nxt_packet_in' | 'nxt_packet_in2' }>;

export class Inspector {
  private readonly flows = new FlowBook();
  /** The controller's latest messages by xid. */
  private readonly requests = new Map<number, Uint8Array>();
  private readonly key = new Key();
  private readonly packet = new Packet();

  constructor(private readonly filter: Filter = {}) {}

  /** Looks at a message; null: the filter doesn't want it. The bytes are copied where they are kept. */
  see(from: Side, bytes: Uint8Array): Explained | null {
    const message = this.read(bytes);
    if (message instanceof OpenFlowError) {
      const lines = [`unreadable message of ${bytes.length} bytes: ${message.message}`];
      return this.wants('unreadable')
        ? { from, name: 'unreadable', lines, json: { from, error: message.message } }
        : null;
    }
    if (from === 'controller') this.remember(bytes);
    if (message.type === 'flow_mod') this.flows.apply(message.change);
    const name = nameOf(message);
    const shown = this.wants(name) && this.wantsPacket(message) ? this.explain(from, name, message) : null;
    if (message.type === 'flow_removed') this.flows.removed(message);
    return shown;
  }

  private read(bytes: Uint8Array): Message | OpenFlowError {
    try {
      return decode(bytes.slice(), { lenient: true });
    } catch (error) {
      if (error instanceof OpenFlowError) return error;
      throw error;
    }
  }

  private remember(bytes: Uint8Array): void {
    const xid = peekXid(bytes);
    this.requests.delete(xid);
    this.requests.set(xid, bytes.slice());
    if (this.requests.size <= MAX_REQUESTS) return;
    const [oldest] = this.requests.keys();
    this.requests.delete(oldest);
  }

  private explain(from: Side, name: string, message: Message): Explained {
    const lines = messageLines(message);
    const more: Record<string, Json> = {};
    const tell = (key: string, text: string | null): void => {
      if (text === null) return;
      lines.push(`  ${key}: ${text}`);
      more[key] = text;
    };
    if (isPacketIn(message)) tell('flow', this.flows.behind(message.tableId, message.cookie));
    if (message.type === 'error') {
      const whole = this.requests.get(message.xid);
      const request = whole ?? message.data;
      const refused = this.read(request);
      tell('request', refused instanceof OpenFlowError ? null : messageLines(refused)[0]);
      tell('cause', errorCause(message.error, request));
    }
    const frame = frameOf(message);
    if (frame !== null) {
      if (this.filter.headers) lines.push(...dissectLines(frame).map((line) => `    ${line}`));
      more.headers = dissect(frame).map((layer) => ({ ...layer }));
    }
    return { from, name, lines, json: { from, name, message: messageJson(message), ...more } };
  }

  private wants(name: string): boolean {
    const is = (pattern: string): boolean => name.toLowerCase().includes(pattern.toLowerCase());
    const { only, not } = this.filter;
    return (only === undefined || only.some(is)) && !not?.some(is);
  }

  private wantsPacket(message: Message): boolean {
    const frame = frameOf(message);
    const { packets } = this.filter;
    if (packets === undefined || frame === null) return true;
    extract(this.packet.attach(frame.slice()), this.key, inPortOf(message));
    return packets.fits(this.key.words);
  }
}

function isPacketIn(m: Message): m is PacketMessage {
  return m.type === 'packet_in' || m.type === 'nxt_packet_in' || m.type === 'nxt_packet_in2';
}

/** The packet in a message; null where there is none. */
function frameOf(m: Message): Uint8Array | null {
  if (!isPacketIn(m) && m.type !== 'packet_out') return null;
  return m.data.length < 14 ? null : m.data;
}

function inPortOf(m: Message): number {
  if (m.type === 'packet_out') return m.inPort;
  if (!isPacketIn(m)) return 0;
  const port = m.fields.find(({ field }) => field.name === 'in_port_oxm' || field.name === 'in_port');
  return port === undefined ? 0 : numberOf(port.value);
}
