/**
 * Helpers: connections of FTP and TFTP are read for others that they announce. With translation, an announced address
 * becomes the one that the other side has to know, and sequence numbers follow where the text's length changed. TFTP:
 * RFC 1350 §4, the server answers from a port of its own.
 */
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../../bytes/address.js';
import { updateChecksum } from '../../bytes/checksum.js';
import type { Packet } from '../../packet/packet.js';
import type { Connections } from '../connections.js';
import type { Expectation, Expectations } from '../expectations.js';
import type { Parsed } from '../parse.js';
import { DNAT, FTP, SNAT } from '../record.js';
import { FIN } from '../tcp/segment.js';
import { plus } from '../tcp/sequence.js';
import { putTcpChecksum } from '../translate.js';
import { Tuple } from '../tuple.js';
import { FTP_BAD, FTP_NOTHING, FtpEndpoint, readFtp, unfinished } from './ftp.js';
import type { SequenceShifts } from './shifts.js';
import { MAX_UNFINISHED, type UnfinishedLines } from './unfinished.js';

const NO_TEXT = new Uint8Array(0);

export class Helpers {
  private readonly endpoint = new FtpEndpoint();
  private readonly original = new Tuple();
  private readonly reply = new Tuple();

  constructor(
    private readonly connections: Connections,
    private readonly expectations: Expectations,
    private readonly shifts: SequenceShifts,
    readonly lines: UnfinishedLines,
  ) {}

  /**
   * Reads a packet of a connection with a helper, and translates it where that is asked. False if it lies: it is
   * invalid then. `begins` is where the headers stand; they may move.
   */
  inspect(packet: Packet, parsed: Parsed, slot: number, reply: boolean, nat: boolean): boolean {
    const { connections, original } = this;
    connections.original(slot, original);
    connections.replyOf(slot, this.reply);
    if ((connections.flags(slot) & FTP) === 0) {
      if (!reply) this.expectClient(slot, original.ports >>> 16, this.reply.ports & 0xffff);
      return true;
    }
    return this.inspectFtp(packet, parsed, slot, reply, nat);
  }

  private inspectFtp(packet: Packet, parsed: Parsed, slot: number, reply: boolean, nat: boolean): boolean {
    const { endpoint, shifts, lines } = this;
    const { bytes } = packet;
    const { l4, end } = parsed;
    const payload = l4 + (bytes[l4 + 12] >> 4) * 4;
    const own = (bytes[l4 + 4] << 24) | (bytes[l4 + 5] << 16) | (bytes[l4 + 6] << 8) | bytes[l4 + 7];
    const before = payload < end ? lines.take(slot, reply, own) : NO_TEXT;
    const text = before.length === 0 ? bytes : joined(before, bytes, payload, end);
    const [from, to] = text === bytes ? [payload, end] : [0, text.length];
    const found = from < to ? readFtp(text, from, to, reply, endpoint) : FTP_NOTHING;
    if (found === FTP_BAD || (found !== FTP_NOTHING && !this.isPeers(reply))) return false;
    const seq = plus(own, -before.length);
    const kept = (bytes[l4 + 13] & FIN) === 0 ? this.keepLine(text, from, to, reply) : 0;
    if (kept > 0) lines.keep(slot, reply, plus(seq, to - from - kept), text.slice(to - kept, to));
    const edited = nat && before.length + kept > 0;
    if (edited) this.edit(packet, parsed, payload, before, kept);
    const moved = nat && shifts.has(slot) && shifts.move(slot, reply, packet.bytes, parsed.l4);
    if (found !== FTP_NOTHING) {
      if (reply) this.expectServer(slot, endpoint.port);
      else this.expectClient(slot, endpoint.port, endpoint.port);
      if (nat && endpoint.length > 0) {
        const grown = this.rewrite(packet, parsed, parsed.l4 + payload - l4, reply);
        if (grown !== 0) shifts.add(slot, reply, seq, grown);
        return true;
      }
    }
    if (edited || moved) putTcpChecksum(packet.bytes, packet.l3, parsed.l4, parsed.end, this.original.family);
    return true;
  }

  /** Bytes at the end of the text that are kept until their line is whole. */
  private keepLine(text: Uint8Array, from: number, to: number, reply: boolean): number {
    const start = unfinished(text, from, to, reply);
    return start < 0 || to - start > MAX_UNFINISHED ? 0 : to - start;
  }

  /**
   * Behind a translation an unfinished line waits here, for its address will have to be rewritten: the segment goes on
   * without its last `kept` bytes, and the one that brings the rest with those `before` it. The receiver acknowledges
   * what it has, so a sender that repeats the line is understood, too. Lengths are made right here, the checksum by the
   * caller.
   */
  private edit(packet: Packet, parsed: Parsed, payload: number, before: Uint8Array, kept: number): void {
    const { family } = this.original;
    const [l4, data, end] = [parsed.l4, payload, parsed.end].map((at) => at - packet.start);
    const whole = joined(before, packet.bytes, payload, parsed.end);
    packet.splice(payload, end - data, whole.subarray(0, whole.length - kept));
    const { bytes, start, l3 } = packet;
    parsed.l4 = start + l4;
    parsed.end = start + end + before.length - kept;
    if (before.length !== kept) writeLength(bytes, l3, family, before.length - kept);
    const at = parsed.l4 + 4;
    const seq = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    const first = plus(seq, -before.length);
    for (let i = 0; i < 4; i++) bytes[at + i] = first >>> (24 - 8 * i);
  }

