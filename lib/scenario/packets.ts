/**
 * Packets out of their texts, in the midst of a scenario: what a port sends next, knowing what was delivered there and
 * what it sent before; and what `same` stands for where something is expected.
 */
import { OpenFlowError } from '../bytes/index.js';
import { apply, compose, exact, Frame, mirrored, SWAPPED } from '../frames/index.js';
import { mistakeAt } from '../yaml/index.js';
import { CHUNKS, Conversations } from './conversations.js';
import { cut } from './cut.js';
import { type Amount, type Extras, fieldsOf, type PacketText, prefixOf } from './packet-text.js';

/** Most bytes that an ICMP error quotes (RFC 1812 §4.3.2.3, RFC 4443 §3.1: the error fits into the smallest MTU). */
const QUOTE = { 4: 548, 6: 1232 } as const;

/** What a port sends: a datagram, and the frames it is sent as. */
export interface Sent {
  readonly whole: Frame;
  readonly frames: readonly Uint8Array[];
  /** Most bytes of a piece, and which were sent, from 1; null: all in one. */
  readonly pieces: { readonly size: number; readonly only: number | null } | null;
}

/** Reads frame N of a capture file, named as seen from the scenario's. Throws a TextError's reason as a RangeError. */
export type ReadCapture = (file: string, frame: number) => Uint8Array;

export class Packets {
  private readonly conversations = new Conversations();
  private readonly last = {
    delivered: new Map<string, Frame>(),
    sent: new Map<string, Pick<Sent, 'whole' | 'pieces'>>(),
  };

  constructor(
    /** The address of whoever is at a port. */
    private readonly mac: (port: string) => bigint,
    private readonly capture: ReadCapture,
  ) {}

  /** A frame left at a port. */
  delivered(port: string, bytes: Uint8Array): void {
    const frame = new Frame(bytes);
    this.conversations.delivered(port, frame);
    // Only what has headers can be answered.
    if (frame.protocol < 0 || frame.packet.l4 >= 0) this.last.delivered.set(port, frame);
  }

  /** What a port sends. Throws a TextError. */
  send(port: string, text: PacketText): Sent {
    return told(text, () => {
      const whole = this.whole(port, text);
      const { checksum, ip_checksum, fragment, piece } = text.extras;
      if (!isLiteral(text)) whole.mend();
      spoil(whole, 'checksum', checksum);
      spoil(whole, 'ip_checksum', ip_checksum);
      const before = text.base === 'again' ? (this.last.sent.get(port)?.pieces ?? null) : null;
      const size = fragment?.value ?? before?.size;
      const pieces =
        size === undefined ? null : { size, only: piece?.value ?? (fragment ? null : before?.only) ?? null };
      this.last.sent.set(port, { whole: whole.copy(), pieces });
      return { whole, frames: framesOf(whole, pieces), pieces };
    });
  }

  private whole(port: string, text: PacketText): Frame {
    const { base, bytes, capture, extras } = text;
    if (base === 'same') throw new RangeError('"same" is for what is expected: here stands what is sent');
    if (base === 'hex') return new Frame(bytes as Uint8Array);
    if (base === 'pcap' && capture) {
      const frame = new Frame(this.capture(capture.file, capture.frame));
      change(frame, text);
      return frame;
    }
    const frame = this.based(port, text);
    fits(frame, text);
    const flags = change(frame, text);
    carry(frame, extras);
    // An amount is a distance from what the conversation gives, or takes its place.
    this.conversations.sends(port, frame, { ...extras, flags: flags || base === 'again' || base === 'reply' });
    return frame;
  }

  private based(port: string, text: PacketText): Frame {
    if (text.base === 'match') {
      const match = fieldsOf(text, '');
      exact(match.fields());
      return compose(match, this.addresses(port));
    }
    if (text.base === 'again') {
      const before = this.last.sent.get(port);
      if (!before) throw new RangeError(`${port} has sent nothing yet that could come again`);
      return before.whole.copy();
    }
    const before = this.last.delivered.get(port);
    if (!before) throw new RangeError(`nothing was delivered to ${port} yet that it could answer`);
    return text.base === 'reply'
      ? mirrored(before.copy(), this.mac(port))
      : this.error(port, before, text.extras.quote);
  }

  private addresses(port: string): { source: bigint; destination: bigint } {
    return { source: this.mac(port), destination: this.mac('') };
  }

  /** An ICMP error about a frame that was delivered, to its sender: destination unreachable unless said. */
  private error(port: string, about: Frame, quote: Amount | undefined): Frame {
    const { version, bytes, packet } = about;
    if (version !== 4 && version !== 6) throw new RangeError('an ICMP error is about an IP packet');
    const kind = version === 4 ? 'icmp,icmp_type=3,icmp_code=1,' : 'icmp6,icmpv6_type=1,icmpv6_code=0,';
    const frame = compose(fieldsOf({ ...NOWHERE, fields: kind }, ''), this.addresses(port));
    for (const [from, to] of SWAPPED.slice(0, 3)) {
      const [source, destination] = [about.get(from), about.get(to)];
      if (source === null || destination === null) continue;
      frame.set(from, destination);
      frame.set(to, source);
    }
    frame.set('icmp_id', 0n);
    frame.set('icmp_seq', 0n);
    const length = Math.min(packet.l3End - packet.l3, quote?.value ?? QUOTE[version]);
    frame.payload = bytes.slice(packet.l3, packet.l3 + length);
    return frame;
  }
}

