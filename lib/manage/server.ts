/**
 * The management socket: a Unix socket of its owner's alone, on which commands are asked and answered one after the
 * other (unixctl). Long answers go out in pieces, as fast as the client takes them, and between pieces the switch goes
 * on. A client that sends garbage, nothing, or too much is closed alone.
 */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Daemon, Refused } from './command.js';
import { Commands } from './commands.js';
import { ObjectReader, ProtocolError, type Request, requestOf } from './requests.js';

/** Clients at a time; one more pushes out the one that has been idle for the longest. */
export const MAX_CLIENTS = 64;
/** Requests of one client that may wait for their turn. */
export const MAX_WAITING = 64;
/** How long a client may take to send its first request, or the rest of one, ms. */
export const SILENCE_MS = 30_000;

export interface ServerCounters {
  clients: number;
  /** Closed for garbage, for silence, because there were too many. */
  garbage: number;
  silent: number;
  crowded: number;
}

/** Another process has the socket. */
export class TakenError extends Error {}

export class ManagementServer {
  readonly counters: ServerCounters = { clients: 0, garbage: 0, silent: 0, crowded: 0 };
  private readonly clients = new Set<Client>();
  private readonly commands: Commands;
  private server: Server | null = null;

  constructor(
    readonly daemon: Daemon,
    readonly path: string,
  ) {
    this.commands = new Commands(daemon);
  }

  /** Opens the socket. Rejects with a TakenError, or with what the system says. */
  async listen(): Promise<void> {
    await removeStale(this.path);
    const server = createServer((socket) => this.accept(socket));
    this.server = server;
    // Nobody else gets in between the socket's being made and its being the owner's alone.
    const before = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(this.path, resolve);
      });
    } finally {
      process.umask(before);
    }
    server.on('error', () => {});
    chmodSync(this.path, 0o600);
    this.commands.start();
  }

  private accept(socket: Socket): void {
    if (this.clients.size >= MAX_CLIENTS) {
      const [idle] = [...this.clients].filter((client) => !client.busy).sort((a, b) => a.since_ms - b.since_ms);
      this.counters.crowded++;
      if (idle === undefined) {
        socket.destroy();
        return;
      }
      idle.close();
    }
    const client = new Client(socket, this, this.commands);
    this.clients.add(client);
    this.counters.clients = this.clients.size;
    socket.once('close', () => {
      this.clients.delete(client);
      this.counters.clients = this.clients.size;
    });
  }

  /** Closes the socket and all clients. */
  async close(): Promise<void> {
    this.commands.stop();
    for (const client of this.clients) client.end();
    const { server } = this;
    if (server === null) return;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

class Client {
  /** When it last did something, on the switch's clock. */
  since_ms: number;
  busy = false;
  private readonly reader = new ObjectReader();
  private readonly waiting: Request[] = [];
  private readonly gone = new AbortController();
  private silence: { cancel(): void };

  constructor(
    private readonly socket: Socket,
    private readonly server: ManagementServer,
    private readonly commands: Commands,
  ) {
    this.since_ms = this.clock.now();
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.take(text));
    socket.on('error', () => this.close());
    socket.once('close', () => this.close());
    this.silence = this.clock.after(SILENCE_MS, () => this.silent());
  }

  private get clock() {
    return this.server.daemon.clock;
  }

  private silent(): void {
    this.server.counters.silent++;
    this.close();
  }

  private take(text: string): void {
    this.since_ms = this.clock.now();
    try {
      this.waiting.push(...this.reader.push(text).map(requestOf));
      if (this.waiting.length > MAX_WAITING) throw new ProtocolError('too many requests at once');
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.server.counters.garbage++;
      this.close();
      return;
    }
    this.silence.cancel();
    if (this.reader.midway) this.silence = this.clock.after(SILENCE_MS, () => this.silent());
    if (!this.busy) void this.work();
  }

  /** Answers what waits, one after the other. */
  private async work(): Promise<void> {
    this.busy = true;
    for (let request = this.waiting.shift(); request !== undefined; request = this.waiting.shift()) {
      if (this.gone.signal.aborted) break;
      await this.reply(request);
    }
    this.busy = false;
  }

  private async reply(request: Request): Promise<void> {
    const id = JSON.stringify(request.id);
    let begun = false;
    let last = '';
    try {
      for await (const piece of this.commands.answer(request, this.gone.signal)) {
        if (this.gone.signal.aborted) return;
        if (piece === '') {
          await turn();
          continue;
        }
        if (!begun) await this.write(`{"id":${id},"error":null,"result":"`);
        begun = true;
        last = piece;
        await this.write(JSON.stringify(piece).slice(1, -1));
        await turn();
      }
      if (!begun) await this.write(`{"id":${id},"error":null,"result":"`);
      await this.write(last === '' || last.endsWith('\n') ? '"}' : '\\n"}');
      this.commands.answered(request);
    } catch (error) {
      const text = error instanceof Refused ? error.message : `internal error: ${(error as Error).message}`;
      // An answer that was begun can't be taken back.
      if (begun) this.close();
      else await this.write(JSON.stringify({ id: request.id, error: `${text.trimEnd()}\n`, result: null }));
    }
  }

  /** Resolves when the client has room for more. */
  private async write(text: string): Promise<void> {
    const { socket, gone } = this;
    if (gone.signal.aborted || socket.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done);
        gone.signal.removeEventListener('abort', done);
        resolve();
      };
      socket.once('drain', done);
      gone.signal.addEventListener('abort', done);
    });
  }

  /** The server goes: who doesn't take what it asked for can't hold it. */
  end(): void {
    this.close();
    if (this.socket.writableLength > 0) this.socket.destroy();
  }

  close(): void {
    if (this.gone.signal.aborted) return;
    this.gone.abort();
    this.silence.cancel();
    this.socket.destroySoon();
  }
}

/** Others have their turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A socket that nobody listens on any more makes way. Throws a TakenError where somebody does, or the file is no
 * socket.
 */
async function removeStale(path: string): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return;
  // Connecting to a plain file is refused, too, as if nobody listened.
  if (!file.isSocket()) throw new TakenError(`${path}: there is something that is no socket, and it isn't touched`);
  const alive = await new Promise<boolean | null>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED' ? false : null));
  });
  if (alive) throw new TakenError(`${path}: another process listens there`);
  if (alive === false) unlinkSync(path);
}
