/**
 * `--record`: what is said with controllers, as a capture that tshark reads. Each connection becomes a TCP stream of
 * its own between 127.0.0.1 and 127.0.0.1, with a handshake, right checksums and no losses: the controller's end has
 * OpenFlow's port, also where the switch was connected to, so that every tool takes it for OpenFlow. Peers' names
 * stand in the log.
 */
import { createWriteStream, openSync, type WriteStream } from 'node:fs';
import type { Clock, Log } from '../bytes/index.js';
import { captureHeader, captureRecord } from '../pcap-file/index.js';
import { ETHER_TYPE, ethernet } from '../ports/host/ethernet.js';
import { ipDatagram } from '../ports/host/ip-header.js';
import { PROTOCOL } from '../ports/host/stack.js';
import { ACK, advance, PSH, SYN, writeSegment } from '../ports/host/tcp-segment.js';
import { unwritable } from './exit.js';

/** Bytes that may wait for the disk; messages beyond are left out and counted. */
const MAX_UNWRITTEN_BYTES = 64 * 1024 * 1024;
const OPENFLOW_PORT = 6653;
const FIRST_PORT = 49_152;
const PORTS = 16_384;
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const MACS = { in: Uint8Array.of(2, 0, 0, 0, 0, 2), out: Uint8Array.of(2, 0, 0, 0, 0, 1) };
/** Data of a segment: as much as a datagram holds. */
const MAX_SEGMENT = 65_000;
const HELLO = 0;

type Direction = 'in' | 'out';

interface Stream {
  /** The switch's port. */
  readonly port: number;
  /** The next sequence number of what comes in, and of what goes out. */
  readonly next: Record<Direction, number>;
}

export class SessionRecorder {
  /** Messages that were left out. */
  lost = 0;
  private readonly streams = new Map<string, Stream>();
  private made = 0;
  private readonly file: WriteStream;
  private broken = false;

  /** Begins a file. Throws a Failure where it can't be written. */
  constructor(
    private readonly path: string,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    try {
      this.file = createWriteStream(path, { fd: openSync(path, 'w') });
    } catch (error) {
      throw unwritable(path, error);
    }
    this.file.on('error', (error) => {
      this.broken = true;
      log.error(`${path}: ${error.message}; the record ends here`);
    });
    this.file.write(captureHeader());
  }

  /** Takes the bytes of a message, before they are the caller's again. */
  message(direction: Direction, peer: string, bytes: Uint8Array): void {
    if (this.broken || this.file.writableLength > MAX_UNWRITTEN_BYTES) {
      this.lost++;
      return;
    }
    // The switch's HELLO is the first message of a connection.
    const first = direction === 'out' && bytes[1] === HELLO;
    const stream = (first ? undefined : this.streams.get(peer)) ?? this.open(peer);
    for (let at = 0; at < bytes.length; at += MAX_SEGMENT) {
      this.segment(stream, direction, PSH | ACK, bytes.subarray(at, at + MAX_SEGMENT));
    }
  }

  async close(): Promise<void> {
    if (this.lost > 0) this.log.warn(`${this.path}: ${this.lost} messages are not in it, the disk was too slow`);
    if (!this.broken) await new Promise<void>((resolve) => this.file.end(resolve));
  }

  private open(peer: string): Stream {
    const stream = { port: FIRST_PORT + (this.made++ % PORTS), next: { in: 0, out: 0 } };
    this.streams.set(peer, stream);
    this.log.info(`${this.path}: ${peer} is tcp.port ${stream.port}`);
    this.segment(stream, 'out', SYN);
    this.segment(stream, 'in', SYN | ACK);
    this.segment(stream, 'out', ACK);
    return stream;
  }

  private segment(stream: Stream, direction: Direction, flags: number, data: Uint8Array = new Uint8Array(0)): void {
    const other: Direction = direction === 'in' ? 'out' : 'in';
    const [source, destination] = direction === 'in' ? [OPENFLOW_PORT, stream.port] : [stream.port, OPENFLOW_PORT];
    const seq = stream.next[direction];
    const ack = flags & ACK ? stream.next[other] : 0;
    const segment = writeSegment(LOOPBACK, LOOPBACK, { source, destination, seq, ack, flags, window: 0xffff, data });
    const datagram = ipDatagram(LOOPBACK, LOOPBACK, PROTOCOL.tcp, 64, 0, segment);
    stream.next[direction] = advance(seq, data.length + (flags & SYN ? 1 : 0));
    const frame = ethernet(MACS[other], MACS[direction], ETHER_TYPE.ipv4, datagram);
    this.file.write(captureRecord(this.clock.wall(), frame));
  }
}
