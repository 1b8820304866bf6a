/**
 * TCP of a virtual host: finds the connection of a segment, opens connections as a client that sends data and reads
 * until the peer closes, and as a server that echoes on its open ports. A segment for nobody is answered with RST.
 */
import { formatIp } from './address.js';
import { get16 } from './ethernet.js';
import { type Datagram, PROTOCOL, type Stack } from './stack.js';
import { type Ends, TcpConnection, type TcpEnd } from './tcp-connection.js';
import { ACK, advance, RST, readSegment, type Segment, SYN, sequenceLength, writeSegment } from './tcp-segment.js';
import { EPHEMERAL } from './udp.js';

/** Connections of a host at a time; a SYN beyond is not answered. */
export const MAX_CONNECTIONS = 1024;
/** Bytes kept of what a client receives; the rest is counted. */
export const MAX_RECEIVED = 1_048_576;

/** What became of a connection. */
export interface TcpResult {
  /** 'closed': both sides closed. 'refused': RST to the SYN. */
  outcome: TcpEnd;
  /** Whether the handshake was done. */
  connected: boolean;
  /** The data that came, at most MAX_RECEIVED bytes of it. */
  received: Uint8Array;
  /** Bytes that came. */
  received_bytes: number;
  /** Whether the peer closed too. */
  closed: boolean;
  /** From the first SYN to the end, in milliseconds. */
  duration_ms: number;
}

export class Tcp {
  private readonly connections = new Map<string, TcpConnection>();
  private nextPort: number;

  constructor(
    private readonly stack: Stack,
    /** Ports that echo. */
    readonly open: Set<number>,
  ) {
    this.nextPort = stack.random.below(EPHEMERAL.count);
  }

  /** Connects, sends `data`, closes its side, and reads until the peer has closed too. */
  request(remote: Uint8Array, remotePort: number, data: Uint8Array, timeout_ms: number): Promise<TcpResult> {
    const local = this.stack.source(remote);
    const start_ms = this.stack.clock.now();
    const chunks: Uint8Array[] = [];
    const result: TcpResult = {
      outcome: 'unreachable',
      connected: false,
      received: new Uint8Array(0),
      received_bytes: 0,
      closed: false,
      duration_ms: 0,
    };
    if (local === null) return Promise.resolve(result);
    return new Promise((resolve) => {
      const ends = { local, remote, localPort: this.freePort(remote, remotePort), remotePort };
      const key = this.key(remote, remotePort, ends.localPort);
      let kept = 0;
      const connection: TcpConnection = new TcpConnection(
        this.stack,
        ends,
        {
          echoes: false,
          opened: () => {
            result.connected = true;
          },
          data: (bytes) => {
            result.received_bytes += bytes.length;
            const room = Math.min(bytes.length, MAX_RECEIVED - kept);
            if (room > 0) chunks.push(bytes.slice(0, room));
            kept += room;
          },
          finished: () => {
            result.closed = true;
          },
          ended: (outcome) => {
            limit.cancel();
            result.received = concat(chunks, kept);
            resolve({ ...result, outcome, duration_ms: this.stack.clock.now() - start_ms });
          },
          freed: () => this.connections.delete(key),
        },
        null,
      );
      this.connections.set(key, connection);
      const limit = this.stack.clock.after(timeout_ms, () => connection.abort('timeout'));
      connection.write(data);
      connection.close();
    });
  }

  receive(datagram: Datagram): void {
    const segment = readSegment(datagram);
    if (segment === null) return;
    const key = this.key(datagram.from, segment.source, segment.destination);
    const connection = this.connections.get(key);
    if (connection !== undefined) connection.receive(segment);
    else if (!this.open.has(segment.destination) || (segment.flags & (SYN | ACK | RST)) !== SYN)
      this.refuse(datagram, segment);
    else if (this.connections.size < MAX_CONNECTIONS) this.accept(datagram, segment, key);
  }

  /** A segment of ours could not be delivered. */
  undelivered({ to, payload }: Datagram): void {
    const connection = this.connections.get(this.key(to, get16(payload, 2), get16(payload, 0)));
    if (connection?.state === 'syn-sent') connection.abort('unreachable');
  }

  /** Ends every connection. */
  close(): void {
    for (const connection of [...this.connections.values()]) connection.abort('reset');
    this.connections.clear();
  }

  private accept({ from, to }: Datagram, syn: Segment, key: string): void {
    const ends: Ends = { local: to, remote: from, localPort: syn.destination, remotePort: syn.source };
    const connection: TcpConnection = new TcpConnection(
      this.stack,
      ends,
      {
        echoes: true,
        data: (bytes) => connection.write(bytes),
        finished: () => connection.close(),
        ended: () => {},
        freed: () => this.connections.delete(key),
      },
      syn,
    );
    this.connections.set(key, connection);
    connection.start();
  }

  /** RFC 9293 §3.5.2, group 1. */
  private refuse({ from, to }: Datagram, segment: Segment): void {
    if (segment.flags & RST) return;
    const answer = { source: segment.destination, destination: segment.source };
    const reset =
      segment.flags & ACK
        ? { ...answer, flags: RST, seq: segment.ack }
        : { ...answer, flags: RST | ACK, ack: advance(segment.seq, sequenceLength(segment)) };
    this.stack.send(from, PROTOCOL.tcp, writeSegment(to, from, reset), { from: to });
  }

  private freePort(remote: Uint8Array, remotePort: number): number {
    for (let tries = 0; tries < EPHEMERAL.count; tries++) {
      const port = EPHEMERAL.first + (this.nextPort++ % EPHEMERAL.count);
      if (!this.connections.has(this.key(remote, remotePort, port))) return port;
    }
    throw new RangeError(`${this.stack.name} has no TCP port left towards ${formatIp(remote)}`);
  }

  private key(remote: Uint8Array, remotePort: number, localPort: number): string {
    return `${formatIp(remote)} ${remotePort} ${localPort}`;
  }
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