  /** True if the announced address is the announcing side's, as it is or as it is translated. */
  private isPeers(reply: boolean): boolean {
    const { endpoint, original } = this;
    if (endpoint.address === '') return true;
    const bytes = original.family === 4 ? parseIpv4(endpoint.address) : parseIpv6(endpoint.address);
    if (bytes === null) return false;
    if (reply) return isAddress(original, false, bytes) || isAddress(this.reply, true, bytes);
    return isAddress(original, true, bytes) || isAddress(this.reply, false, bytes);
  }

  /** Writes the address that the other side knows; by how many bytes the packet grew. Checksums are made anew. */
  private rewrite(packet: Packet, parsed: Parsed, payload: number, reply: boolean): number {
    const { endpoint, original } = this;
    const known = reply ? addressText(original, false) : addressText(this.reply, false);
    const text = endpoint.commas ? known.replaceAll('.', ',') : known;
    const inserted = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const l4 = parsed.l4 - packet.start;
    const end = parsed.end - packet.start;
    const grown = inserted.length - endpoint.length;
    packet.splice(payload + endpoint.at, endpoint.length, inserted);
    const { bytes, l3, start } = packet;
    if (grown !== 0) writeLength(bytes, l3, original.family, grown);
    putTcpChecksum(bytes, l3, start + l4, start + end + grown, original.family);
    return grown;
  }

  /** The client will connect to a port of the server: the tuple as the client sends it. */
  private expectServer(slot: number, port: number): void {
    const { original, reply } = this;
    const tuple = new Tuple();
    tuple.copy(original);
    tuple.setPorts(0, port);
    const flags = this.connections.flags(slot);
    this.expect(slot, tuple, flags & (SNAT | DNAT), (after) => {
      if (flags & SNAT) copyAddress(reply, false, after, false);
      else copyAddress(reply, true, after, true);
    });
  }

  /**
   * The server will send to a port of the client: the tuple as the server sends it, to the translated client at
   * `outside`, which is `port` inside.
   */
  private expectClient(slot: number, port: number, outside: number): void {
    const { original, reply } = this;
    const tuple = new Tuple();
    tuple.copy(reply);
    tuple.setPorts(0, outside);
    const flags = this.connections.flags(slot);
    const kind = flags & SNAT ? DNAT : flags & DNAT ? SNAT : 0;
    this.expect(slot, tuple, kind, (after) => {
      if (flags & SNAT) {
        copyAddress(original, true, after, true);
        after.setPorts(port, after.ports & 0xffff);
      } else {
        copyAddress(original, false, after, false);
      }
    });
  }

  private expect(slot: number, tuple: Tuple, kind: number, translate: (reply: Tuple) => void): void {
    const reply = new Tuple();
    reply.copy(tuple);
    reply.reverse();
    if (kind !== 0) translate(reply);
    const expectation: Expectation = { tuple, parent: slot, serial: this.connections.serialOf(slot), kind, reply };
    this.expectations.add(expectation);
  }
}

/** One text of what stood before a segment and of its payload. */
function joined(before: Uint8Array, bytes: Uint8Array, payload: number, end: number): Uint8Array {
  const text = new Uint8Array(before.length + end - payload);
  text.set(before);
  text.set(bytes.subarray(payload, end), before.length);
  return text;
}

/** The reply tuple of a connection that begins with `tuple`, as its expectation translates it. */
export function expectedReply(expectation: Expectation, tuple: Tuple, out: Tuple): void {
  out.copy(expectation.reply);
  out.setPorts(out.ports >>> 16, tuple.ports >>> 16);
}

function addressText(tuple: Tuple, source: boolean): string {
  const words = tuple.family === 4 ? [source ? tuple.src : tuple.dst] : [...(source ? tuple.src6 : tuple.dst6)];
  const bytes = Uint8Array.from(words.flatMap((word) => [word >>> 24, word >>> 16, word >>> 8, word]));
  return tuple.family === 4 ? formatIpv4(bytes) : formatIpv6(bytes);
}

function isAddress(tuple: Tuple, source: boolean, bytes: Uint8Array): boolean {
  const word = (at: number): number => (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  if (tuple.family === 4) return word(0) === (source ? tuple.src : tuple.dst);
  const words = source ? tuple.src6 : tuple.dst6;
  return words.every((value, i) => value === word(i * 4));
}

/** Copies the source's (or the destination's) address of one tuple over that of another. */
function copyAddress(from: Tuple, fromSource: boolean, to: Tuple, toSource: boolean): void {
  const address = fromSource ? from.src : from.dst;
  if (toSource) to.src = address;
  else to.dst = address;
  (toSource ? to.src6 : to.dst6).set(fromSource ? from.src6 : from.dst6);
}

/** Carries a datagram's new length into its IP header. */
function writeLength(b: Uint8Array, l3: number, family: number, grown: number): void {
  const at = family === 4 ? l3 + 2 : l3 + 4;
  const before = (b[at] << 8) | b[at + 1];
  const length = before + grown;
  b[at] = length >> 8;
  b[at + 1] = length;
  if (family !== 4) return;
  const sum = updateChecksum((b[l3 + 10] << 8) | b[l3 + 11], before, length);
  b[l3 + 10] = sum >> 8;
  b[l3 + 11] = sum;
}