const NOWHERE: PacketText = { text: '', line: 1, column: 1, base: 'match', fields: '', extras: {} };

/** What `same` stands for: the frames that were sent, with the text's changes. Throws a TextError. */
export function sameAs(sent: Sent, text: PacketText): readonly Uint8Array[] {
  if (isPlain(text)) return sent.frames;
  return told(text, () => {
    const whole = sent.whole.copy();
    change(whole, text);
    carry(whole, text.extras);
    for (const name of ['seq', 'ack'] as const) {
      const said = text.extras[name];
      if (said) whole.set(name, BigInt(said.relative ? (Number(whole.get(name)) + said.value) >>> 0 : said.value));
    }
    whole.mend();
    spoil(whole, 'checksum', text.extras.checksum);
    return framesOf(whole, sent.pieces);
  });
}

/** A frame that is expected as hex or out of a capture. Throws a TextError. */
export function literal(text: PacketText, capture: ReadCapture): Uint8Array {
  return told(text, () => {
    if (text.base === 'hex') return text.bytes as Uint8Array;
    const { file, frame } = text.capture as { file: string; frame: number };
    const whole = new Frame(capture(file, frame));
    if (isPlain(text)) return whole.bytes;
    change(whole, text);
    return whole.mend().bytes;
  });
}

/** Runs what reads a packet's text; what it can't do gets the text's place. */
function told<T>(text: PacketText, job: () => T): T {
  try {
    return job();
  } catch (error) {
    if (error instanceof RangeError) throw mistakeAt(text, error.message, text.file);
    if (error instanceof OpenFlowError) throw mistakeAt(text, error.why, text.file);
    throw error;
  }
}

/** Words that only some packets have: what each needs. */
const NEEDS: readonly (readonly [
  word: keyof Extras,
  needs: string,
  met: (frame: Frame, text: PacketText) => boolean,
])[] = [
  ['seq', 'TCP', (frame) => frame.get('seq') !== null],
  ['ack', 'TCP', (frame) => frame.get('ack') !== null],
  ['wscale', 'TCP', (frame) => frame.get('seq') !== null],
  ['chunk', 'SCTP', (frame) => frame.get('vtag') !== null],
  ['init_tag', 'chunk=init or chunk=init_ack', (_, { extras }) => /^init/.test(extras.chunk ?? '')],
  ['quote', '"error"', (_, { base }) => base === 'error'],
  ['piece', 'fragment=…', (_, { extras }) => extras.fragment !== undefined],
  ['inner', 'a packet that is expected', () => false],
];

/** Throws a RangeError for a word that means nothing in this packet. */
function fits(frame: Frame, text: PacketText): void {
  const wrong = NEEDS.find(([word, , met]) => text.extras[word] !== undefined && !met(frame, text));
  if (wrong) throw new RangeError(`${wrong[0]} needs ${wrong[1]}`);
}

/** Changes fields as the text says; true where it says TCP's flags. */
function change(frame: Frame, text: PacketText): boolean {
  const { extras } = text;
  if (!/^[\s,]*$/.test(text.fields) && text.base !== 'match') {
    const fields = exact(fieldsOf(text, prefixOf(frame)).fields());
    apply(frame, fields);
  }
  for (const name of ['window', 'ip_id', 'icmp_id', 'icmp_seq', 'vtag'] as const) {
    const said = extras[name];
    if (said && !frame.set(name, BigInt(said.value))) throw new RangeError(`this packet has no ${name}`);
  }
  return /\btcp_flags\s*=/.test(text.fields);
}

/** Puts in what L4 carries, and TCP's options. */
function carry(frame: Frame, { wscale, chunk, payload }: Extras): void {
  // A shift count of three bytes, and one that does nothing.
  if (wscale) frame.tcpOptions = Uint8Array.of(3, 3, wscale.value, 1);
  if (chunk !== undefined) {
    const [type, length] = CHUNKS[chunk];
    const bytes = new Uint8Array(length);
    bytes.set([type, type === 0 ? 3 : 0, 0, length]);
    frame.payload = bytes;
  }
  if (payload) frame.payload = payload;
}

function framesOf(whole: Frame, pieces: Sent['pieces']): readonly Uint8Array[] {
  if (!pieces) return [whole.bytes];
  const all = cut(whole, pieces.size);
  if (pieces.only === null) return all;
  const one = all[pieces.only - 1];
  if (!one) throw new RangeError(`there is no piece ${pieces.only}: the datagram has ${all.length}`);
  return [one];
}

function spoil(frame: Frame, name: 'checksum' | 'ip_checksum', said: 'bad' | number | undefined): void {
  if (said === undefined) return;
  const right = frame.get(name);
  if (right === null) throw new RangeError(`this packet has no ${name}`);
  frame.set(name, said === 'bad' ? right ^ 1n : BigInt(said));
}

/** Does the text change nothing? */
function isPlain({ fields, extras }: PacketText): boolean {
  return /^[\s,]*$/.test(fields) && Object.keys(extras).length === 0;
}

/** Are its bytes given, checksums and all? */
function isLiteral(text: PacketText): boolean {
  return text.base === 'hex' || (text.base === 'pcap' && isPlain(text));
}
