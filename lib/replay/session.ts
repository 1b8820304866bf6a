/**
 * OpenFlow sessions in a capture: every TCP connection on any port whose bytes are OpenFlow messages, with who is the
 * switch, and what the capture lacks. Connections that aren't OpenFlow are counted.
 */
import { CaptureError, CaptureReader, type CaptureRecord } from '../pcap-file/index.js';
import {
  decode,
  type Message,
  OFP13_VERSION,
  peekLength,
  peekType,
  peekVersion,
  type Side,
  senderOf,
} from '../wire/index.js';
import { HalfStream } from './half-stream.js';
import { ACK, FIN, LINK_TYPES, RST, type Segment, SYN, segmentOf } from './segment.js';

/** A message of a session. */
export interface Recorded {
  /** Milliseconds since 1970, in the capture's clock. */
  readonly wall_ms: number;
  readonly by: Side;
  readonly bytes: Uint8Array;
  /** Which frame of the capture ended it, counted from 1. */
  readonly frame: number;
}

export interface Session {
  /** "127.0.0.1:40012 → 127.0.0.1:6653", from the end that connected. */
  readonly name: string;
  /**
   * Which switch it is with: its datapath id, or where it listens. Sessions of one switch belong together: what one
   * changes, another sees.
   */
  readonly theSwitch: string;
  /** Which side connected; null where the capture doesn't show it. */
  readonly dialled: Side | null;
  readonly messages: readonly Recorded[];
  /** The frame in which an end closed it; null where the capture doesn't show that. */
  readonly closed: number | null;
  /** What the capture lacks of it, a line each. */
  readonly losses: readonly string[];
}

export interface Capture {
  readonly sessions: readonly Session[];
  /** Frames, those with TCP, and TCP connections without OpenFlow. */
  readonly frames: number;
  readonly segments: number;
  readonly others: number;
  /** Where the file itself ends too early, if it does. */
  readonly cut: string | null;
}

const FEATURES_REPLY = 6;
/** Where controllers listen: OpenFlow's registered port, and the one before. */
const CONTROLLER_PORTS = /:(6653|6633)$/;

/** TCP connections that are followed at once; the capture of a busy host has no more of interest. */
export const MAX_CONNECTIONS = 4096;

interface Sent {
  readonly from: string;
  readonly bytes: Uint8Array;
  readonly frame: number;
  readonly wall_ms: number;
}

class TcpConnection {
  readonly sent: Sent[] = [];
  private readonly halves = new Map<string, HalfStream>();
  /** The end that connected. */
  caller: string | null = null;
  private closed: number | null = null;

  constructor(private readonly ends: readonly [string, string]) {
    for (const end of ends) this.halves.set(end, new HalfStream(end));
  }

  isAnother(segment: Segment): boolean {
    return this.halves.get(segment.from)?.isAnother(segment) === true;
  }

  take(segment: Segment, frame: number, wall_ms: number): void {
    const { from, flags } = segment;
    if ((flags & (SYN | ACK)) === SYN) this.caller = from;
    if (flags & (FIN | RST)) this.closed ??= frame;
    const messages = this.halves.get(from)?.take(segment, frame) ?? [];
    for (const cut of messages) this.sent.push({ ...cut, from, wall_ms });
  }

  /** The session, or null: these bytes are something else. */
  session(): Session | null {
    const last = this.sent.at(-1);
    for (const [from, half] of this.halves) {
      for (const cut of half.finish()) this.sent.push({ ...cut, from, wall_ms: last?.wall_ms ?? 0 });
    }
    if (this.sent.length === 0 || !this.sent.slice(0, 4).every(({ bytes }) => isOpenFlow(bytes))) return null;
    const theSwitch = this.switchAmong();
    const side = (end: string): Side => (end === theSwitch ? 'switch' : 'controller');
    const [first, second] = this.caller === this.ends[1] ? [this.ends[1], this.ends[0]] : this.ends;
    return {
      name: `${first} → ${second}`,
      theSwitch: this.datapathId() ?? theSwitch,
      dialled: this.caller === null ? null : side(this.caller),
      messages: this.sent.map(({ from, bytes, frame, wall_ms }) => ({
        wall_ms,
        by: side(from),
        bytes,
        frame,
      })),
      closed: this.closed,
      losses: [...this.halves.values()].flatMap(({ losses }) => losses),
    };
  }

