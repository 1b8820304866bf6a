/**
 * Waits for peers on ptcp:, pssl: or punix:. A unix socket's file that an earlier process left behind is replaced, and
 * removed again on close; a file that somebody answers on, or that isn't a socket, is left alone.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../bytes/index.js';
import { formatAddress, isSecure, type PassiveAddress } from './address.js';
import { ChannelError } from './channel-error.js';
import { codeOf, listenError, needed, openStream } from './stream.js';
import type { Tls } from './tls.js';

/** Connections that one listener holds at once, with those in their handshake; more are closed at once. */
export const MAX_ACCEPTED = 256;

/** A stream that came in, and a name for its peer. */
export type Accept = (stream: Socket, peer: string) => void;

/** Waits for connections at an address. */
export class Listener {
  /** Connections that were closed because there were too many, or because TLS found no agreement. */
  refused = 0;
  private readonly sockets = new Set<Socket>();
  private accepted = 0;

  private constructor(
    /** The address that is listened on, with the port that the system chose. */
    readonly address: PassiveAddress,
    private readonly server: Server,
    private readonly accept: Accept,
    private readonly log: Log,
    private readonly tls: Tls | null,
  ) {
    server.on('connection', (socket: Socket) => this.take(socket));
    server.on('error', (error) => log.error(`${formatAddress(address)}: ${error.message}`));
  }

  /**
   * Begins to listen. Rejects with a ChannelError: of kind `usage` where the address takes TLS and there is none, else
   * `environment`.
   */
  static async open(address: PassiveAddress, accept: Accept, log: Log, tls: Tls | null = null): Promise<Listener> {
    const secure = isSecure(address) ? needed(address, tls) : null;
    const server = createServer({ noDelay: true });
    try {
      await bind(server, address);
    } catch (error) {
      if (address.kind !== 'punix' || codeOf(error) !== 'EADDRINUSE') throw listenError(address, error);
      const other = notSocket(address.path);
      if (other !== null) {
        const why = `this is ${other}, not a socket, and isn't touched; choose another path`;
        throw new ChannelError(formatAddress(address), 'environment', why, 'EADDRINUSE');
      }
      if (!(await isStale(address.path))) throw listenError(address, error);
      log.info(`${formatAddress(address)}: replacing a socket that nobody listens on`);
      unlinkSync(address.path);
      await bind(server, address).catch((again: unknown) => {
        throw listenError(address, again);
      });
    }
    return new Listener(bound(address, server), server, accept, log, secure);
  }

  /** Accepts no more, and drops what was accepted. Streams that are closing have until then to send what waits. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Accepts no more; what was accepted goes on. */
  stop(): void {
    this.server.close();
  }

  private take(socket: Socket): void {
    const peer = this.peerOf(socket);
    if (this.sockets.size >= MAX_ACCEPTED) {
      this.refused++;
      this.log.warn(`${formatAddress(this.address)}: ${peer} is turned away, ${MAX_ACCEPTED} are connected`);
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    if (!this.tls) {
      this.accept(socket, peer);
      return;
    }
    this.tls.handshake(
      socket,
      (stream) => this.accept(stream, peer),
      (why) => {
        this.refused++;
        this.log.warn(`${formatAddress(this.address)}: ${peer} is turned away: ${why}`);
      },
    );
  }

  /** tcp:HOST:PORT or ssl:HOST:PORT of the peer; peers on a unix socket have no name and are counted. */
  private peerOf(socket: Socket): string {
    this.accepted++;
    if (this.address.kind === 'punix') return `unix:${this.address.path}#${this.accepted}`;
    const kind = this.tls ? 'ssl' : 'tcp';
    return formatAddress({ kind, host: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0 });
  }
}

function bind(server: Server, address: PassiveAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen('port' in address ? { host: address.host, port: address.port } : { path: address.path }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** What is there, where it isn't a socket. */
function notSocket(path: string): string | null {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined || there.isSocket()) return null;
  if (there.isDirectory()) return 'a directory';
  return there.isSymbolicLink() ? 'a symbolic link' : 'a file';
}

/** Does nobody listen on a socket? */
function isStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = openStream({ kind: 'unix', path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error) => resolve(codeOf(error) === 'ECONNREFUSED'));
  });
}

function bound(address: PassiveAddress, server: Server): PassiveAddress {
  const actual = server.address();
  if (address.kind === 'punix' || actual === null || typeof actual === 'string') return address;
  return { kind: address.kind, host: address.host, port: actual.port };
}