  private datapathId(): string | null {
    for (const { bytes } of this.sent) {
      if (peekType(bytes) !== FEATURES_REPLY) continue;
      const message = messageOf(bytes);
      if (message?.type === 'features_reply') return `dpid ${message.datapathId.toString(16).padStart(16, '0')}`;
    }
    return null;
  }

  /** The end that sends what only switches send; without such a message, the one whose port isn't OpenFlow's. */
  private switchAmong(): string {
    for (const { from, bytes } of this.sent) {
      const by = senderOf(peekType(bytes));
      if (by !== null) return by === 'switch' ? from : this.other(from);
    }
    const listener = this.caller === null ? this.ends[1] : this.other(this.caller);
    return CONTROLLER_PORTS.test(listener) ? this.other(listener) : listener;
  }

  private other(end: string): string {
    return end === this.ends[0] ? this.ends[1] : this.ends[0];
  }
}

function isOpenFlow(bytes: Uint8Array): boolean {
  const version = peekVersion(bytes);
  return version >= 1 && version <= 6 && peekType(bytes) <= 35 && peekLength(bytes) === bytes.length;
}

/** Sessions by the switch that they are with, in the order in which they begin. */
export function bySwitch(sessions: readonly Session[]): Session[][] {
  const groups = new Map<string, Session[]>();
  const names = new Map<string, string>();
  // ovs-ofctl asks for the datapath id in some of its connections only: where a switch listens, it is the same one.
  for (const { name, theSwitch, dialled } of sessions) {
    if (dialled === 'controller' && theSwitch.startsWith('dpid')) names.set(listenerOf(name), theSwitch);
  }
  for (const session of sessions) {
    const key = names.get(session.theSwitch) ?? session.theSwitch;
    groups.set(key, [...(groups.get(key) ?? []), session]);
  }
  return [...groups.values()];
}

function listenerOf(name: string): string {
  return name.split(' → ')[1];
}

/** All sessions of a capture file. Throws CaptureError where it is no capture, or its frames can't be read. */
export function readCapture(file: Uint8Array): Capture {
  const reader = new CaptureReader(LINK_TYPES);
  reader.push(file);
  const open = new Map<string, TcpConnection>();
  const all: TcpConnection[] = [];
  const capture = { frames: 0, segments: 0, cut: null as string | null };
  const record = ({ from, to }: Segment): TcpConnection => {
    const connection = new TcpConnection([from, to]);
    open.set([from, to].sort().join(' '), connection);
    all.push(connection);
    return connection;
  };
  const lost = (error: unknown): void => {
    if (!(error instanceof CaptureError) || capture.frames === 0) throw error;
    capture.cut = error.message;
  };
  /** The next frame; null at the end, or where the file goes wrong. */
  const next = (): CaptureRecord | null => {
    try {
      const frame = reader.next();
      if (frame === null) reader.finish();
      return frame;
    } catch (error) {
      lost(error);
      return null;
    }
  };
  for (let frame = next(); frame !== null; frame = next()) {
    capture.frames++;
    const segment = segmentOf(frame.bytes.subarray(frame.start, frame.end), frame.linkType);
    if (segment === null) continue;
    capture.segments++;
    let connection = open.get([segment.from, segment.to].sort().join(' '));
    if (connection === undefined || connection.isAnother(segment)) {
      if (all.length >= MAX_CONNECTIONS) continue;
      connection = record(segment);
    }
    connection.take(segment, capture.frames, frame.sec * 1000 + frame.nsec / 1e6);
  }
  const sessions = all.map((connection) => connection.session());
  const found = sessions.filter((session) => session !== null);
  return { ...capture, sessions: found, others: sessions.length - found.length };
}

/** The message, or null where it can't be read: of another version, or wrong. */
export function messageOf(bytes: Uint8Array): Message | null {
  try {
    return peekVersion(bytes) === OFP13_VERSION || peekType(bytes) <= 1 ? decode(bytes, { lenient: true }) : null;
  } catch {
    return null;
  }
}
